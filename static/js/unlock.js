// The button of the unlock form says how much its quote will come to at most, and what is left of the balance then.

function say(form) {
  const chosen = form.querySelectorAll("[data-price]:checked");
  const total = [...chosen].reduce((sum, box) => sum + Number(box.dataset.price), 0);
  const left = Number(form.dataset.balance) - total;
  const write = (count) => `${count.toLocaleString("en-US")} ${count === 1 ? "credit" : "credits"}`;
  const be = (count) => (count === 1 ? "is" : "are");
  const price = chosen.length ? `: ${chosen.length} for at most ${write(total)}` : "";
  form.querySelector("[data-total]").textContent = `Get a quote${price}`;
  const rest = left < 0 ? ` ${write(-left)} more ${be(-left)} needed.` : ` At least ${write(left)} ${be(left)} left after it.`;
  form.querySelector("[data-after]").textContent = chosen.length ? rest : "";
}

for (const form of document.querySelectorAll("[data-unlock]:has([data-total])")) {
  form.addEventListener("change", () => say(form));
  say(form);
}

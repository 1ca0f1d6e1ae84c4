// The button of the unlock form says how much its quote will come to at most.

function say(form) {
  const chosen = form.querySelectorAll("[data-price]:checked");
  const total = [...chosen].reduce((sum, box) => sum + Number(box.dataset.price), 0);
  const noun = total === 1 ? "credit" : "credits";
  const price = chosen.length ? `: ${chosen.length} for at most ${total} ${noun}` : "";
  form.querySelector("[data-total]").textContent = `Get a quote${price}`;
}

for (const form of document.querySelectorAll("[data-unlock]:has([data-total])")) {
  form.addEventListener("change", () => say(form));
  say(form);
}

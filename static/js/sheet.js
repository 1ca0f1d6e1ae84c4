// The deal sheet is recalculated while it is filled in, with the rounding of the server, which is right on saving.

const dollars = (amount) => `${amount < 0 ? "−" : ""}$${Math.abs(amount).toLocaleString("en-US")}`;
const span = (text) => Object.assign(document.createElement("span"), { textContent: text });
const strong = (text) => Object.assign(document.createElement("strong"), { textContent: text });

function read(form, name) {
  const text = form.elements[name].value.trim();
  return /^\d+$/.test(text) ? Number(text) : null;
}

function calculate(sheet) {
  const form = sheet.querySelector("form");
  const output = sheet.querySelector("[data-offer]");
  const pinned = sheet.dataset.pinnedArv;
  const arv = read(form, "arv") ?? (form.elements.arv.value.trim() === "" && pinned !== "" ? Number(pinned) : null);
  const [percent, repairs, fee] = ["percent", "repairs", "fee"].map((name) => read(form, name));
  output.classList.remove("is-negative");
  if (arv === null) {
    output.replaceChildren(span("No value after repairs yet."));
  } else if (percent === null || repairs === null || fee === null) {
    output.replaceChildren(span("Whole numbers alone, please."));
  } else {
    const offer = Math.floor((arv * percent + 50) / 100) - repairs - fee;
    const sum = `${dollars(arv)} × ${percent} % − ${dollars(repairs)} repairs − ${dollars(fee)} fee =`;
    output.replaceChildren(span(sum), " ", strong(dollars(offer)));
    if (offer < 0) output.append(" ", span("At these figures the deal loses money."));
    output.classList.toggle("is-negative", offer < 0);
  }
}

for (const sheet of document.querySelectorAll("[data-sheet]")) {
  sheet.addEventListener("input", () => calculate(sheet));
  // What was typed while this module was still on its way, or put back by the browser.
  const fields = [...sheet.querySelectorAll("form input")];
  if (fields.some((field) => field.value !== field.defaultValue)) calculate(sheet);
}

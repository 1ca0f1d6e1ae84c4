// Single keys for those who work through lists: / search, j and k along the rows (Enter opens, as for any link),
// ? the list of keys. None acts while somebody types, and all can be turned off (WCAG 2.1.4).

const OFF = "atlas-keys-off";
const dialog = document.getElementById("shortcuts");
const toggle = dialog.querySelector("[data-keys-switch]");

function step(by) {
  const links = [...document.querySelectorAll("[data-property-id] a[href]:first-of-type")];
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
  links[next]?.focus();
}

function search() {
  const box = document.querySelector("main input[type=search]");
  if (box) box.select();
  else location.assign(dialog.dataset.searchUrl);
}

const keys = { "/": search, "?": () => dialog.showModal(), j: () => step(1), k: () => step(-1) };

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
  const isCombined = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
  const act = keys[event.key];
  if (!act || isTyping || isCombined || dialog.open || localStorage.getItem(OFF)) return;
  event.preventDefault();
  act();
});

toggle.checked = !localStorage.getItem(OFF);
toggle.addEventListener("change", () => {
  if (toggle.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "yes");
});

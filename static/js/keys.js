// Single keys for those who work through lists: / search, j and k along the rows (Enter opens, as for any link),
// x selects a row, ? the list of keys; and what a page marks with data-key, such as how a call ended. None acts while somebody types, and all can be turned off (WCAG 2.1.4).

const OFF = "atlas-keys-off";
const dialog = document.getElementById("shortcuts");
const toggle = dialog.querySelector("[data-keys-switch]");

const ROW = "[data-property-id], [data-contact-id]";
const rows = () => [...document.querySelectorAll(ROW)].filter((row) => row.querySelector("a[href]"));
const currentRow = () => document.activeElement.closest(ROW);

function step(by) {
  const all = rows();
  const at = all.indexOf(currentRow());
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  all[next]?.querySelector("a[href]").focus();
}

function search() {
  const box = document.querySelector("main [data-search-box], main input[type=search]");
  if (box) box.select();
  else location.assign(dialog.dataset.searchUrl);
}

function select() {
  currentRow()?.querySelector("input[type=checkbox]")?.click();
}

const keys = { "/": search, "?": () => dialog.showModal(), j: () => step(1), k: () => step(-1), x: select };

// A box that is ticked takes no text: there the keys go on working.
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.(TYPING);
  const isCombined = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
  const marked = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
  const act = marked ? () => marked.click() : keys[event.key];
  if (!act || isTyping || isCombined || document.querySelector("dialog[open]") || localStorage.getItem(OFF)) return;
  event.preventDefault();
  act();
});

toggle.checked = !localStorage.getItem(OFF);
toggle.addEventListener("change", () => {
  if (toggle.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "yes");
});

// The filters of the search form: "find a filter" hides all others, a signal is in one set at most, and on a phone
// the sheet of filters closes. Without this module all groups are just there.

const filters = document.querySelector("[data-filters]");
const box = filters.querySelector("[data-find-filter]");
const note = filters.querySelector("[data-found-filters]");
const isSheet = matchMedia("(max-width: 63.99rem)");
let before = null; // which groups were open before the search for a filter began

const groups = () => [...filters.querySelectorAll("[data-filter-group]")];

function find() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length && !before) before = new Map(groups().map((group) => [group, group.open]));
  let found = 0;
  for (const group of groups()) {
    let foundHere = 0;
    for (const filter of group.querySelectorAll("[data-filter]")) {
      filter.hidden = !words.every((word) => filter.dataset.words.includes(word));
      if (!filter.hidden) foundHere += 1;
    }
    group.hidden = !foundHere;
    if (words.length) group.open = foundHere > 0;
    found += foundHere;
  }
  if (!words.length && before) {
    for (const [group, wasOpen] of before) group.open = wasOpen;
    before = null;
  }
  note.textContent = words.length ? (found ? `${found} found` : "No filter is called that") : "";
}

box.addEventListener("input", find);
if (box.value) find(); // typed while this module was still on its way, or put back by the browser
// What is typed here is no condition of the search.
for (const type of ["input", "change", "keyup"]) box.addEventListener(type, (event) => event.stopPropagation());
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault();
  if (event.key === "Escape" && box.value) {
    event.preventDefault();
    event.stopPropagation();
    box.value = "";
    find();
  }
});

filters.addEventListener(
  "change",
  (event) => {
    const row = event.target.closest("[data-one-of]");
    if (!row || !event.target.checked) return;
    for (const other of row.querySelectorAll("input")) if (other !== event.target) other.checked = false;
  },
  true,
);

function closeSheet() {
  if (!isSheet.matches || !filters.open) return;
  filters.open = false;
  filters.querySelector("summary").focus();
}

filters.querySelector("[data-close-filters]").addEventListener("click", () => setTimeout(closeSheet));
filters.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSheet();
});

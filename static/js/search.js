// The search form asks again a moment after the last key, without waiting for the field to be left; leaving it then
// tells nothing new. Without this module fields are told when they are left, and without scripts by the button.
// What an answer says to be wrong is also put at its field, where a page that is loaded with errors has it.

const PAUSE = 450; // milliseconds
const form = document.getElementById("search-form");
const told = new WeakMap();
let timer;

const isTyped = (field) => field.matches("input[type=text]:not([data-search-box]), input[type=date]");

form.addEventListener("input", (event) => {
  const field = event.target;
  if (!isTyped(field)) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    told.set(field, field.value);
    form.dispatchEvent(new Event("typed"));
  }, PAUSE);
});

form.addEventListener(
  "change",
  (event) => {
    clearTimeout(timer);
    if (isTyped(event.target) && told.get(event.target) === event.target.value) event.stopPropagation();
  },
  true,
);

// What was changed while the scripts were still on their way is searched for once htmx listens; in the box, when it is
// left. What the browser put back by itself is not what the address says, and asks for nothing.
document.addEventListener("DOMContentLoaded", () => {
  const write = (each) => new URLSearchParams(new FormData(each)).toString();
  const asked = form.cloneNode(true);
  asked.reset();
  const isInBox = document.activeElement?.matches("[data-search-box]");
  if (navigator.userActivation?.hasBeenActive && !isInBox && write(form) !== write(asked)) form.dispatchEvent(new Event("typed"));
});

// What is being typed into the results, such as a name for the search, is kept when they come anew.
let kept = [];
const isTypedInto = (field) => field.id && field.value !== field.defaultValue;

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id === "results") kept = [...detail.target.querySelectorAll("input:not([type=hidden])")].filter(isTypedInto);
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.id !== "results") return;
  for (const { id, value } of kept) Object.assign(document.getElementById(id) ?? {}, { value });
  kept = [];
});

const notes = new Map(); // control -> what is said to be wrong about it

function noteAt(control) {
  if (!notes.has(control)) {
    const note = document.createElement("div");
    note.className = "field-error";
    note.id = `${control.id}_error`;
    (control.closest(".range-ends, .filter-choices") ?? control).before(note);
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", note.id);
    notes.set(control, note);
  }
  return notes.get(control);
}

function forgetErrors() {
  for (const [control, note] of notes) {
    note.remove();
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
  }
  notes.clear();
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "results") return;
  forgetErrors();
  for (const link of event.detail.target.querySelectorAll("a[data-error]")) {
    const control = document.getElementById(link.hash.slice(1));
    if (!control) continue;
    const line = document.createElement("div");
    line.textContent = link.dataset.error;
    noteAt(control).append(line);
  }
});

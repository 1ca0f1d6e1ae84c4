// The search form asks again a moment after the last key, without waiting for the field to be left; leaving it then
// tells nothing new. Without this module fields are told when they are left, and without scripts by the button.

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

// A form that posts is sent once: a second click finds its buttons disabled until the page is left or shown again.
// The server carries out nothing twice either; this says so at once.

const sent = new Set();

function setDisabled(form, isDisabled) {
  for (const button of form.elements) {
    if (button.type === "submit") button.disabled = isDisabled;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  // A form whose answer is a file leaves the page as it is, and may be sent again.
  if (event.defaultPrevented || form.method !== "post" || "sentAgain" in form.dataset) return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  // Not at once: a disabled button would not send its name and value.
  setTimeout(() => setDisabled(form, true));
});

// Back may show this page as it was left.
window.addEventListener("pageshow", () => {
  for (const form of sent) setDisabled(form, false);
  sent.clear();
});

// A picture that does not come makes room for the reason and a way to try again.

function tell(image) {
  const figure = image.closest("[data-picture]");
  if (!figure) return;
  figure.hidden = true;
  figure.parentElement.querySelector("[data-picture-trouble]").hidden = false;
}

// Errors of pictures do not bubble, so they are caught on the way down.
document.addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement) tell(event.target);
}, true);

// One may have failed before this ran.
for (const image of document.querySelectorAll("[data-picture] img")) {
  if (image.complete && image.naturalWidth === 0) tell(image);
}

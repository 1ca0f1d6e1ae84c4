// A part of the page that asks for itself again and again stays as it is while something in it is pressed: a button that
// is replaced before it comes up is never clicked. The part asks anew right after.

const waiting = new Set();
let pressed = null;

function release() {
  pressed = null;
  // Not at once: the click comes after the button has come up.
  setTimeout(() => {
    for (const part of waiting) htmx.ajax("GET", part.getAttribute("hx-get"), { source: part });
    waiting.clear();
  });
}

document.addEventListener("pointerdown", ({ target }) => { pressed = target; }, true);
for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, release, true);

document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, target } = event.detail;
  if (!pressed || !target.contains(pressed) || !requestConfig.elt.matches("[hx-trigger*=every]")) return;
  event.preventDefault();
  waiting.add(requestConfig.elt);
});

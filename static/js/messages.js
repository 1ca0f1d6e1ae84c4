// Messages can be dismissed; good news leaves by itself after ten seconds in which nobody points at it or is in it.

const SHOWN_FOR = 10_000;
const LEAVING = new Set(["success", "info"]);

function watch(message) {
  message.querySelector("[data-dismiss]").addEventListener("click", () => message.remove());
  if (!LEAVING.has(message.dataset.message)) return;
  let timer;
  const stay = () => clearTimeout(timer);
  const start = () => {
    stay();
    timer = setTimeout(() => message.remove(), SHOWN_FOR);
  };
  for (const type of ["pointerenter", "focusin"]) message.addEventListener(type, stay);
  for (const type of ["pointerleave", "focusout"]) message.addEventListener(type, start);
  if (!message.matches(":hover, :focus-within")) start();
}

const region = document.getElementById("messages");
if (region) {
  region.querySelectorAll("[data-message]").forEach(watch);
  new MutationObserver((changes) => {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
      if (node.matches?.("[data-message]")) watch(node);
    }
  }).observe(region, { childList: true });

  // What an htmx request that failed tells is kept by the page, since no answer brings it.
  for (const template of document.querySelectorAll("template[data-message-for]")) {
    document.addEventListener(template.dataset.messageFor, () => region.append(template.content.cloneNode(true)));
  }
}

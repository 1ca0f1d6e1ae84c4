// A search box with its suggestions, on the search page and above what is owned: a plain text input until this module
// makes it a combobox (arrow keys, Enter, Escape, pointer). The server sends the listbox; choosing an option fills the
// form, or leads to a page.

const PAUSE = 150; // milliseconds without a key before the server is asked

function makeCombobox(box) {
  const input = box.querySelector("input");
  const form = input.form;
  const panel = box.querySelector("[data-suggestions]");
  const unique = (box.dataset.replaces ?? "").split(" ").filter(Boolean);
  let timer;
  let question;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", "suggestions");
  input.setAttribute("aria-expanded", "false");

  const options = () => [...panel.querySelectorAll("[role=option]")];
  const isOpen = () => input.getAttribute("aria-expanded") === "true";
  const active = () => panel.querySelector("[aria-selected=true]");

  function open() {
    const hasSomething = options().length > 0 || panel.querySelector(".suggestions-note:not([hidden])") !== null;
    panel.hidden = !hasSomething;
    input.setAttribute("aria-expanded", String(options().length > 0));
  }

  function stopAsking() {
    clearTimeout(timer);
    question?.abort();
  }

  function close() {
    stopAsking();
    panel.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(null);
  }

  function mark(option) {
    active()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function step(by) {
    const all = options();
    if (!all.length) return;
    stopAsking(); // who has begun to choose keeps the options in view
    const at = all.indexOf(active());
    mark(all[(at + by + all.length + (at < 0 && by < 0 ? 1 : 0)) % all.length]);
  }

  async function ask() {
    question?.abort();
    question = new AbortController();
    const address = new URL(box.dataset.url, location.origin);
    address.searchParams.set("q", input.value);
    if (box.dataset.place) address.searchParams.set("in", box.dataset.place);
    try {
      const answer = await fetch(address, { signal: question.signal, headers: { "X-Requested-With": "fetch" } });
      if (!answer.ok || answer.redirected) return;
      panel.innerHTML = await answer.text();
      mark(null);
      if (document.activeElement === input) open();
    } catch (error) {
      if (error.name !== "AbortError") close(); // without an answer it stays a plain input
    }
  }

  function choose(option) {
    if (option.dataset.url) {
      location.assign(option.dataset.url);
      return;
    }
    const params = new URLSearchParams(option.dataset.params);
    for (const name of unique) {
      const field = form.elements.namedItem(name);
      if (field) field.value = params.get(name) ?? "";
    }
    input.value = params.get(input.name) ?? option.dataset.text;
    close();
    form.requestSubmit();
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (input.value.trim()) timer = setTimeout(ask, PAUSE);
    else close();
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen()) open();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && isOpen() && active()) {
      event.preventDefault();
      choose(active());
    } else if (event.key === "Enter") {
      close();
    } else if (event.key === "Escape" && !panel.hidden) {
      event.preventDefault();
      close();
    }
  });

  // What was typed while this module was still on its way is asked for now.
  if (document.activeElement === input && input.value !== input.defaultValue) ask();

  input.addEventListener("blur", close);
  // The input keeps the focus while an option is pressed, so that its change is not told before the choice.
  panel.addEventListener("mousedown", (event) => {
    event.preventDefault();
    stopAsking();
  });
  panel.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}

for (const box of document.querySelectorAll("[data-combobox]")) makeCombobox(box);

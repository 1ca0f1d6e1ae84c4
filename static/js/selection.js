// Which rows of a list are selected: it survives paging and sorting, for as long as the tab is open. Either ids, or
// everything that matches. Without this module the boxes of the page in view count.

const MOST = 5000;

function keep(form) {
  const key = `atlas-selection:${location.pathname}?${form.dataset.selection}`;
  const total = form.dataset.selectionTotal;
  const boxes = [...form.querySelectorAll("input[name=ids]")];
  const all = form.querySelector("[data-selection-all]");
  const page = form.querySelector("[data-selection-page]");
  const status = form.querySelector("[data-selection-status]");
  const takeAll = form.querySelector("[data-selection-take-all]");
  const clear = form.querySelector("[data-selection-clear]");
  const actions = form.querySelector("[data-selection-actions]");
  const nothing = status.textContent;
  let chosen = new Set();
  let last = null; // the box from which Shift goes on
  let hasShift = false;

  function load() {
    try {
      const stored = JSON.parse(sessionStorage.getItem(key)) ?? {};
      chosen = new Set(stored.ids ?? []);
      all.checked = Boolean(stored.all);
    } catch {
      chosen = new Set();
    }
  }

  function store() {
    try {
      if (chosen.size || all.checked) sessionStorage.setItem(key, JSON.stringify({ ids: [...chosen], all: all.checked }));
      else sessionStorage.removeItem(key);
    } catch {
      // Without storage the selection lasts as long as the page.
    }
  }

  function show() {
    for (const box of boxes) {
      box.checked = all.checked || chosen.has(box.value);
      box.closest("tr").classList.toggle("is-selected", box.checked);
    }
    const here = boxes.filter((box) => box.checked).length;
    page.checked = here > 0 && here === boxes.length;
    page.indeterminate = here > 0 && here < boxes.length;
    const isEmpty = !all.checked && chosen.size === 0;
    const elsewhere = chosen.size - here;
    status.textContent = all.checked
      ? `All ${total} selected.`
      : isEmpty
        ? nothing
        : `${chosen.size.toLocaleString("en-US")} selected${elsewhere > 0 ? `, ${elsewhere.toLocaleString("en-US")} on other pages` : ""}.`;
    if (!all.checked && chosen.size > MOST) status.textContent += ` At most ${MOST.toLocaleString("en-US")} at once: take all that match instead.`;
    takeAll.hidden = all.checked || !page.checked || String(boxes.length) === total;
    clear.hidden = isEmpty;
    actions.hidden = isEmpty;
  }

  function set(box, isChosen) {
    if (isChosen) chosen.add(box.value);
    else chosen.delete(box.value);
  }

  function change(work) {
    if (all.checked) {
      // Leaving "all": what is checked on this page stays.
      all.checked = false;
      chosen = new Set(boxes.map((box) => box.value));
    }
    work();
    store();
    show();
  }

  form.addEventListener("click", (event) => {
    hasShift = event.shiftKey;
  }, true);

  for (const box of boxes) {
    box.addEventListener("change", () => {
      const isChosen = box.checked;
      change(() => {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        const range = hasShift && from >= 0 ? boxes.slice(from, to + 1) : [box];
        for (const each of range) set(each, isChosen);
      });
      last = box;
    });
  }

  page.addEventListener("change", () => {
    const isChosen = page.checked;
    change(() => boxes.forEach((box) => set(box, isChosen)));
  });
  takeAll.addEventListener("click", () => {
    all.checked = true;
    chosen.clear();
    store();
    show();
    clear.focus();
  });
  clear.addEventListener("click", () => {
    all.checked = false;
    chosen.clear();
    store();
    show();
    page.focus();
  });

  // The boxes of this page send themselves; what is selected on others goes along.
  form.addEventListener("formdata", (event) => {
    const here = new Set(boxes.map((box) => box.value));
    const others = [...chosen].filter((id) => !here.has(id));
    if (all.checked) event.formData.delete("ids");
    else if (others.length) event.formData.append("ids", others.join(","));
  });

  // What was ticked while this module was still on its way counts; what the browser put back by itself does not.
  const hasActed = navigator.userActivation?.hasBeenActive;
  const early = hasActed ? boxes.filter((box) => page.checked || box.checked) : [];
  load();
  if (early.length && !all.checked) change(() => early.forEach((box) => set(box, true)));
  else show();
  form.dataset.isReady = "";

  // Of those on other pages some may have been removed since, here or in another tab.
  async function forgetRemoved() {
    const here = new Set(boxes.map((box) => box.value));
    const elsewhere = [...chosen].filter((id) => !here.has(id));
    if (!form.dataset.selectionKept || !elsewhere.length || elsewhere.length > MOST) return;
    const asked = new FormData();
    asked.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    asked.set("ids", elsewhere.join(","));
    try {
      const answer = await fetch(form.dataset.selectionKept, { method: "POST", body: asked });
      if (!answer.ok) return;
      const kept = new Set((await answer.json()).ids);
      for (const id of elsewhere) if (!kept.has(id)) chosen.delete(id);
    } catch {
      return; // the page was left, or nobody answers: the server leaves out whom it does not find
    }
    store();
    show();
  }

  // Back may show this page as it was left, while another page has gone on selecting.
  addEventListener("pageshow", () => {
    load();
    show();
    forgetRemoved();
  });
}

for (const form of document.querySelectorAll("[data-selection]")) keep(form);

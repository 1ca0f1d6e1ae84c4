// A file that is too large is named as such when it is chosen, not after it was sent. The server refuses it as well.
// The control's data-csv-bytes and data-workbook-bytes say how large files may be.

const MEGABYTE = 1_000_000;

function problemOf(control) {
  const [file] = control.files;
  if (!file) return "";
  const isWorkbook = /\.xls[xm]$/i.test(file.name);
  const most = Number(isWorkbook ? control.dataset.workbookBytes : control.dataset.csvBytes);
  if (file.size <= most) return "";
  const kind = isWorkbook ? "workbooks" : "files";
  return `${file.name} has ${Math.ceil(file.size / MEGABYTE)} MB; Atlas reads ${kind} of at most ${most / MEGABYTE} MB.`;
}

const FILE = "input[type=file][data-csv-bytes]";

function judge(control) {
  control.setCustomValidity(problemOf(control));
  control.reportValidity();
}

document.addEventListener("change", ({ target }) => {
  if (target.matches(FILE)) judge(target);
});

// One may have been chosen while this module was still on its way.
for (const control of document.querySelectorAll(FILE)) {
  if (control.files.length) judge(control);
}

// A file that takes a while to send shows how far it is, and can be stopped. Smaller ones are sent as any form is. The
// form has data-upload, and a template with what is shown meanwhile.

const WORTH_SHOWING = 2 * MEGABYTE;

function megabytes(bytes) {
  return Math.round(bytes / MEGABYTE).toLocaleString("en-US");
}

class Upload {
  constructor(form) {
    this.form = form;
    this.request = new XMLHttpRequest();
    this.shown = form.querySelector("template").content.cloneNode(true).firstElementChild;
    this.bar = this.shown.querySelector("progress");
    this.status = this.shown.querySelector("[role=status]");
  }

  send() {
    this.request.upload.addEventListener("progress", (event) => this.tell(event.loaded, event.total));
    this.request.addEventListener("load", () => this.arrive());
    this.request.addEventListener("error", () => this.end("The connection broke off, and nothing was uploaded. Try again."));
    this.request.addEventListener("abort", () => this.end("Stopped. Nothing was uploaded."));
    this.shown.querySelector("button").addEventListener("click", () => this.request.abort());
    this.request.open("POST", this.form.action);
    this.request.send(new FormData(this.form));
    this.setBusy(true);
    this.form.querySelector("template").before(this.shown);
    this.shown.querySelector("button").focus();
  }

  tell(sent, total) {
    this.bar.max = total;
    this.bar.value = sent;
    const text = sent < total ? `${megabytes(sent)} of ${megabytes(total)} MB sent` : "All sent, and being put away";
    if (text !== this.status.textContent) this.status.textContent = text;
  }

  // The answer is the page of the import, or this page with what is wrong.
  arrive() {
    this.setBusy(false);
    if (this.request.status < 400 && this.request.responseURL !== this.form.action) {
      location.assign(this.request.responseURL);
      return;
    }
    const answer = new DOMParser().parseFromString(this.request.responseText, "text/html");
    const page = answer.querySelector("main");
    if (!page) {
      this.end("That did not work, and nothing was uploaded. Try again in a minute.");
      return;
    }
    document.title = answer.title;
    document.querySelector("main").replaceWith(document.adoptNode(page));
    page.querySelector("[autofocus], h1")?.focus();
  }

  end(words) {
    this.setBusy(false);
    this.bar.hidden = true;
    this.status.textContent = words;
    this.shown.querySelector("button").remove();
  }

  setBusy(isBusy) {
    for (const button of this.form.elements) {
      if (button.type === "submit") button.disabled = isBusy;
    }
    if (isBusy) addEventListener("beforeunload", warn);
    else removeEventListener("beforeunload", warn);
  }
}

function warn(event) {
  event.preventDefault();
}

// Before once.js, which leaves alone what is not sent as a form.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const [file] = form.querySelector("input[type=file]")?.files ?? [];
    if (!("upload" in form.dataset) || !file || file.size < WORTH_SHOWING) return;
    event.preventDefault();
    form.querySelector(".upload-progress")?.remove();
    new Upload(form).send();
  },
  true,
);

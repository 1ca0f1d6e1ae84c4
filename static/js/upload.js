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

for (const control of document.querySelectorAll("input[type=file][data-csv-bytes]")) {
  control.addEventListener("change", () => {
    control.setCustomValidity(problemOf(control));
    control.reportValidity();
  });
}

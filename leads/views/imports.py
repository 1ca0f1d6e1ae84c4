"""The pages of an import: the upload, and one page for all that comes after it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from atlas_site.lib.queue import nudge
from atlas_site.lib.spreadsheets import csv_lines
from atlas_site.vendors.errors import VendorError
from leads.forms import ColumnsForm, UploadForm
from leads.imports.limits import CSV_BYTES, CSV_ROWS, MEGABYTE, WORKBOOK_BYTES, WORKBOOK_ROWS
from leads.imports.problems import FileRefused
from leads.models import LeadImport
from leads.selectors import imports as selectors
from leads.selectors.import_pages import DOWNLOADS, TEMPLATE_HEADERS, ImportPage, page_of
from leads.selectors.import_rows import csv_of_rows
from leads.services import imports
from leads.tasks import run_import
from leads.views.shared import csv_answer

State = LeadImport.State

# What a form says beside its file.
REST_OF_FORM_BYTES = MEGABYTE
LIMITS = {
    "csv_rows": CSV_ROWS,
    "csv_megabytes": CSV_BYTES // MEGABYTE,
    "workbook_rows": WORKBOOK_ROWS,
    "workbook_megabytes": WORKBOOK_BYTES // MEGABYTE,
}


@csrf_exempt
def upload_list(request: HttpRequest) -> HttpResponse:
    """Take a list in. What is too long by its declared length is refused before any of it is read.

    The check of the form's token reads the whole form, so it comes after that.
    """
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdecimal() and int(declared) > CSV_BYTES + REST_OF_FORM_BYTES:
        return render(request, "leads/too_large.html", LIMITS, status=413)
    return _upload_list(request)


@require_http_methods(["GET", "POST"])
@csrf_protect
@onboarded_required
def _upload_list(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _show_upload(request, UploadForm(user=request.user, initial={"group": request.GET.get("list", "")}))
    form = UploadForm(request.POST, request.FILES, user=request.user)
    if not form.is_valid():
        return _show_upload(request, form)
    file = form.cleaned_data["file"]
    try:
        lead_import = imports.receive_upload(
            user=request.user,
            content=file,
            file_name=file.name,
            group=form.cleaned_data["group"],
            group_name=form.cleaned_data["group_name"],
            now=timezone.now(),
        )
    except (FileRefused, imports.TooManyImports) as refusal:
        form.add_error("file", str(refusal))
    except VendorError:
        form.add_error("file", "The file could not be kept just now. Please try again in a minute.")
    else:
        nudge(run_import, str(lead_import.pk))
        return redirect(lead_import)
    return _show_upload(request, form)


def _show_upload(request: HttpRequest, form: UploadForm) -> HttpResponse:
    return render(request, "leads/upload.html", {"form": form, **LIMITS})


@require_GET
@onboarded_required
def download_template(request: HttpRequest) -> HttpResponse:
    """Send an empty list with headers that need no checking."""
    content = "".join(csv_lines([TEMPLATE_HEADERS]))
    headers = {"Content-Disposition": 'attachment; filename="atlas-list.csv"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


@require_GET
@never_cache
@onboarded_required
def show_import(request: HttpRequest, import_id: str) -> HttpResponse:
    """Show what the import does or waits for: progress, columns, the plan, its result, or why it was refused."""
    page = page_of(_find(request, import_id))
    form = ColumnsForm(columns=page.columns) if page.state == State.MAPPING else None
    return _show(request, page, form)


@require_http_methods(["GET", "POST"])
@never_cache
@onboarded_required
def map_columns(request: HttpRequest, import_id: str) -> HttpResponse:
    """Ask what the columns are, also once there is a plan; what is said makes the plan anew."""
    lead_import = _find(request, import_id)
    if lead_import.state not in {State.MAPPING, State.PLANNED}:
        return redirect(lead_import)
    page = page_of(lead_import)
    if request.method == "GET":
        return _show(request, page, ColumnsForm(columns=page.columns))
    form = ColumnsForm(request.POST, columns=page.columns)
    if not form.is_valid():
        return _show(request, page, form)
    try:
        _confirm(request, lead_import, form.mapping)
    except imports.MappingRefused as refusal:
        form.add_error(None, str(refusal))
        return _show(request, page, form)
    return redirect(lead_import)


@require_POST
@onboarded_required
def skip_known(request: HttpRequest, import_id: str) -> HttpResponse:
    """Leave out those who are on another list already, or take them after all; the plan is made anew."""
    lead_import = _find(request, import_id)
    if lead_import.state == State.PLANNED:
        _confirm(request, lead_import, lead_import.mapping, skips_known=request.POST.get("skips_known") == "yes")
    return redirect(lead_import)


def _confirm(
    request: HttpRequest, lead_import: LeadImport, mapping: list[str], skips_known: bool | None = None
) -> None:
    """Have the plan made by these columns. Raises MappingRefused; what came too late changes nothing."""
    key, now = str(lead_import.pk), timezone.now()
    try:
        imports.confirm_mapping(user=request.user, import_id=key, mapping=mapping, skips_known=skips_known, now=now)
    except imports.WrongState:
        messages.info(request, "This import has gone on in the meantime.")
        return
    nudge(run_import, key)


@require_POST
@onboarded_required
def commit_import(request: HttpRequest, import_id: str) -> HttpResponse:
    """Have the plan carried out that the user has seen; if the lists changed since, a new one is shown instead."""
    lead_import = _find(request, import_id)
    shown = request.POST.get("plan_hash", "")
    try:
        imports.commit_import(user=request.user, import_id=import_id, plan_hash=shown, now=timezone.now())
    except imports.PlanOutdated:
        messages.warning(
            request, "Your lists or this plan changed since you looked. Nothing was imported; please see the new plan."
        )
    except imports.AnotherImport:
        messages.error(request, "Another import of yours is being carried out. Try again when it is done.")
        return redirect(lead_import)
    except imports.WrongState:
        return redirect(lead_import)  # whose page says what has become of it
    nudge(run_import, import_id)
    return redirect(lead_import)


@require_POST
@onboarded_required
def cancel_import(request: HttpRequest, import_id: str) -> HttpResponse:
    """Stop an import of which nothing was carried out."""
    lead_import = _find(request, import_id)
    try:
        imports.cancel_import(user=request.user, import_id=import_id, now=timezone.now())
    except imports.WrongState:
        messages.info(request, "This import is over or being carried out, and cannot be cancelled any more.")
    else:
        nudge(run_import, import_id)
    return redirect(lead_import)


@require_GET
@onboarded_required
def download_rows(request: HttpRequest, import_id: str, kind: str) -> HttpResponse | StreamingHttpResponse:
    """Send the rows that make no contact, with their original columns and the reason."""
    page = page_of(_find(request, import_id))
    if kind not in DOWNLOADS or not page.has_rows:
        raise Http404
    return csv_answer(csv_of_rows(page.lead_import, kind), f"{page.lead_import.group_name}-{kind}.csv")


def _show(request: HttpRequest, page: ImportPage, form: ColumnsForm | None) -> HttpResponse:
    template = "leads/_import.html" if wants_fragment(request) else "leads/import.html"
    return render(request, template, {"page": page, "form": form})


def _find(request: HttpRequest, import_id: str) -> LeadImport:
    lead_import = selectors.find_import(request.user, import_id)
    if lead_import is None:
        raise Http404
    return lead_import

"""Pages of dialers' files: the upload, and one page for all that comes after it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from atlas_site.lib.queue import nudge
from atlas_site.vendors.errors import VendorError
from leads.call_forms import CallsForm, CallsUploadForm
from leads.imports.problems import FileRefused
from leads.models import DialerFile
from leads.selectors import calls as selectors
from leads.selectors import imports as import_selectors
from leads.services import calls
from leads.services.imports import WrongState as ImportWrongState
from leads.tasks import run_calls, run_import
from leads.views.shared import csv_answer

State = DialerFile.State


@require_http_methods(["GET", "POST"])
@onboarded_required
def upload_calls(request: HttpRequest) -> HttpResponse:
    """Take a dialer's file in, and list those that came before."""
    form = CallsUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            dialer_file = calls.receive_calls(user=request.user, content=file, file_name=file.name, now=timezone.now())
        except (FileRefused, calls.TooManyFiles) as refusal:
            form.add_error("file", str(refusal))
        except VendorError:
            form.add_error("file", "The file could not be kept just now. Please try again in a minute.")
        else:
            nudge(run_calls, str(dialer_file.pk))
            return redirect(dialer_file)
    return render(request, "leads/calls_upload.html", {"form": form, "files": selectors.list_files(request.user)})


@require_POST
@onboarded_required
def log_instead(request: HttpRequest, import_id: str) -> HttpResponse:
    """Log the calls of a file that was uploaded as a list; it is not imported then."""
    lead_import = import_selectors.find_import(request.user, import_id)
    if lead_import is None:
        raise Http404
    try:
        dialer_file = calls.take_from_import(user=request.user, lead_import=lead_import, now=timezone.now())
    except (ImportWrongState, FileNotFoundError, VendorError):
        messages.error(request, "This file cannot be taken over any more. Upload it again as calls.")
        return redirect(lead_import)
    except calls.TooManyFiles as refusal:
        messages.error(request, str(refusal))
        return redirect(lead_import)
    nudge(run_import, import_id)
    nudge(run_calls, str(dialer_file.pk))
    return redirect(dialer_file)


@require_GET
@never_cache
@onboarded_required
def show_calls(request: HttpRequest, file_id: str) -> HttpResponse:
    """Show what the file does or waits for: progress, questions, the plan, what was logged, or why it was refused."""
    dialer_file = _find(request, file_id)
    form = CallsForm(dialer_file=dialer_file) if dialer_file.state == State.ASKING else None
    return _show(request, dialer_file, form)


@require_http_methods(["GET", "POST"])
@never_cache
@onboarded_required
def answer(request: HttpRequest, file_id: str) -> HttpResponse:
    """Ask what columns and dispositions are, also once there is a plan; what is said makes the plan anew."""
    dialer_file = _find(request, file_id)
    if dialer_file.state not in {State.ASKING, State.PLANNED}:
        return redirect(dialer_file)
    form = CallsForm(request.POST or None, dialer_file=dialer_file)
    if request.method == "GET" or not form.is_valid():
        return _show(request, dialer_file, form)
    try:
        calls.answer(
            user=request.user, file_id=file_id, mapping=form.mapping, outcomes=form.outcomes, now=timezone.now()
        )
    except calls.AnswersRefused as refusal:
        form.add_error(None, str(refusal))
        return _show(request, dialer_file, form)
    except calls.WrongState:
        return redirect(dialer_file)
    nudge(run_calls, file_id)
    return redirect(dialer_file)


@require_POST
@onboarded_required
def commit_calls(request: HttpRequest, file_id: str) -> HttpResponse:
    """Have the calls logged as the plan shows them."""
    dialer_file = _find(request, file_id)
    try:
        calls.commit_calls(user=request.user, file_id=file_id, now=timezone.now())
    except calls.WrongState:
        return redirect(dialer_file)  # whose page says what has become of it
    nudge(run_calls, file_id)
    return redirect(dialer_file)


@require_POST
@onboarded_required
def cancel_calls(request: HttpRequest, file_id: str) -> HttpResponse:
    """Stop a file of which nothing was logged."""
    dialer_file = _find(request, file_id)
    try:
        calls.cancel_calls(user=request.user, file_id=file_id, now=timezone.now())
    except calls.WrongState:
        messages.info(request, "These calls are logged or being logged, and cannot be cancelled any more.")
    else:
        nudge(run_calls, file_id)
    return redirect(dialer_file)


@require_GET
@onboarded_required
def download_unmatched(request: HttpRequest, file_id: str) -> StreamingHttpResponse:
    """Send the rows that make no touch, with their original columns and the reason."""
    dialer_file = _find(request, file_id)
    if not selectors.has_rows(dialer_file):
        raise Http404
    return csv_answer(selectors.csv_of_unlogged(dialer_file), f"{dialer_file.file_name}-not-logged.csv")


def _show(request: HttpRequest, dialer_file: DialerFile, form: CallsForm | None) -> HttpResponse:
    template = "leads/_calls.html" if wants_fragment(request) else "leads/calls.html"
    return render(request, template, {"page": selectors.page_of(dialer_file), "form": form})


def _find(request: HttpRequest, file_id: str) -> DialerFile:
    dialer_file = selectors.find_file(request.user, file_id)
    if dialer_file is None:
        raise Http404
    return dialer_file

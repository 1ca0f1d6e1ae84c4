"""Exports: choosing what goes into a file, the file itself, and the log of those that were made."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import onboarded_required
from properties.exports import MIME_TYPES
from properties.forms import ExportForm, SelectionForm
from properties.models import Export
from properties.selectors import exports as selectors
from properties.selectors.owned import count_capped
from properties.selectors.owned_columns import column_groups, view_of
from properties.selectors.owned_page import list_url
from properties.services import exports


@require_http_methods(["GET", "POST"])
@onboarded_required
def choose_export(request: HttpRequest) -> HttpResponse:
    """Choose columns and format for the selected properties; by link, for all that match its conditions."""
    given = request.POST if request.method == "POST" else _matching(request)
    form = SelectionForm(given)
    if not form.is_valid():
        messages.error(request, form.problem())
        return redirect(_list_url(given))
    if not form.selection.rows(request.user).exists():
        return _refuse_nothing(request, form, given)
    return _show_choice(request, form)


def _refuse_nothing(request: HttpRequest, form: SelectionForm, given: QueryDict) -> HttpResponse:
    """Lead back to the list, since a file would hold headings alone."""
    chosen = form.selection.ids
    messages.error(request, "None of these is yours." if chosen else "Nothing of yours matches, so there is no file.")
    return redirect(_list_url(given))


def _show_choice(request: HttpRequest, form: SelectionForm, problem: str = "") -> HttpResponse:
    view = view_of(request.user)
    chosen = request.POST.getlist("columns") or view.export_columns
    context = {
        "selection": form.selection,
        "count": count_capped(form.selection.rows(request.user)),
        "groups": column_groups(chosen),
        "format": request.POST.get("format") or view.export_format,
        "most_in_a_workbook": exports.MOST_IN_A_WORKBOOK,
        "problem": problem,
    }
    return render(request, "properties/export_choose.html", context)


def _matching(request: HttpRequest) -> QueryDict:
    given = QueryDict(mutable=True)
    given["scope"], given["query"] = "matching", request.GET.urlencode()
    return given


@require_POST
@onboarded_required
def export_properties(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Send the selected properties as a file, and write down that they went out."""
    form, export_form = SelectionForm(request.POST), ExportForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.problem())
        return redirect(_list_url(request.POST))
    if not form.selection.rows(request.user).exists():
        return _refuse_nothing(request, form, request.POST)
    if not export_form.is_valid():
        return _show_choice(request, form, problem="Choose at least one column, and CSV or XLSX.")
    try:
        export = exports.start_export(
            user=request.user,
            selection=form.selection,
            columns=export_form.cleaned_data["columns"],
            file_format=export_form.cleaned_data["format"],
            now=timezone.now(),
        )
    except exports.TooManyForWorkbook as problem:
        return _show_choice(request, form, problem=str(problem))
    return _send(request, export)


@require_POST
@onboarded_required
def repeat_export(request: HttpRequest, export_id: str) -> HttpResponse | StreamingHttpResponse:
    """Send the same selection again, as it is today."""
    earlier = _get_export(request, export_id)
    if earlier.kind != exports.KIND:
        raise Http404
    try:
        export = exports.repeat_export(export=earlier, now=timezone.now())
    except exports.CannotRepeat:
        messages.error(request, "This export cannot be made again: one of its conditions is not known any more.")
        return redirect("properties:show-export", export_id)
    except exports.TooManyForWorkbook as problem:
        messages.error(request, str(problem))
        return redirect("properties:show-export", export_id)
    return _send(request, export)


@require_GET
@onboarded_required
def list_exports(request: HttpRequest) -> HttpResponse:
    """List what the user has taken away, newest first."""
    return render(request, "properties/exports.html", {"exports": selectors.exports_of(request.user)})


@require_GET
@onboarded_required
def show_export(request: HttpRequest, export_id: str) -> HttpResponse:
    """Show one export: what, when, how many rows, and the way to make it again."""
    export = _get_export(request, export_id)
    context = {
        "export": export,
        "columns": selectors.columns_of(export),
        "left_out": selectors.left_out_of(export),
    }
    return render(request, "properties/export.html", context)


def _get_export(request: HttpRequest, export_id: str) -> Export:
    export = selectors.find_export(request.user, export_id)
    if export is None:
        raise Http404
    return export


def _send(request: HttpRequest, export: Export) -> StreamingHttpResponse:
    content = exports.write_export(export=export, user=request.user, zone=timezone.get_current_timezone())
    name = f"atlas-properties-{timezone.localdate(export.created_at):%Y-%m-%d}.{export.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(content, content_type=MIME_TYPES[export.format], headers=headers)


def _list_url(given: QueryDict) -> str:
    return list_url(given.get("list", "") or given.get("query", ""))

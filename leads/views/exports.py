"""Exports of contacts: for what purpose, what stays behind and why, and the file itself."""

from bson import ObjectId
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from atlas_site.lib.queue import nudge
from leads.calling import PERMISSION
from leads.contact_forms import ContactExportForm
from leads.exports.purposes import Purpose
from leads.exports.tally import Tally
from leads.models import ContactExport, LeadGroup
from leads.services import exports
from leads.tasks import count_export
from leads.views.shared import csv_answer, group_or_404


@require_http_methods(["GET", "POST"])
@onboarded_required
def choose_export(request: HttpRequest, group_id: str) -> HttpResponse:
    """Choose what the selected contacts are exported for; by link, all that match its conditions."""
    group = group_or_404(request, group_id)
    form = ContactExportForm(request.POST if request.method == "POST" else _matching(request))
    if not form.is_valid():
        messages.error(request, form.problem())
        return redirect("leads:show-group", group_id)
    if form.cleaned_data["purpose"]:
        return _prepare(request, group, form)
    context = {"group": group, "form": form, "selection": form.selection, "purposes": list(Purpose)}
    return render(request, "leads/export_choose.html", context)


def _matching(request: HttpRequest) -> QueryDict:
    given = QueryDict(mutable=True)
    given["scope"], given["query"] = "matching", request.GET.urlencode()
    return given


def _prepare(request: HttpRequest, group: LeadGroup, form: ContactExportForm) -> HttpResponse:
    purpose = Purpose(form.cleaned_data["purpose"])
    try:
        export = exports.prepare_export(
            user=request.user, group=group, purpose=purpose, selection=form.selection, clock=timezone.now
        )
    except exports.NothingToExport:
        messages.error(request, "No contact of this list is selected, so there is no file.")
        return redirect("leads:show-group", group.pk)
    if not export.counted_at:
        nudge(count_export, str(export.pk))
    return redirect(export)


@require_GET
@never_cache
@onboarded_required
def show_export(request: HttpRequest, export_id: str) -> HttpResponse:
    """Show what goes out and what is left out, with why, before the download."""
    export = _find_export(request, export_id)
    context = {
        "export": export,
        "purpose": Purpose(export.purpose),
        "tally": Tally.of(export.counts),
        "permission": PERMISSION,
    }
    template = "leads/_export.html" if wants_fragment(request) else "leads/export.html"
    return render(request, template, context)


@require_POST
@onboarded_required
def download_export(request: HttpRequest, export_id: str) -> HttpResponse | StreamingHttpResponse:
    """Send the file, and write down that it went out."""
    export = _find_export(request, export_id)
    if not export.counted_at:
        return redirect(export)
    log = exports.start_download(export=export, now=timezone.now())
    content = exports.write_file(export=export, log=log, zone=timezone.get_current_timezone(), clock=timezone.now)
    name = f"{export.lead_group.name}-{export.purpose}-{timezone.localdate():%Y-%m-%d}.csv"
    return csv_answer(content, name)


def _find_export(request: HttpRequest, export_id: str) -> ContactExport:
    export = None
    if ObjectId.is_valid(export_id):
        found = ContactExport.objects.filter(pk=ObjectId(export_id), user_id=request.user.pk)
        export = found.select_related("lead_group").first()
    if export is None or export.lead_group.is_deleted:
        raise Http404
    return export

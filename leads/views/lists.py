"""The page of all lists, and what is done with lists: made, named, deleted, combined, and added to."""

from bson import ObjectId
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from atlas_site.lib.queue import nudge
from leads.combining import MOST_LISTS, Operation
from leads.list_forms import CombineForm, GroupForm, TargetForm
from leads.models import LeadGroup, ListJob
from leads.selectors import lists as selectors
from leads.selectors.imports import list_imports
from leads.services import groups, lists
from leads.tasks import link_lists, run_list_job
from leads.views.shared import group_or_404
from properties.forms import SelectionForm
from properties.selectors.owned import count_capped

IMPORTS_SHOWN = 10
# What is done while the page is waited for; more is done by a worker, with progress.
CONTACTS_AT_ONCE = 5_000
PROPERTIES_AT_ONCE = 250
BUSY = "An import of yours is being carried out just now. Try again when it is done."


@require_GET
@onboarded_required
def list_groups(request: HttpRequest) -> HttpResponse:
    """List the user's lists, narrowed and ordered as the URL says, with what is being done to them."""
    asked = {name: request.GET.get(name, "") for name in ("find", "tag", "sort", "page")}
    context = {
        "page": selectors.groups_page(request.user, **asked),
        "imports": list_imports(request.user, limit=IMPORTS_SHOWN),
        "jobs": selectors.open_jobs(request.user),
        "traces": selectors.open_traces(request.user),
        "deleted": selectors.deleted_groups(request.user, timezone.now()),
    }
    return render(request, "leads/list.html", context)


@require_GET
@onboarded_required
def list_deleted(request: HttpRequest) -> HttpResponse:
    """List what was deleted within 30 days, each to be brought back."""
    deleted = selectors.deleted_groups(request.user, timezone.now())
    return render(request, "leads/deleted.html", {"groups": deleted, "days": selectors.RESTORED_WITHIN.days})


@require_http_methods(["GET", "POST"])
@onboarded_required
def make_group(request: HttpRequest) -> HttpResponse:
    """Make an empty list."""
    form = GroupForm(request.POST) if request.method == "POST" else GroupForm()
    if form.is_bound and form.is_valid():
        group = groups.create_group(user=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, f"The list “{group.name}” is made. Import into it, or add properties to it.")
        return redirect("leads:show-group", group.pk)
    return render(request, "leads/group_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
@onboarded_required
def change_group(request: HttpRequest, group_id: str) -> HttpResponse:
    """Name a list anew, say what it is about, and tag it."""
    group = group_or_404(request, group_id)
    initial = {"name": group.name, "description": group.description, "tags": ", ".join(group.tags or ())}
    form = GroupForm(request.POST) if request.method == "POST" else GroupForm(initial=initial)
    if form.is_bound and form.is_valid():
        groups.change_group(user=request.user, group_id=group.pk, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("leads:show-group", group.pk)
    return render(request, "leads/group_form.html", {"form": form, "group": group})


@require_POST
@onboarded_required
def delete_group(request: HttpRequest, group_id: str) -> HttpResponse:
    """Delete a list at once; the message about it can undo that."""
    group = group_or_404(request, group_id)
    try:
        groups.delete_group(user=request.user, group_id=group.pk, now=timezone.now())
    except groups.GroupGone:
        pass  # another tab was quicker
    nudge(link_lists, str(request.user.pk))
    undo = reverse("leads:restore-group", args=[group.pk])
    messages.success(request, f"The list “{group.name}” is deleted, with its contacts.", extra_tags=undo)
    return redirect("leads:list-groups")


@require_POST
@onboarded_required
def restore_group(request: HttpRequest, group_id: str) -> HttpResponse:
    """Bring a deleted list back."""
    key = ObjectId(group_id) if ObjectId.is_valid(group_id) else ObjectId()
    try:
        groups.restore_group(user=request.user, group_id=key, now=timezone.now())
    except groups.GroupGone:
        if not selectors.is_own(request.user, key):
            raise Http404 from None
        messages.error(request, "This list is not among your deleted ones.")
        return redirect("leads:list-groups")
    nudge(link_lists, str(request.user.pk))
    messages.success(request, "The list is back, with all its contacts.")
    return redirect("leads:show-group", group_id)


@require_GET
@onboarded_required
def count_group(request: HttpRequest, group_id: str) -> HttpResponse:
    """Say what a list holds, after its page is shown."""
    group = group_or_404(request, group_id)
    context = {"group": group, "totals": selectors.totals_of(group)}
    return render(request, "leads/_totals.html" if wants_fragment(request) else "leads/totals.html", context)


# ---------------------------------------------------------------- combining


@require_http_methods(["GET", "POST"])
@onboarded_required
def combine_lists(request: HttpRequest) -> HttpResponse:
    """Ask what is to be made of the chosen lists, and have it counted."""
    given = request.POST if request.method == "POST" else request.GET
    data = request.POST if request.method == "POST" else None
    initial = {"operation": Operation.UNION.value, "at_least": 2}
    form = CombineForm(data, user=request.user, ids=given.getlist("lists"), initial=initial)
    if request.method == "GET" and not 2 <= len(form.groups) <= MOST_LISTS:
        messages.error(request, f"Check from 2 to {MOST_LISTS} lists to combine them.")
        return redirect("leads:list-groups")
    if not form.is_bound or not form.is_valid():
        return render(request, "leads/combine.html", {"form": form, "total": _contacts(form.groups)})
    try:
        job = lists.start_combining(
            user=request.user,
            operation=Operation(form.cleaned_data["operation"]),
            groups=form.in_order,
            at_least=form.cleaned_data["at_least"] or 1,
            name=form.cleaned_data["name"],
            now=timezone.now(),
        )
    except lists.NothingToCombine as refusal:
        form.add_error(None, str(refusal))
        return render(request, "leads/combine.html", {"form": form, "total": _contacts(form.groups)})
    return _carry_on(request, job, is_short=job.total <= CONTACTS_AT_ONCE)


@require_GET
@never_cache
@onboarded_required
def show_job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Show how far work on lists is, what was counted, or what came of it."""
    page = selectors.job_page(request.user, _job(request, job_id))
    return render(request, "leads/_list_job.html" if wants_fragment(request) else "leads/list_job.html", {"page": page})


@require_POST
@onboarded_required
def make_list(request: HttpRequest, job_id: str) -> HttpResponse:
    """Have the list made that was counted."""
    job = _job(request, job_id)
    name = " ".join(request.POST.get("name", "").split())[:150] or job.group_name
    try:
        job = lists.make_combined_list(user=request.user, job_id=job_id, name=name, now=timezone.now())
    except lists.ListsOutdated:
        messages.info(request, "Your lists changed since they were counted, so nothing was made: here is a new count.")
        job = _job(request, job_id)
    except lists.AnotherImport:
        messages.error(request, BUSY)
        return redirect(job)
    except lists.WrongState:
        return redirect(job)  # another tab was quicker
    return _carry_on(request, job, is_short=job.total <= CONTACTS_AT_ONCE)


@require_POST
@onboarded_required
def cancel_job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Let lists that were counted be."""
    job = _job(request, job_id)
    try:
        lists.cancel_job(user=request.user, job_id=job_id, now=timezone.now())
    except lists.WrongState:
        return redirect(job)
    messages.success(request, "Nothing was made.")
    return redirect("leads:list-groups")


# ---------------------------------------------------------------- adding properties


@require_http_methods(["GET", "POST"])
@onboarded_required
def choose_list(request: HttpRequest) -> HttpResponse:
    """Ask on which list the owners of the selected properties are to be put; a link alone selects none."""
    if request.method == "GET":
        return redirect("properties:list-properties")
    selection = SelectionForm(request.POST)
    if not selection.is_valid():
        return _refuse(request, selection.problem())
    form = TargetForm(user=request.user, initial={"token": str(ObjectId())})
    return _ask_for_list(request, selection, form)


@require_http_methods(["GET", "POST"])
@onboarded_required
def add_properties(request: HttpRequest) -> HttpResponse:
    """Put the owners of the selected properties on a list; a link alone selects none."""
    if request.method == "GET":
        return redirect("properties:list-properties")
    selection, form = SelectionForm(request.POST), TargetForm(request.POST, user=request.user)
    if not selection.is_valid():
        return _refuse(request, selection.problem())
    if not form.is_valid():
        return _ask_for_list(request, selection, form)
    rows = selection.selection.rows(request.user).values_list("property_id", flat=True)
    try:
        job = lists.start_adding(
            user=request.user,
            property_ids=rows[: lists.MOST_ADDED + 1],
            group=form.cleaned_data["group"],
            name=form.cleaned_data["group_name"],
            job_id=form.job_id,
            now=timezone.now(),
        )
    except lists.TooManyToAdd:
        return _refuse(request, f"At most {lists.MOST_ADDED:,} properties at once. Narrow the list, or check rows.")
    except lists.NothingToAdd:
        return _refuse(request, "None of these properties is yours.")
    return _carry_on(request, job, is_short=job.total <= PROPERTIES_AT_ONCE)


def _refuse(request: HttpRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("properties:list-properties")


def _ask_for_list(request: HttpRequest, selection: SelectionForm, form: TargetForm) -> HttpResponse:
    context = {
        "form": form,
        "selection": selection.selection,
        "count": count_capped(selection.selection.rows(request.user)),
        "most": lists.MOST_ADDED,
    }
    return render(request, "leads/add_properties.html", context)


def _carry_on(request: HttpRequest, job: ListJob, *, is_short: bool) -> HttpResponse:
    """Do what is soon done at once, have a worker do the rest, and lead to where it shows."""
    if is_short:
        lists.run_list_job(job_id=str(job.pk), now=timezone.now)
        job.refresh_from_db()
    else:
        nudge(run_list_job, str(job.pk))
    if job.state != ListJob.State.DONE or not job.lead_group_id:
        return redirect(job)
    messages.success(request, selectors.result_in_words(job))
    return redirect("leads:show-group", job.lead_group_id)


def _contacts(chosen: list[LeadGroup]) -> int:
    return sum(group.total_contacts for group in chosen)


def _job(request: HttpRequest, job_id: str) -> ListJob:
    job = selectors.find_job(request.user, job_id)
    if job is None:
        raise Http404
    return job

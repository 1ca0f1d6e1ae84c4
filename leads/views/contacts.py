"""The contacts of a list: what is done with many of them at once, and the page of one."""

from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from atlas_site.lib.queue import nudge
from leads.contact_forms import ActionForm, ContactForm, ContactSelectionForm
from leads.models import Contact, ContactAction, LeadGroup, Outcome
from leads.selectors.contact_actions import find_action, undone_in_words
from leads.selectors.contact_page import contact_page
from leads.selectors.contacts import MOST_CHOSEN, find_contact, read_choice
from leads.services import actions, contacts
from leads.tasks import run_action
from leads.views.shared import group_or_404
from leads.work_forms import TouchForm
from properties.selectors.owned import count_capped

LONGEST_STATE = 2_000
DONE = {
    ContactAction.Kind.STAGE: "now in the stage “{stage}”",
    ContactAction.Kind.NEXT_TOUCH: "given another day of the next touch",
    ContactAction.Kind.DO_NOT_CALL: "put on your do-not-call list, with all their numbers, on every list",
    ContactAction.Kind.DO_NOT_MAIL: "{out} your mailings from now on, on every list",
    ContactAction.Kind.REMOVE: "taken off this list",
    ContactAction.Kind.COPY: "looked at; those who were not on the other list were copied to it",
}


@require_GET
@onboarded_required
def count_contacts(request: HttpRequest, group_id: str) -> HttpResponse:
    """Say how many contacts of a list a choice holds, after its page is shown."""
    rows = read_choice(request.GET.dict()).rows(group_or_404(request, group_id), timezone.now())
    return render(request, "partials/_total.html", {"total": count_capped(rows)})


@require_POST
@onboarded_required
def find_selected(request: HttpRequest, group_id: str) -> JsonResponse:
    """Say which of the contacts that a browser has kept as selected are still on the list."""
    group = group_or_404(request, group_id)
    form = ContactSelectionForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": form.problem()}, status=400)
    ids = form.selection.rows(group, timezone.now()).values_list("pk", flat=True)[:MOST_CHOSEN]
    return JsonResponse({"ids": [str(pk) for pk in ids]})


@require_POST
@onboarded_required
def act_on_contacts(request: HttpRequest, group_id: str) -> HttpResponse:
    """Do something with the selected contacts."""
    group = group_or_404(request, group_id)
    form, what = ContactSelectionForm(request.POST), ActionForm(request.POST, user=request.user, group=group)
    if not form.is_valid() or not what.is_valid():
        messages.error(request, form.problem() if not form.is_valid() else what.problem())
        return redirect(_back_url(request, group))
    try:
        action = actions.start_action(
            user=request.user, group=group, kind=what.kind, what=what.what, selection=form.selection, now=timezone.now
        )
    except actions.NothingSelected:
        messages.error(request, "None of these contacts is on the list any more.")
    except actions.AnotherAction:
        messages.error(request, "Another action on this list is still being carried out. Wait until it is done.")
    else:
        _say_done(request, action)
    return redirect(_back_url(request, group))


def _say_done(request: HttpRequest, action: ContactAction) -> None:
    if not action.is_over:
        nudge(run_action, str(action.pk))
        messages.info(request, f"Up to {action.total:,} contacts are being changed. You may go on meanwhile.")
        return
    stage = Contact.Stage(action.what["stage"]).label if action.kind == ContactAction.Kind.STAGE else ""
    are = "contact is" if action.changed == 1 else "contacts are"
    out = "left out of" if action.what.get("is_on") else "taken into"
    text = f"{action.changed:,} {are} {DONE[ContactAction.Kind(action.kind)].format(stage=stage, out=out)}."
    can_undo = action.changed and action.kind != ContactAction.Kind.DO_NOT_CALL
    undo = reverse("leads:undo-action", args=[action.lead_group_id, action.pk])
    messages.success(request, text, extra_tags=undo if can_undo else "")


@require_POST
@onboarded_required
def undo_action(request: HttpRequest, group_id: str, action_id: str) -> HttpResponse:
    """Make what an action changed as it was."""
    group = group_or_404(request, group_id)
    try:
        action = actions.undo_action(user=request.user, action_id=action_id, now=timezone.now)
    except actions.CannotUndo:
        messages.error(request, "This cannot be undone any more.")
    else:
        if action.is_over:
            messages.success(request, undone_in_words(action))
        else:
            nudge(run_action, action_id)
            messages.info(request, f"What was done to {action.seen:,} contacts is being undone.")
    return redirect(_page_before(request, group))


@require_GET
@onboarded_required
def show_progress(request: HttpRequest, group_id: str, action_id: str) -> HttpResponse:
    """Show how far an action is: a part of the page of its list, which asks again until it is over."""
    action = find_action(request.user, action_id)
    if action is None or str(action.lead_group_id) != group_id:
        raise Http404
    if not wants_fragment(request):
        return redirect("leads:show-group", group_id)
    return render(request, "leads/_action.html", {"action": action})


@require_POST
@onboarded_required
def change_stage(request: HttpRequest, group_id: str, contact_id: str) -> HttpResponse:
    """Set the stage of one contact, in the table or on its page."""
    group = group_or_404(request, group_id)
    contact = _contact(group, contact_id)
    # In the table the stages of all rows are in one form.
    stage, was = (request.POST.get(f"{name}-{contact.pk}", request.POST.get(name, "")) for name in ("stage", "was"))
    if stage not in Contact.Stage.values:
        raise Http404
    reason = request.POST.get("reason", "")[:200]
    try:
        action = contacts.change_stage(
            user=request.user, group=group, contact=contact, stage=stage, was=was, reason=reason, now=timezone.now
        )
    except contacts.ContactChanged:
        contact = _contact(group, contact_id)
        text = f"{contact} was moved to “{contact.get_stage_display()}” in the meantime, and stays there."
        messages.warning(request, text)
    else:
        if action:
            _say_done(request, action)
        contact.refresh_from_db()
    if wants_fragment(request):
        return render(request, "leads/_stage_answer.html", {"contact": contact, "group": group})
    return redirect(_back_url(request, group))


@require_GET
@onboarded_required
def show_contact(request: HttpRequest, group_id: str, contact_id: str) -> HttpResponse:
    """Show everything that is known of a contact, with the one before and the one after it on the list."""
    group = group_or_404(request, group_id)
    contact = _contact(group, contact_id)
    choice, sort = read_choice(request.GET.dict()), request.GET.get("sort", "")
    page = contact_page(user=request.user, group=group, contact=contact, choice=choice, sort=sort, now=timezone.now())
    context = {
        "page": page,
        "person": page.person,
        "form": TouchForm(initial={"key": uuid4().hex}),
        "outcomes": Outcome.choices,
        "back": request.get_full_path(),
    }
    return render(request, "leads/contact.html", context)


@require_http_methods(["GET", "POST"])
@onboarded_required
def edit_contact(request: HttpRequest, group_id: str, contact_id: str) -> HttpResponse:
    """Change what is written of a contact; what somebody else has changed meanwhile is shown, not overwritten."""
    group = group_or_404(request, group_id)
    contact = _contact(group, contact_id)
    shown = {**{name: getattr(contact, name) for name in contacts.EDITED}, "version": contacts.version_of(contact)}
    form = ContactForm(request.POST or None, initial=shown)
    url = reverse("leads:show-contact", args=[group.pk, contact.pk])
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        extra = {name: values[name] for name in ("phone", "email", "version")}
        try:
            contacts.edit_contact(user=request.user, contact=contact, values=values, now=timezone.now(), **extra)
        except contacts.ContactChanged:
            form.add_error(None, "This contact was changed in the meantime. Open it again to see how it is now.")
        else:
            messages.success(request, "Saved.")
            return redirect(url)
    context = {"form": form, "group": group, "contact": contact, "contact_url": url}
    return render(request, "leads/contact_edit.html", context)


def _contact(group: LeadGroup, contact_id: str) -> Contact:
    contact = find_contact(group, contact_id)
    if contact is None:
        raise Http404
    return contact


def _list_url(request: HttpRequest, group: LeadGroup) -> str:
    """The table with the conditions, the order and the page that a form came from."""
    asked = request.POST.get("list", "")[:LONGEST_STATE]
    address = reverse("leads:show-group", args=[group.pk])
    return f"{address}?{asked}" if asked else address


def _page_before(request: HttpRequest, group: LeadGroup) -> str:
    """The page of this site on which Undo was pressed, or else the list."""
    page = request.headers.get("referer", "")
    hosts, is_secure = {request.get_host()}, request.is_secure()
    is_ours = page and url_has_allowed_host_and_scheme(page, allowed_hosts=hosts, require_https=is_secure)
    return page if is_ours else _list_url(request, group)


def _back_url(request: HttpRequest, group: LeadGroup) -> str:
    """The page of the contact that a form came from, or else its list."""
    contact_id = request.POST.get("contact", "")
    if contact_id and find_contact(group, contact_id):
        asked = request.POST.get("list", "")[:LONGEST_STATE]
        return f"{reverse('leads:show-contact', args=[group.pk, contact_id])}{'?' if asked else ''}{asked}"
    return _list_url(request, group)

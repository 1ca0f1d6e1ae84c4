"""The day's work: whom to call, one person after the other, and how each call ended."""

from collections.abc import Sequence
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import onboarded_required
from leads.models import Contact, Outcome, Touch
from leads.selectors import today as selectors
from leads.services.do_not_call import lift_do_not_call, set_do_not_call
from leads.services.touches import log_touch
from leads.templatetags.contacts import phone
from leads.work_forms import TouchForm


@require_GET
@never_cache
@onboarded_required
def show_today(request: HttpRequest) -> HttpResponse:
    """Show due touches, people who can be called and never were, and checks that run out."""
    return render(request, "leads/today.html", {"today": selectors.todays_work(request.user, timezone.now())})


@require_GET
@never_cache
@onboarded_required
def show_turn(request: HttpRequest, contact_id: str) -> HttpResponse:
    """Show one person of the day's work, with those before and after."""
    return _show_turn(request, contact_id, TouchForm(initial={"key": uuid4().hex}))


def _show_turn(request: HttpRequest, contact_id: str, form: TouchForm) -> HttpResponse:
    turn = selectors.find_turn(request.user, contact_id, timezone.now())
    if turn is None:
        raise Http404
    following = reverse("today:show-turn", args=[turn.next_id]) if turn.next_id else reverse("today:show-today")
    context = {
        "turn": turn,
        "person": turn.person,
        "form": form,
        "outcomes": Outcome.choices,
        "back": _next_page(request) if form.is_bound else following,
    }
    return render(request, "leads/turn.html", context)


@require_POST
@onboarded_required
def log_outcome(request: HttpRequest, contact_id: str) -> HttpResponse:
    """Log how a call ended, and go on to the page that the form names: the next person, or the contact's own.

    What cannot be logged is shown again with the person, and nothing that was written is lost.
    """
    contact = _contact(request, contact_id)
    form = TouchForm(request.POST)
    if not form.is_valid():
        return _show_turn(request, contact_id, form)
    touch = log_touch(user=request.user, contact=contact, now=timezone.now(), **form.cleaned_data)
    contact.refresh_from_db()
    url = reverse("today:show-turn", args=[contact.pk])
    link = format_html('<a href="{}">Back to them</a>', url)
    messages.success(request, format_html("{} {}", _what_was_logged(contact, touch), link))
    return redirect(_next_page(request))


@require_POST
@onboarded_required
def bar_person(request: HttpRequest, contact_id: str) -> HttpResponse:
    """Put a person with all numbers on the do-not-call list."""
    contact = _contact(request, contact_id)
    set_do_not_call(user=request.user, contacts=[contact], why=request.POST.get("why", ""), now=timezone.now())
    messages.success(request, f"{contact} is on your do-not-call list, with all numbers.")
    return redirect(_next_page(request))


@require_POST
@onboarded_required
def lift_person(request: HttpRequest, contact_id: str) -> HttpResponse:
    """Take a person with all numbers off the do-not-call list."""
    contact = _contact(request, contact_id)
    change = lift_do_not_call(
        user=request.user, contacts=[contact], why=request.POST.get("why", ""), now=timezone.now()
    )
    messages.success(request, f"{contact} is off your do-not-call list. That they were on it stays on record.")
    if change.left:
        messages.warning(request, _what_is_left(change.left))
    return redirect(_next_page(request))


def _contact(request: HttpRequest, contact_id: str) -> Contact:
    contact = selectors.find_own(request.user, contact_id)
    if contact is None:
        raise Http404
    return contact


def _what_was_logged(contact: Contact, touch: Touch) -> str:
    text = f"{contact}: {touch.get_outcome_display().lower()}."
    if contact.do_not_call:
        return f"{text} On your do-not-call list, with all numbers."
    if contact.next_touch_on:
        return f"{text} Next touch {contact.next_touch_on:%b} {contact.next_touch_on.day}."
    return f"{text} No next touch."


def _what_is_left(numbers: Sequence[str]) -> str:
    shown = ", ".join(map(phone, numbers))
    if len(numbers) == 1:
        return f"{shown} stays on it: it was put there on its own, or with somebody who is still on it."
    return f"{shown} stay on it: they were put there on their own, or with somebody who is still on it."


def _next_page(request: HttpRequest) -> str:
    page = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(page, allowed_hosts=None) and page.startswith("/")
    return page if is_ours else reverse("today:show-today")

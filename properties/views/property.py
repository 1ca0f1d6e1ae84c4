"""One owned property: its page and its print view, quotes for more of it, its deal sheet, and the user's own words."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from credits import selectors as credit_selectors
from properties.forms import ComparableLimitsForm, NotesForm, SheetForm, UnlockForm
from properties.models import PropertyDatasetPermission
from properties.selectors import property_page
from properties.selectors.comparables import Limits, list_neighbors, read_limits
from properties.selectors.in_searches import InSearch, list_in_searches
from properties.selectors.property_page import PropertyPage
from properties.selectors.sheets import sheet_of
from properties.services import allowances, comparables, notes, refreshes, sheets, unlocks
from properties.services.budgets import CountUnavailable

WITH_OUTLIERS = "outliers"
# Parameters with which the page says at once what searches make of the property; else it is asked for when unfolded.
WITH_SEARCHES = {"search", "searches"}
# Parameter with which the page lists at once what else is owned nearby; else scripts ask for it after the page.
WITH_NEIGHBORS = "neighbors"


@require_GET
@onboarded_required
def show_property(request: HttpRequest, property_id: str) -> HttpResponse:
    """Show an owned property; any other answers like one that does not exist."""
    return _show(request, property_id)


@require_GET
@onboarded_required
def print_property(request: HttpRequest, property_id: str) -> HttpResponse:
    """Show an owned property for paper: one column, nothing to press, the date of everything."""
    page = _get_page(request, property_id)
    return render(request, "properties/print.html", {"page": page, "desk": _desk(request, page), "now": timezone.now()})


@require_GET
@onboarded_required
def show_in_searches(request: HttpRequest, property_id: str) -> HttpResponse:
    """Say which of the user's searches the property is in: a part of its page."""
    permission = _get_permission(request, property_id)
    if not wants_fragment(request):
        return redirect(_back_to(permission, "searches", searches=["1"]))
    return render(
        request, "properties/_why.html", {"searches": _in_searches(request, permission), "permission": permission}
    )


@require_GET
@onboarded_required
def show_neighbors(request: HttpRequest, property_id: str) -> HttpResponse:
    """List the nearest properties that the user owns: a part of the page, which is shown before they are known."""
    permission = _get_permission(request, property_id)
    if not wants_fragment(request):
        return redirect(_back_to(permission, "neighbors", **{WITH_NEIGHBORS: ["1"]}))
    return render(request, "properties/_neighbor_list.html", {"neighbors": list_neighbors(subject=permission)})


@require_POST
@onboarded_required
def quote_unlock(request: HttpRequest, property_id: str) -> HttpResponse:
    """Offer to unlock the chosen datasets by one quote; nothing is spent yet."""
    permission = _get_permission(request, property_id)
    form = UnlockForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose at least one dataset to unlock.")
        return redirect(permission)
    chosen = form.cleaned_data["datasets"]
    try:
        quote = unlocks.quote_unlock(
            user=request.user,
            permission=permission,
            datasets=chosen,
            back_url=_back_to(permission, "unlock", datasets=chosen),
            now=timezone.now(),
        )
    except unlocks.NothingToUnlock:
        messages.info(request, "These are yours already, or hold nothing at the moment. Nothing was charged.")
        return redirect(permission)
    return redirect("credits:show-quote", quote.pk)


@require_POST
@onboarded_required
def quote_refresh(request: HttpRequest, property_id: str) -> HttpResponse:
    """Offer to ask the vendor again for owned datasets; what turns out unchanged is free (the money rule)."""
    permission = _get_permission(request, property_id)
    datasets = request.POST.getlist("datasets")
    back_url = _back_to(permission, datasets[0].lower() if datasets else "content")
    try:
        quote = refreshes.quote_refresh(
            user=request.user, permission=permission, datasets=datasets, back_url=back_url, now=timezone.now()
        )
    except refreshes.NothingToRefresh as nothing:
        messages.info(request, str(nothing))
        return redirect(back_url)
    return redirect("credits:show-quote", quote.pk)


@require_POST
@onboarded_required
def quote_comparables(request: HttpRequest, property_id: str) -> HttpResponse:
    """Offer comparables of the vendor's choice, each new one a reveal; those that are owned cost nothing."""
    permission = _get_permission(request, property_id)
    form, limits = _limits(request.POST, _kept_limits(request, property_id))
    if form.errors:
        return _show(request, property_id, limits_form=form)
    back_url = _back_to(permission, "comparables", **limits.params())
    try:
        quote = comparables.quote_comparables(
            user=request.user,
            permission=permission,
            limits=limits.as_values(),
            back_url=back_url,
            now=timezone.now(),
        )
    except comparables.NothingToCompare:
        messages.info(request, "The vendor knows no further property within these limits. Nothing was charged.")
        return redirect(back_url)
    except (CountUnavailable, ValueError) as trouble:
        messages.error(request, str(trouble))
        return redirect(back_url)
    return redirect("credits:show-quote", quote.pk)


@require_POST
@onboarded_required
def save_sheet(request: HttpRequest, property_id: str) -> HttpResponse:
    """Save the figures of the deal sheet."""
    permission = _get_permission(request, property_id)
    limits_form, limits = _limits(request.POST, _kept_limits(request, property_id))
    form = SheetForm(request.POST)
    if limits_form.errors:
        return _show(request, property_id, limits_form=limits_form)
    if not form.is_valid():
        return _show(request, property_id, sheet_form=form)
    where = {"user_id": request.user.pk, "property_id": property_id}
    sheets.save_sheet(**where, **form.cleaned_data, limits=limits.as_values(), now=timezone.now())
    return redirect(_back_to(permission, "comparables"))


@require_POST
@onboarded_required
def pin_comparable(request: HttpRequest, property_id: str) -> HttpResponse:
    """Pin the comparable that `pin` names to the deal sheet, or let the one go that `unpin` names."""
    permission = _get_permission(request, property_id)
    limits_form, limits = _limits(request.POST, _kept_limits(request, property_id))
    if limits_form.errors:
        return _show(request, property_id, limits_form=limits_form)
    where = {"user_id": request.user.pk, "property_id": property_id, "now": timezone.now()}
    try:
        if "pin" in request.POST:
            sheets.pin_comparable(**where, comparable_id=request.POST["pin"], limits=limits.as_values())
        else:
            sheets.unpin_comparable(**where, comparable_id=request.POST.get("unpin", ""))
    except PropertyDatasetPermission.DoesNotExist:
        raise Http404 from None
    except sheets.TooManyPinned:
        messages.error(request, f"No more than {sheets.MOST_PINNED} comparables are pinned. Let one go first.")
    return redirect(_back_to(permission, "comparables"))


@require_POST
@onboarded_required
def save_notes(request: HttpRequest, property_id: str) -> HttpResponse:
    """Save the user's note and tags."""
    permission = _get_permission(request, property_id)
    form = NotesForm(request.POST)
    if form.is_valid():
        where = {"user_id": request.user.pk, "property_id": property_id}
        try:
            notes.set_tags(**where, tags=form.cleaned_data["tags"])
            notes.set_notes(**where, notes=form.cleaned_data["notes"])
            messages.success(request, "Saved.")
            return redirect(_back_to(permission, "notes"))
        except notes.TooLong:
            form.add_error("tags", f"A tag has at most {notes.LONGEST_TAG} characters.")
        except notes.TooManyTags:
            form.add_error("tags", f"A property has at most {notes.MOST_TAGS} tags.")
    return _show(request, property_id, notes_form=form)


def _get_permission(request: HttpRequest, property_id: str) -> PropertyDatasetPermission:
    permission = property_page.find_permission(user=request.user, property_id=property_id)
    if permission is None:
        raise Http404
    return permission


def _get_page(request: HttpRequest, property_id: str) -> PropertyPage:
    page = property_page.show_property(user=request.user, property_id=property_id, now=timezone.now())
    if page is None:
        raise Http404
    return page


def _show(request: HttpRequest, property_id: str, **forms: Any) -> HttpResponse:
    """The page, with forms that were refused where there are any."""
    page, now = _get_page(request, property_id), timezone.now()
    permission = page.permission
    desk = _desk(request, page)
    balance = credit_selectors.header_balance(request.user)
    written = {"notes": permission.notes, "tags": ", ".join(permission.tags)}
    context = {
        "page": page,
        "desk": desk,
        "receipt": property_page.fresh_receipt(user=request.user, property_id=property_id, now=now),
        "balance": balance,
        "header_balance": balance,  # read once: the header of the page shows it too
        "refreshes_left": allowances.free_refreshes_left(request.user.pk, now),
        "searches": _in_searches(request, permission) if WITH_SEARCHES & request.GET.keys() else None,
        "neighbors": list_neighbors(subject=permission) if WITH_NEIGHBORS in request.GET else None,
        "ticked": request.GET.getlist("datasets"),
        "with_outliers": WITH_OUTLIERS in request.GET,
        "limits_form": _limits(request.GET, desk.comparables.limits)[0],
        "sheet_form": SheetForm(initial=desk.deal.as_values()),
        "notes_form": NotesForm(initial=written),
        **forms,
    }
    return render(request, "properties/property.html", context)


def _in_searches(request: HttpRequest, permission: PropertyDatasetPermission) -> list[InSearch]:
    asked = request.GET.get("search", "")
    return list_in_searches(user=request.user, permission=permission, today=timezone.now().date(), asked=asked)


def _desk(request: HttpRequest, page: PropertyPage) -> property_page.Desk:
    sheet = sheet_of(user_id=request.user.pk, property_id=page.permission.property_id)
    _, limits = _limits(request.GET, read_limits(sheet.limits))
    return property_page.show_desk(
        page=page, sheet=sheet, limits=limits, with_outliers=WITH_OUTLIERS in request.GET, today=timezone.localdate()
    )


def _kept_limits(request: HttpRequest, property_id: str) -> Limits:
    return read_limits(sheet_of(user_id=request.user.pk, property_id=property_id).limits)


def _limits(params: QueryDict, kept: Limits) -> tuple[ComparableLimitsForm, Limits]:
    """The form of the limits, as it was sent or else as it is kept, and the limits that hold.

    Those are the kept ones too where the form says what is wrong about what was sent.
    """
    if not ComparableLimitsForm.base_fields.keys() & params.keys():
        return ComparableLimitsForm(initial=kept.as_values()), kept
    form = ComparableLimitsForm(params)
    return form, form.limits if form.is_valid() else kept


def _back_to(permission: PropertyDatasetPermission, anchor: str, **params: list[str]) -> str:
    query = f"?{urlencode(params, doseq=True)}" if params else ""
    return f"{permission.get_absolute_url()}{query}#{anchor}"

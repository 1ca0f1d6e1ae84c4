"""What the user owns: the list, the map, one property, and the offer to unlock more of it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import onboarded_required
from properties.forms import UnlockForm
from properties.search.form import OwnedForm
from properties.selectors import property_page
from properties.selectors.jobs import find_job
from properties.selectors.owned import SORTS, list_owned, map_points, owned_by, owned_matches, revealed_by
from properties.services import unlocks


@require_GET
@onboarded_required
def list_properties(request: HttpRequest) -> HttpResponse:
    """List everything owned, narrowed to a place, in the chosen order, page by page."""
    form = OwnedForm(request.GET)
    query = form.query if form.is_valid() else None
    rows = owned_matches(request.user, query) if query else owned_by(request.user)
    asked = {name: request.GET.get(name, "") for name in ("sort", "after", "before")}
    owned = list_owned(rows, **asked)
    params = query.params() if query else {}
    paging = urlencode({**params, "sort": [owned.sort]}, doseq=True) + "&"
    kept = {name: values for name, values in params.items() if name != "q"}
    context = {"form": form, "query": query, "owned": owned, "sorts": SORTS, "paging": paging, "kept": kept}
    return render(request, "properties/list.html", context)


@require_GET
@onboarded_required
def list_points(request: HttpRequest) -> JsonResponse:
    """The owned properties of a job, or of a search, as map points."""
    rows = owned_by(request.user)
    if "job" in request.GET:
        job = find_job(request.user, request.GET["job"])
        if job is None:
            raise Http404
        rows = revealed_by(job)
    else:
        form = OwnedForm(request.GET)
        if form.is_valid():
            rows = owned_matches(request.user, form.query)
    return JsonResponse({"points": map_points(rows), "cells": []})


@require_GET
@onboarded_required
def show_property(request: HttpRequest, property_id: str) -> HttpResponse:
    """Show an owned property; any other answers like one that does not exist."""
    page = property_page.show_property(user=request.user, property_id=property_id, now=timezone.now())
    if page is None:
        raise Http404
    receipt = property_page.fresh_receipt(user=request.user, property_id=property_id, now=timezone.now())
    return render(request, "properties/property.html", {"page": page, "receipt": receipt})


@require_POST
@onboarded_required
def quote_unlock(request: HttpRequest, property_id: str) -> HttpResponse:
    """Offer to unlock the chosen datasets by one quote; nothing is spent yet."""
    now = timezone.now()
    page = property_page.show_property(user=request.user, property_id=property_id, now=now)
    if page is None:
        raise Http404
    form = UnlockForm(request.POST, page=page)
    if not form.is_valid():
        messages.error(request, "Choose at least one dataset to unlock.")
        return redirect(page.permission)
    try:
        quote = unlocks.quote_unlock(
            user=request.user,
            permission=page.permission,
            datasets=form.cleaned_data["datasets"],
            back_url=page.permission.get_absolute_url(),
            now=now,
        )
    except unlocks.NothingToUnlock:
        messages.info(request, "These are yours already, or hold nothing at the moment. Nothing was charged.")
        return redirect(page.permission)
    return redirect("credits:show-quote", quote.pk)

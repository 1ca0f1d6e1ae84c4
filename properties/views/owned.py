"""What the user owns: the list and the map."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.decorators import onboarded_required
from properties.search.form import OwnedForm
from properties.selectors.jobs import find_job
from properties.selectors.owned import SORTS, list_owned, map_points, owned_by, owned_matches, revealed_by


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

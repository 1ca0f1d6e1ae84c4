"""Saved searches and their runs."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import onboarded_required
from properties.forms import SaveSearchForm
from properties.models import SavedSearch
from properties.search.form import SearchForm
from properties.search.signals import SIGNALS
from properties.selectors import searches as selectors
from properties.services import searches
from properties.services.counting import CountUnavailable


def _get_search(request: HttpRequest, search_id: str) -> SavedSearch:
    search = selectors.find_saved_search(request.user, search_id)
    if search is None:
        raise Http404
    return search


@require_GET
@onboarded_required
def list_saved_searches(request: HttpRequest) -> HttpResponse:
    """List the user's saved searches."""
    return render(request, "properties/saved_list.html", {"rows": selectors.list_saved(request.user)})


@require_POST
@onboarded_required
def save_search(request: HttpRequest) -> HttpResponse:
    """Save a search under a name and show its first run: what it would have noticed in the last 30 days."""
    form, search_form = SaveSearchForm(request.POST), SearchForm(request.POST)
    if not search_form.is_valid():
        return redirect("properties:search")
    query = search_form.query
    if not form.is_valid():
        messages.error(request, "Give the search a name of at most 120 characters.")
        return redirect(f"{request.path.removesuffix('save/')}?{query.urlencode()}")
    try:
        search = searches.save_search(
            user=request.user, name=form.cleaned_data["name"], query=query, now=timezone.now()
        )
    except CountUnavailable as reason:
        messages.error(request, f"Not saved. {reason}")
        return redirect(f"{request.path.removesuffix('save/')}?{query.urlencode()}")
    messages.success(request, f"Saved “{search.name}”.")
    return redirect("properties:show-run", search.pk, 1)


@require_GET
@onboarded_required
def show_saved_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Show a saved search with all its runs."""
    search = _get_search(request, search_id)
    context = {"search": search, "query": selectors.readable_query(search), "runs": selectors.runs_of(search)}
    return render(request, "properties/saved.html", context)


@require_POST
@onboarded_required
def run_saved_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Run a saved search now, free of charge."""
    search = _get_search(request, search_id)
    try:
        run = searches.run_saved_search(search=search, now=timezone.now())
    except CountUnavailable as reason:
        messages.error(request, f"Not run. {reason}")
        return redirect(search)
    except ValueError:
        messages.error(request, "This search cannot be read any more: its place or a condition is not known.")
        return redirect(search)
    return redirect(run)


@require_POST
@onboarded_required
def delete_saved_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Delete a saved search with its runs; the properties stay."""
    search = _get_search(request, search_id)
    searches.delete_saved_search(search=search)
    messages.success(request, f"Deleted “{search.name}”. Your properties stay yours.")
    return redirect("properties:list-saved-searches")


@require_GET
@onboarded_required
def show_run(request: HttpRequest, search_id: str, number: int) -> HttpResponse:
    """Show one run, compared with the one before and with the first."""
    page = selectors.show_run(_get_search(request, search_id), number)
    if page is None:
        raise Http404
    signals = sorted(page.run.signals.items(), key=lambda item: -item[1])
    context = {
        "page": page,
        "query": selectors.readable_query(page.search),
        "signals": [(SIGNALS[slug], number) for slug, number in signals if number and slug in SIGNALS],
    }
    return render(request, "properties/run.html", context)

"""Saved searches and their runs."""

import re

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from atlas_site.lib.queue import nudge
from properties.forms import CadenceForm, SaveSearchForm
from properties.models import SavedSearch
from properties.search.form import SearchForm
from properties.selectors import runs as run_selectors
from properties.selectors import searches as selectors
from properties.selectors.owned import is_counted_later
from properties.selectors.watches import watch_of
from properties.selectors.why import near_misses
from properties.services import runs, searches
from properties.services.budgets import CountUnavailable
from properties.tasks import follow_runs_up, remove_deleted_search, run_wanted_search

RACED = "This search was changed or run elsewhere at that moment. Look at it as it is now."
UNREADABLE = "This search cannot be read any more: its place or a condition is not known."
A_NUMBER = re.compile("[0-9]{1,18}")


def get_search(request: HttpRequest, search_id: str) -> SavedSearch:
    """The user's own saved search of this id. Raises Http404, for another user's too."""
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
    back = f"{reverse('properties:search')}?{query.urlencode()}"
    if not form.is_valid():
        messages.error(request, "Give the search a name of at most 120 characters.")
        return redirect(back)
    try:
        search = searches.save_search(
            user=request.user, name=form.cleaned_data["name"], query=query, now=timezone.now()
        )
    except CountUnavailable as reason:
        messages.error(request, f"Not saved. {reason}")
        return redirect(back)
    except searches.TooManySearches:
        messages.error(request, f"Not saved. You have {selectors.SEARCHES_SHOWN} saved searches; delete one first.")
        return redirect(back)
    messages.success(request, f"Saved “{search.name}”.")
    if search.wanted_at is not None:
        nudge(run_wanted_search, str(search.pk))
        return redirect(search)
    nudge(follow_runs_up)
    return redirect("properties:show-run", search.pk, 1)


@require_GET
@onboarded_required
def show_saved_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Show a saved search with all its runs."""
    search, now = get_search(request, search_id), timezone.now()
    query, looks_later = selectors.readable_query(search), is_counted_later(request.user)
    context = {
        "search": search,
        "query": query,
        "runs": selectors.runs_of(search),
        "cadence_form": CadenceForm(initial={"cadence": search.cadence}, auto_id="cadence-%s"),
        "watch": watch_of(search),
        "near_misses": near_misses(request.user, query) if query and not looks_later else None,
        "looks_later": query and looks_later,
    }
    searches.note_visit(search=search, now=now)
    return render(request, "properties/saved.html", context)


@require_GET
@onboarded_required
def show_near_misses(request: HttpRequest, search_id: str) -> HttpResponse:
    """Show what of the user's properties only just misses a saved search, in its page or as one of its own."""
    search = get_search(request, search_id)
    query = selectors.readable_query(search)
    context = {"search": search, "near_misses": near_misses(request.user, query) if query else None}
    is_part = wants_fragment(request)
    return render(request, "properties/_near_misses.html" if is_part else "properties/near_misses.html", context)


@require_POST
@onboarded_required
def update_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Give a saved search the criteria of the search page, and run it with them."""
    search, form = get_search(request, search_id), SearchForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Not changed: these criteria cannot be read.")
        return redirect(search)
    try:
        is_changed = searches.update_search(search=search, query=form.query, now=timezone.now())
    except runs.RunRaced:
        messages.error(request, RACED)
        return redirect(search)
    if not is_changed:
        messages.info(request, f"“{search.name}” has these criteria already.")
        return redirect(search)
    messages.success(request, f"Changed “{search.name}”. Its earlier runs keep the criteria that they ran with.")
    return _run(request, search)


@require_POST
@onboarded_required
def rename_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Call a saved search by another name."""
    search, form = get_search(request, search_id), SaveSearchForm(request.POST)
    if form.is_valid():
        searches.rename_search(search=search, name=form.cleaned_data["name"])
    else:
        messages.error(request, "Give the search a name of at most 120 characters.")
    return redirect(search)


@require_POST
@onboarded_required
def set_cadence(request: HttpRequest, search_id: str) -> HttpResponse:
    """Let a saved search run by itself every day or week, or not at all."""
    search, form = get_search(request, search_id), CadenceForm(request.POST)
    if form.is_valid():
        try:
            searches.set_cadence(search=search, cadence=form.cleaned_data["cadence"], now=timezone.now())
        except ValueError:
            messages.error(request, UNREADABLE)
    return redirect(search)


@require_POST
@onboarded_required
def pause_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Let a saved search run by hand only, until it is resumed."""
    search = get_search(request, search_id)
    searches.pause_search(search=search)
    messages.success(request, f"Paused “{search.name}”. It runs when you ask, and not by itself.")
    return redirect(search)


@require_POST
@onboarded_required
def resume_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Let a saved search that was paused or has expired run by itself again."""
    search = get_search(request, search_id)
    try:
        searches.resume_search(search=search, now=timezone.now())
    except ValueError:
        messages.error(request, UNREADABLE)
        return redirect(search)
    messages.success(request, f"“{search.name}” runs by itself again.")
    return redirect(search)


@require_POST
@onboarded_required
def run_saved_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Run a saved search now, free of charge."""
    return _run(request, get_search(request, search_id))


def _run(request: HttpRequest, search: SavedSearch) -> HttpResponse:
    """Run a saved search and go to the run, or back to the search with the reason why not, or while it runs."""
    now = timezone.now()
    try:
        run = runs.run_by_hand(search=search, now=now)
    except CountUnavailable as reason:
        messages.error(request, f"Not run. {reason}")
        return redirect(search)
    except runs.RunRaced:  # another tab, or the schedule, was a moment earlier
        messages.info(request, RACED)
        return redirect(search)
    except ValueError:
        messages.error(request, UNREADABLE)
        return redirect(search)
    if run is None:
        nudge(run_wanted_search, str(search.pk))
        return redirect(search)
    if run.ran_at < now:
        messages.info(request, "Nothing has changed since this run of a few minutes ago, so no other one was made.")
    nudge(follow_runs_up)
    return redirect(run)


@require_http_methods(["GET", "POST"])
@onboarded_required
def delete_saved_search(request: HttpRequest, search_id: str) -> HttpResponse:
    """Ask whether a saved search is to go with its runs, and delete it; the properties stay."""
    search = get_search(request, search_id)
    if request.method == "GET":
        return render(request, "properties/saved_delete.html", {"search": search})
    searches.delete_saved_search(search=search, now=timezone.now())
    nudge(remove_deleted_search, str(search.pk))
    messages.success(request, f"Deleted “{search.name}”. Your properties stay yours.")
    return redirect("properties:list-saved-searches")


@require_GET
@onboarded_required
def show_run(request: HttpRequest, search_id: str, number: int) -> HttpResponse:
    """Show one run against the one before, or against any other."""
    search = get_search(request, search_id)
    page = run_selectors.show_run(search, number, against=_read_against(request))
    if page is None:
        raise Http404
    searches.note_visit(search=search, run=page.run, now=timezone.now())
    return render(request, "properties/run.html", {"page": page, "query": selectors.readable_query(search)})


@require_GET
@onboarded_required
def show_rest(request: HttpRequest, search_id: str, number: int) -> HttpResponse:
    """Show what a list of a run goes on with beyond its first page."""
    search = get_search(request, search_id)
    found = run_selectors.show_rest(
        search,
        number,
        against=_read_against(request) or 0,
        kind=request.GET.get("kind", ""),
        after=request.GET.get("after", ""),
    )
    if found is None:
        raise Http404
    run, other, rest = found
    return render(request, "properties/run_rest.html", {"search": search, "run": run, "against": other, "list": rest})


def _read_against(request: HttpRequest) -> int | None:
    """The number of the run to compare with, None where none is named. Raises Http404 for anything else."""
    against = request.GET.get("against", "")
    if against and not A_NUMBER.fullmatch(against):
        raise Http404
    return int(against) if against else None

"""The search page: the URL is the search, and nothing of an unowned property is shown before it is revealed."""

from urllib.parse import parse_qs, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import push_url, trigger_client_event

from accounts.decorators import onboarded_required
from accounts.selectors import first_market
from atlas_site.lib.htmx import page_of, wants_fragment
from properties.forms import OwnSearchForm, RevealForm
from properties.search.form import SearchForm, read_query
from properties.search.query import SearchQuery
from properties.search.signals import PRESETS, SIGNALS
from properties.selectors.owned import list_owned, owned_matches
from properties.services import counting, previews, suggestions


@require_GET
@onboarded_required
def search(request: HttpRequest) -> HttpResponse:
    """Show the form and, for a valid search, its count, what is owned of it, and the price of the next matches."""
    form = OwnSearchForm(request.GET or None, user=request.user)
    groups = form.groups()
    context = {
        "form": form,
        "groups": groups,
        "active_count": sum(group.active_count for group in groups),
        "presets": PRESETS,
        "market": first_market(request.user),
    }
    query = form.query if form.is_valid() else None
    if query is not None:
        counts_now = wants_fragment(request) or request.GET.get("count") == "now"
        preview = previews.preview_search(user=request.user, query=query, now=timezone.now(), counts_now=counts_now)
        owned = list_owned(owned_matches(request.user, query), total=preview.owned)
        context |= {"query": query, "chips": query.chips(dict(form.exclusions)), "preview": preview, "owned": owned}
        context["header_balance"] = preview.balance  # read once: the header of the page shows it too
    elif "q" in form.errors and not form.places:
        context["place_suggestions"] = _suggest(request)
    if not wants_fragment(request):
        return render(request, "properties/search.html", context)
    response = render(request, "properties/_answer.html", context)
    return _keep_in_step(request, response, query) if query is not None else response


def _keep_in_step(request: HttpRequest, response: HttpResponse, query: SearchQuery) -> HttpResponse:
    """Put the canonical address into the location bar, and tell the page when the place is another one.

    The saved search that is being changed stays in it: a reload still says what is unsaved.
    """
    before = parse_qs(page_of(request).query)
    saved = request.GET.get("saved")
    params = query.params() | ({"saved": [saved]} if saved else {})
    if any(before.get(name) != params.get(name) for name in ("q", "area")):
        trigger_client_event(response, "place-changed")
    return push_url(response, False if before == params else f"?{urlencode(params, doseq=True)}")


@require_GET
@onboarded_required
def count_signals(request: HttpRequest) -> HttpResponse:
    """Count every signal in the place that the form names, for the figures beside them; no place, no figures."""
    form = SearchForm({name: request.GET.get(name, "") for name in ("q", "area")})
    counts: dict[str, counting.Count] = {}
    if form.is_valid():
        try:
            counts = counting.count_signals(user=request.user, query=form.query, now=timezone.now())
        except counting.CountUnavailable:  # the page says so already, beside its own count
            counts = {}
    rows = [(slug, counts.get(slug)) for slug in SIGNALS]
    return render(request, "properties/_signal_counts.html", {"rows": rows})


@require_GET
@onboarded_required
def price_reveal(request: HttpRequest) -> HttpResponse:
    """Say what another number of matches costs, and what it leaves."""
    form = RevealForm(request.GET)
    choice = None
    if form.is_valid():
        choice = previews.price_reveal(user=request.user, count=form.cleaned_data["count"])
    return render(request, "properties/_price.html", {"choice": choice})


@require_POST
@onboarded_required
def quote_reveal(request: HttpRequest) -> HttpResponse:
    """Offer to reveal the next n matches; the answer is the quote's page, and nothing is spent yet."""
    form, search_form = RevealForm(request.POST), OwnSearchForm(request.POST, user=request.user)
    if not search_form.is_valid():
        messages.error(request, "Nothing was offered: a condition of this search is not known any more.")
        return redirect("properties:search")
    query = search_form.query
    back = f"{reverse('properties:search')}?{query.urlencode()}"
    if not form.is_valid():
        messages.error(request, form.problem())
        return redirect(back)
    asked = {"user": request.user, "query": query, "count": form.cleaned_data["count"]}
    try:
        quote = previews.offer_reveal(**asked, back_url=back, now=timezone.now())
    except previews.REFUSALS as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    return redirect("credits:show-quote", quote.pk)


@require_GET
@onboarded_required
def show_market(request: HttpRequest) -> HttpResponse:
    """Show the signals of the user's first market with their counts, and presets to start from."""
    market = first_market(request.user)
    if market is None:
        return redirect("accounts:onboard")
    query = read_query({"q": [market.place]})
    counted = previews.preview_market(user=request.user, query=query, now=timezone.now())
    context = {"market": market, "query": query, "counted": counted, "groups": counted.groups()}
    return render(request, "properties/market.html", context)


@require_GET
@onboarded_required
def suggest(request: HttpRequest) -> HttpResponse:
    """Complete what is typed into a search box, as options of its listbox; with `mine` into that of what is owned."""
    return render(request, "properties/_suggestions.html", {"suggestions": _suggest(request)})


def _suggest(request: HttpRequest) -> suggestions.Suggestions:
    market = first_market(request.user)
    place = request.GET.get("in") or (market.place if market else "")
    asked = {"text": request.GET.get("q", ""), "place": place, "only_mine": "mine" in request.GET}
    return suggestions.suggest(user=request.user, **asked, now=timezone.now())

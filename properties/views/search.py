"""The search page: the URL is the search, and nothing of an unowned property is shown before it is revealed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import push_url

from accounts.decorators import onboarded_required
from accounts.selectors import first_market
from atlas_site.lib.htmx import wants_fragment
from atlas_site.lib.places import find_places
from properties.forms import RevealForm
from properties.search.form import SearchForm, read_query
from properties.search.signals import PRESETS
from properties.selectors.owned import list_owned, owned_matches
from properties.services import previews, reveals, suggestions


@require_GET
@onboarded_required
def search(request: HttpRequest) -> HttpResponse:
    """Show the form and, for a valid search, its count, what is owned of it, and the price of the next matches."""
    form = SearchForm(request.GET if request.GET else None)
    context = {"form": form, "presets": PRESETS, "market": first_market(request.user)}
    query = form.query if form.is_valid() else None
    if query is not None:
        context |= {
            "query": query,
            "preview": previews.preview_search(user=request.user, query=query, now=timezone.now()),
            "owned": list_owned(owned_matches(request.user, query)),
        }
    if not wants_fragment(request):
        return render(request, "properties/search.html", context)
    response = render(request, "properties/_answer.html", context)
    return push_url(response, f"?{query.urlencode()}") if query is not None else response


@require_POST
@onboarded_required
def quote_reveal(request: HttpRequest) -> HttpResponse:
    """Offer to reveal the next n matches; the answer is the quote's page, and nothing is spent yet."""
    form, search_form = RevealForm(request.POST), SearchForm(request.POST)
    if not search_form.is_valid():
        return redirect("properties:search")
    query = search_form.query
    back = f"{request.path.removesuffix('reveal/')}?{query.urlencode()}"
    if not form.is_valid():
        messages.error(request, "Choose how many properties to reveal: a whole number from 1 to 10,000.")
        return redirect(back)
    now = timezone.now()
    count = previews.preview_search(user=request.user, query=query, now=now).count
    try:
        quote = reveals.quote_reveal(
            user=request.user,
            query=query,
            count=form.cleaned_data["count"],
            total=count.total if count else None,
            back_url=back,
            now=now,
        )
    except reveals.NothingToReveal:
        messages.info(request, "Nothing matches this search, so there is nothing to reveal.")
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
    """Complete what is typed into the search box, as options of its listbox."""
    market = first_market(request.user)
    place = request.GET.get("in") or (market.place if market else "")
    found = suggestions.suggest(user=request.user, text=request.GET.get("q", ""), place=place, now=timezone.now())
    return render(request, "properties/_suggestions.html", {"suggestions": found})


@require_GET
@onboarded_required
def suggest_places(request: HttpRequest) -> HttpResponse:
    """Complete a typed place from the place index, as options of a datalist."""
    return render(request, "properties/_place_options.html", {"places": find_places(request.GET.get("q", ""))})

"""Standing quotes of saved searches: their terms, accepting them, and turning them off."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import onboarded_required
from credits import selectors as credit_selectors
from properties.forms import WatchForm
from properties.selectors.watches import most_cost, watch_of
from properties.services import watches
from properties.views.saved import get_search


@require_http_methods(["GET", "POST"])
@onboarded_required
def arm_watch(request: HttpRequest, search_id: str) -> HttpResponse:
    """Ask for the terms of a standing quote, say what it can cost at most, and accept it."""
    search, now = get_search(request, search_id), timezone.now()
    is_post, terms = request.method == "POST", None
    form = WatchForm(request.POST) if is_post else WatchForm(initial=watches.proposed_terms(search, now))
    if form.is_valid():
        ends_on = form.cleaned_data.pop("ends_on")
        given = {**form.cleaned_data, "ends_at": watches.end_of_day(search.user, ends_on)}
        try:
            if "accept" in request.POST:
                watches.arm_watch(search=search, now=now, **given)
                messages.success(
                    request, f"“{search.name}” may spend by itself through {date_format(ends_on, 'M j, Y')}."
                )
                return redirect(search)
            watches.check_terms(search=search, now=now, **given)
            terms = given
        except watches.InvalidWatch as reason:
            form.add_error(None, str(reason))
    context = {
        "search": search,
        "form": form,
        "watch": watch_of(search),
        "terms": terms,
        "most": most_cost(cap_per_month=terms["cap_per_month"], ends_at=terms["ends_at"], now=now) if terms else None,
        "may_spend": credit_selectors.may_spend_automatically(request.user.pk),
        "latest": now + watches.LONGEST,
    }
    return render(request, "properties/watch.html", context)


@require_POST
@onboarded_required
def disarm_watch(request: HttpRequest, search_id: str) -> HttpResponse:
    """Turn the standing quote of a saved search off."""
    search = get_search(request, search_id)
    if watches.disarm_watch(search=search):
        messages.success(request, "The standing quote is off. Nothing more is spent by itself on this search.")
    return redirect(search)

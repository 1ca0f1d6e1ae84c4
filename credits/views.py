"""Pages of credits: the wallet with its statement, and a quote from offer to receipt."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credits import selectors
from credits.models import Quote
from credits.pricing import price_table


@login_required
@never_cache
@require_safe
def show_credits(request: HttpRequest) -> HttpResponse:
    """Both buckets, what is held, the statement (`?before=` pages by entry number) and the price table."""
    before = request.GET.get("before", "")
    is_number = before.isascii() and before.isdigit() and len(before) < 16
    wallet = selectors.wallet_page(user=request.user, before=int(before) if is_number else None)
    return render(request, "credits/show_credits.html", {"wallet": wallet, "prices": price_table()})


@login_required
@never_cache
@require_safe
def show_quote(request: HttpRequest, quote_id: str) -> HttpResponse:
    """An offer to accept, the way to its running job, or its receipt."""
    try:
        page = selectors.quote_page(user=request.user, quote_id=quote_id, now=timezone.now())
    except Quote.DoesNotExist:
        raise Http404 from None
    return render(request, "credits/show_quote.html", {"page": page, "quote": page.quote})

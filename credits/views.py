"""Pages of credits: the wallet with its statement, and a quote from offer to receipt."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def show_credits(request: HttpRequest) -> HttpResponse:
    return render(request, "credits/show_credits.html")


@login_required
def show_quote(request: HttpRequest, quote_id: str) -> HttpResponse:
    return render(request, "credits/show_quote.html")

"""Whole page or fragment: one view answers both, and works the same without JavaScript."""

from urllib.parse import SplitResult, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page; a boosted link or a restored history entry wants all of it."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page_of(request: HttpRequest) -> SplitResult:
    """Return the address, in parts, of the page from which htmx asks; empty where it names none that can be read."""
    try:
        return urlsplit(request.htmx.current_url or "")
    except ValueError:  # the header can hold anything
        return urlsplit("")


def redirect_htmx(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page, whether htmx or the browser itself asked."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)

"""Who may open a page."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from atlas_site.lib.htmx import page_of, redirect_htmx

View = Callable[..., HttpResponse]


def onboarded_required(view: View) -> View:
    """Open the page to people who are signed in and have been through onboarding; send the others there.

    Staff have no market of their own to name and are let through.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_htmx(request, redirect_to_login(_page_of(request)).url)
        if request.user.onboarding_completed or request.user.is_staff:
            return view(request, *args, **kwargs)
        return redirect_htmx(request, reverse("accounts:onboard"))

    return guarded


def _page_of(request: HttpRequest) -> str:
    """Return the page that the person sees, to come back to: the address of a form or a fragment is none."""
    if request.htmx:
        page = page_of(request)
        is_ours = (page.scheme, page.netloc) == (request.scheme, request.get_host())
        return page._replace(scheme="", netloc="").geturl() if is_ours else settings.LOGIN_REDIRECT_URL
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return settings.LOGIN_REDIRECT_URL
    return urlsplit(page)._replace(scheme="", netloc="").geturl()

"""What every request of a signed-in person passes through."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allauth.account.adapter import get_adapter
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from accounts.models import User
from accounts.sessions import USER_AGENT_MAX_LENGTH

GetResponse = Callable[[HttpRequest], HttpResponse]


def client_address(request: HttpRequest) -> str | None:
    """Return the address that the request came from, None if nobody says.

    It is the one that the rate limits count by: ``X-Forwarded-For`` is believed only as far as TRUSTED_PROXY_COUNT
    says that proxies of ours wrote it.
    """
    try:
        return get_adapter().get_client_ip(request)
    except PermissionDenied:
        return None


def zone_of(user: User) -> ZoneInfo | None:
    """Return the time zone that a person has chosen, None where there is none or nobody knows it any more."""
    try:
        return ZoneInfo(user.time_zone) if user.time_zone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


class SessionClientMiddleware:
    """Tell the session which address and browser it is used from, for the list of sessions."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.session.ip_address = client_address(request)
        request.session.user_agent = request.headers.get("User-Agent", "")[:USER_AGENT_MAX_LENGTH]
        return self.get_response(request)


class SignedInMiddleware:
    """End the session of a banned or deleted user on the next request, and keep signed-in pages out of caches.

    Times of signed-in pages are written in the person's own time zone.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.session.session_key:  # no cookie: nothing to look up
            return self.get_response(request)
        if not request.user.is_authenticated and SESSION_KEY in request.session:
            request.session.flush()
            return self._leave(request)
        is_private = request.user.is_authenticated
        with timezone.override(zone_of(request.user) if is_private else None):
            response = self.get_response(request)
        if is_private or request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response

    def _leave(self, request: HttpRequest) -> HttpResponse:
        """Send the person to the page that says so; htmx loads it in place of the whole page."""
        if "HX-Request" in request.headers:
            return HttpResponse(headers={"HX-Redirect": reverse("account_inactive")})
        return redirect("account_inactive")

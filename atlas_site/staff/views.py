"""The front page, the health check, the choice of theme, and the pages for errors."""

import sys
from datetime import timedelta

import pymongo
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from atlas_site.lib.outages import find_outage
from atlas_site.staff.context_processors import THEMES, read_theme

THEME_KEPT_FOR = timedelta(days=365)
RETRY_AFTER_SECONDS = 60
# A health check that takes longer tells too late; Valkey has limits of its own.
MONGODB_SECONDS = 2


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """Tell a visitor what Atlas is; an investor who is signed in goes on to the search."""
    if request.user.is_authenticated:
        return redirect("properties:search")
    welcome = {"welcome_credits": settings.WELCOME_CREDITS, "welcome_days": settings.WELCOME_CREDITS_LIFE.days}
    return render(request, "home.html", welcome)


@require_safe
@never_cache
def show_health(request: HttpRequest) -> JsonResponse:
    """Say as JSON whether MongoDB and Valkey answer: status 200 when both do, 503 when one does not."""
    checks = {"mongodb": _ping_mongodb, "valkey": lambda: cache.get("health")}
    answers = {name: _answers(check) for name, check in checks.items()}
    return JsonResponse(answers, status=200 if all(answers.values()) else 503)


def _ping_mongodb() -> None:
    with pymongo.timeout(MONGODB_SECONDS):
        connection.database.command("ping")


def _answers(check) -> bool:
    """Whether a server answers at all; which way it failed is for the logs of that server."""
    try:
        check()
    except Exception:
        return False
    return True


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme (light, dark or auto) in a cookie, and go back to the page of this site that asked."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    if request.POST.get("theme") in THEMES:
        response.set_cookie(
            "theme",
            request.POST["theme"],
            max_age=THEME_KEPT_FOR,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


def show_bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that cannot be understood, which may have failed before anybody was recognized."""
    return _render_bare(request, 400)


def show_forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request for something that this person may not see."""
    return render(request, "403.html", status=403)


def show_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that came without its token, most often because its page was open too long."""
    return render(request, "403_csrf.html", status=403)


def show_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request for a page that is not there, or belongs to somebody else."""
    return render(request, "404.html", status=404)


def show_server_error(request: HttpRequest) -> HttpResponse:
    """Say that Atlas failed or, with 503 and when to come back, that a server it needs does not answer."""
    if find_outage(sys.exc_info()[1]) is None:
        return _render_bare(request, 500)
    response = _render_bare(request, 503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _render_bare(request: HttpRequest, status: int) -> HttpResponse:
    """Render an error page from the theme cookie alone: a database may be what failed, so none is asked."""
    return HttpResponse(render_to_string(f"{status}.html", {"theme": read_theme(request)}), status=status)

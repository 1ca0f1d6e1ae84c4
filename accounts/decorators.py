"""Who may open a page."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from atlas_site.lib.htmx import redirect_htmx

View = Callable[..., HttpResponse]


def onboarded_required(view: View) -> View:
    """Open the page to people who are signed in and have been through onboarding; send the others there.

    Staff have no market of their own to name and are let through.
    """

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.user.onboarding_completed or request.user.is_staff:
            return view(request, *args, **kwargs)
        return redirect_htmx(request, reverse("accounts:onboard"))

    return guarded

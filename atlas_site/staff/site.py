"""The admin site: for people of role ADMIN, entered by the same door as the rest of Atlas."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from billing.selectors import count_troubles


class AtlasAdminSite(admin.AdminSite):
    """Django's admin, signed in to through allauth so that its rate limits hold here too.

    An investor who is signed in gets a 403; a visitor is sent to the sign-in page and comes back.
    """

    site_header = "Atlas administration"
    site_title = "Atlas administration"
    index_title = "Everything Atlas holds"

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return secure_admin_login(super().login)(request, extra_context)

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Show the front page, and above it what of billing waits for a person, to those who may look at it."""
        context = extra_context or {}
        if request.user.has_perm("billing.view_webhookevent"):
            context = {**context, "troubles": count_troubles()}
        return super().index(request, context)

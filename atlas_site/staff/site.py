"""The admin site: for people of role ADMIN, entered by the same door as the rest of Atlas."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse


class AtlasAdminSite(admin.AdminSite):
    """Django's admin, signed in to through allauth so that its rate limits hold here too.

    An investor who is signed in gets a 403; a visitor is sent to the sign-in page and comes back.
    """

    site_header = "Atlas administration"
    site_title = "Atlas administration"
    index_title = "Everything Atlas holds"

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return secure_admin_login(super().login)(request, extra_context)

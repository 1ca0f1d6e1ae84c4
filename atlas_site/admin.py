"""The models of contrib and third-party apps in the admin."""

import allauth.account.admin  # noqa: F401 -- registers its classes, one of which is replaced here
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin.models import LogEntry

from atlas_site.lib.admin import DocumentAdmin, ReadOnlyAdmin

admin.site.unregister(EmailAddress)


@admin.register(EmailAddress)
class EmailAddressAdmin(DocumentAdmin):
    list_display = ["email", "user", "primary", "verified"]
    list_filter = ["verified"]
    exact_search_fields = ["email", "user"]
    raw_id_fields = ["user"]


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Who changed what in the admin."""

    list_display = ["action_time", "user", "content_type", "object_repr", "action_flag", "change_message"]
    exact_search_fields = ["user"]

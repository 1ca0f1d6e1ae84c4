from django.contrib import admin
from django.http import HttpRequest

from atlas_site.lib.admin import DocumentAdmin
from feedback.models import FeatureRequest


@admin.register(FeatureRequest)
class FeatureRequestAdmin(DocumentAdmin):
    """Requests are read as their authors wrote them, and answered by status, priority and notes."""

    list_display = ["__str__", "user", "request_type", "status", "priority"]
    list_filter = ["status", "priority", "request_type"]
    exact_search_fields = ["id", "user"]
    fields = ["user", "request_type", "quick_signals", "description", "status", "priority", "admin_notes"]
    readonly_fields = ["user", "request_type", "quick_signals", "description"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Users write their requests themselves."""
        return False

import json
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from atlas_site.lib.admin import ReadOnlyAdmin
from atlas_site.vendors.models import VendorCall


@admin.register(VendorCall)
class VendorCallAdmin(ReadOnlyAdmin):
    """Calls are looked at, never changed: they are what the vendor's bill is checked against."""

    list_display = ["id", "vendor", "operation", "reference", "attempt", "state", "result_count", "error", "created_at"]
    list_filter = ["state"]
    exact_search_fields = ["id", "reference"]
    ordering = ["-created_at"]
    readonly_fields = ["request_text"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[VendorCall]:
        """Leave the compressed answers in the database: a list of them would be megabytes."""
        return super().get_queryset(request).defer("raw")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """All but the compressed answer, and the request as text."""
        hidden = {"raw", "request"}
        return [*(name for name in super().get_fields(request, obj) if name not in hidden), "request_text"]

    @admin.display(description="Request")
    def request_text(self, call: VendorCall) -> str:
        """The request as readable JSON."""
        return json.dumps(call.request, indent=2, ensure_ascii=False)

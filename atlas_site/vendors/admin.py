import json

from django.contrib import admin

from atlas_site.vendors.models import VendorCall


@admin.register(VendorCall)
class VendorCallAdmin(admin.ModelAdmin):
    """Calls are looked at, never changed: they are what the vendor's bill is checked against."""

    list_display = ["id", "vendor", "operation", "reference", "attempt", "state", "result_count", "error", "created_at"]
    list_filter = ["state", "vendor", "operation", "may_be_billed"]
    search_fields = ["id__exact", "reference__exact"]  # exact and in this case, so that indexes answer
    exclude = ["raw", "request"]
    readonly_fields = ["id", "request_text"]
    show_full_result_count = False

    def get_queryset(self, request):
        """Leave the compressed answers in the database: a list of them would be megabytes."""
        return super().get_queryset(request).defer("raw")

    @admin.display(description="Request")
    def request_text(self, call: VendorCall) -> str:
        """The request as readable JSON."""
        return json.dumps(call.request, indent=2, ensure_ascii=False)

    def has_add_permission(self, request) -> bool:
        """Only a call makes a record of a call."""
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        """Records of calls are read-only."""
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        """Records of calls are only removed by age."""
        return False

from django.contrib import admin
from django.http import HttpRequest

from atlas_site.lib.admin import DocumentAdmin, ReadOnlyAdmin
from properties.models import (
    Allowance,
    Digest,
    Export,
    OwnedCell,
    PersonTrace,
    Property,
    PropertyDatasetPermission,
    PropertyJob,
    PropertySheet,
    SavedSearch,
    SavedSearchProperty,
    SavedSearchRun,
    SavedSearchSnapshot,
    TracePurchase,
    VendorBillDay,
    ViewPreference,
    Watch,
)


@admin.register(Property)
class PropertyAdmin(DocumentAdmin):
    """The copies of vendor records. What the vendor said stays as it came; only the pictures are ours."""

    list_display = ["property_id", "address", "city", "state", "postal_code", "updated_at"]
    exact_search_fields = ["property_id"]
    fields = [
        *("property_id", "address", "city", "county", "state", "postal_code", "updated_at"),
        *("google_images", "has_image_searched", "asked", "data"),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Property | None = None) -> list[str]:
        """Everything but the pictures."""
        return [name for name in self.fields if name not in {"google_images", "has_image_searched"}]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A record comes from the vendor."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Property | None = None) -> bool:
        """Other people own it."""
        return False


@admin.register(PropertyDatasetPermission)
class PropertyDatasetPermissionAdmin(ReadOnlyAdmin):
    """Who owns what: written in one transaction with the charge, never by hand."""

    list_display = ["property_id", "user", "address", "city", "state", "datasets", "revealed_at"]
    exact_search_fields = ["user", "property_id"]


@admin.register(PropertyJob)
class PropertyJobAdmin(ReadOnlyAdmin):
    """Paid jobs, which only their workers move on."""

    list_display = ["created_at", "title", "user", "kind", "state", "hit_count", "failures", "problem", "ended_at"]
    list_filter = ["state", "kind"]
    exact_search_fields = ["id", "quote_id", "user"]


@admin.register(SavedSearch)
class SavedSearchAdmin(DocumentAdmin):
    list_display = ["name", "user", "created_at", "last_run_at", "run_count"]
    exact_search_fields = ["id", "user"]
    raw_id_fields = ["user"]
    readonly_fields = ["created_at", "last_run_at", "run_count"]


@admin.register(SavedSearchRun)
class SavedSearchRunAdmin(ReadOnlyAdmin):
    list_display = ["ran_at", "saved_search", "number", "total", "owned"]
    exact_search_fields = ["saved_search"]


@admin.register(SavedSearchProperty)
class SavedSearchPropertyAdmin(ReadOnlyAdmin):
    list_display = ["property_id", "saved_search", "first_seen_at", "last_seen_at", "gone_at"]
    exact_search_fields = ["saved_search"]


@admin.register(SavedSearchSnapshot)
class SavedSearchSnapshotAdmin(ReadOnlyAdmin):
    """What runs saw, compressed: only that it is there."""

    list_display = ["run", "part"]
    fields = ["run", "part"]
    exact_search_fields = ["run"]


@admin.register(Watch)
class WatchAdmin(ReadOnlyAdmin):
    """Standing quotes, which only their users accept and end."""

    list_display = ["saved_search", "user", "state", "cap_per_run", "cap_per_month", "committed_in_month", "ends_at"]
    list_filter = ["state"]
    exact_search_fields = ["user", "saved_search"]


@admin.register(Digest)
class DigestAdmin(ReadOnlyAdmin):
    """The mails that told users of their runs, one a day."""

    list_display = ["day", "user", "state", "due_at", "sent_at", "attempt"]
    list_filter = ["state"]
    exact_search_fields = ["user"]


@admin.register(OwnedCell)
class OwnedCellAdmin(ReadOnlyAdmin):
    """Counters of the map, which follow what users own."""

    list_display = ["user", "zoom", "x", "y", "count"]
    exact_search_fields = ["user"]


@admin.register(PropertySheet)
class PropertySheetAdmin(DocumentAdmin):
    list_display = ["property_id", "user", "arv", "percent", "repairs", "fee", "updated_at"]
    exact_search_fields = ["user", "property_id"]
    raw_id_fields = ["user"]


@admin.register(ViewPreference)
class ViewPreferenceAdmin(DocumentAdmin):
    list_display = ["user", "density", "export_format"]
    exact_search_fields = ["user"]
    raw_id_fields = ["user"]


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """The log of downloads."""

    list_display = ["created_at", "user", "kind", "label", "format", "row_count", "ended_at"]
    list_filter = ["kind", "format"]
    exact_search_fields = ["user"]


@admin.register(Allowance)
class AllowanceAdmin(ReadOnlyAdmin):
    """What the house paid for users, by cause and span of time."""

    list_display = ["period", "cause", "user", "used"]
    list_filter = ["cause"]
    exact_search_fields = ["user"]


@admin.register(VendorBillDay)
class VendorBillDayAdmin(ReadOnlyAdmin):
    """What BatchData billed day by day: paid by users, or free by a named cause; nothing may stay unexplained."""

    list_display = [
        *("day", "kind", "job_count", "billed", "captured", "from_copy", "free_units", "free_causes"),
        *("unexplained", "lost_pages", "counts", "made_at", "closed_at"),
    ]
    list_filter = ["kind"]
    list_reads = ["causes"]
    ordering = ["-day", "-kind"]

    @admin.display(description="free")
    def free_units(self, day: VendorBillDay) -> int:
        """Units that nobody paid for."""
        return day.free

    @admin.display(description="free, by cause")
    def free_causes(self, day: VendorBillDay) -> str:
        """Units that nobody paid for, each cause with its number, the largest first."""
        by_size = sorted(day.causes.items(), key=lambda item: -item[1])
        return " · ".join(f"{cause} {count:,}" for cause, count in by_size)


@admin.register(PersonTrace)
class PersonTraceAdmin(ReadOnlyAdmin):
    """What the vendor said of people at addresses."""

    list_display = ["key", "outcome", "place_key", "answered_at"]
    list_filter = ["outcome"]
    exact_search_fields = ["id", "key", "place_key"]


@admin.register(TracePurchase)
class TracePurchaseAdmin(ReadOnlyAdmin):
    """Who has bought which of them."""

    list_display = ["key", "user", "place_key", "bought_at"]
    exact_search_fields = ["id", "user", "key"]

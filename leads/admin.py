from django.contrib import admin

from atlas_site.lib.admin import DocumentAdmin, ReadOnlyAdmin
from leads.models import Contact, Enrichment, EnrichmentBatch, LeadGroup


@admin.register(LeadGroup)
class LeadGroupAdmin(DocumentAdmin):
    list_display = ["name", "user", "total_contacts", "file_name", "is_deleted", "created_at"]
    exact_search_fields = ["id", "user"]
    raw_id_fields = ["user"]


@admin.register(Contact)
class ContactAdmin(DocumentAdmin):
    list_display = ["__str__", "lead_group", "city", "state", "is_enriched", "is_divorce_lead"]
    exact_search_fields = ["id", "lead_group"]
    raw_id_fields = ["lead_group"]


@admin.register(Enrichment)
class EnrichmentAdmin(ReadOnlyAdmin):
    """Skip-trace jobs, which only their workers move on."""

    list_display = ["id", "lead_group", "status", "phase", "total_leads", "total_batches"]
    list_filter = ["status"]
    exact_search_fields = ["id", "lead_group"]


@admin.register(EnrichmentBatch)
class EnrichmentBatchAdmin(ReadOnlyAdmin):
    """The batches of skip-trace jobs, with the state of each row."""

    list_display = ["batch_number", "enrichment", "status", "phase", "enriched_count", "skipped_count", "upload_id"]
    list_filter = ["status"]
    exact_search_fields = ["id", "enrichment"]

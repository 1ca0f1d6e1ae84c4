from django.contrib import admin

from atlas_site.lib.admin import DocumentAdmin, ReadOnlyAdmin
from leads.models import (
    ColumnMapping,
    Contact,
    ContactAction,
    ContactActionStep,
    ContactExport,
    DialerChunk,
    DialerFile,
    DialerMemory,
    DoNotCall,
    Enrichment,
    EnrichmentBatch,
    Identity,
    ImportChunk,
    LeadGroup,
    LeadImport,
    LeadWorkspace,
    ListJob,
    ListPart,
    RemovedContact,
    Touch,
    TraceRefund,
)


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


@admin.register(LeadImport)
class LeadImportAdmin(ReadOnlyAdmin):
    """Uploaded files and what became of them."""

    list_display = ["file_name", "user", "state", "rows_read", "chunks_planned", "chunks_committed", "created_at"]
    list_filter = ["state"]
    exact_search_fields = ["id", "user"]


@admin.register(ImportChunk)
class ImportChunkAdmin(ReadOnlyAdmin):
    """The plans of imports, a thousand rows each."""

    list_display = ["number", "lead_import"]
    exact_search_fields = ["id", "lead_import"]


@admin.register(ColumnMapping)
class ColumnMappingAdmin(ReadOnlyAdmin):
    """What users said that columns are."""

    list_display = ["user", "used_at"]
    exact_search_fields = ["id", "user"]


@admin.register(LeadWorkspace)
class LeadWorkspaceAdmin(ReadOnlyAdmin):
    """How often the lists of a user have changed, and the import that changes them now."""

    list_display = ["user", "version", "committing"]
    exact_search_fields = ["id", "user"]


@admin.register(ListJob)
class ListJobAdmin(ReadOnlyAdmin):
    """Lists that are combined, and properties that are added to lists."""

    list_display = ["group_name", "user", "kind", "state", "total", "done", "created_at"]
    list_filter = ["kind", "state"]
    exact_search_fields = ["id", "user"]


@admin.register(ListPart)
class ListPartAdmin(ReadOnlyAdmin):
    """What lists give together, a thousand leads each."""

    list_display = ["number", "job"]
    exact_search_fields = ["id", "job"]


@admin.register(ContactAction)
class ContactActionAdmin(ReadOnlyAdmin):
    """Actions on many contacts at once."""

    list_display = ["kind", "user", "lead_group", "state", "total", "changed", "created_at"]
    list_filter = ["kind", "state"]
    exact_search_fields = ["id", "user", "lead_group"]


@admin.register(ContactActionStep)
class ContactActionStepAdmin(ReadOnlyAdmin):
    """The contacts of actions, and how they were before."""

    list_display = ["number", "action"]
    exact_search_fields = ["id", "action"]


@admin.register(RemovedContact)
class RemovedContactAdmin(ReadOnlyAdmin):
    """Contacts that were taken off lists, for as long as that can be undone."""

    list_display = ["id", "user", "action", "removed_at"]
    exact_search_fields = ["id", "user", "action"]


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin):
    """What users know of people on every list."""

    list_display = ["key", "user", "do_not_call_at", "do_not_mail_at", "touch_count", "last_outcome", "next_touch_on"]
    exact_search_fields = ["id", "user", "key"]


@admin.register(Touch)
class TouchAdmin(ReadOnlyAdmin):
    """Attempts to reach people."""

    list_display = ["touched_at", "user", "outcome", "source", "call_back_on"]
    list_filter = ["outcome"]
    exact_search_fields = ["id", "user", "identity_key"]


@admin.register(DoNotCall)
class DoNotCallAdmin(ReadOnlyAdmin):
    """Numbers that users must not call."""

    list_display = ["number", "user", "why", "added_at", "removed_at"]
    exact_search_fields = ["id", "user", "number"]


@admin.register(ContactExport)
class ContactExportAdmin(ReadOnlyAdmin):
    """Files of contacts, as they were counted before their download."""

    list_display = ["label", "user", "purpose", "counted", "created_at"]
    list_filter = ["purpose"]
    exact_search_fields = ["id", "user"]


@admin.register(DialerFile)
class DialerFileAdmin(ReadOnlyAdmin):
    """Files of dialers, and what became of them."""

    list_display = ["file_name", "user", "state", "rows_read", "logged", "created_at"]
    list_filter = ["state"]
    exact_search_fields = ["id", "user"]


@admin.register(DialerChunk)
class DialerChunkAdmin(ReadOnlyAdmin):
    """Rows of dialers' files, and the touches that they make."""

    list_display = ["number", "dialer_file"]
    exact_search_fields = ["id", "dialer_file"]


@admin.register(DialerMemory)
class DialerMemoryAdmin(DocumentAdmin):
    """What users have said of columns and dispositions."""

    list_display = ["user"]
    exact_search_fields = ["id", "user"]
    raw_id_fields = ["user"]


@admin.register(TraceRefund)
class TraceRefundAdmin(ReadOnlyAdmin):
    """Units that come back because all numbers of a traced person were bad."""

    list_display = ["key", "user", "quote_id", "weight", "noted_at", "refunded_at"]
    exact_search_fields = ["id", "user", "key"]

"""Lead groups and contacts, the imports that bring them, the traces that enrich them, and the work with them."""

from leads.models.actions import ContactAction, ContactActionStep, RemovedContact
from leads.models.files import ContactExport, DialerChunk, DialerFile, DialerMemory
from leads.models.groups import Contact, LeadGroup
from leads.models.imports import ColumnMapping, ImportChunk, LeadImport, LeadWorkspace
from leads.models.lists import ListJob, ListPart
from leads.models.traces import Enrichment, EnrichmentBatch, RowState
from leads.models.work import DoNotCall, Identity, Outcome, Touch, TraceRefund

__all__ = [
    "ColumnMapping",
    "Contact",
    "ContactAction",
    "ContactActionStep",
    "ContactExport",
    "DialerChunk",
    "DialerFile",
    "DialerMemory",
    "DoNotCall",
    "Enrichment",
    "EnrichmentBatch",
    "Identity",
    "ImportChunk",
    "LeadGroup",
    "LeadImport",
    "LeadWorkspace",
    "ListJob",
    "ListPart",
    "Outcome",
    "RemovedContact",
    "RowState",
    "Touch",
    "TraceRefund",
]

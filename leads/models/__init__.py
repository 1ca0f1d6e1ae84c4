"""Lead groups and contacts, the imports that bring them, and the skip traces that enrich them."""

from leads.models.groups import Contact, LeadGroup
from leads.models.imports import ColumnMapping, ImportChunk, LeadImport, LeadWorkspace
from leads.models.traces import Enrichment, EnrichmentBatch

__all__ = [
    "ColumnMapping",
    "Contact",
    "Enrichment",
    "EnrichmentBatch",
    "ImportChunk",
    "LeadGroup",
    "LeadImport",
    "LeadWorkspace",
]

"""Property records, what each user owns of them, paid jobs, saved searches, and what users arrange around them."""

from properties.models.desk import Allowance, Export, OwnedCell, PropertySheet, ViewPreference
from properties.models.jobs import PropertyJob, VendorBillDay
from properties.models.records import Dataset, Property, PropertyDatasetPermission
from properties.models.searches import (
    Digest,
    SavedSearch,
    SavedSearchProperty,
    SavedSearchRun,
    SavedSearchSnapshot,
    Watch,
)
from properties.models.traces import PersonTrace, TraceOutcome, TracePurchase

__all__ = [
    "Allowance",
    "Dataset",
    "Digest",
    "Export",
    "OwnedCell",
    "PersonTrace",
    "Property",
    "PropertyDatasetPermission",
    "PropertyJob",
    "PropertySheet",
    "SavedSearch",
    "SavedSearchProperty",
    "SavedSearchRun",
    "SavedSearchSnapshot",
    "TraceOutcome",
    "TracePurchase",
    "VendorBillDay",
    "ViewPreference",
    "Watch",
]

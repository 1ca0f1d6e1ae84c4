"""Property records, what each user owns of them, paid jobs, and saved searches."""

from properties.models.jobs import PropertyJob
from properties.models.records import Dataset, Property, PropertyDatasetPermission
from properties.models.searches import SavedSearch, SavedSearchProperty, SavedSearchRun

__all__ = [
    "Dataset",
    "Property",
    "PropertyDatasetPermission",
    "PropertyJob",
    "SavedSearch",
    "SavedSearchProperty",
    "SavedSearchRun",
]

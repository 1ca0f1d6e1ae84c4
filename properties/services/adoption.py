"""Permissions that an earlier Atlas wrote: they get the row that "My properties" lists, filters and maps."""

from typing import Any

from properties.models import Dataset, Property, PropertyDatasetPermission
from properties.services.cells import rebuild_all_cells
from properties.services.records import values_of_copy

BATCH = 500


def adopt_permissions() -> int:
    """Fill the rows of all permissions with BASIC that have none, and return how many those were.

    Values come from the stored copy and from unlocked datasets only. The moment of the unlock is not known, so the
    moment at which the document was made stands for it. All rows are then counted on the map. May be repeated, and
    interrupted.
    """
    adopted = 0
    # Without BASIC a property is not listed; a reveal adds it to the document and fills the row.
    unfilled = PropertyDatasetPermission.objects.filter(revealed_at=None, datasets__contains=[Dataset.BASIC])
    while batch := list(unfilled[:BATCH]):
        keys = [permission.property_id for permission in batch]
        copies = {copy.property_id: copy for copy in Property.objects.filter(property_id__in=keys)}
        for permission in batch:
            values = _row_of(permission, copies.get(permission.property_id) or Property())
            PropertyDatasetPermission.objects.filter(pk=permission.pk, revealed_at=None).update(**values)
        adopted += len(batch)
    rebuild_all_cells()
    return adopted


def _row_of(permission: PropertyDatasetPermission, copy: Property) -> dict[str, Any]:
    made_at = permission.pk.generation_time
    return {
        "revealed_at": made_at,
        "unlocked": {dataset: made_at.isoformat() for dataset in permission.datasets},
        **values_of_copy(copy, permission.datasets),
    }

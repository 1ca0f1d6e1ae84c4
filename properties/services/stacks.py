"""On how many lists, saved searches and court filings an owned property is."""

from collections.abc import Mapping

from bson import ObjectId
from pymongo import UpdateOne

from atlas_site.mongodb.documents import collection_of, current_session
from properties.models import PropertyDatasetPermission


def set_stack(user_id: ObjectId, source: str, counts: Mapping[str, int]) -> None:
    """Write on how many of a source ("lists", "searches", "filings") each of these properties of a user is.

    Call it inside the transaction that changes what is counted.
    """
    total = {"$sum": [{"$ifNull": [f"$stacked.{name}", 0]} for name in ("lists", "searches", "filings")]}
    updates = [
        UpdateOne(
            {"userId": user_id, "propertyId": property_id},
            [{"$set": {f"stacked.{source}": count}}, {"$set": {"stackCount": total}}],
        )
        for property_id, count in counts.items()
    ]
    if updates:
        collection_of(PropertyDatasetPermission).bulk_write(updates, ordered=False, session=current_session())

"""What the house pays for one user in one span of time, each cause within its limit (the money rule)."""

from datetime import UTC, datetime
from typing import Any

from bson import Int64, ObjectId
from django.conf import settings
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.documents import collection_of, current_session
from properties.models import Allowance

UNCHANGED_REFRESH = "unchanged refresh"
OWNED_ALREADY = "owned already"
EMPTY_REVEAL = "reveals that found nothing new"


class EmptyRevealsSpent(Exception):
    """The user has had all reveals of the day that may find nothing new. Its text is a sentence for the page."""

    def __init__(self) -> None:
        super().__init__(
            f"Today's {settings.EMPTY_REVEALS_A_DAY} reveals with conditions on locked data that found nothing new are "
            "used up, those that are not over yet among them. Nothing was charged; you may go on tomorrow, or reveal "
            "without conditions on locked data."
        )


def free_refreshes_left(user_id: ObjectId, now: datetime) -> int:
    """How many datasets this user may still ask for again in this calendar month (UTC) and find unchanged, free."""
    return max(0, settings.FREE_REFRESHES_A_MONTH - used(user_id, UNCHANGED_REFRESH, now))


def owned_records_left(user_id: ObjectId, now: datetime) -> int:
    """How many more records that this user owns or excluded the house lets the vendor bill today (UTC)."""
    return max(0, settings.OWNED_RECORDS_A_DAY - used(user_id, OWNED_ALREADY, now))


def used(user_id: ObjectId, cause: str, now: datetime) -> int:
    """How much of a cause this user has had in the span that `now` lies in."""
    keys = {"userId": user_id, "cause": cause, "period": period_of(cause, now)}
    document = collection_of(Allowance).find_one(keys, {"used": 1}, session=current_session())
    return document["used"] if document else 0


def take(user_id: ObjectId, cause: str, count: int, now: datetime, *, limit: int | None = None) -> bool:
    """Count `count` more of a cause after `open_allowance`; False, and nothing counted, when that passes its limit.

    Look and count are one step. Call it in the transaction of what is free, if there is one: of two at once that write
    the same wallet, the later one runs again and sees what the earlier one has taken.
    """
    if not count:
        return True
    keys: dict[str, Any] = {"userId": user_id, "cause": cause, "period": period_of(cause, now)}
    if limit is not None:
        keys["used"] = {"$lte": Int64(limit - count)}
    counted = {"$inc": {"used": Int64(count)}}
    return bool(collection_of(Allowance).update_one(keys, counted, session=current_session()).modified_count)


def give_back(user_id: ObjectId, cause: str, taken_at: datetime) -> None:
    """Take back one that `take` counted at that moment. Call it in the transaction that ends the job."""
    keys = {"userId": user_id, "cause": cause, "period": period_of(cause, taken_at), "used": {"$gt": 0}}
    collection_of(Allowance).update_one(keys, {"$inc": {"used": Int64(-1)}}, session=current_session())


def open_allowance(user_id: ObjectId, cause: str, now: datetime) -> None:
    """Make the document that `take` counts in, outside of the transaction: two that make it at once do no harm."""
    keys = {"userId": user_id, "cause": cause, "period": period_of(cause, now)}
    try:
        collection_of(Allowance).update_one(keys, {"$setOnInsert": {"_id": ObjectId(), "used": Int64(0)}}, upsert=True)
    except DuplicateKeyError:  # somebody else made it in the same moment
        return


def period_of(cause: str, now: datetime) -> str:
    """The span of a cause that a moment lies in, in UTC: a month for refreshes, a day for all others."""
    return f"{now.astimezone(UTC):{'%Y-%m' if cause == UNCHANGED_REFRESH else '%Y-%m-%d'}}"

"""Exports of a user, newest first."""

from bson import ObjectId
from bson.errors import InvalidId
from django.db.models import QuerySet

from accounts.models import User
from properties.models import Export
from properties.selectors.owned_columns import COLUMNS, Column

EXPORTS_SHOWN = 100


def exports_of(user: User) -> QuerySet[Export]:
    """The user's newest exports."""
    return Export.objects.filter(user=user).order_by("-created_at")[:EXPORTS_SHOWN]


def find_export(user: User, export_id: str) -> Export | None:
    """The user's export of this id, or None."""
    try:
        return Export.objects.filter(user=user, pk=ObjectId(export_id)).first()
    except InvalidId:
        return None


def columns_of(export: Export) -> list[Column]:
    """The columns of an export that there still are."""
    return [COLUMNS[name] for name in export.columns if name in COLUMNS]


def left_out_of(export: Export) -> list[tuple[str, int, str]]:
    """What stayed behind on purpose: why, how many, and of what."""
    kept = [("leftContacts", "contact"), ("leftNumbers", "number")]
    return [(why, count, unit) for key, unit in kept for why, count in export.left_out.get(key, ())]

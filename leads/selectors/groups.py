"""Lists of a user and their contacts."""

from bson import ObjectId
from bson.errors import InvalidId

from accounts.models import User
from leads.models import LeadGroup

GROUPS_SHOWN = 200


def list_groups(user: User, limit: int = GROUPS_SHOWN) -> list[LeadGroup]:
    """The user's lists that are not deleted, the newest first."""
    return list(LeadGroup.objects.filter(user_id=user.pk, is_deleted=False).order_by("-created_at")[:limit])


def find_group(user: User, group_id: str) -> LeadGroup | None:
    """The user's list of this id, or None; a deleted one is none."""
    try:
        return LeadGroup.objects.filter(pk=ObjectId(group_id), user_id=user.pk, is_deleted=False).first()
    except InvalidId:
        return None

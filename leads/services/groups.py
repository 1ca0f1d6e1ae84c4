"""Lists themselves: made, named, tagged, deleted, brought back, and removed for good."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bson import ObjectId

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, Enrichment, LeadGroup
from leads.selectors.lists import RESTORED_WITHIN
from leads.services import workspaces
from properties.services.notes import TooLong, TooManyTags, normalize_tags

__all__ = [
    "GroupGone",
    "TooLong",
    "TooManyTags",
    "change_group",
    "create_group",
    "delete_group",
    "purge_deleted",
    "restore_group",
]

# A day beyond the last moment at which a list can be brought back, so that no clock of a machine decides about it.
PURGED_AFTER = RESTORED_WITHIN + timedelta(days=1)
CONTACTS_A_PURGE = 5_000


class GroupGone(Exception):
    """The user has no such list, or not any more."""


def create_group(*, user: User, name: str, description: str = "", tags: Iterable[str] = (), now: datetime) -> LeadGroup:
    """Make an empty list. Raises TooLong and TooManyTags of its tags."""
    kept = normalize_tags(tags)
    return LeadGroup.objects.create(user=user, name=name, description=description or None, tags=kept, created_at=now)


def change_group(*, user: User, group_id: ObjectId, name: str, description: str, tags: Iterable[str]) -> None:
    """Name a list anew, with its description and tags. Raises GroupGone, TooLong and TooManyTags."""
    kept = normalize_tags(tags)
    mine = LeadGroup.objects.filter(pk=group_id, user_id=user.pk, is_deleted=False)
    if not mine.update(name=name, description=description or None, tags=kept):
        raise GroupGone


def delete_group(*, user: User, group_id: ObjectId, now: datetime) -> None:
    """Put a list away with its contacts; nothing of it is lost, and `restore_group` brings it back.

    Raises GroupGone; deleting twice is once.
    """

    def delete() -> None:
        mine = LeadGroup.objects.filter(pk=group_id, user_id=user.pk, is_deleted=False)
        if not mine.update(is_deleted=True, deleted_at=now):
            raise GroupGone
        workspaces.note_change(user.pk, to_link=[group_id])

    run_txn(delete)


def restore_group(*, user: User, group_id: ObjectId, now: datetime) -> None:
    """Bring a deleted list back, within 30 days of its deletion. Raises GroupGone."""

    def restore() -> None:
        mine = LeadGroup.objects.filter(
            pk=group_id, user_id=user.pk, is_deleted=True, deleted_at__gt=now - RESTORED_WITHIN
        )
        if not mine.update(is_deleted=False, deleted_at=None):
            raise GroupGone
        workspaces.note_change(user.pk, to_link=[group_id])

    run_txn(restore)


def purge_deleted(*, now: datetime) -> bool:
    """Remove the next contacts of lists that cannot be brought back, and lists that have none left; say if one was due.

    What is known of the people stays (`Identity`, `Touch`, `DoNotCall`), and so do traces, purchases and receipts: a
    list that was traced stays without contacts, as what its `Enrichment` names.
    """
    due = LeadGroup.objects.filter(is_deleted=True, deleted_at__lte=now - PURGED_AFTER).order_by("deleted_at").first()
    if due is None:
        return False
    contacts = collection_of(Contact)
    found = contacts.find({"leadsId": due.pk}, {"_id": 1}).limit(CONTACTS_A_PURGE)
    if ids := [contact["_id"] for contact in found]:
        contacts.delete_many({"_id": {"$in": ids}})
    elif Enrichment.objects.filter(lead_group_id=due.pk).exists():
        LeadGroup.objects.filter(pk=due.pk).update(total_contacts=0, deleted_at=None)
    else:
        due.delete()
    return True

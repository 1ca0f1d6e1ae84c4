"""Lists of a user and their contacts."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from django.db.models import QuerySet

from accounts.models import User
from atlas_site.mongodb.conditions import Matches
from leads.models import Contact, LeadGroup

GROUPS_SHOWN = 200
CONTACTS_A_PAGE = 25


@dataclass(frozen=True)
class ContactPage:
    """One page of a list's contacts. `following` is the key of the next page, "" at the end."""

    contacts: list[Contact]
    following: str
    is_first: bool


def list_groups(user: User, limit: int = GROUPS_SHOWN) -> list[LeadGroup]:
    """The user's lists that are not deleted, the newest first."""
    return list(LeadGroup.objects.filter(user_id=user.pk, is_deleted=False).order_by("-created_at")[:limit])


def find_group(user: User, group_id: str) -> LeadGroup | None:
    """The user's list of this id, or None; a deleted one is none."""
    try:
        return LeadGroup.objects.filter(pk=ObjectId(group_id), user_id=user.pk, is_deleted=False).first()
    except InvalidId:
        return None


def list_contacts(group: LeadGroup, *, after: str = "", count: int = CONTACTS_A_PAGE) -> ContactPage:
    """The contacts of a list by last and first name, those who follow the contact of the id `after`.

    Contacts without a name come first; equal names go by id. An id that is none of this list means the first page.
    """
    contacts = Contact.objects.filter(lead_group_id=group.pk)
    edge = contacts.filter(pk=ObjectId(after)).first() if ObjectId.is_valid(after) else None
    found: list[Contact] = []
    for part in _parts_after(contacts, edge):
        if len(found) <= count:
            found += _read(part, count + 1 - len(found))
    following = str(found[count - 1].pk) if len(found) > count else ""
    return ContactPage(contacts=found[:count], following=following, is_first=edge is None)


def _parts_after(contacts: QuerySet[Contact], edge: Contact | None) -> list[QuerySet[Contact]]:
    """What follows a contact, in parts that are each one stretch of the index by name."""
    if edge is None:
        return [contacts]
    last, first = edge.last_name, edge.first_name
    return [
        contacts.filter(Matches({"lastName": last, "firstName": first}), pk__gt=edge.pk),
        contacts.filter(Matches({"lastName": last, "firstName": _beyond(first)})),
        contacts.filter(Matches({"lastName": _beyond(last)})),
    ]


def _beyond(name: str | None) -> dict[str, Any]:
    return {"$ne": None} if name is None else {"$gt": name}


def _read(contacts: QuerySet[Contact], count: int) -> list[Contact]:
    """The first contacts by name, equal ones by id, of which the index knows nothing: the last ones are read again."""
    found = list(contacts.order_by("last_name", "first_name")[:count])
    if len(found) < count:
        return _settle_equals(found)
    last = _names(found[-1])
    before = [contact for contact in found if _names(contact) != last]
    equals = contacts.filter(Matches({"lastName": last[0], "firstName": last[1]})).order_by("pk")
    return [*_settle_equals(before), *equals[: count - len(before)]]


def _settle_equals(contacts: Iterable[Contact]) -> list[Contact]:
    return [contact for _, equals in groupby(contacts, _names) for contact in sorted(equals, key=lambda each: each.pk)]


def _names(contact: Contact) -> tuple[str | None, str | None]:
    return contact.last_name, contact.first_name

"""Changing one contact: its stage, and what is written of it; what another tab changed meanwhile is not overwritten."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from leads.imports.rows import Lead
from leads.models import Contact, ContactAction, LeadGroup
from leads.selectors.contacts import ContactChoice, ContactSelection
from leads.services import actions, linking, standing, workspaces
from leads.services.find_keys import keys_of
from leads.services.imports.plans import COLUMNS_OF_LEADS
from leads.services.people import COLUMNS, READER, ensure_identity

EDITED = {name: key for key, name in COLUMNS_OF_LEADS.items()}
"""What a user may write of a contact, by the keys of its document."""

PLACED_BY = frozenset({"address", "city", "state", "zip"})

VERSION_LENGTH = 16


class ContactChanged(Exception):
    """The contact is not any more as it was shown."""


def version_of(contact: Contact) -> str:
    """What tells whether what a user may write of a contact is still as it was."""
    values = [getattr(contact, name) or "" for name in EDITED]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:VERSION_LENGTH]


def change_stage(
    *,
    user: User,
    group: LeadGroup,
    contact: Contact,
    stage: str,
    was: str,
    reason: str = "",
    now: Callable[[], datetime],
) -> ContactAction | None:
    """Set the stage of a contact that was shown in the stage `was`; None if it is in it already.

    The action that it returns can be undone. Raises ContactChanged.
    """
    is_stage = contact.stage or Contact.Stage.NEW.value
    if is_stage == stage:
        return None
    if is_stage != was:
        raise ContactChanged
    return actions.start_action(
        user=user,
        group=group,
        kind=ContactAction.Kind.STAGE,
        what={"stage": stage, "reason": reason},
        selection=ContactSelection(choice=ContactChoice(), ids=(str(contact.pk),)),
        now=now,
    )


def edit_contact(
    *, user: User, contact: Contact, values: Mapping[str, str], phone: str, email: str, version: str, now: datetime
) -> None:
    """Write what a user knows of a contact, who was shown it in this version; "" for nothing.

    `phone` and `email` are added to those that are there. The contact keeps its identity, so that what is known of the
    person stays with it, and is found by imports by its new address, too. Raises ContactChanged.
    """
    if version_of(contact) != version:
        raise ContactChanged
    identity = ensure_identity(contact)
    before = {key: getattr(contact, name) for name, key in EDITED.items()}
    after = {key: values[name] or None for name, key in EDITED.items()}
    changed = {key: value for key, value in after.items() if (before[key] or None) != value}
    contacts = collection_of(Contact)
    it = {"_id": contact.pk, "userId": user.pk, **{key: before[key] for key in changed}}
    document = contacts.find_one(it)
    if document is None:
        raise ContactChanged
    document |= changed
    has_moved = not PLACED_BY.isdisjoint(changed)
    change = {**changed, **keys_of(document), **_match_keys(document, phone)}
    if has_moved:
        change |= {"placeKey": None, "propertyId": None}
    if not contacts.update_one({**it, "matchKeys": document.get("matchKeys")}, {"$set": change}).matched_count:
        raise ContactChanged
    mine = {"_id": contact.pk, "userId": user.pk}
    if phone:
        contacts.update_one({**mine, "phones.number": {"$ne": phone}}, {"$push": {"phones": {"number": phone}}})
    if email:
        contacts.update_one({**mine, "emails.address": {"$ne": email}}, {"$push": {"emails": {"address": email}}})
    if has_moved:
        linking.link_contacts(user_id=user.pk, contact_ids=[contact.pk], now=now)
        now_at = contacts.find_one(mine, {"propertyId": 1}) or {}
        places = [contact.property_id, now_at.get("propertyId")]
        linking.restack(user_id=user.pk, property_ids=[each for each in places if each])
    workspaces.note_change(user.pk)
    standing.refresh(user_id=user.pk, identity_keys=[identity], now=now)


def _match_keys(document: Mapping[str, Any], phone: str) -> dict[str, Any]:
    """The keys by which imports find the contact: those of its property first, then all that it was found by before."""
    lead = READER.read([str((phone if key == "phone" and phone else document.get(key)) or "") for _, key in COLUMNS])
    if not isinstance(lead, Lead):
        return {}
    before = document.get("matchKeys") or []
    return {"matchKeys": list(dict.fromkeys([*lead.match_keys, *before])), "placeKeyCount": lead.place_key_count}

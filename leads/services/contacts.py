"""Changing one contact: its stage, and what is written of it; what another tab changed meanwhile is not overwritten."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, ContactAction, LeadGroup
from leads.selectors.contacts import ContactChoice, ContactSelection
from leads.services import actions, standing, workspaces
from leads.services.find_keys import keys_of
from leads.services.people import ensure_identity, values_of_person

EDITED = {
    "first_name": "firstName",
    "middle_name": "middleName",
    "last_name": "lastName",
    "suffix": "suffix",
    "company": "company",
    "address": "address",
    "city": "city",
    "state": "state",
    "zip": "zip",
    "county": "county",
    "apn": "apn",
    "mailing_address": "mailingAddress",
    "mailing_city": "mailingCity",
    "mailing_state": "mailingState",
    "mailing_zip": "mailingZip",
    "linkedin": "linkedin",
}
"""What a user may write of a contact, by the keys of its document."""

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
    names = keys_of(document)
    matches = values_of_person({**document, "phone": phone or document.get("phone")}, user.pk)["matchKeys"]
    change: dict[str, Any] = {"$set": {**changed, **names}, "$addToSet": {"matchKeys": {"$each": matches}}}
    if not contacts.update_one(it, change).matched_count:
        raise ContactChanged
    mine = {"_id": contact.pk, "userId": user.pk}
    if phone:
        contacts.update_one({**mine, "phones.number": {"$ne": phone}}, {"$push": {"phones": {"number": phone}}})
    if email:
        contacts.update_one({**mine, "emails.address": {"$ne": email}}, {"$push": {"emails": {"address": email}}})
    workspaces.note_change(user.pk)
    standing.refresh(user_id=user.pk, identity_keys=[identity], now=now)

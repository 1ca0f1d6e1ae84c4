"""Changing one contact: its stage, and what is written of it; what another tab changed meanwhile is not overwritten."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import collection_of, current_session, load
from leads.imports.rows import Lead
from leads.models import Contact, ContactAction, ContactActionStep, LeadGroup
from leads.services import linking, standing, workspaces
from leads.services.actions.kinds import KINDS
from leads.services.find_keys import keys_of
from leads.services.imports.plans import COLUMNS_OF_LEADS
from leads.services.people import COLUMNS, READER, ensure_identities, ensure_identity

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

    The action that it returns can be undone. Raises ContactChanged when it is in another stage by now, or gone.
    """
    ensure_identities(user.pk, [ensure_identity(contact)])

    def change() -> ContactAction | None:
        there = {"_id": contact.pk, "userId": user.pk, "leadsId": group.pk}
        document = collection_of(Contact).find_one(there, session=current_session())
        if document is None:
            raise ContactChanged
        is_stage = document.get("stage") or Contact.Stage.NEW.value
        if is_stage == stage:
            return None
        if is_stage != was:
            raise ContactChanged
        return _act(document, ContactAction.Kind.STAGE, {"stage": stage, "reason": reason}, now())

    return run_txn(change)


def _act(document: Mapping[str, Any], kind: ContactAction.Kind, what: dict[str, Any], now: datetime) -> ContactAction:
    """Do something with one contact, within the running transaction, as an action that is over and can be undone."""
    one = str(document["_id"])
    action = ContactAction.objects.create(
        user_id=document["userId"],
        lead_group_id=document["leadsId"],
        kind=kind,
        what=what,
        ids=[one],
        state=ContactAction.State.DONE,
        **dict.fromkeys(("total", "steps", "seen", "changed"), 1),
        cursor=one,
        created_at=now,
        ended_at=now,
    )
    rows = [{"id": one, "was": was} for was in KINDS[kind].was(action, [document])]
    ContactActionStep.objects.create(action_id=action.pk, number=1, rows=rows)
    KINDS[kind].apply(action, rows, now)
    return action


def edit_contact(
    *, user: User, contact: Contact, values: Mapping[str, str], phone: str, email: str, version: str, now: datetime
) -> None:
    """Write what a user knows of a contact, who was shown it in this version; "" for nothing.

    `phone` and `email` are added to those that are there. The contact keeps its identity, so that what is known of the
    person stays with it, and is found by imports by its new address, too. All of it happens, or nothing, and plans of
    before hold no longer; done again, nothing changes. Raises ContactChanged.
    """
    identity = ensure_identity(contact)
    wanted = {key: values[name] or None for name, key in EDITED.items()}

    def edit() -> None:
        contacts, session = collection_of(Contact), current_session()
        document = contacts.find_one({"_id": contact.pk, "userId": user.pk}, session=session)
        if document is None:
            raise ContactChanged
        changed = {key: value for key, value in wanted.items() if (document.get(key) or None) != value}
        added = _with(document, "phones", "number", phone) | _with(document, "emails", "address", email)
        if not changed and not added:
            return
        if version_of(load(Contact, document)) != version:
            raise ContactChanged
        document |= changed
        change = {**changed, **added, **keys_of(document), **_match_keys(document, phone)}
        has_moved = not PLACED_BY.isdisjoint(changed)
        if has_moved:
            change |= {"placeKey": None, "propertyId": None}
        contacts.update_one({"_id": contact.pk}, {"$set": change}, session=session)
        if has_moved:
            linking.link_contacts(user_id=user.pk, contact_ids=[contact.pk], now=now)
            linking.restack(user_id=user.pk, property_ids=filter(None, [document.get("propertyId")]))
        workspaces.note_change(user.pk)
        standing.refresh(user_id=user.pk, identity_keys=[identity], now=now)

    run_txn(edit)


def _with(document: Mapping[str, Any], name: str, key: str, value: str) -> dict[str, Any]:
    """The phones or e-mail addresses of a contact with one more; {} when it has that one, or there is none."""
    there = document.get(name) or []
    return {name: [*there, {key: value}]} if value and value not in {each.get(key) for each in there} else {}


def _match_keys(document: Mapping[str, Any], phone: str) -> dict[str, Any]:
    """The keys by which imports find the contact: those of its property first, then all that it was found by before."""
    lead = READER.read([str((phone if key == "phone" and phone else document.get(key)) or "") for _, key in COLUMNS])
    if not isinstance(lead, Lead):
        return {}
    before = document.get("matchKeys") or []
    return {"matchKeys": list(dict.fromkeys([*lead.match_keys, *before])), "placeKeyCount": lead.place_key_count}

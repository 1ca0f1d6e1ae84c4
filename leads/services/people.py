"""Identities: who a contact is, wherever it is listed."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from functools import partial
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import DUPLICATE_KEY, as_utc, collection_of, current_session
from leads.imports.fields import Field
from leads.imports.identity import identity_key
from leads.imports.rows import Lead, LeadReader
from leads.models import Contact, Identity, LeadGroup
from leads.services import standing

BATCH = 500
IDENTITIES_A_TRANSACTION = 200
DEAD_REASON_LENGTH = 200

COLUMNS = (
    (Field.FIRST_NAME, "firstName"),
    (Field.LAST_NAME, "lastName"),
    (Field.COMPANY, "company"),
    (Field.ADDRESS, "address"),
    (Field.CITY, "city"),
    (Field.STATE, "state"),
    (Field.ZIP, "zip"),
    (Field.MAILING_ADDRESS, "mailingAddress"),
    (Field.MAILING_CITY, "mailingCity"),
    (Field.MAILING_STATE, "mailingState"),
    (Field.MAILING_ZIP, "mailingZip"),
    (Field.APN, "apn"),
    (Field.COUNTY, "county"),
    (Field.PHONE, "phone"),
    (Field.EMAIL, "email"),
    (Field.LINKEDIN, "linkedin"),
)
READER = LeadReader({index: field for index, (field, _) in enumerate(COLUMNS)}, [key for _, key in COLUMNS])
"""Reads a contact's document as imports read a row, so that both have the same keys."""


def ensure_identity(contact: Contact) -> str:
    """The identity key of a contact; one of an earlier Atlas, or one made by hand, is given it here.

    Contacts that somebody edits keep theirs: what is known of the person stays with them.
    """
    if contact.identity_key:
        return contact.identity_key
    document = collection_of(Contact).find_one({"_id": contact.pk})
    values = values_of_person({} if document is None else document, contact.user_id or contact.lead_group.user_id)
    collection_of(Contact).update_one({"_id": contact.pk, "identityKey": None}, {"$set": values})
    contact.user_id, contact.identity_key = values["userId"], values["identityKey"]
    contact.match_keys = values["matchKeys"]
    return values["identityKey"]


def ensure_identities(user_id: ObjectId, keys: Iterable[str]) -> None:
    """Make those of these identities that are not there yet: outside of transactions, which a duplicate ends."""
    wanted = set(keys)
    known = {"userId": user_id, "key": {"$in": list(wanted)}}
    wanted -= {found["key"] for found in collection_of(Identity).find(known, {"_id": 0, "key": 1})}
    made = [UpdateOne({"userId": user_id, "key": key}, {"$setOnInsert": dict(FRESH)}, upsert=True) for key in wanted]
    if made:
        try:
            collection_of(Identity).bulk_write(made, ordered=False)
        except BulkWriteError as error:
            if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise  # else another process has just made it


FRESH = {"badNumbers": {}, "touchCount": 0, "version": 0}


def values_of_person(document: dict[str, Any], user_id: ObjectId) -> dict[str, Any]:
    """What a contact's document lacks that tells who it is: its user, its keys, and its phone and e-mail as lists."""
    lead = READER.read([str(document.get(key) or "") for _, key in COLUMNS])
    if isinstance(lead, Lead):
        identity, matches = lead.identity_key, lead.match_keys
    else:  # nothing to tell it by: a person of its own
        identity, matches = identity_key("", f"contact:{document.get('_id')}"), []
    values = {"userId": user_id, "identityKey": identity, "matchKeys": matches}
    if not document.get("phones") and isinstance(lead, Lead) and lead.phones:
        values["phones"] = [{"number": number} for number in lead.phones]
        values["phone"] = lead.phones[0]
    if not document.get("emails") and isinstance(lead, Lead) and lead.emails:
        values["emails"] = [{"address": address} for address in lead.emails]
    if not document.get("stage"):
        values["stage"] = Contact.Stage.NEW.value
    return values


def adopt_contacts(*, now: datetime) -> int:
    """Fill userId, identityKey, matchKeys, phones, emails and stage of contacts of an earlier Atlas; return how many.

    Contacts whose list is gone are left alone. May be repeated, and interrupted.
    """
    contacts, adopted, after = collection_of(Contact), 0, None
    lacking = {"$or": [{"identityKey": None}, {"userId": None}]}
    while True:
        beyond = {"_id": {"$gt": after}, **lacking} if after else lacking
        batch = list(contacts.find(beyond).sort("_id", 1).limit(BATCH))
        if not batch:
            return adopted
        after = batch[-1]["_id"]
        lists = collection_of(LeadGroup).find({"_id": {"$in": [contact.get("leadsId") for contact in batch]}})
        owners = {group["_id"]: group["userId"] for group in lists}
        owned = [(contact, owners[contact["leadsId"]]) for contact in batch if contact.get("leadsId") in owners]
        values = [(contact["_id"], values_of_person(contact, owner)) for contact, owner in owned]
        if values:
            contacts.bulk_write([UpdateOne({"_id": pk}, {"$set": value}) for pk, value in values], ordered=False)
            by_user: dict[ObjectId, list[str]] = {}
            for _, value in values:
                by_user.setdefault(value["userId"], []).append(value["identityKey"])
            for user_id, keys in by_user.items():
                standing.refresh(user_id=user_id, identity_keys=keys, now=now)
        adopted += len(values)


def change_identities(
    *, user_id: ObjectId, keys: Iterable[str], change: Callable[[dict[str, Any]], dict[str, Any]], now: datetime
) -> int:
    """Change identities of a user and bring their contacts up to it, some hundred in one transaction.

    `change` is given the document of an identity and returns what to set in it, or {}; it may be asked several times.
    Return how many changed. Interrupted and done again, it does the rest.
    """
    wanted, changed = iter(dict.fromkeys(keys)), 0
    while batch := list(islice(wanted, IDENTITIES_A_TRANSACTION)):
        ensure_identities(user_id, batch)
        changed += run_txn(partial(_change, user_id, batch, change, now), seconds=30)
    return changed


def _change(
    user_id: ObjectId, keys: list[str], change: Callable[[dict[str, Any]], dict[str, Any]], now: datetime
) -> int:
    session = current_session()
    found = collection_of(Identity).find({"userId": user_id, "key": {"$in": keys}}, session=session)
    sets = [(document, values) for document in found if (values := change(document))]
    if sets:
        write_identities([(document["_id"], values) for document, values in sets])
        standing.refresh(user_id=user_id, identity_keys=[document["key"] for document, _ in sets], now=now)
    return len(sets)


def write_identities(changes: Iterable[tuple[ObjectId, dict[str, Any]]]) -> None:
    """Set values of identities, in the running transaction, and count the change."""
    writes = [UpdateOne({"_id": pk}, {"$set": values, "$inc": {"version": 1}}) for pk, values in changes]
    collection_of(Identity).bulk_write(writes, ordered=False, session=current_session())


def keys_of(contacts: Iterable[Contact], user_id: ObjectId) -> Iterator[str]:
    """The identities of contacts, which must be the user's: others are passed over."""
    for contact in contacts:
        if contact.user_id == user_id or (contact.user_id is None and contact.lead_group.user_id == user_id):
            yield ensure_identity(contact)


def set_stage(*, user: User, contacts: Iterable[Contact], stage: str, reason: str = "", now: datetime) -> int:
    """Set the stage of people, on all lists that they are on; only the user moves it back. Return how many changed.

    `reason` says why a lead is dead and is kept for that stage alone. A lead that is dead or closed has no next touch.
    Raises ValueError for a stage that there is not.
    """
    stage = Contact.Stage(stage).value
    why = reason.strip()[:DEAD_REASON_LENGTH] or None if stage == Contact.Stage.DEAD else None

    def change(identity: dict[str, Any]) -> dict[str, Any]:
        values = {"stage": stage, "deadReason": why}
        if stage in {Contact.Stage.DEAD, Contact.Stage.CLOSED}:
            values["nextTouchOn"] = None
        if all(identity.get(name) == value for name, value in values.items()):
            return {}
        return {**values, "stageAt": as_utc(now)}

    return change_identities(user_id=user.pk, keys=keys_of(contacts, user.pk), change=change, now=now)


def set_next_touch(*, user: User, contacts: Iterable[Contact], on: date | None, now: datetime) -> int:
    """Set the day on which people are to be called next, or None for no day. Return how many changed."""
    day = datetime.combine(on, time()) if on else None

    def change(identity: dict[str, Any]) -> dict[str, Any]:
        return {} if identity.get("nextTouchOn") == day else {"nextTouchOn": day}

    return change_identities(user_id=user.pk, keys=keys_of(contacts, user.pk), change=change, now=now)


def set_do_not_mail(*, user: User, contacts: Iterable[Contact], is_on: bool, now: datetime) -> int:
    """Leave people out of mailings from now on, or take them in again. Return how many changed."""

    def change(identity: dict[str, Any]) -> dict[str, Any]:
        if bool(identity.get("doNotMailAt")) == is_on:
            return {}
        return {"doNotMailAt": as_utc(now) if is_on else None}

    return change_identities(user_id=user.pk, keys=keys_of(contacts, user.pk), change=change, now=now)


def note_opt_outs(*, user_id: ObjectId, keys: Iterable[str], why: str, now: datetime) -> int:
    """Leave people of these identities out of mailings because somebody else says so, with who does; return how many.

    Who is left out already stays so, as it was said first.
    """

    def change(identity: dict[str, Any]) -> dict[str, Any]:
        return {} if identity.get("doNotMailAt") else {"doNotMailAt": as_utc(now), "doNotMailWhy": why}

    return change_identities(user_id=user_id, keys=keys, change=change, now=now)

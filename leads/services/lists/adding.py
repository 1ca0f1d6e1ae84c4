"""Adding what users have elsewhere to a list: the owners of their properties, and the people of court filings.

Only what the user has unlocked of a property goes along: the owner's name and mailing address with BASIC, phones and
e-mail addresses with CONTACT.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, compress
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, insert_missing
from atlas_site.vendors.batchdata import PropertyRecord
from leads.calling import joined
from leads.imports.fields import Field
from leads.imports.rows import Lead, LeadReader
from leads.models import Contact, LeadGroup, ListJob
from leads.services import find_keys, linking, standing, workspaces
from leads.services.identities import identity_of, known_people
from leads.services.imports.plans import contact_id_of, document_of
from leads.services.lists.leases import STINT, TURN_WAIT, Clock, State, hand_on, save_progress
from leads.services.lists.making import make_list
from leads.services.people import note_opt_outs
from properties.models import Dataset, Property, PropertyDatasetPermission
from properties.services.traces import email_as_kept, phone_as_kept

MOST_ADDED = 10_000
PROPERTIES_A_PART = 250
TRIES = 5
OWNERS = 4
OPTED_OUT = "The record of the property says that its owner opted out of mail."

FIELDS = [
    *[Field.FIRST_NAME, Field.LAST_NAME] * OWNERS,
    *[Field.FULL_NAME],
    *[Field.ADDRESS, Field.CITY, Field.STATE, Field.ZIP, Field.COUNTY, Field.APN],
    *[Field.MAILING_ADDRESS, Field.MAILING_CITY, Field.MAILING_STATE, Field.MAILING_ZIP],
    *[Field.PHONE, Field.EMAIL],
]
READER = LeadReader(dict(enumerate(FIELDS)), [f"{column} {name}" for column, name in enumerate(FIELDS)])
"""Reads a person and a property as imports read a row, so that both have the same keys."""

# Records are large; of a copy only this is read, and phones and e-mails only where they were unlocked.
RECORD = {"propertyId": 1, "data.ids.apn": 1, "data.owner.names": 1, "data.owner.fullName": 1, "asked.CONTACT": 1}
RECORD |= {"data.owner.mailingAddress": 1, "data.owner.litigator": 1, "data.owner.phoneNumbers": 1}
RECORD |= {"data.owner.enrichedEmails": 1, "data.owner.emails": 1, "data.owner.mailingOptOut": 1}
OWNED = dict.fromkeys(("propertyId", "datasets", "address", "city", "state", "postal_code", "county"), 1)
SAME = dict.fromkeys(("leadsId", "matchKeys", "identityKey", "doNotCall"), 1)
KNOWN = dict.fromkeys(("identityKey", "phone", "phones", "emails", "propertyId", "isDivorceLead", "isLitigator"), 1)


class TooManyToAdd(Exception):
    """More than MOST_ADDED properties were to be added at once."""


class NothingToAdd(Exception):
    """None of these properties is the user's."""


@dataclass(frozen=True)
class Address:
    """Where a property lies, or where somebody receives mail; absent parts are ""."""

    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


@dataclass(frozen=True)
class NewLead:
    """Somebody who is to be on a list. `names` are pairs of first and last name, `full_name` stands in for them."""

    names: Sequence[tuple[str, str]] = ()
    full_name: str = ""
    place: Address = Address()
    mailing: Address = Address()
    county: str = ""
    apn: str = ""
    # As contacts keep them; of `phones` only "number" is always there.
    phones: Sequence[Mapping[str, Any]] = ()
    emails: Sequence[Mapping[str, Any]] = ()
    property_id: str = ""
    is_divorce_lead: bool = False
    is_litigator: bool | None = None
    opted_out_of_mail: bool = False


@dataclass
class Added:
    """How many leads were put on a list, were there already, and could not be told by anything."""

    created: int = 0
    known: int = 0
    unreadable: int = 0
    contact_ids: list[ObjectId] = field(default_factory=list)


def start_adding(
    *,
    user: User,
    property_ids: Iterable[str],
    group: LeadGroup | None,
    name: str,
    job_id: ObjectId | None = None,
    now: datetime,
) -> ListJob:
    """Have the owners of properties put on a list of the user, or on a new one of this name.

    `job_id` is made by the form, so that sending it twice is one job. Raises TooManyToAdd and NothingToAdd.
    """
    ids = list(dict.fromkeys(property_ids))
    if len(ids) > MOST_ADDED:
        raise TooManyToAdd
    if not ids:
        raise NothingToAdd
    pk = job_id or ObjectId()
    again = ListJob.objects.filter(pk=pk, user_id=user.pk).first()
    if again is not None:
        return again
    return ListJob.objects.create(
        id=pk,
        user=user,
        kind=ListJob.Kind.ADD,
        state=State.MAKING,
        lead_group=group,
        group_name=group.name if group else name,
        subject={"properties": ids},
        total=len(ids),
        due_at=now,
        created_at=now,
    )


def add_properties(job: ListJob, clock: Clock) -> None:
    """Put the owners of properties on the list, part by part, until all are or the stint is over.

    It waits while an import changes the user's lists. Raises LeaseLost.
    """
    began = clock()
    try:
        workspaces.take_turn(user_id=job.user_id, holder=str(job.pk))
    except workspaces.AnotherImport:
        hand_on(job, now=began, due_at=began + TURN_WAIT)
        return
    group_id = make_list(job, began)
    ids, counts = job.subject["properties"], {"created": 0, "known": 0, "unreadable": 0, "gone": 0, **job.counts}
    while job.done < len(ids):
        part = ids[job.done : job.done + PROPERTIES_A_PART]
        leads = owners_of(job.user_id, part)
        made = [contact_id_of(job.pk, job.done + place) for place in range(1, len(leads) + 1)]
        now = clock()
        added = put_on_list(user_id=job.user_id, group_id=group_id, leads=leads, ids=made, now=now)
        for key in ("created", "known", "unreadable"):
            counts[key] += getattr(added, key)
        counts["gone"] += len(part) - len(leads)
        save_progress(job, now=now, done=job.done + len(part), counts=counts)
        if now - began >= STINT and job.done < len(ids):
            hand_on(job, now=now, due_at=now)
            return
    _finish(job, group_id, clock())


def add_lead(*, user: User, group: LeadGroup, lead: NewLead, now: datetime) -> Added:
    """Put one person on a list of the user: somebody of a court filing, or typed in. Done twice, it is done once."""
    added = put_on_list(user_id=user.pk, group_id=group.pk, leads=[lead], ids=[ObjectId()], now=now)
    count_list(user_id=user.pk, group_id=group.pk)
    return added


def count_list(*, user_id: ObjectId, group_id: ObjectId) -> None:
    """Bring the total of a list up to its contacts, and say that the lists changed."""
    total = collection_of(Contact).count_documents({"leadsId": group_id})

    def count() -> None:
        LeadGroup.objects.filter(pk=group_id, user_id=user_id).update(total_contacts=total)
        workspaces.note_change(user_id)

    run_txn(count)


def put_on_list(
    *, user_id: ObjectId, group_id: ObjectId, leads: Sequence[NewLead], ids: Sequence[ObjectId], now: datetime
) -> Added:
    """Put leads on a list, under these ids of contacts; carried out again it does nothing more, and tells the same.

    Those who are there already stay, and learn what is new of them. What is known of these people from other lists is
    known of the new contacts, too.
    """
    added = Added()
    read = [(new, pk, READER.read(_cells(new))) for new, pk in zip(leads, ids, strict=True)]
    readable = [lead for _, _, lead in read if isinstance(lead, Lead)]
    same, people = _same_leads(user_id, readable, ids), known_people(user_id, readable)
    there = {key: found["_id"] for key, each in same.items() for found in each if found["leadsId"] == group_id}
    documents: list[dict[str, Any]] = []
    told: dict[ObjectId, list[NewLead]] = {}
    for new, pk, lead in read:
        if not isinstance(lead, Lead):
            added.unreadable += 1
            continue
        keys = lead.recognized_by(lead.match_keys)
        known = [there[key] for key in keys if key in there]
        if known:
            added.known += 1
            told.setdefault(known[0], []).append(new)
            added.contact_ids.append(known[0])
            continue
        there.update(dict.fromkeys(keys, pk))
        identity = identity_of(lead, [contact for key in keys for contact in same.get(key, ())], people)
        own = {"_id": pk, "userId": user_id, "leadsId": group_id, "createdAt": as_utc(now), "identityKey": identity}
        documents.append(_document(new, lead, **own))
        added.created += 1
        added.contact_ids.append(pk)
    insert_missing(Contact, documents)
    identities = [document["identityKey"] for document in documents]
    litigators = [document["identityKey"] for document in documents if document["isLitigator"]]
    changed = [*standing.known_keys(user_id, identities), *litigators, *_tell_known(told)]
    standing.refresh(user_id=user_id, identity_keys=changed, now=now)
    opted_out = [new.opted_out_of_mail for new, _, lead in read if isinstance(lead, Lead)]
    _note_opt_outs(user_id, compress(added.contact_ids, opted_out), now)
    linking.restack(user_id=user_id, property_ids=[new.property_id for new in leads if new.property_id])
    return added


def _note_opt_outs(user_id: ObjectId, contact_ids: Iterable[ObjectId], now: datetime) -> None:
    """Leave the people of these contacts out of mailings, on all lists, as the vendor says."""
    if ids := list(contact_ids):
        found = collection_of(Contact).find({"_id": {"$in": ids}, "userId": user_id}, {"identityKey": 1})
        keys = [contact["identityKey"] for contact in found if contact.get("identityKey")]
        note_opt_outs(user_id=user_id, keys=keys, why=OPTED_OUT, now=now)


def owners_of(user_id: ObjectId, property_ids: Sequence[str]) -> list[NewLead]:
    """The owners of properties that are the user's, in this order; others are left out."""
    rows = collection_of(PropertyDatasetPermission).find(
        {"userId": user_id, "propertyId": {"$in": list(property_ids)}, "datasets": Dataset.BASIC.value}, OWNED
    )
    owned = {row["propertyId"]: row for row in rows}
    copies = collection_of(Property).find({"propertyId": {"$in": list(owned)}}, RECORD)
    records = {copy["propertyId"]: copy for copy in copies}
    return [_owner_of(owned[each], records.get(each, {})) for each in property_ids if each in owned]


def _owner_of(row: Mapping[str, Any], copy: Mapping[str, Any]) -> NewLead:
    record = PropertyRecord(copy.get("data") or {})
    mailing = record.mailing_address
    names = [(name.first or "", name.last or "") for name in record.owner_names if name.first or name.last]
    has_contact = Dataset.CONTACT.value in (row.get("datasets") or ())
    return NewLead(
        names=names[:OWNERS],
        full_name="" if names else record.owner_name or "",
        place=Address(*(str(row.get(key) or "") for key in ("address", "city", "state", "postal_code"))),
        mailing=Address(mailing.street or "", mailing.city or "", mailing.state or "", mailing.zip or ""),
        county=str(row.get("county") or ""),
        apn=record.apn or "",
        phones=_phones(record, copy) if has_contact else (),
        emails=[email_as_kept(email) for email in record.emails] if has_contact else (),
        property_id=row["propertyId"],
        is_litigator=record.is_litigator if has_contact else None,
        opted_out_of_mail=has_contact and bool(record.opted_out_of_mail),
    )


def _phones(record: PropertyRecord, copy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The numbers of an unlocked CONTACT, as contacts keep them. A known litigator's are withheld."""
    if record.is_litigator:
        return []
    noted = ((copy.get("asked") or {}).get("CONTACT") or {}).get("at")
    checked_at = as_utc(datetime.fromisoformat(noted)) if noted else None
    return [{**phone_as_kept(phone, checked_at), "source": "property"} for phone in record.phones]


def _cells(new: NewLead) -> list[str]:
    names = [*new.names, *[("", "")] * OWNERS][:OWNERS]
    place, mailing = new.place, new.mailing
    return [
        *chain.from_iterable(names),
        *[new.full_name, place.street, place.city, place.state, place.zip, new.county, new.apn],
        *[mailing.street, mailing.city, mailing.state, mailing.zip],
        "; ".join(str(phone["number"]) for phone in new.phones),
        "; ".join(str(email["address"]) for email in new.emails),
    ]


def _same_leads(user_id: ObjectId, leads: Iterable[Lead], made: Sequence[ObjectId]) -> dict[str, list[dict[str, Any]]]:
    """The user's contacts that are these leads, by match key; not those that an earlier worker made of them."""
    keys = {key for lead in leads for key in lead.recognized_by(lead.match_keys)}
    condition = {"userId": user_id, "matchKeys": {"$in": list(keys)}, "_id": {"$nin": list(made)}}
    same: dict[str, list[dict[str, Any]]] = {}
    for contact in collection_of(Contact).find(condition, SAME):
        for key in keys.intersection(contact["matchKeys"]):
            same.setdefault(key, []).append(contact)
    return same


def _document(new: NewLead, lead: Lead, **own: Any) -> dict[str, Any]:
    """A new contact's document; `own` is its id, whose and who it is, and when it was made."""
    document = document_of(lead, lead.match_keys)
    if new.phones:
        document["phones"] = [dict(phone) for phone in new.phones]
    if new.emails:
        document["emails"] = [dict(email) for email in new.emails]
    return {
        **document,
        **own,
        **find_keys.keys_of(document),
        "stage": Contact.Stage.NEW.value,
        "isEnriched": False,
        "isDivorceLead": new.is_divorce_lead,
        "isLitigator": new.is_litigator,
        "propertyId": new.property_id or None,
        "engagementScore": standing.score_of_new(document),
    }


def _tell_known(told: Mapping[ObjectId, Sequence[NewLead]]) -> list[str]:
    """Give contacts of the list what they learn; return the identities that are to be brought up to it.

    What another process writes meanwhile is not lost: then the contact is looked at again.
    """
    contacts = collection_of(Contact)
    found: list[dict[str, Any]] = []
    for _ in range(TRIES if told else 0):
        found = list(contacts.find({"_id": {"$in": list(told)}}, KNOWN))
        writes = []
        for contact in found:
            if changes := _learned(contact, told[contact["_id"]]):
                same = {name: contact.get(name) for name in ("phones", "emails")}
                writes.append(UpdateOne({"_id": contact["_id"], **same}, {"$set": changes}))
        if not writes or contacts.bulk_write(writes, ordered=False).matched_count == len(writes):
            break
    return [
        contact["identityKey"]
        for contact in found
        if contact.get("identityKey")
        and any(new.phones or new.emails or new.is_litigator for new in told[contact["_id"]])
    ]


def _learned(contact: Mapping[str, Any], leads: Iterable[NewLead]) -> dict[str, Any]:
    """What is to be set in a contact: its property, what a court knows, and what CONTACT told of the person."""
    own = [{"number": contact["phone"]}] if contact.get("phone") else []
    values = {**contact, "phones": contact.get("phones") or own, "emails": contact.get("emails") or []}
    for new in leads:
        values["propertyId"] = values.get("propertyId") or new.property_id or None
        values["isDivorceLead"] = new.is_divorce_lead or values.get("isDivorceLead")
        values["isLitigator"] = new.is_litigator or values.get("isLitigator")
        values["phones"] = joined(values["phones"], new.phones, "number")
        values["emails"] = joined(values["emails"], new.emails, "address")
    return {name: value for name, value in values.items() if value and value != contact.get(name)}


def _finish(job: ListJob, group_id: ObjectId, now: datetime) -> None:
    total = collection_of(Contact).count_documents({"leadsId": group_id})

    def finish() -> None:
        LeadGroup.objects.filter(pk=group_id).update(total_contacts=total)
        workspaces.end_commit(user_id=job.user_id, import_id=str(job.pk))
        # What it was about is long, and nobody asks for it any more.
        hand_on(job, now=now, due_at=None, state=State.DONE, ended_at=now, subject={"properties": []})

    run_txn(finish)

"""Exports of contacts by purpose: counted first, by the code that makes the file, then streamed and logged."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain, islice
from typing import Any, TypeVar

from bson import ObjectId
from django.urls import reverse
from pymongo import ReturnDocument

from accounts.models import User
from atlas_site.lib.spreadsheets import csv_lines
from atlas_site.mongodb.documents import collection_of, load
from leads.calling import arrange
from leads.exports import crm, dialers, mail
from leads.exports.people import KEYS, Person, person_of
from leads.exports.purposes import Purpose
from leads.exports.tally import Tally
from leads.models import Contact, ContactExport, LeadGroup, LeadImport
from leads.selectors.contacts import ContactSelection, read_choice
from leads.services.standing import own_numbers
from properties.models import Export

KIND = "contacts"
COUNTED_AT_ONCE = 2_000
"""So many contacts are counted while their user waits for the page; more of them by a worker."""

CONTACTS_A_BATCH = 1_000
CONTACTS_A_LOOK = 5_000
LINES_A_CHUNK = 200
LEASE = timedelta(seconds=60)
LONGEST_COUNT = timedelta(seconds=120)
KEPT = timedelta(days=7)
MOST_IMPORTS = 200

Value = TypeVar("Value")
Clock = Callable[[], datetime]


class NothingToExport(Exception):
    """No contact is selected."""


def prepare_export(
    *, user: User, group: LeadGroup, purpose: Purpose, selection: ContactSelection, clock: Clock
) -> ContactExport:
    """Note what a user is about to take away, and count it; large selections are counted by a worker.

    Raises NothingToExport.
    """
    now = clock()
    rows = selection.rows(group, now)
    found = rows.values_list("pk")[: COUNTED_AT_ONCE + 1]
    size = len(found)
    if not size:
        raise NothingToExport
    is_small = size <= COUNTED_AT_ONCE
    export = ContactExport.objects.create(
        user=user,
        lead_group=group,
        purpose=purpose.value,
        label=f"{group.name}: {selection.describe()}"[:200],
        subject={"ids": list(selection.ids)} if selection.ids else {"query": selection.choice.urlencode()},
        due_at=None if is_small else now,
        created_at=now,
    )
    if is_small:
        _count(export, clock)
    return export


def due_export_ids(*, now: datetime, limit: int = 50) -> list[str]:
    """Ids of exports that are to be counted and that no worker holds."""
    due = {"dueAt": {"$lte": now}, "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}]}
    return [
        str(found["_id"]) for found in collection_of(ContactExport).find(due, {"_id": 1}).sort("dueAt", 1).limit(limit)
    ]


def count_export(*, export_id: str, clock: Clock) -> None:
    """Count an export that is due. Killed, it is counted anew under the next lease."""
    now = clock()
    free = {"$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}]}
    found = collection_of(ContactExport).find_one_and_update(
        {"_id": ObjectId(export_id), "dueAt": {"$lte": now}, **free},
        {"$set": {"leaseUntil": now + LEASE}, "$inc": {"attempt": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if found:
        _count(load(ContactExport, found), clock)


def purge_exports(*, now: datetime) -> int:
    """Remove what was prepared long ago; what was downloaded is logged elsewhere."""
    return ContactExport.objects.filter(created_at__lte=now - KEPT).delete()[0]


def _count(export: ContactExport, clock: Clock) -> None:
    """Make the rows, and keep nothing but how many there are."""
    began = clock()
    tally = Tally()
    held = {"_id": export.pk, "attempt": export.attempt}
    is_partial = False

    def hold_on() -> datetime:
        now = clock()
        progress = {"counted": tally.contacts, "leaseUntil": now + LEASE}
        if not collection_of(ContactExport).update_one(held, {"$set": progress}).matched_count:
            raise _LeaseLost
        return now

    def people() -> Iterator[Person]:
        nonlocal is_partial
        for part in _parts(_people(export, began), CONTACTS_A_LOOK):
            yield from part
            if hold_on() - began > LONGEST_COUNT:
                is_partial = True
                return

    try:
        for number, _ in enumerate(_rows(export, people(), tally, zone=UTC, now=began, for_count=True)):
            if number % CONTACTS_A_LOOK == CONTACTS_A_LOOK - 1:
                hold_on()
    except _LeaseLost:
        return
    values = {"counts": tally.as_document(), "counted": tally.contacts, "is_partial": is_partial, "counted_at": clock()}
    over = {"counts": values["counts"], "counted": tally.contacts, "isPartial": is_partial}
    over |= {"countedAt": values["counted_at"], "dueAt": None, "leaseUntil": None}
    if collection_of(ContactExport).update_one(held, {"$set": over}).matched_count:
        for name, value in values.items():
            setattr(export, name, value)


class _LeaseLost(Exception):
    """Another worker counts."""


def start_download(*, export: ContactExport, now: datetime) -> Export:
    """Write down that the user takes this file away."""
    return Export.objects.create(
        user_id=export.user_id,
        kind=KIND,
        label=export.label,
        format="csv",
        columns=[Purpose(export.purpose).label],
        subject={**export.subject, "purpose": export.purpose, "url": _url_of(export)},
        created_at=now,
    )


def _url_of(export: ContactExport) -> str:
    """Where the same is exported again."""
    return f"{reverse('leads:choose-export', args=[export.lead_group_id])}?{export.subject.get('query', '')}".rstrip(
        "?"
    )


def write_file(*, export: ContactExport, log: Export, zone: tzinfo, clock: Clock) -> Iterator[str]:
    """The file, to be sent as it is made; at its end, or where it breaks off, the log says what went out."""
    tally = Tally()
    noted: dict[str, Any] = {}
    now = clock()
    try:
        lines = csv_lines(_rows(export, _people(export, now), tally, zone=zone, now=now))
        yield next(lines)  # the heading at once: letters are sorted before their first row comes
        for chunk in _parts(lines, LINES_A_CHUNK):
            yield "".join(chunk)
        noted["ended_at"] = clock()
    finally:
        Export.objects.filter(pk=log.pk).update(row_count=tally.rows, left_out=tally.as_document(), **noted)


def _rows(
    export: ContactExport,
    people: Iterator[Person],
    tally: Tally,
    *,
    zone: tzinfo,
    now: datetime,
    for_count: bool = False,
) -> Iterator[list[object]]:
    purpose = Purpose(export.purpose)
    if purpose is Purpose.MAIL:
        return mail.rows_per_address(people, tally)
    called = _with_numbers(export.user_id, people, now)
    if purpose is Purpose.NUMBERS:
        return dialers.rows_per_number(called, tally, zone)
    if purpose is Purpose.CRM:
        return crm.rows_per_contact(called, tally, zone, {} if for_count else headers_of(export.lead_group))
    width = dialers.MOST_NUMBERS if for_count or export.is_partial else Tally.of(export.counts).widest
    return dialers.rows_per_person(called, tally, zone, width)


def _people(export: ContactExport, now: datetime) -> Iterator[Person]:
    """The selected contacts by their ids, in batches that are read by the key of the last one."""
    subject = export.subject
    selection = ContactSelection(choice=read_choice(subject.get("query", "")), ids=tuple(subject.get("ids", ())))
    condition = selection.condition(export.lead_group, now)
    contacts = collection_of(Contact)
    after: dict[str, Any] = {}
    while True:
        found = contacts.find({"$and": [condition, after]}, READ).sort("_id", 1).limit(CONTACTS_A_BATCH)
        batch = list(found)
        for document in batch:
            yield person_of(document)
        if len(batch) < CONTACTS_A_BATCH:
            return
        after = {"_id": {"$gt": batch[-1]["_id"]}}


READ = dict.fromkeys(KEYS.values(), 1)
"""What exports read of a contact."""


def _with_numbers(user_id: ObjectId, people: Iterator[Person], now: datetime) -> Iterator[dialers.Called]:
    """Each person with all numbers in the order of calling, and why each may not be called."""
    for some in _parts(people, CONTACTS_A_BATCH):
        barred = own_numbers(user_id, chain.from_iterable(person.numbers for person in some))
        for person in some:
            numbers = arrange(
                person.phones,
                is_litigator=bool(person.is_litigator),
                do_not_call=bool(person.do_not_call),
                dnc_numbers=barred,
                now=now,
            )
            yield person, numbers


def _parts(values: Iterable[Value], size: int) -> Iterator[list[Value]]:
    """Values in lists of a size, each made when it is asked for."""
    source = iter(values)
    while part := list(islice(source, size)):
        yield part


def headers_of(group: LeadGroup) -> dict[str, list[str]]:
    """The original columns of the files that contacts of a list came with, by their imports, the first file first."""
    ids = [ObjectId(each) for each in sorted(group.import_ids)[:MOST_IMPORTS]]
    found = collection_of(LeadImport).find({"_id": {"$in": ids}}, {"table.headers": 1})
    headers = {each["_id"]: (each.get("table") or {}).get("headers", []) for each in found}
    return {str(pk): headers[pk] for pk in ids if pk in headers}

"""Union, intersection and difference of lists: counted first, and made into a new list when the user says so.

The count holds for one version of the user's lists, and so does what is made of it: `ListPart` has the leads.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from bson import ObjectId

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, current_session, insert_missing
from leads.calling import joined
from leads.combining import MARKED, MOST_LISTS, Combiner, Entry, Operation, Overlap, Rule
from leads.imports.rows import Lead
from leads.models import Contact, LeadGroup, ListJob, ListPart
from leads.services import standing, workspaces
from leads.services.imports.plans import contact_id_of
from leads.services.lists.leases import (
    STINT,
    TURN_WAIT,
    Clock,
    State,
    change_state,
    find_job,
    hand_on,
    save_progress,
)
from leads.services.lists.making import make_list
from leads.services.people import COLUMNS, READER, change_identities
from leads.services.traces import count_traceable

# What is counted in one stint of a worker: two minutes.
MOST_CONTACTS = 3_000_000
CONTACTS_READ = 1_000
LEADS_A_PART = 1_000
# Of so many parts the price of a trace is counted exactly, as its quote does; of the rest it is the most it can be.
PARTS_PRICED = 50
# How long a count waits for its user.
WAITS_FOR = timedelta(days=1)

# What is known of a contact: the one that has most is copied.
TRACED_HIT, TRACED, HAS_PHONE, TRACEABLE = 8, 4, 2, 1
FACTS = {"isEnriched": 1, "tracedAt": 1, "phone": 1, "phones.number": 1}
# What holds for a lead when one of its contacts says so, however many there are.
MARKS = ("doNotCall", "doNotMail", "isLitigator", "isDeceased")
COMPARED = {"identityKey": 1, "matchKeys": 1, "placeKeyCount": 1, **FACTS}
COMPARED |= dict.fromkeys((*MARKS, *(key for _, key in COLUMNS)), 1)

# From the least to the most that was reached with somebody; what the user has put away is kept as it is.
STAGES = ["new", "nurture", "dead", "attempting", "talking", "offer_made", "under_contract", "closed"]
# What is marked on contacts of people who are not to be called or written to, and where it stands of the person.
BARRED = {"doNotCall": "doNotCallAt", "doNotMail": "doNotMailAt"}

Document = Mapping[str, Any]


class ListsOutdated(Exception):
    """The lists changed since they were counted: they are being counted again."""


class NothingToCombine(Exception):
    """Fewer than two of the user's lists were chosen, or more than MOST_LISTS, or they are too long together.

    Its text is a sentence for the page.
    """


def start_combining(
    *, user: User, operation: Operation, groups: Sequence[LeadGroup], at_least: int, name: str, now: datetime
) -> ListJob:
    """Begin to count what lists of the user give together; the first one is what others are taken from.

    Raises NothingToCombine.
    """
    chosen = list({group.pk: group for group in groups if group.user_id == user.pk and not group.is_deleted}.values())
    if not 2 <= len(chosen) <= MOST_LISTS:
        raise NothingToCombine(f"Choose from 2 to {MOST_LISTS} of your lists.")
    if sum(group.total_contacts for group in chosen) > MOST_CONTACTS:
        raise NothingToCombine(f"At most {MOST_CONTACTS:,} contacts together. Choose fewer lists, or combine in turns.")
    subject = {
        "operation": operation.value,
        "groups": [str(group.pk) for group in chosen],
        "at_least": max(1, min(at_least, len(chosen))),
    }
    return ListJob.objects.create(
        user=user,
        kind=ListJob.Kind.COMBINE,
        state=State.COUNTING,
        group_name=name,
        subject=subject,
        total=sum(group.total_contacts for group in chosen),
        due_at=now,
        created_at=now,
    )


def make_combined_list(*, user: User, job_id: str, name: str, now: datetime) -> ListJob:
    """Have the list made that the user was shown the count of. Asked twice, it is made once.

    :raises JobNotFound: when the user has no such job
    :raises WrongState: unless it waits for this decision
    :raises ListsOutdated: when lists changed since; they are being counted again
    :raises AnotherImport: while an import of the user is being carried out
    """
    job = find_job(user=user, job_id=job_id)

    def begin() -> None:
        making = {"due_at": now, "lease_until": None, "group_name": name, "done": 0, "total": job.counts["result"]}
        change_state(job, states={State.COUNTED}, state=State.MAKING, **making)
        workspaces.begin_commit(user_id=user.pk, import_id=str(job.pk), version=job.workspace_version)

    try:
        run_txn(begin)
    except workspaces.ListsChanged:
        change_state(job, states={State.COUNTED}, state=State.COUNTING, due_at=now, done=0, group_name=name)
        raise ListsOutdated from None
    return job


def cancel_job(*, user: User, job_id: str, now: datetime) -> ListJob:
    """Let a list that is being counted, or was counted, be; nothing was made. Raises JobNotFound and WrongState."""
    job = find_job(user=user, job_id=job_id)
    change_state(
        job, states={State.COUNTING, State.COUNTED}, state=State.CANCELLED, due_at=None, lease_until=None, ended_at=now
    )
    ListPart.objects.filter(job_id=job.pk).delete()
    return job


def count_lists(job: ListJob, clock: Clock) -> None:
    """Find out which leads the lists give, and write them down in parts. Begun anew it ends the same.

    It waits while an import changes the lists, and begins again when they changed meanwhile. Raises LeaseLost.
    """
    workspace = workspaces.read_workspace(job.user_id)
    if workspace.committing:
        now = clock()
        hand_on(job, now=now, due_at=now + TURN_WAIT)
        return
    groups = [ObjectId(group) for group in job.subject["groups"]]
    live = LeadGroup.objects.filter(pk__in=groups, user_id=job.user_id, is_deleted=False).count()
    if live < len(groups):
        hand_on(
            job,
            now=clock(),
            due_at=None,
            state=State.REFUSED,
            problem="One of these lists was deleted meanwhile. Choose your lists again.",
            ended_at=clock(),
        )
        return
    save_progress(job, now=clock(), workspace_version=workspace.version, done=0)
    with Combiner() as combiner:
        done = 0
        for number, group in enumerate(groups):
            for entries in _entries(group):
                combiner.add(number, entries)
                done += len(entries)
                save_progress(job, now=clock(), done=done)
        combiner.settle(lambda: save_progress(job, now=clock()))
        counts = _write_parts(job, combiner, done, clock)
    if workspaces.read_workspace(job.user_id).version != job.workspace_version:
        now = clock()
        hand_on(job, now=now, due_at=now, done=0)
        return
    now = clock()
    hand_on(job, now=now, due_at=now + WAITS_FOR, state=State.COUNTED, counts=counts)


def end_waiting(job: ListJob, clock: Clock) -> None:
    """End a job whose count nobody decided about within a day. Raises LeaseLost."""
    now = clock()
    hand_on(job, now=now, due_at=None, state=State.CANCELLED, ended_at=now)
    ListPart.objects.filter(job_id=job.pk).delete()


def copy_leads(job: ListJob, clock: Clock) -> None:
    """Copy the leads into a new list, part by part, until it is whole or the stint is over. Raises LeaseLost."""
    began = clock()
    group_id = make_list(job, began)
    parts = collection_of(ListPart)
    copied = job.done
    left = {"jobId": job.pk, "number": {"$gt": -(-copied // LEADS_A_PART)}}
    for part in parts.find(left, batch_size=2).sort("number", 1):
        _copy(job, part["number"], part["leads"], clock())
        copied += len(part["leads"])
        now = clock()
        save_progress(job, now=now, done=copied)
        if now - began >= STINT and copied < job.total:
            hand_on(job, now=now, due_at=now)
            return
    _finish(job, group_id, clock())


def _entries(group: ObjectId) -> Iterator[list[Entry]]:
    contacts = collection_of(Contact).find({"leadsId": group}, COMPARED, batch_size=CONTACTS_READ)
    while batch := [_entry(contact) for contact in islice(contacts, CONTACTS_READ)]:
        yield batch


def _entry(contact: Document) -> Entry:
    """What tells who a contact is, and what is known of it. One without keys is told by its values."""
    identity, count = contact.get("identityKey"), contact.get("placeKeyCount")
    keys = list(contact.get("matchKeys") or ())
    if identity is None or count is None:
        lead = READER.read([str(contact.get(key) or "") for _, key in COLUMNS])
        if isinstance(lead, Lead):
            named = lead.match_keys
            identity, count = identity or lead.identity_key, lead.place_key_count
            keys = [*named, *(key for key in keys if key not in named)]
        else:
            identity, count = identity or f"contact {contact['_id']}", 0
    own = [identity] if count else []
    others = [*keys[count:], *([] if count else [identity])]
    has_phone = bool(contact.get("phone") or contact.get("phones"))
    facts = TRACED_HIT * bool(contact.get("isEnriched")) + TRACED * (contact.get("tracedAt") is not None)
    facts += MARKED * any(contact.get(mark) for mark in MARKS)
    facts += HAS_PHONE * has_phone + TRACEABLE * bool(contact.get("address") or contact.get("mailingAddress"))
    return Entry(str(contact["_id"]), [*own, *keys[:count]], others, facts)


def _write_parts(job: ListJob, combiner: Combiner, contacts: int, clock: Clock) -> dict[str, Any]:
    """Write down which contacts are the leads of the result, and return how many there are of what kind."""
    subject = job.subject
    rule = Rule(Operation(subject["operation"]), len(subject["groups"]), subject["at_least"])
    overlap = Overlap(rule.lists)
    counts = dict.fromkeys(("leads", "result", "with_phone", "traced", "to_trace", "free", "missed", "untraceable"), 0)
    counts["contacts"] = contacts
    leads: list[list[ObjectId]] = []
    # Those who have no phone and were not traced, each with whether there is an address to trace by.
    rest: dict[ObjectId, bool] = {}
    number = 0

    def write() -> None:
        nonlocal number
        number += 1
        now = clock()
        _count_rest(job, rest, counts, now if number <= PARTS_PRICED else None)
        run_txn(partial(_write_part, job, number, leads, now))
        leads.clear()
        rest.clear()

    for lead in combiner.leads():
        counts["leads"] += 1
        overlap.add(lead.mask)
        if not rule.takes(lead.mask):
            continue
        counts["result"] += 1
        counts["with_phone"] += bool(lead.facts & HAS_PHONE)
        counts["traced"] += bool(lead.facts & TRACED)
        leads.append([ObjectId(each) for each in lead.ids])
        if not lead.facts & (HAS_PHONE | TRACED):
            rest[leads[-1][0]] = bool(lead.facts & TRACEABLE)
        if len(leads) == LEADS_A_PART:
            write()
    if leads:
        write()
    ListPart.objects.filter(job_id=job.pk, number__gt=number).delete()
    return {**counts, "overlap": overlap.leads}


def _write_part(job: ListJob, number: int, leads: list[list[ObjectId]], now: datetime) -> None:
    """Write a part down, in the running transaction: none is left by whoever lost the lease. Raises LeaseLost."""
    save_progress(job, now=now)
    part = {"jobId": job.pk, "number": number}
    collection_of(ListPart).replace_one(part, {**part, "leads": leads}, upsert=True, session=current_session())


def _count_rest(job: ListJob, rest: Mapping[ObjectId, bool], counts: dict[str, int], now: datetime | None) -> None:
    """Add up what tracing the rest would be charged for; without `now` all who can be traced count."""
    if now is None:
        counts["to_trace"] += sum(rest.values())
        counts["untraceable"] += len(rest) - sum(rest.values())
    elif rest:
        found = count_traceable(user=job.user, contact_ids=list(rest), now=now)
        counts["to_trace"] += found.units
        counts["free"] += found.yours + found.known_free
        counts["missed"] += found.missed_lately
        counts["untraceable"] += found.untraceable


def _copy(job: ListJob, number: int, leads: list[list[ObjectId]], now: datetime) -> None:
    """Copy the leads of one part. What an earlier worker did of it before it was killed is not done twice."""
    wanted = [each for ids in leads for each in ids]
    contacts = collection_of(Contact)
    found = {each["_id"]: each for each in contacts.find({"_id": {"$in": wanted}, "userId": job.user_id})}
    made = []
    for place, ids in enumerate(leads, start=(number - 1) * LEADS_A_PART + 1):
        if there := [found[each] for each in ids if each in found]:
            made.append({**_merged(there), **_own_values(job, place)})
    insert_missing(Contact, made)
    _mark_people(job.user_id, made, now)
    identities = [document["identityKey"] for document in made if document.get("identityKey")]
    known = standing.known_keys(job.user_id, identities)
    standing.refresh(user_id=job.user_id, identity_keys=known, now=now)


def _mark_people(user_id: ObjectId, made: Sequence[Document], now: datetime) -> None:
    """Let people whom one of their contacts bars be barred as the people that the copies are."""
    marks: dict[str, set[str]] = {}
    for document in made:
        if wanted := {at for mark, at in BARRED.items() if document.get(mark)}:
            marks.setdefault(document.get("identityKey") or "", set()).update(wanted)
    marks.pop("", None)

    def bar(identity: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {at: as_utc(now) for at in marks[identity["key"]] if not identity.get(at)}
        return {**values, "nextTouchOn": None} if "doNotCallAt" in values else values

    if marks:
        change_identities(user_id=user_id, keys=marks, change=bar, now=now)


def _own_values(job: ListJob, place: int) -> dict[str, Any]:
    return {"_id": contact_id_of(job.pk, place), "leadsId": job.lead_group_id, "createdAt": job.created_at}


def _merged(contacts: Sequence[Document]) -> dict[str, Any]:
    """One document for the contacts of a lead: the first one, with what only the others have."""
    document = dict(contacts[0])
    for other in contacts[1:]:
        document["phones"] = joined(document.get("phones") or (), other.get("phones") or (), "number")
        document["emails"] = joined(document.get("emails") or (), other.get("emails") or (), "address")
        keys = [*(document.get("matchKeys") or ()), *(other.get("matchKeys") or ())]
        document["matchKeys"] = list(dict.fromkeys(keys))
        for key, value in other.items():
            if document.get(key) in (None, "", []):
                document[key] = value
        document["isDivorceLead"] = bool(document.get("isDivorceLead") or other.get("isDivorceLead"))
        if _reached(other) > _reached(document):
            document["stage"], document["deadReason"] = other.get("stage"), other.get("deadReason")
        for mark in MARKS:
            document[mark] = document.get(mark) or other.get(mark)
    if document.get("isLitigator"):
        phones = document.get("phones") or []
        document["phones"] = [phone for phone in phones if not phone.get("checkedAt")]
        if document.get("phone") in {phone["number"] for phone in phones if phone.get("checkedAt")}:
            document["phone"] = next((phone["number"] for phone in document["phones"]), None)
    return document


def _reached(contact: Document) -> int:
    stage = contact.get("stage")
    return STAGES.index(stage) if stage in STAGES else 0


def _finish(job: ListJob, group_id: ObjectId, now: datetime) -> None:
    """Count the list, and let the job be done: then others may change the lists."""
    total = collection_of(Contact).count_documents({"leadsId": group_id})

    def finish() -> None:
        LeadGroup.objects.filter(pk=group_id).update(total_contacts=total)
        workspaces.end_commit(user_id=job.user_id, import_id=str(job.pk), to_link=[group_id])
        hand_on(job, now=now, due_at=None, state=State.DONE, ended_at=now)

    run_txn(finish)
    ListPart.objects.filter(job_id=job.pk).delete()

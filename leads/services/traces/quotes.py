"""Counting what a skip trace would ask for, and offering it: the contacts are frozen in batches with the offer."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.conf import settings
from django.urls import reverse
from pymongo.errors import BulkWriteError

from accounts.models import User
from atlas_site.mongodb.documents import DUPLICATE_KEY, collection_of
from credits import selectors as credit_selectors
from credits import services as credit_services
from credits.models import CreditType, Quote
from leads.models import Enrichment, EnrichmentBatch, LeadGroup, RowState
from leads.models.traces import ROWS_A_BATCH
from leads.selectors.traces import MOST_RETRIES, may_be_joined
from leads.services.traces.choice import PRICED, ROWS, Candidate, Choice, Kind, TraceCount
from leads.services.traces.projecting import show_traces
from leads.services.traces.requests import place_of
from properties.services.allowances import free_refreshes_left

KIND = "skiptrace"
MOST_TRACED = 50_000
MOST_COUNTED = 200_000


class NothingToTrace(Exception):
    """No contact of the choice can be charged for. What was bought before has been attached; `count` says why."""

    def __init__(self, count: TraceCount) -> None:
        super().__init__("There is nothing to trace.")
        self.count = count


class TraceNotFound(Exception):
    """The user has no such job."""


def count_traceable(
    *,
    user: User,
    group: LeadGroup | None = None,
    contact_ids: Iterable[Any] | None = None,
    skips_with_phone: bool = False,
    now: datetime,
    most: int = MOST_COUNTED,
) -> TraceCount:
    """Count what a trace would do with the contacts of a list, or with these; nothing is asked, held or changed.

    Counting stops after `most` contacts, and says so.
    """
    count = TraceCount()
    choice = Choice(user, group, _ids(contact_ids), skips_with_phone)
    for _ in choice.walk(now, count):
        if count.total >= most:
            count.is_whole = False
            break
    return count


def quote_trace(
    *,
    user: User,
    group: LeadGroup,
    contact_ids: Iterable[Any] | None = None,
    joins: Enrichment | None = None,
    most: int = MOST_TRACED,
    skips_with_phone: bool = False,
    asks_anew: bool = False,
    retries: int = 0,
    now: datetime,
) -> Quote:
    """Offer to trace the contacts of a list, or those of it with these ids, that are not traced yet.

    At most `most` of them that can be charged, and never more than MOST_TRACED: the rest is for another quote, which
    `joins` the job of this one. `asks_anew` offers to ask again for those alone who are the user's with numbers over 30
    days old. `retries` is how often they have been asked again by then. The contacts are frozen with the offer; nothing
    is asked or held. Raises NothingToTrace.
    """
    count = TraceCount()
    choice = Choice(user, group, _ids(contact_ids), skips_with_phone, asks_anew)
    rows = _rows_of(choice.walk(now, count), max(1, min(most, MOST_TRACED)))
    units = sum("free" not in row for row in rows)
    if not units:
        show_traces(user_id=user.pk, rows=rows, now=now)
        raise NothingToTrace(count)
    joins = joins if joins and may_be_joined(joins, now) else None
    enrichment_id = joins.pk if joins else ObjectId()
    notes = _notes(len(rows) - units, joins, free_refreshes_left(user.pk, now) if asks_anew else None)
    quote = credit_services.make_quote(
        user_id=user.pk,
        kind=KIND,
        title=f"Skip trace {units:,} contact{'' if units == 1 else 's'} {'anew ' * asks_anew}of {group.name}"[:200],
        units={CreditType.SKIPTRACE: units},
        subject={"enrichment": str(enrichment_id), "group": str(group.pk), **_subject_of(choice, rows), "notes": notes},
        accept_view="leads:accept-trace",
        back_url=reverse("leads:show-group", args=[group.pk]),
        source=credit_services.QuoteSource(
            kind="list", id=str(group.pk), label=group.name, url=reverse("leads:show-group", args=[group.pk])
        ),
        now=now,
    )
    _freeze(enrichment_id, quote.pk, rows, retries)
    return quote


def _subject_of(choice: Choice, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is frozen with an offer, and by what the same is offered again."""
    ids = choice.contact_ids
    return {
        "rows": len(rows),
        "batches": -(-len(rows) // ROWS_A_BATCH),
        "contacts_hash": hashlib.sha256("".join(row["contactId"] for row in rows).encode()).hexdigest(),
        "from_copy": sum(row.get("copy", False) for row in rows),
        "free": sum("free" in row for row in rows),
        "skips_with_phone": choice.skips_with_phone,
        "asks_anew": choice.asks_anew,
        "contact_ids": [str(each) for each in ids] if ids is not None else None,
    }


def _notes(free: int, joins: Enrichment | None, free_refreshes: int | None) -> list[str]:
    """What the page of the quote says beside its price. `free_refreshes` is None unless it asks anew."""
    notes = []
    if free_refreshes is not None:
        left = f"free: you have {free_refreshes} of those left this month" if free_refreshes else "charged as well"
        notes.append(
            "These are yours already. Somebody is charged whose numbers changed: one came, went, or is to be called no "
            f"more. Who has not changed is {left}; who is not found is free."
        )
    if free:
        notes.append(f"{free:,} more {'is' if free == 1 else 'are'} yours already and get what was found then, free.")
    if joins:
        notes.append("It joins the skip trace that you have begun: one page and one mail for both.")
    return notes


def quote_what_fits(*, user: User, quote_id: str, now: datetime) -> Quote:
    """Offer as much of an earlier offer as the user's credits pay for: its first contacts. The rest can join later.

    Raises Quote.DoesNotExist, and NothingToTrace when not even one fits or all is traced by now.
    """
    quote = Quote.objects.get(pk=quote_id, user_id=user.pk, kind=KIND)
    fits = credit_selectors.fitting_units(quote.lines, credit_selectors.header_balance(user))
    most = fits.get(CreditType.SKIPTRACE, 0)
    if not most:
        raise NothingToTrace(TraceCount())
    return _offer_again(user, quote, most, _job_to_join(user, quote), now)


def quote_rest(*, user: User, enrichment_id: Any, now: datetime) -> Quote:
    """Offer what a job left out of the choice that it was made for; accepted, it joins that job.

    Raises TraceNotFound, and NothingToTrace when nothing is left.
    """
    job = find_job(user, enrichment_id)
    quote = Quote.objects.get(pk=job.quote_ids[0], user_id=user.pk)
    return _offer_again(user, quote, MOST_TRACED, job, now)


def quote_failed(*, user: User, job: Enrichment, now: datetime) -> Quote:
    """Offer the contacts of batches that failed, whose credits came back, once more. Raises NothingToTrace."""
    query = {"enrichmentId": job.pk, **may_be_retried()}
    batches = list(collection_of(EnrichmentBatch).find(query, {"rows": 1, "metadata": 1}).sort("batchNumber", 1))
    ids = [
        row["contactId"]
        for batch in batches
        for row in batch["rows"]
        if row["state"] == RowState.ERROR and not row.get("again")
    ]
    retries = 1 + max(((batch["metadata"] or {}).get("retries", 0) for batch in batches), default=0)
    first = Quote.objects.get(pk=job.quote_ids[0], user_id=user.pk)
    return quote_trace(
        user=user,
        group=_group_of(job),
        contact_ids=ids,
        joins=job,
        asks_anew=first.subject.get("asks_anew", False),
        retries=retries,
        now=now,
    )


def may_be_retried() -> dict[str, Any]:
    """The query of failed batches that may be asked again, which costs what the vendor bills for faults."""
    return {"phase": EnrichmentBatch.Phase.FAILED.value, "metadata.retries": {"$not": {"$gte": MOST_RETRIES}}}


def find_job(user: User, enrichment_id: Any) -> Enrichment:
    """The user's job of this id. Raises TraceNotFound, for another user's too."""
    if not ObjectId.is_valid(str(enrichment_id)):
        raise TraceNotFound(enrichment_id)
    found = Enrichment.objects.filter(pk=ObjectId(str(enrichment_id)), user_id=user.pk).first()
    if found is None or not found.phase:
        raise TraceNotFound(enrichment_id)
    return found


def _offer_again(user: User, quote: Quote, most: int, joins: Enrichment | None, now: datetime) -> Quote:
    subject = quote.subject
    group = LeadGroup.objects.filter(pk=ObjectId(subject["group"]), user_id=user.pk, is_deleted=False).first()
    if group is None:
        raise NothingToTrace(TraceCount())
    return quote_trace(
        user=user,
        group=group,
        contact_ids=subject.get("contact_ids"),
        joins=joins,
        most=most,
        skips_with_phone=subject.get("skips_with_phone", False),
        asks_anew=subject.get("asks_anew", False),
        now=now,
    )


def _job_to_join(user: User, quote: Quote) -> Enrichment | None:
    return Enrichment.objects.filter(pk=ObjectId(quote.subject["enrichment"]), user_id=user.pk).first()


def _group_of(job: Enrichment) -> LeadGroup:
    group = LeadGroup.objects.filter(pk=job.lead_group_id, is_deleted=False).first()
    if group is None:
        raise NothingToTrace(TraceCount())
    return group


def _ids(contact_ids: Iterable[Any] | None) -> list[ObjectId] | None:
    if contact_ids is None:
        return None
    return [ObjectId(str(each)) for each in contact_ids if ObjectId.is_valid(str(each))]


def _rows_of(candidates: Iterable[Candidate], most: int) -> list[dict[str, Any]]:
    """The rows of a job: contacts that can be charged, up to `most`, and those before them that get what is theirs."""
    rows: list[dict[str, Any]] = []
    units = 0
    for candidate in candidates:
        if candidate.kind not in ROWS:
            continue
        if candidate.kind in PRICED:
            if units == most:
                break
            units += 1
        row: dict[str, Any] = {
            "contactId": str(candidate.contact["_id"]),
            "key": candidate.key,
            "traceKey": candidate.trace_key,
            "person": candidate.person,
            "place": place_of(candidate.contact),
            "state": RowState.QUEUED.value,
        }
        if candidate.kind == Kind.COPY:
            row["copy"] = True
        elif candidate.kind == Kind.ATTACH:
            row["free"] = True
        elif candidate.is_anew:
            row["anew"] = True
        elif candidate.renews:
            row["renews"] = candidate.renews
        rows.append(row)
    return rows


def _freeze(enrichment_id: ObjectId, quote_id: str, rows: Sequence[dict[str, Any]], retries: int) -> None:
    """Keep the rows in batches that nobody works on before the offer is accepted."""
    batches = collection_of(EnrichmentBatch)
    made = [
        {
            "_id": ObjectId(),
            "enrichmentId": enrichment_id,
            "quoteId": quote_id,
            "totalContacts": len(some),
            "status": EnrichmentBatch.Status.PENDING.value,
            "phase": None,
            "enrichedCount": 0,
            "skippedCount": 0,
            "metadata": {"retries": retries} if retries else {},
            "rows": some,
            "counts": dict(Counter(row["state"] for row in some)),
            "spent": 0,
            "attempt": 0,
            "failures": 0,
            "dueAt": None,
            "leaseUntil": None,
            "problem": "",
        }
        for some in (rows[start : start + ROWS_A_BATCH] for start in range(0, len(rows), ROWS_A_BATCH))
    ]
    while True:
        last = batches.find_one({"enrichmentId": enrichment_id}, {"batchNumber": 1}, sort=[("batchNumber", -1)])
        first = last["batchNumber"] + 1 if last else 1
        try:
            batches.insert_many([{**each, "batchNumber": first + number} for number, each in enumerate(made)])
            return
        except BulkWriteError as error:
            if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise
            # Another offer for the same job took these numbers meanwhile.
            batches.delete_many({"_id": {"$in": [each["_id"] for each in made]}})


def drop_unaccepted(*, now: datetime, limit: int = 1_000) -> int:
    """Remove the batches of offers that ended unaccepted, and return how many they were."""
    batches = collection_of(EnrichmentBatch)
    waiting = {"status": EnrichmentBatch.Status.PENDING.value, "dueAt": None, "phase": None, "quoteId": {"$gt": ""}}
    old = ObjectId.from_datetime(now - settings.QUOTE_LIFE * 2)
    found = list(batches.find({**waiting, "_id": {"$lt": old}}, {"quoteId": 1}).limit(limit))
    quote_ids = {batch["quoteId"] for batch in found}
    accepted = [Quote.Status.ACCEPTED, Quote.Status.SETTLED]
    live = set(Quote.objects.filter(pk__in=quote_ids, status__in=accepted).values_list("pk", flat=True))
    ids = [batch["_id"] for batch in found if batch["quoteId"] not in live]
    return batches.delete_many({"_id": {"$in": ids}, "phase": None}).deleted_count if ids else 0

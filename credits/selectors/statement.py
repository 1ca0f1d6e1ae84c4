"""Reads of the ledger: pages of the statement, one entry, and whatever of it is taken away as a file."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of, load
from credits.models import Bucket, Credit, CreditLog, CreditType, Quote
from credits.references import Cause, cause_of
from credits.selectors.balances import wallet_of

STATEMENT_PAGE = 25
EXPORT_BATCH = 1000
HELD = "held"
# What a filter by bucket looks for: entries that changed this balance.
BUCKET_CHANGES = {
    Bucket.SUBSCRIPTION.value: "subscriptionChange",
    Bucket.PURCHASED.value: "purchasedChange",
    HELD: "reservedChange",
}

CHANGED = {"$nin": [0, None]}

Document = Mapping[str, Any]


@dataclass(frozen=True)
class StatementFilter:
    """Which entries of a statement are wanted; days are whole ones of the reader's time zone, both included."""

    kind: str = ""
    credit_type: str = ""
    bucket: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.params())

    def params(self) -> dict[str, str]:
        """The filter as parameters of an address, without what is not asked for."""
        values = {
            "kind": self.kind,
            "type": self.credit_type,
            "bucket": self.bucket,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "text": self.text,
        }
        return {name: value for name, value in values.items() if value}

    def urlencode(self) -> str:
        """The query string that pages and exports link by."""
        return urlencode(self.params())

    def match(self) -> dict[str, Any]:
        """The filter as a condition of MongoDB on entries."""
        match: dict[str, Any] = {}
        if self.kind:
            match["kind"] = self.kind
        if self.credit_type:
            match[f"byType.{self.credit_type}"] = CHANGED
        if self.bucket:
            match[BUCKET_CHANGES[self.bucket]] = CHANGED
        moments = {}
        if self.since:
            moments["$gte"] = start_of_day(self.since)
        if self.until and self.until < date.max:
            moments["$lt"] = start_of_day(self.until + timedelta(days=1))
        if moments:
            match["timestamp"] = moments
        if self.text:
            match["reason"] = {"$regex": re.escape(self.text), "$options": "i"}
        return match


EVERYTHING = StatementFilter()


@dataclass(frozen=True)
class StatementLine:
    """One entry as its owner reads it; `balance` is what could be spent after it."""

    sequence: int
    at: datetime
    kind: str
    label: str
    reason: str
    cause: Cause | None
    change: int
    held: int
    charged: int
    balance: int


@dataclass(frozen=True)
class Statement:
    """A page of entries, newest first. `older` and `newer` are the `before` of the pages beside it, None at an end.

    `total` counts all entries of the wallet, whatever the filter.
    """

    lines: tuple[StatementLine, ...]
    total: int
    older: int | None
    newer: int | None


def statement_page(*, wallet: Credit, before: int | None = None, only: StatementFilter = EVERYTHING) -> Statement:
    """Return the page of the wallet's statement with the entries numbered below `before`."""
    last = wallet.sequence + 1
    top = min(before or last, last)
    found = _read(statement_pipeline(wallet.pk, only, below=top, limit=STATEMENT_PAGE + 1))
    lines = statement_lines(found[:STATEMENT_PAGE])
    return Statement(
        lines=lines,
        total=wallet.sequence,
        older=lines[-1].sequence if len(found) > STATEMENT_PAGE else None,
        newer=_newer(wallet, only, top) if top < last else None,
    )


def _newer(wallet: Credit, only: StatementFilter, top: int) -> int | None:
    """The `before` of the page that ends right above `top`; numbers have no gaps, so without a filter it is known."""
    if not only:
        return min(top + STATEMENT_PAGE, wallet.sequence + 1)
    match = {"creditId": wallet.pk, **only.match(), "sequence": {"$gte": top}}
    above = _read([{"$match": match}, {"$sort": {"sequence": 1}}, {"$limit": STATEMENT_PAGE}])
    return (above[-1].sequence or 0) + 1 if above else None


def statement_pipeline(
    wallet_id: ObjectId, only: StatementFilter, *, below: int, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return the question for the entries of a wallet that fit the filter and are numbered below, newest first."""
    match = {"creditId": wallet_id, **only.match(), "sequence": {"$gte": 1, "$lt": below}}
    pipeline: list[dict[str, Any]] = [{"$match": match}, {"$sort": {"sequence": -1}}]
    return [*pipeline, {"$limit": limit}] if limit else pipeline


def _read(pipeline: list[dict[str, Any]]) -> list[CreditLog]:
    return [load(CreditLog, entry) for entry in collection_of(CreditLog).aggregate(pipeline)]


def statement_lines(entries: Iterable[CreditLog]) -> tuple[StatementLine, ...]:
    """Return entries as their owner reads them, each with what caused it."""
    listed = list(entries)
    causes = _causes(listed)
    return tuple(
        StatementLine(
            sequence=entry.sequence or 0,
            at=entry.timestamp,
            kind=entry.kind,
            label=entry.get_kind_display(),
            reason=entry.reason,
            cause=causes.get((entry.reference_kind, entry.reference_id)),
            change=entry.change_amount,
            held=entry.reserved_after,
            charged=-entry.reserved_change if entry.kind == CreditLog.Kind.CAPTURE else 0,
            balance=entry.credit_after,
        )
        for entry in listed
    )


def _causes(entries: Iterable[CreditLog]) -> dict[tuple[str | None, str | None], Cause | None]:
    """What the entries are linked to, by reference: a quote is a receipt once it is settled."""
    references = {(entry.reference_kind, entry.reference_id) for entry in entries}
    quote_ids = [reference_id for kind, reference_id in references if kind == "quote"]
    statuses = dict(Quote.objects.filter(pk__in=quote_ids).values_list("pk", "status")) if quote_ids else {}
    return {
        (kind, reference_id): (
            _cause_of_quote(reference_id, statuses) if kind == "quote" else cause_of(kind, reference_id)
        )
        for kind, reference_id in references
    }


def _cause_of_quote(quote_id: str | None, statuses: Mapping[str, str]) -> Cause | None:
    if quote_id is None or quote_id not in statuses:
        return None
    label = "Receipt" if statuses[quote_id] == Quote.Status.SETTLED else "Quote"
    return Cause(label, reverse("credits:show-quote", args=[quote_id]))


# ---------------------------------------------------------------- one entry


@dataclass(frozen=True)
class BalanceChange:
    """A balance before and after an entry, in credits."""

    label: str
    before: int
    change: int
    after: int


@dataclass(frozen=True)
class EntryPage:
    """One entry with everything that is known of it. `older` and `newer` are the numbers beside it, None at an end."""

    entry: CreditLog
    line: StatementLine
    balances: tuple[BalanceChange, ...]
    by_type: tuple[tuple[str, int], ...]
    actor: str
    corrected_by: tuple[int, ...]
    older: int | None
    newer: int | None


def entry_page(*, user: User, sequence: int) -> EntryPage:
    """Return an entry of this user's ledger by its number. Raises CreditLog.DoesNotExist."""
    wallet = wallet_of(user)
    entry = CreditLog.objects.get(credit_id=wallet.pk, sequence=sequence)
    corrections = CreditLog.objects.filter(reference_kind="entry", reference_id=entry.key, credit_id=wallet.pk)
    changes = (
        ("Available", entry.change_amount, entry.credit_after),
        ("Subscription credits", entry.subscription_change, entry.subscription_after),
        ("Purchased credits", entry.purchased_change, entry.purchased_after),
        ("Held", entry.reserved_change, entry.reserved_after),
        ("Owed", entry.debt_change, entry.debt_after),
    )
    return EntryPage(
        entry=entry,
        line=statement_lines([entry])[0],
        balances=tuple(BalanceChange(label, after - change, change, after) for label, change, after in changes),
        by_type=tuple((CreditType(name).label, amount) for name, amount in entry.by_type.items()),
        actor=_actor_in_words(entry.actor, user),
        corrected_by=tuple(sorted(number or 0 for number in corrections.values_list("sequence", flat=True))),
        older=sequence - 1 if sequence > 1 else None,
        newer=sequence + 1 if sequence < wallet.sequence else None,
    )


def _actor_in_words(actor: str, user: User) -> str:
    if actor == f"user:{user.pk}":
        return "you"
    return "Atlas, by itself" if actor == "system" else actor


def debt_paid_by(*, user: User, references: Iterable[tuple[str, str]]) -> int:
    """Return how many credits that came in for these causes paid a debt, and so never reached a bucket."""
    either = Q()
    for kind, reference_id in references:
        either |= Q(reference_kind=kind, reference_id=reference_id)
    came_in = [CreditLog.Kind.GRANT, CreditLog.Kind.RESET]
    entries = CreditLog.objects.filter(either, credit_id=wallet_of(user).pk, kind__in=came_in)
    return -sum(entries.values_list("debt_change", flat=True))


# ---------------------------------------------------------------- what is taken away


def statement_entries(*, wallet: Credit, only: StatementFilter) -> Iterator[Document]:
    """Return the entries that fit the filter as they are stored, newest first; they are read batch by batch.

    Entries that are written after the wallet was read are not among them.
    """
    pipeline = statement_pipeline(wallet.pk, only, below=wallet.sequence + 1)
    return collection_of(CreditLog).aggregate(pipeline, batchSize=EXPORT_BATCH)


def ledger_entries(*, wallet: Credit) -> Iterator[Document]:
    """Return the numbered entries of a wallet up to its last one as it was read, as they are stored, oldest first."""
    return collection_of(CreditLog).aggregate(ledger_pipeline(wallet.pk, last=wallet.sequence), batchSize=EXPORT_BATCH)


def ledger_pipeline(wallet_id: ObjectId, *, last: int) -> list[dict[str, Any]]:
    """Return the question for all numbered entries of a wallet up to the last one, oldest first."""
    match = {"creditId": wallet_id, "sequence": {"$gte": 1, "$lte": last}}
    return [{"$match": match}, {"$sort": {"sequence": 1}}]


def start_of_day(day: date) -> datetime:
    """Return the first moment of a day in the reader's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_current_timezone())

"""Chargebee's books against ours, both ways, every night.

Chargebee takes so few calls a minute that a comparison of many customers takes hours. So it is a run, a document that
knows how far it has come, and is carried on in turns that are shorter than a task may be. A refusal ends a turn and
never a run: the next turn goes on where the last one stood, whoever makes it and whatever became of the last one.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from bson import ObjectId
from celery.exceptions import SoftTimeLimitExceeded
from pymongo import ReturnDocument

from atlas_site.mongodb.documents import as_utc, collection_of, load
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.objects import Event
from atlas_site.vendors.errors import VendorUnavailable
from billing.entitlement.money import moment_of_version
from billing.models import Billing, BillingDifference, PaymentTransaction, ReconciliationRun, WebhookEvent
from billing.services.differences import BEGINNING, UNKNOWN_CUSTOMER, compare_customer
from billing.services.events import API_VERSION, BadEvent, customer_of, receive_event

__all__ = ["BEGINNING", "Report", "begin_reconciliation", "continue_reconciliation", "reconcile"]

logger = logging.getLogger(__name__)

Step = ReconciliationRun.Step

# Longer than any dunning runs, and than Chargebee tries to deliver an event.
WINDOW = timedelta(days=40)
TURN = timedelta(seconds=150)
# Longer than a task may run: TURN, and the last customer of it.
LEASE = timedelta(minutes=5)
# Chargebee counts calls by the minute.
WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
# So often a customer is asked for before the others get their turn.
MOST_FAILURES = 3
# Entries of a list after which is noted how far it was read: one page.
BATCH = 100
# A list is in the order of its changes; the versions that tell of them may be a little off.
OVERLAP = timedelta(minutes=10)
TOO_MANY_CALLS = 429


@dataclass
class Report:
    """What a comparison came to.

    `mended` are the keys of ledger entries that were missing, `opened` and `closed` the ids of differences that came
    and went, `open_now` all that stand open, with their details. `unread` are customers that could not be compared.
    """

    since: datetime
    customers: int = 0
    events_stored: int = 0
    mended: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    open_now: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether both books agree, as far as they could be read."""
        return not (self.open_now or self.unread)


def begin_reconciliation(*, now: datetime) -> ObjectId:
    """Begin the comparison of all that changed within 40 days, and return its id.

    One that is still open is carried on instead: begun anew each night, the last customers would never have a turn.
    """
    run = ReconciliationRun.objects.filter(finished_at=None).order_by("next_turn_at").first()
    if run is not None:
        logger.warning("The comparison of %s is not finished yet, so that no other begins.", run.started_at)
        return run.pk
    return ReconciliationRun.objects.create(started_at=now, since=now - WINDOW, next_turn_at=now).pk


def continue_reconciliation(*, now: datetime, pause_seconds: float = 0) -> bool:
    """Make one turn of the open comparison that waited longest, and say whether there was one.

    A pause after each customer leaves room for the calls of others. Raises VendorError where a list of Chargebee's is
    refused for good; the comparison stays open and is tried again.
    """
    run = _take(now)
    if run is None:
        return False
    wait = _make_turn(run, now, pause_seconds)
    if wait is not None:
        _save(run, next_turn_at=now + wait)
    return True


def reconcile(*, now: datetime, since: datetime | None = None, sleep: Callable[[float], object] = time.sleep) -> Report:
    """Compare all that has changed at Chargebee since a moment with our books, to the end, and return what was found.

    Without `since` the last 40 days are compared; BEGINNING is everything. Customers with payments of that time, and
    those with open differences, are asked for whether or not Chargebee tells of a change. While Chargebee does not
    answer this sleeps, so many seconds. Raises VendorError where a list is refused for good; should this process end
    before, the sweeps carry the comparison on.
    """
    moment = now
    run = ReconciliationRun.objects.create(started_at=now, since=since or now - WINDOW, next_turn_at=now + LEASE)
    while True:
        begin = time.monotonic()
        wait = _make_turn(run, moment, pause_seconds=0)
        if wait is None:
            return _report(run)
        moment += timedelta(seconds=time.monotonic() - begin) + wait
        _save(run, next_turn_at=moment + LEASE)
        sleep(wait.total_seconds())


def _report(run: ReconciliationRun) -> Report:
    standing = BillingDifference.objects.filter(closed_at=None).order_by("found_at", "id")
    return Report(
        since=run.since,
        customers=run.compared,
        events_stored=run.events_stored,
        mended=run.mended,
        opened=run.opened,
        closed=run.closed,
        open_now={difference.pk: difference.detail for difference in standing},
        unread=run.unread,
    )


# ---------------------------------------------------------------- turns


def _take(now: datetime) -> ReconciliationRun | None:
    """Return the open run that waited longest, which is then nobody else's for LEASE."""
    found = collection_of(ReconciliationRun).find_one_and_update(
        {"finishedAt": None, "nextTurnAt": {"$lte": as_utc(now)}},
        {"$set": {"nextTurnAt": as_utc(now + LEASE)}},
        sort=[("nextTurnAt", 1)],
        return_document=ReturnDocument.AFTER,
    )
    return load(ReconciliationRun, found) if found else None


def _make_turn(run: ReconciliationRun, now: datetime, pause_seconds: float) -> timedelta | None:
    """Carry a run on until TURN is over, and return how long to wait before the next turn, None at the end."""
    begin = time.monotonic()
    try:
        for _ in _progress(run, now):
            if time.monotonic() - begin > TURN.total_seconds():
                return timedelta(0)
            time.sleep(pause_seconds)
    except VendorUnavailable as error:
        asked = timedelta(seconds=error.retry_after_seconds) if error.retry_after_seconds else WAIT
        logger.warning("The comparison goes on in %s: %s", min(asked, LONGEST_WAIT), error)
        return min(asked, LONGEST_WAIT)
    _save(run, finished_at=now, next_turn_at=None, customer_ids=[])
    if run.opened:
        logger.error("Chargebee's books and ours differ: %s", ", ".join(run.opened[:20]))
    if run.unread:
        logger.error("Customers could not be compared: %s", ", ".join(run.unread[:20]))
    return None


def _progress(run: ReconciliationRun, now: datetime) -> Iterator[None]:
    """Go through what is left of a run, and yield whenever a part of it is done and noted."""
    for name in LISTS:
        if run.step == name:
            yield from _walk(run, now)
    if run.step == Step.OURS:
        ours = {*_payers(run.since), *_customers_in_time(run.since), *_customers_with_differences(), *_unread_last(now)}
        _save(run, step=Step.CUSTOMERS, push={"customer_ids": sorted(ours - set(run.customer_ids))})
        yield
    for customer_id in sorted(run.customer_ids):
        if customer_id > run.last_customer_id:
            _compare(run, customer_id, now)
            yield


def _save(run: ReconciliationRun, *, push: Mapping[str, list[str]] | None = None, **values: Any) -> None:
    """Note how far a run has come: values are set, and `push` is added to lists."""
    column = {one.name: one.column for one in ReconciliationRun._meta.concrete_fields}
    for name, value in values.items():
        setattr(run, name, value)
    added = {name: items for name, items in (push or {}).items() if items}
    for name, items in added.items():
        getattr(run, name).extend(items)
    change: dict[str, Any] = {"$set": {column[name]: value for name, value in values.items()}}
    if added:
        change["$push"] = {column[name]: {"$each": items} for name, items in added.items()}
    collection_of(ReconciliationRun).find_one_and_update({"_id": run.pk}, change, {"_id": 1})


def _compare(run: ReconciliationRun, customer_id: str, now: datetime) -> None:
    """Compare one customer, and note it, or that it could not be read: no customer keeps the others from it.

    Raises VendorUnavailable where the others would not be answered either, as it seems.
    """
    unread: list[str] = []
    mended: list[str] = []
    opened: list[str] = []
    closed: list[str] = []
    try:
        compared = compare_customer(customer_id=customer_id, now=now)
        mended, opened, closed = compared.mended, compared.opened, compared.closed
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        if isinstance(error, VendorUnavailable):
            is_of_this_one = error.status != TOO_MANY_CALLS
            _save(run, failures=run.failures + is_of_this_one)
            if run.failures < MOST_FAILURES:
                raise
        logger.exception("Customer %s could not be compared.", customer_id)
        unread = [customer_id]
    found = {"mended": mended, "opened": opened, "closed": closed, "unread": unread}
    _save(run, last_customer_id=customer_id, failures=0, compared=run.compared + 1, push=found)


# ---------------------------------------------------------------- what changed at Chargebee


def _walk(run: ReconciliationRun, now: datetime) -> Iterator[None]:
    """Read what is left of the list of this step, note its customers, and go on to the next step."""
    read, moment_of = LISTS[run.step]
    entries = iter(read(max(run.since, run.walked_to - OVERLAP) if run.walked_to else run.since))
    known = set(run.customer_ids)
    is_whole = False
    while not is_whole:
        batch = list(islice(entries, BATCH))
        is_whole = len(batch) < BATCH
        if run.step == Step.EVENTS:
            found = _store_missed(run, batch, now)
        else:
            found = {entry.customer_id for entry in batch}
        new = sorted(filter(None, found - known))
        known |= set(new)
        if is_whole:
            following = Step.values[Step.values.index(run.step) + 1]
            _save(run, step=following, walked_to=None, push={"customer_ids": new})
        else:
            moments = [moment for moment in map(moment_of, batch) if moment]
            walked_to = as_utc(max([*moments, run.walked_to or run.since]))
            _save(run, walked_to=walked_to, push={"customer_ids": new})
        yield


def _store_missed(run: ReconciliationRun, events: list[Event], now: datetime) -> set[str | None]:
    """Store the events that never arrived, and return whose they are."""
    known = set(WebhookEvent.objects.filter(pk__in=[event.id for event in events]).values_list("pk", flat=True))
    missed = [event for event in events if event.id not in known]
    stored = sum(_store(event, now) for event in missed)
    _save(run, events_stored=run.events_stored + stored)
    return {customer_of(event.content) for event in missed}


def _store(event: Event, now: datetime) -> bool:
    body = {
        "id": event.id,
        "event_type": event.event_type,
        "occurred_at": int(event.occurred_at.timestamp()),
        "api_version": API_VERSION,
        "object": "event",
        "content": event.content,
    }
    try:
        return receive_event(body=json.dumps(body).encode(), now=now).is_new
    except BadEvent as error:
        logger.warning("An event of Chargebee's list was refused: %s", error)
        return False


def _changed_at(resource: Any) -> datetime | None:
    return moment_of_version(resource.resource_version)


# Of each step that reads a list: its entries since a moment, the longest unchanged first, and the moment of one.
LISTS: Mapping[str, tuple[Callable[[datetime], Iterable[Any]], Callable[[Any], datetime | None]]] = {
    Step.EVENTS: (chargebee.events_since, lambda event: event.occurred_at),
    Step.INVOICES: (chargebee.invoices_updated_since, _changed_at),
    Step.TRANSACTIONS: (chargebee.transactions_updated_since, _changed_at),
    Step.SUBSCRIPTIONS: (chargebee.subscriptions_updated_since, _changed_at),
}


# ---------------------------------------------------------------- whom Atlas knows of


def _payers(since: datetime) -> Iterator[str]:
    """Yield the customers of whom the payment history says since then that they paid, or got money back."""
    payments = PaymentTransaction.objects.filter(transaction_date__gte=since)
    yield from _customer_ids(payments.values_list("user_id", flat=True).distinct())


def _customers_in_time(since: datetime) -> Iterator[str]:
    """Yield the customers to whom time alone brings something: their last payment may be a year ago."""
    yield from _customer_ids(Billing.objects.filter(next_effect_at__gte=since).values_list("user_id", flat=True))


def _customers_with_differences() -> Iterator[str]:
    """Yield the customers of open differences, so that those that are gone can be closed."""
    standing = BillingDifference.objects.filter(closed_at=None)
    for difference in standing.filter(kind=UNKNOWN_CUSTOMER):
        yield difference.pk.partition(":")[2]
    yield from _customer_ids(standing.exclude(user_id=None).values_list("user_id", flat=True))


def _unread_last(now: datetime) -> list[str]:
    """Return the customers that the comparison before this one could not read."""
    last = ReconciliationRun.objects.filter(finished_at__lte=now).order_by("-finished_at").first()
    return last.unread if last else []


def _customer_ids(user_ids: Iterable[ObjectId]) -> Iterator[str]:
    wanted = iter(set(user_ids))
    while batch := list(islice(wanted, BATCH)):
        named = dict(Billing.objects.filter(user_id__in=batch).values_list("user_id", "chargebee_customer_id"))
        for user_id in batch:
            yield named.get(user_id) or str(user_id)

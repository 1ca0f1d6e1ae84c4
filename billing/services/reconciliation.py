"""Chargebee's books against ours, both ways, every night: mended where it is safe, listed where a person must decide.

Safe is what a look at a customer's account does anyway: credits that were paid for and are missing, payments and state
that are out of date, events that never arrived. Whatever is left is a difference, open until it is gone.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.documents import as_utc, collection_of
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.objects import Event
from atlas_site.vendors.errors import VendorError
from billing.entitlement import Effect, Problem, derive
from billing.entitlement.money import moment_of_version
from billing.models import Billing, BillingDifference, Offer, PaymentTransaction, WebhookEvent
from billing.services.events import API_VERSION, BadEvent, process_due_events, receive_event
from billing.services.sync import GRANTS, SyncResult, UnknownCustomer, granted_by, sync_customer
from credits.models import Credit, CreditLog

logger = logging.getLogger(__name__)

# Longer than any dunning runs, and than Chargebee tries to deliver an event.
WINDOW = timedelta(days=40)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
UNKNOWN_CUSTOMER = "unknown_customer"
BATCH = 500


@dataclass
class Report:
    """What a comparison came to.

    `mended` are the keys of ledger entries that were missing, `opened` and `closed` the ids of differences that came
    and went, `open_now` all that stand open, with their details. `unread` are customers that could not be asked for.
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


def reconcile(*, now: datetime, since: datetime | None = None) -> Report:
    """Compare all that has changed at Chargebee since a moment with our books, and return what was found.

    Without `since` the last 40 days are compared; BEGINNING is everything. Customers with credits from payments of that
    time, and those with open differences, are asked for whether or not Chargebee tells of a change. Raises VendorError
    where the lists themselves cannot be read; a single customer that cannot be is listed in the report.
    """
    since = since or now - WINDOW
    report = Report(since=since)
    report.events_stored = _store_missed_events(since, now)
    process_due_events(now=now)
    customer_ids = {*_changed_customers(since), *_granted_customers(since), *_customers_with_differences()}
    for customer_id in sorted(customer_ids):
        report.customers += 1
        try:
            _compare(customer_id, report, now)
        except VendorError:
            logger.warning("Customer %s could not be compared.", customer_id, exc_info=True)
            report.unread.append(customer_id)
    standing = BillingDifference.objects.filter(closed_at=None).order_by("found_at", "id")
    report.open_now = {difference.pk: difference.detail for difference in standing}
    if report.opened:
        logger.error("Chargebee's books and ours differ: %s", ", ".join(report.opened[:20]))
    return report


# ---------------------------------------------------------------- events


def _store_missed_events(since: datetime, now: datetime) -> int:
    """Store the events that Chargebee has and that never arrived, and return how many those were."""
    stored = 0
    batch: list[Event] = []
    for event in chargebee.events_since(since):
        batch.append(event)
        if len(batch) == BATCH:
            stored += _store_unknown(batch, now)
            batch = []
    return stored + _store_unknown(batch, now)


def _store_unknown(events: list[Event], now: datetime) -> int:
    known = set(WebhookEvent.objects.filter(pk__in=[event.id for event in events]).values_list("pk", flat=True))
    stored = 0
    for event in events:
        if event.id in known:
            continue
        body = {
            "id": event.id,
            "event_type": event.event_type,
            "occurred_at": int(event.occurred_at.timestamp()),
            "api_version": API_VERSION,
            "object": "event",
            "content": event.content,
        }
        try:
            stored += receive_event(body=json.dumps(body).encode(), now=now).is_new
        except BadEvent as error:
            logger.warning("An event of Chargebee's list was refused: %s", error)
    return stored


# ---------------------------------------------------------------- whom to look at


def _changed_customers(since: datetime) -> Iterator[str]:
    """Yield the customers of all invoices, transactions and subscriptions that changed."""
    changed = chain(
        (invoice.customer_id for invoice in chargebee.invoices_updated_since(since)),
        (transaction.customer_id for transaction in chargebee.transactions_updated_since(since)),
        (subscription.customer_id for subscription in chargebee.subscriptions_updated_since(since)),
    )
    yield from filter(None, changed)


def _granted_customers(since: datetime) -> Iterator[str]:
    """Yield the customers whose ledger says since then that a payment brought something."""
    entries = collection_of(CreditLog).find(
        {"referenceKind": {"$in": ["invoice", "period", "refund"]}, "timestamp": {"$gte": as_utc(since)}},
        {"creditId": 1},
    )
    wallet_ids = list({entry["creditId"] for entry in entries})
    for start in range(0, len(wallet_ids), BATCH):
        wallets = Credit.objects.filter(pk__in=wallet_ids[start : start + BATCH])
        yield from _customer_ids(wallets.values_list("user_id", flat=True))


def _customers_with_differences() -> Iterator[str]:
    """Yield the customers of open differences, so that those that are gone can be closed."""
    standing = BillingDifference.objects.filter(closed_at=None)
    for difference in standing.filter(kind=UNKNOWN_CUSTOMER):
        yield difference.pk.partition(":")[2]
    yield from _customer_ids(standing.exclude(user_id=None).values_list("user_id", flat=True))


def _customer_ids(user_ids: Iterable[ObjectId]) -> Iterator[str]:
    wanted = set(user_ids)
    named = dict(Billing.objects.filter(user_id__in=wanted).values_list("user_id", "chargebee_customer_id"))
    for user_id in wanted:
        yield named.get(user_id) or str(user_id)


# ---------------------------------------------------------------- one customer


def _compare(customer_id: str, report: Report, now: datetime) -> None:
    """Bring one customer's books in line, and note and close the differences that are left."""
    unknown = f"{UNKNOWN_CUSTOMER}:{customer_id}"
    try:
        result = sync_customer(customer_id=customer_id, now=now)
    except UnknownCustomer:
        if _has_paid(customer_id):
            detail = f"Customer {customer_id} pays at Chargebee, and Atlas has no such user."
            _note(Problem(UNKNOWN_CUSTOMER, customer_id, detail), None, report, now)
        else:
            _close(BillingDifference.objects.filter(pk=unknown, closed_at=None), report, now)
        return
    report.mended += result.applied
    found = {f"{problem.kind}:{problem.subject}": problem for problem in find_differences(result)}
    for problem in found.values():
        _note(problem, result.user_id, report, now)
    standing = BillingDifference.objects.filter(user_id=result.user_id, closed_at=None)
    _close(standing.exclude(pk__in=list(found)), report, now)
    _close(BillingDifference.objects.filter(pk=unknown, closed_at=None), report, now)


def find_differences(result: SyncResult) -> Iterator[Problem]:
    """Yield where the ledger, the payments or the state of a user differ from the account that was just booked."""
    yield from result.problems
    entries = _billing_entries(result.user_id)
    effects = {effect.key: effect for effect in result.entitlement.effects}
    refused = {problem.subject for problem in result.problems}
    for key, effect in effects.items():
        if effect.kind in {"reset", "grant"} and key not in entries and not refused & {key, effect.of}:
            yield Problem(
                "paid_without_grant", key, f"{effect.amount} credits were paid for and are not in the ledger."
            )
    for key, entry in entries.items():
        if key not in effects:
            kind = "granted_unpaid" if entry.kind in GRANTS else "taken_without_refund"
            yield Problem(kind, key, f"The ledger has {granted_by(entry)} credits that Chargebee knows no payment for.")
    yield from _amounts_that_differ(result, entries)
    rows = {row.key for row in result.entitlement.payments}
    for key in PaymentTransaction.objects.filter(user_id=result.user_id).values_list("key", flat=True):
        if key is not None and key not in rows:
            yield Problem("unknown_payment", key, f"The payment history has {key}, which Chargebee does not know.")
    yield from _state_that_differs(result)


def _billing_entries(user_id: ObjectId) -> dict[str, CreditLog]:
    """Return the entries of a user's ledger that a payment caused, by key."""
    wallet_id = Credit.objects.filter(user_id=user_id).values_list("pk", flat=True).first()
    if wallet_id is None:
        return {}
    kinds = [*GRANTS, CreditLog.Kind.CLAWBACK]
    entries = CreditLog.objects.filter(credit_id=wallet_id, kind__in=kinds)
    return {entry.key: entry for entry in entries if entry.key is not None and not entry.key.startswith("welcome:")}


def _amounts_that_differ(result: SyncResult, entries: Mapping[str, CreditLog]) -> Iterator[Problem]:
    """Yield grants of another amount than their offer has now, unless the offer was changed after the grant."""
    offers = {offer.pk: offer for offer in Offer.objects.all()}
    changed = max((moment_of_version(offer.resource_version) or BEGINNING for offer in offers.values()), default=None)
    now_due: dict[str, Effect] = {
        effect.key: effect for effect in derive(result.account, offers, result.account.fetched_at).effects
    }
    for key, entry in entries.items():
        effect = now_due.get(key)
        if effect is None or entry.kind not in GRANTS or effect.amount == granted_by(entry) or effect.restores:
            continue
        if changed is not None and changed > entry.timestamp:
            continue
        detail = f"{key} granted {granted_by(entry)} credits, its payment is for {effect.amount}."
        yield Problem("amount_differs", key, detail)


def _state_that_differs(result: SyncResult) -> Iterator[Problem]:
    state = result.entitlement.state
    if state is None or state.status is None:
        return
    billing = Billing.objects.filter(user_id=result.user_id).first()
    stored = (billing.chargebee_subscription_id, billing.subscription_status) if billing else (None, None)
    if stored != (state.subscription_id, state.status):
        detail = f"Billing says {stored[1]} for {stored[0]}, Chargebee {state.status} for {state.subscription_id}."
        yield Problem("state_differs", state.subscription_id, detail)


def _has_paid(customer_id: str) -> bool:
    account = chargebee.fetch_account(customer_id)
    return any(invoice.status == "paid" and invoice.total_cents > 0 for invoice in account.invoices)


# ---------------------------------------------------------------- differences


def _note(problem: Problem, user_id: ObjectId | None, report: Report, now: datetime) -> None:
    """Open a difference, open it again, or note that it was seen again."""
    difference_id = f"{problem.kind}:{problem.subject}"[:200]
    differences = collection_of(BillingDifference)
    seen = {"detail": problem.detail[:500], "seenAt": as_utc(now), "userId": user_id, "closedAt": None}
    standing = {"_id": difference_id, "closedAt": None}
    if differences.find_one_and_update(standing, {"$set": seen}, {"_id": 1}) is not None:
        return
    opened = {**seen, "kind": problem.kind, "foundAt": as_utc(now)}
    try:
        differences.find_one_and_update({"_id": difference_id}, {"$set": opened}, {"_id": 1}, upsert=True)
    except DuplicateKeyError:
        logger.debug("Another comparison opened %s.", difference_id)
    report.opened.append(difference_id)


def _close(standing: Iterable[BillingDifference], report: Report, now: datetime) -> None:
    for difference in standing:
        BillingDifference.objects.filter(pk=difference.pk).update(closed_at=now)
        report.closed.append(difference.pk)

"""Comparing one customer: mended where it is safe, listed where a person must decide.

Safe is what a look at a customer's account does anyway: credits that were paid for and are missing, payments and state
that are out of date. Whatever is left is a difference, open until it is gone.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.documents import as_utc, collection_of
from atlas_site.vendors import chargebee
from billing.entitlement import Effect, Problem, derive
from billing.entitlement.money import moment_of_version, read_money
from billing.models import Billing, BillingDifference, Offer, PaymentTransaction
from billing.services.booking import GRANTS, SyncResult, granted_by
from billing.services.sync import UnknownCustomer, sync_customer
from credits.models import Credit, CreditLog

logger = logging.getLogger(__name__)

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
UNKNOWN_CUSTOMER = "unknown_customer"
ID_LENGTH, DETAIL_LENGTH = 200, 500


@dataclass
class Compared:
    """What comparing a customer brought.

    `mended` are the keys of ledger entries that were missing, `opened` and `closed` the ids of differences.
    """

    mended: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def compare_customer(*, customer_id: str, now: datetime) -> Compared:
    """Bring one customer's books in line, and note and close the differences that are left. Raises VendorError.

    Before a difference is opened the customer is looked at again: what another worker booked after an account was
    fetched differs from that account, and only from that one.
    """
    compared = Compared()
    unknown = BillingDifference.objects.filter(pk=f"{UNKNOWN_CUSTOMER}:{customer_id}"[:ID_LENGTH], closed_at=None)
    try:
        result = sync_customer(customer_id=customer_id, now=now)
        compared.mended += result.applied
        found = {_id_of(problem): problem for problem in find_differences(result)}
        standing = BillingDifference.objects.filter(user_id=result.user_id, closed_at=None)
        known = set(standing.values_list("pk", flat=True))
        if found.keys() - known:
            known |= found.keys()
            result = sync_customer(customer_id=customer_id, now=now)
            compared.mended += result.applied
            found = {_id_of(one): one for one in find_differences(result) if _id_of(one) in known}
    except UnknownCustomer as error:
        if _has_paid(customer_id):
            problem = Problem(UNKNOWN_CUSTOMER, customer_id, f"Customer {customer_id} pays at Chargebee. {error}")
            _note(problem, None, compared, now)
        else:
            _close(unknown, compared, now)
        return compared
    for problem in found.values():
        _note(problem, result.user_id, compared, now)
    _close(standing.exclude(pk__in=list(found)), compared, now)
    _close(unknown, compared, now)
    return compared


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
    """Yield a stored state that is not Chargebee's, and a live plan of which Chargebee does not tell at all."""
    state = result.entitlement.state
    billing = Billing.objects.filter(user_id=result.user_id).first()
    if state is None:
        if billing is not None and billing.chargebee_subscription_id and billing.is_live:
            name = billing.chargebee_subscription_id
            detail = f"Billing says {billing.subscription_status} for {name}, which Chargebee does not know."
            yield Problem("state_differs", name, detail)
        return
    stored = (billing.chargebee_subscription_id, billing.subscription_status) if billing else (None, None)
    if state.status is not None and stored != (state.subscription_id, state.status):
        detail = f"Billing says {stored[1]} for {stored[0]}, Chargebee {state.status} for {state.subscription_id}."
        yield Problem("state_differs", state.subscription_id, detail)


def _has_paid(customer_id: str) -> bool:
    money = read_money(chargebee.fetch_account(customer_id))
    return any(one.is_paid and one.invoice.total_cents > 0 for one in money.values())


# ---------------------------------------------------------------- differences


def _id_of(problem: Problem) -> str:
    return f"{problem.kind}:{problem.subject}"[:ID_LENGTH]


def _note(problem: Problem, user_id: ObjectId | None, compared: Compared, now: datetime) -> None:
    """Open a difference, open it again, or note that it was seen again."""
    difference_id = _id_of(problem)
    differences = collection_of(BillingDifference)
    seen = {"detail": problem.detail[:DETAIL_LENGTH], "seenAt": as_utc(now), "userId": user_id, "closedAt": None}
    standing = {"_id": difference_id, "closedAt": None}
    if differences.find_one_and_update(standing, {"$set": seen}, {"_id": 1}) is not None:
        return
    opened = {**seen, "kind": problem.kind, "foundAt": as_utc(now)}
    try:
        differences.find_one_and_update({"_id": difference_id}, {"$set": opened}, {"_id": 1}, upsert=True)
    except DuplicateKeyError:
        logger.debug("Another comparison opened %s.", difference_id)
    compared.opened.append(difference_id)


def _close(standing: Iterable[BillingDifference], compared: Compared, now: datetime) -> None:
    for difference in standing:
        BillingDifference.objects.filter(pk=difference.pk, closed_at=None).update(closed_at=now)
        compared.closed.append(difference.pk)

"""Bringing one customer's books in line with what Chargebee says now: the only way that credits and state change.

Whoever calls it, whenever and however often, at once with others or again after a crash at any line, the same account
leads to the same books: each effect has a key of its own in the ledger, rows and state are written only where they are
not older, and nothing depends on which event gave the occasion.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bson import Int64, ObjectId
from bson.errors import InvalidId
from pymongo.errors import DuplicateKeyError

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.objects import CustomerAccount
from atlas_site.vendors.errors import VendorError
from billing.entitlement import Effect, Entitlement, PaymentRow, Problem, State, derive
from billing.models import Billing, Offer, PaymentTransaction, WebhookEvent
from billing.services.news import News, find_news
from billing.services.notices import send_notices
from billing.services.offers import copy_offers
from credits import services as credit_services
from credits.models import WELCOME_PERIOD, Credit, CreditLog

logger = logging.getLogger(__name__)

WAITING = [WebhookEvent.State.RECEIVED, WebhookEvent.State.FAILED]
GRANTS = [CreditLog.Kind.RESET, CreditLog.Kind.GRANT]
DUE_AT_ONCE = 200
RETRY_DUE_AFTER = timedelta(minutes=10)


class UnknownCustomer(Exception):
    """Atlas has no user for this customer of Chargebee, or not yet."""


@dataclass(frozen=True)
class SyncResult:
    """What a look at an account brought.

    `applied` are the keys of the ledger that were missing before. `news` are (kind, key, details) of all that lately
    happened and that a user may be told, whether or not this look was the first to see it. `problems` are for staff.
    """

    user_id: ObjectId
    account: CustomerAccount
    entitlement: Entitlement
    applied: tuple[str, ...] = ()
    news: tuple[News, ...] = ()
    problems: tuple[Problem, ...] = ()


def sync_customer(*, customer_id: str, now: datetime) -> SyncResult:
    """Fetch a customer's account from Chargebee, bring credits, payments and state in line, and mail what is new.

    Events of the customer that were waiting before the account was fetched are applied by it. `now` is the moment of
    the ledger's entries, and what time alone brings is due by then. Raises UnknownCustomer, VendorError without
    Chargebee's answer; what was written before an error stays and is found by the next call.
    """
    user = find_user(customer_id)
    waiting = WebhookEvent.objects.filter(customer_id=customer_id, state__in=WAITING).values_list("pk", flat=True)
    event_ids = list(waiting)
    account = chargebee.fetch_account(customer_id)
    if _has_unknown_price(account):
        _copy_offers_anew(now)
    result = book_account(user=user, customer_id=customer_id, account=account, now=now)
    if event_ids:
        done = {"state": WebhookEvent.State.APPLIED, "processed_at": now, "last_error": "", "next_attempt_at": None}
        WebhookEvent.objects.filter(pk__in=event_ids, state__in=WAITING).update(**done)
    send_notices(news=result.news, user=user, now=now)
    return result


def sync_due_customers(*, now: datetime, limit: int = DUE_AT_ONCE) -> int:
    """Look at the customers for whom time alone has brought something, and return how many were looked at.

    Such are the next month of a yearly plan, and the end of one that was cancelled. A customer that cannot be looked
    at comes again in ten minutes and does not keep the others from it.
    """
    due = Billing.objects.filter(next_effect_at__lte=now).order_by("next_effect_at")[:limit]
    looked_at = 0
    for billing in due:
        try:
            sync_customer(customer_id=billing.chargebee_customer_id or str(billing.user_id), now=now)
            looked_at += 1
        except Exception:
            logger.exception("The due effects of customer %s could not be applied.", billing.chargebee_customer_id)
            later = now + RETRY_DUE_AFTER
            Billing.objects.filter(pk=billing.pk, next_effect_at__lte=now).update(next_effect_at=later)
    return looked_at


def find_user(customer_id: str) -> User:
    """Return the user of a customer: the one whose billing names it, else the one whose id it is.

    Raises UnknownCustomer.
    """
    billing = Billing.objects.filter(chargebee_customer_id=customer_id).only("user_id").first()
    try:
        user_id = billing.user_id if billing else ObjectId(customer_id)
    except InvalidId:
        user_id = None
    user = User.objects.filter(pk=user_id).first() if user_id else None
    if user is None:
        raise UnknownCustomer(f"No user has the customer id {customer_id}.")
    return user


def book_account(*, user: User, customer_id: str, account: CustomerAccount, now: datetime) -> SyncResult:
    """Bring credits, payments and state of a user in line with an account that was fetched.

    The order is that of trust: first the ledger, whose entries are final, then what is told of them, and last the
    state, with the moment of the next effect, so that a crash in between leaves something that is still due.
    """
    offers = {offer.pk: offer for offer in Offer.objects.all()}
    entitlement = derive(account, offers, now, granted=granted_amounts(user.pk))
    applied, refused = _apply_effects(entitlement.effects, user_id=user.pk, now=now)
    entitlement = replace(entitlement, payments=_with_real_credits(entitlement))
    _write_payments(entitlement.payments, user_id=user.pk)
    if entitlement.state is not None:
        _write_state(entitlement, entitlement.state, user_id=user.pk, customer_id=customer_id, account=account, now=now)
    elif account.customer is None:
        _write_end(user_id=user.pk, account=account, now=now)
    return SyncResult(
        user_id=user.pk,
        account=account,
        entitlement=entitlement,
        applied=applied,
        news=tuple(find_news(entitlement, offers, now=now)),
        problems=(*entitlement.problems, *refused),
    )


# ---------------------------------------------------------------- credits


def granted_amounts(user_id: ObjectId) -> dict[str, int]:
    """Return what the ledger of a user has granted, by key: a debt that was paid counts, as does what a period set."""
    wallet_id = Credit.objects.filter(user_id=user_id).values_list("pk", flat=True).first()
    if wallet_id is None:
        return {}
    return {
        entry.key: granted_by(entry)
        for entry in CreditLog.objects.filter(credit_id=wallet_id, kind__in=GRANTS)
        if entry.key is not None
    }


def granted_by(entry: CreditLog) -> int:
    """Return the credits that an entry granted, or took back as a negative number, with the debt that it paid or made.

    A new period sets its bucket, so what it granted is what the bucket had after it.
    """
    changed = entry.subscription_change + entry.purchased_change
    is_reset = entry.kind == CreditLog.Kind.RESET
    return (entry.subscription_after if is_reset else changed) - entry.debt_change


def _apply_effects(
    effects: Iterable[Effect], *, user_id: ObjectId, now: datetime
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Apply what the ledger does not have, one after the other, and return the keys, and what was refused.

    A refusal is no reason to stop: the ledger knows best what has begun meanwhile.
    """
    ordered = list(effects)
    known = credit_services.applied_keys(effect.key for effect in ordered)
    applied: list[str] = []
    refused: list[Problem] = []
    for effect in ordered:
        if effect.key in known:
            continue
        try:
            if _apply(effect, user_id=user_id, now=now):
                applied.append(effect.key)
        except credit_services.KeyReused:
            refused.append(Problem("amount_differs", effect.key, f"{effect.key} was written with another amount."))
        except credit_services.PeriodIsOver as error:
            refused.append(Problem("period_over", effect.key, str(error)[:300]))
    return tuple(applied), tuple(refused)


def _apply(effect: Effect, *, user_id: ObjectId, now: datetime) -> bool:
    """Apply one effect and say whether it has an entry. Raises KeyReused and PeriodIsOver."""
    period = effect.period
    entry: CreditLog | None
    if effect.kind == "reset" and period is not None:
        entry = credit_services.reset_period(
            user_id=user_id,
            subscription_id=period.subscription_id,
            started_at=period.start,
            ends_at=period.end,
            amount=effect.amount,
            now=now,
            reason=effect.reason,
        )
    elif effect.kind == "lapse" and period is not None:
        entry = credit_services.lapse(
            user_id=user_id, source=effect.source, reason=effect.reason, now=now, only_period=period.name
        )
    elif effect.kind == "clawback":
        entry = credit_services.claw_back(
            user_id=user_id,
            amount=effect.amount,
            refund_id=effect.source,
            reason=effect.reason,
            now=now,
            bucket=effect.bucket,
            period=period.name if period else None,
        )
    else:
        entry = _grant(effect, user_id=user_id, now=now)
    return entry is not None


def _grant(effect: Effect, *, user_id: ObjectId, now: datetime) -> CreditLog | None:
    """Grant credits. What is paid again for a period that is over still pays the debt that its failure had left."""
    what: dict[str, Any] = {
        "user_id": user_id,
        "source": effect.source,
        "reason": effect.reason,
        "reference": ("invoice", effect.payment.partition(":")[2]),
        "now": now,
    }
    period = effect.period.name if effect.period else None
    try:
        if not effect.only_debt:
            return credit_services.grant(amount=effect.amount, bucket=effect.bucket, period=period, **what)
    except credit_services.PeriodIsOver:
        if not effect.restores:
            raise
    entries = CreditLog.objects.filter(key__in=effect.restores)
    owed = min(effect.amount, sum(entry.debt_change for entry in entries))
    return credit_services.grant(amount=owed, bucket="purchased", **what) if owed > 0 else None


# ---------------------------------------------------------------- payments


def _with_real_credits(entitlement: Entitlement) -> tuple[PaymentRow, ...]:
    """Return the rows with the credits that the ledger really has for them.

    What lapsed before its refund was not taken back, and a period that was over has granted nothing.
    """
    entries = {entry.key: entry for entry in CreditLog.objects.filter(key__in=[e.key for e in entitlement.effects])}
    added: Counter[str] = Counter()
    owed: Counter[str] = Counter()
    for effect in entitlement.effects:
        entry = entries.get(effect.key)
        if effect.payment and entry is not None:
            added[effect.payment] += granted_by(entry)
            owed[effect.payment] += max(0, entry.debt_change)
    return tuple(replace(row, credits_added=added[row.key], credits_owed=owed[row.key]) for row in entitlement.payments)


def _write_payments(rows: Iterable[PaymentRow], *, user_id: ObjectId) -> None:
    """Write the rows that are new or have changed, but none over a newer one (by Chargebee's version)."""
    documents = {row.key: _document_of(row, user_id) for row in rows}
    payments = collection_of(PaymentTransaction)
    stored = {document["key"]: document for document in payments.find({"key": {"$in": list(documents)}})}
    for key, document in documents.items():
        before = stored.get(key, {})
        if all(before.get(column) == value for column, value in document.items()):
            continue
        not_newer = {"key": key, "resourceVersion": {"$not": {"$gt": document["resourceVersion"]}}}
        if before:
            payments.find_one_and_update(not_newer, {"$set": document}, {"_id": 1})
            continue
        try:
            payments.insert_one({"_id": ObjectId(), **document})
        except DuplicateKeyError:  # another look at the account was first
            payments.find_one_and_update(not_newer, {"$set": document}, {"_id": 1})


def _document_of(row: PaymentRow, user_id: ObjectId) -> dict[str, Any]:
    return {
        "userId": user_id,
        "key": row.key,
        "chargebeeInvoiceId": row.invoice_id,
        "chargebeeTransactionId": row.transaction_id,
        "type": row.type,
        "status": row.status,
        "amount": row.amount_cents / 100,
        "creditsAdded": Int64(row.credits_added),
        "planId": row.plan_id,
        "planName": row.plan_name,
        "billingPeriod": row.billing_period,
        "transactionDate": as_utc(row.transaction_date),
        "resourceVersion": Int64(row.resource_version),
        "refundedCents": Int64(row.refunded_cents),
        "errorText": row.error_text,
    }


# ---------------------------------------------------------------- state

STATE_COLUMNS = {
    "subscription_id": "chargebeeSubscriptionId",
    "status": "subscriptionStatus",
    "chargebee_status": "chargebeeStatus",
    "plan_id": "subscriptionPlanId",
    "resource_version": "resourceVersion",
    "current_term_start": "currentTermStart",
    "current_term_end": "currentTermEnd",
    "next_billing_at": "nextBillingAt",
    "trial_end": "trialEnd",
    "cancelled_at": "cancelledAt",
    "cancel_reason": "cancelReason",
    "pause_date": "pauseDate",
    "resume_date": "resumeDate",
    "scheduled_plan_id": "scheduledPlanId",
    "due_invoices_count": "dueInvoicesCount",
    "due_since": "dueSince",
    "total_dues_cents": "totalDuesCents",
    "next_retry_at": "nextRetryAt",
    "card_status": "cardStatus",
}


def _write_state(
    entitlement: Entitlement,
    state: State,
    *,
    user_id: ObjectId,
    customer_id: str,
    account: CustomerAccount,
    now: datetime,
) -> None:
    """Write the subscription and the freeze of its credits together, unless a newer snapshot was written before.

    A snapshot is newer by the versions of its subscriptions, and of two with the same by when they were fetched.
    """
    columns = {STATE_COLUMNS[name]: value for name, value in asdict(state).items()}
    columns |= {
        "chargebeeCustomerId": customer_id,
        "resourceVersion": Int64(state.resource_version),
        "totalDuesCents": Int64(state.total_dues_cents),
        "nextEffectAt": entitlement.next_effect_at,
        "syncedAt": as_utc(account.fetched_at),
    }
    if state.status is None:
        del columns["subscriptionStatus"]
    version, fetched_at = Int64(state.resource_version), as_utc(account.fetched_at)
    older = {"resourceVersion": {"$not": {"$gte": version}}}
    same = {"resourceVersion": version, "syncedAt": {"$not": {"$gt": fetched_at}}}
    _open_billing(user_id)
    _write_billing({"userId": user_id, "$or": [older, same]}, columns, user_id, entitlement.frozen, now)


def _write_end(*, user_id: ObjectId, account: CustomerAccount, now: datetime) -> None:
    """End the plan of a customer that Chargebee does not know any more; what is left of its credits is frozen."""
    fetched_at = as_utc(account.fetched_at)
    columns = {
        "subscriptionStatus": str(Billing.Status.CANCELLED),
        "nextBillingAt": None,
        "nextEffectAt": None,
        "syncedAt": fetched_at,
    }
    had_plan = {"chargebeeSubscriptionId": {"$type": "string"}, "syncedAt": {"$not": {"$gt": fetched_at}}}
    period = Credit.objects.filter(user_id=user_id).values_list("period", flat=True).first() or ""
    frozen = bool(period) and not period.startswith(WELCOME_PERIOD)
    _write_billing({"userId": user_id, **had_plan}, columns, user_id, frozen, now)


def _open_billing(user_id: ObjectId) -> None:
    """Make sure that the user has a billing document: the first subscription makes it."""
    billings = collection_of(Billing)
    if billings.find_one({"userId": user_id}, {"_id": 1}) is None:
        try:
            billings.insert_one({"_id": ObjectId(), "userId": user_id, "resourceVersion": Int64(0)})
        except DuplicateKeyError:
            logger.debug("Another look at the account made the billing document.")


def _write_billing(
    where: Mapping[str, Any], columns: Mapping[str, Any], user_id: ObjectId, frozen: bool | None, now: datetime
) -> None:
    def write() -> None:
        found = collection_of(Billing).find_one_and_update(
            where, {"$set": columns}, {"_id": 1}, session=current_session()
        )
        if found is not None and frozen is not None:
            credit_services.set_subscription_frozen(user_id=user_id, frozen=frozen, now=now)

    run_txn(write)


# ---------------------------------------------------------------- offers


def _has_unknown_price(account: CustomerAccount) -> bool:
    """Whether an invoice is for an item price that was never copied: it may have been made a minute ago."""
    sold = {
        line.entity_id
        for invoice in account.invoices
        for line in invoice.lines
        if (line.entity_type or "").endswith("_item_price") and line.entity_id
    }
    return bool(sold) and Offer.objects.filter(pk__in=sold).count() < len(sold)


def _copy_offers_anew(now: datetime) -> None:
    try:
        copy_offers(now=now)
    except VendorError:
        logger.warning("The price list could not be copied.", exc_info=True)

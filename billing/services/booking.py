"""What an account that was fetched makes of a user's credits, payments and state.

Any number of looks at an account may be booked at once, late, or again after a crash at any line, and lead to the same
books: each effect has a key of its own in the ledger, and rows and state are written only where they are not older.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bson import Int64, ObjectId
from pymongo.errors import DuplicateKeyError

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from atlas_site.vendors.chargebee.objects import CustomerAccount
from billing.entitlement import Effect, Entitlement, PaymentRow, Problem, State, derive
from billing.models import Billing, Offer, PaymentTransaction
from billing.services.news import News, find_news
from credits import services as credit_services
from credits.models import WELCOME_PERIOD, Credit, CreditLog

logger = logging.getLogger(__name__)

GRANTS = [CreditLog.Kind.RESET, CreditLog.Kind.GRANT]
# The same as `granted_by`, as the server computes it.
GRANTED: dict[str, Any] = {
    "$subtract": [
        {
            "$cond": [
                {"$eq": ["$kind", str(CreditLog.Kind.RESET)]},
                "$subscriptionAfter",
                {"$add": ["$subscriptionChange", "$purchasedChange"]},
            ]
        },
        "$debtChange",
    ]
}
# By which everything that an account calls for is due.
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
ATTEMPTS = 5


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


def book_account(*, user: User, customer_id: str, account: CustomerAccount, now: datetime) -> SyncResult:
    """Bring credits, payments and state of a user in line with an account that was fetched.

    The order is that of trust: first the ledger, whose entries are final, then what is told of them, and last the
    state, with the moment of the next effect, so that a crash in between leaves something that is still due.
    """
    offers = {offer.pk: offer for offer in Offer.objects.all()}
    granted = granted_amounts(user.pk)
    entitlement = derive(account, offers, now, granted=granted)
    applied, refused = _apply_effects(entitlement.effects, user_id=user.pk, now=now)
    # A slower look may come after one that applied what was not due at its own moment.
    effects = derive(account, offers, END_OF_TIME, granted=granted).effects
    entitlement = replace(entitlement, payments=_write_payments(entitlement.payments, effects, user_id=user.pk))
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

    A new period sets its bucket, so what it granted is what the bucket had after it. GRANTED is the same rule.
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
    except credit_services.KeyReused:
        if not effect.restores:
            raise
        return None  # how much it brings depends on the moment, and another look at the account was first
    entries = CreditLog.objects.filter(key__in=effect.restores)
    owed = min(effect.amount, sum(entry.debt_change for entry in entries))
    return credit_services.grant(amount=owed, bucket="purchased", **what) if owed > 0 else None


# ---------------------------------------------------------------- payments


def _write_payments(
    rows: tuple[PaymentRow, ...], effects: Iterable[Effect], *, user_id: ObjectId
) -> tuple[PaymentRow, ...]:
    """Write the rows that are new or have changed, with what the ledger has for them by now, and return them.

    A row of a newer version of Chargebee's stays. What a row adds up is read from the ledger after the row itself, and
    written only over the row that was read: of several looks at once, none takes back what another has counted.
    """
    payment_of = {effect.key: effect.payment for effect in effects if effect.payment}
    payments = collection_of(PaymentTransaction)
    for _ in range(ATTEMPTS):
        stored = {document["key"]: document for document in payments.find({"key": {"$in": [row.key for row in rows]}})}
        rows = _with_real_credits(rows, payment_of)
        stand = [_write_row(row, stored.get(row.key), user_id) for row in rows]
        if all(stand):
            break
    return rows


def _with_real_credits(rows: Iterable[PaymentRow], payment_of: Mapping[str, str]) -> tuple[PaymentRow, ...]:
    """Return the rows with the credits that the ledger really has for them.

    What lapsed before its refund was not taken back, and a period that was over has granted nothing.
    """
    added: Counter[str] = Counter()
    owed: Counter[str] = Counter()
    for entry in CreditLog.objects.filter(key__in=list(payment_of)):
        payment = payment_of[entry.key or ""]
        added[payment] += granted_by(entry)
        owed[payment] += max(0, entry.debt_change)
    return tuple(replace(row, credits_added=added[row.key], credits_owed=owed[row.key]) for row in rows)


def _write_row(row: PaymentRow, before: Mapping[str, Any] | None, user_id: ObjectId) -> bool:
    """Write a row over what was stored `before`, and say whether it stands: not if another look came in between."""
    payments, document = collection_of(PaymentTransaction), _document_of(row, user_id)
    if before is None:
        try:
            payments.insert_one({"_id": ObjectId(), **document})
        except DuplicateKeyError:
            return False
        return True
    version = before.get("resourceVersion")
    is_known = all(before.get(column) == value for column, value in document.items())
    if is_known or (version or 0) > row.resource_version:
        return True
    as_it_was = {"key": row.key, "resourceVersion": version, "creditsAdded": before.get("creditsAdded")}
    return payments.find_one_and_update(as_it_was, {"$set": document}, {"_id": 1}) is not None


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

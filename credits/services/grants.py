"""Credits that come in from outside, and those that leave without being used."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from bson import Int64, ObjectId

from atlas_site.mongodb.documents import as_utc, load
from credits.models import CreditLog
from credits.services.exceptions import NotEnoughCredits, PeriodIsOver
from credits.services.ledger import HeldWallet, change_wallet, find_entry

Bucket = Literal["subscription", "purchased"]
Reference = tuple[str, str]
SYSTEM = "system"


def grant(
    *,
    user_id: ObjectId,
    amount: int,
    bucket: Bucket,
    source: str,
    reason: str,
    now: datetime,
    reference: Reference | None = None,
    actor: str = SYSTEM,
) -> CreditLog:
    """Add credits to a bucket, once for each `source` (an invoice and its line), and return the entry.

    Purchased credits pay a debt first. Subscription credits added within a period (an upgrade) raise its grant.
    Raises KeyReused if the source already granted something else, ValueError unless the amount is positive.
    """
    if amount <= 0:
        raise ValueError("A grant adds at least one credit.")
    inputs = {"user": user_id, "amount": amount, "bucket": bucket}

    def add(wallet: HeldWallet, key: str) -> dict[str, Any]:
        if bucket == "subscription":
            wallet.set(periodGrant=Int64((wallet.document.get("periodGrant") or 0) + amount))
            changes: dict[str, Any] = {"subscription": amount}
        else:
            wallet.set(lastPurchase=Int64(amount))
            paid = min(wallet.debt, amount)
            changes = {"purchased": amount - paid, "debt": -paid}
        return wallet.record(
            kind=CreditLog.Kind.GRANT,
            key=key,
            inputs=inputs,
            reason=reason,
            actor=actor,
            reference=reference,
            **changes,
        )

    return _apply(user_id=user_id, key=f"grant:{source}", inputs=inputs, now=now, change=add)


def reset_period(
    *,
    user_id: ObjectId,
    subscription_id: str,
    started_at: datetime,
    ends_at: datetime,
    amount: int,
    now: datetime,
    reason: str = "New period of your plan",
) -> CreditLog:
    """Set the subscription bucket to the grant of a new period, once a period, and touch nothing else.

    What was left of the period before lapses by it, welcome credits too. Purchased and held credits stay. Raises
    PeriodIsOver if a later period of the subscription has begun already, KeyReused for another grant of the same one.
    """
    started = as_utc(started_at)
    period = f"{subscription_id}:{started:%Y-%m-%dT%H:%M:%SZ}"
    inputs = {"user": user_id, "amount": amount}

    def reset(wallet: HeldWallet, key: str) -> dict[str, Any]:
        current = wallet.document.get("periodStartedAt")
        same = str(wallet.document.get("period") or "").startswith(f"{subscription_id}:")
        if same and current is not None and as_utc(current) > started:
            raise PeriodIsOver(f"{period} is followed by {wallet.document['period']}.")
        wallet.set(
            period=period,
            periodStartedAt=started,
            periodEndsAt=as_utc(ends_at),
            periodGrant=Int64(amount),
            periodReturned=Int64(0),
            lapsesAt=None,
        )
        return wallet.record(
            kind=CreditLog.Kind.RESET,
            key=key,
            inputs=inputs,
            reason=reason,
            actor=SYSTEM,
            reference=("period", period),
            subscription=amount - wallet.subscription,
        )

    return _apply(user_id=user_id, key=f"reset:{period}", inputs=inputs, now=now, change=reset)


def adjust(
    *,
    user_id: ObjectId,
    amount: int,
    bucket: Bucket,
    adjustment_id: str,
    reason: str,
    actor: str,
    now: datetime,
    corrects: str | None = None,
) -> CreditLog:
    """Add or take (negative) credits by a decision of staff, once for each `adjustment_id`, and return the entry.

    `actor` and `reason` are required; `corrects` is the key of the entry that this one corrects. Raises
    NotEnoughCredits if the bucket holds less than is taken, ValueError without actor or reason or for zero.
    """
    if not (amount and actor.strip() and reason.strip()):
        raise ValueError("An adjustment needs an amount, an actor and a reason.")
    inputs = {"user": user_id, "amount": amount, "bucket": bucket, "corrects": corrects}

    def correct(wallet: HeldWallet, key: str) -> dict[str, Any]:
        held = wallet.subscription if bucket == "subscription" else wallet.purchased
        if held + amount < 0:
            raise NotEnoughCredits(needed=-amount, available=held)
        return wallet.record(
            kind=CreditLog.Kind.ADJUST,
            key=key,
            inputs=inputs,
            reason=reason,
            actor=actor,
            reference=("entry", corrects) if corrects else None,
            **_into(bucket, amount),
        )

    return _apply(user_id=user_id, key=f"adjust:{adjustment_id}", inputs=inputs, now=now, change=correct)


def lapse(
    *, user_id: ObjectId, source: str, reason: str, now: datetime, only_period: str | None = None
) -> CreditLog | None:
    """End the subscription period: its credits lapse, purchased ones stay. Return the entry.

    `source` names the end that was reached (a subscription and the moment it ended). With `only_period` nothing
    happens, and None is returned, if another period has begun meanwhile. What is held lapses with its quote.
    """
    inputs = {"user": user_id}
    key = f"lapse:{source}"

    def end(wallet: HeldWallet) -> Mapping[str, Any]:
        if only_period is not None and wallet.document.get("period") != only_period:
            return {}
        wallet.set(period="", periodStartedAt=None, periodEndsAt=None, lapsesAt=None)
        wallet.set(periodGrant=Int64(0), periodReturned=Int64(0))
        return wallet.record(
            kind=CreditLog.Kind.LAPSE,
            key=key,
            inputs=inputs,
            reason=reason,
            actor=SYSTEM,
            subscription=-wallet.subscription,
        )

    entry = change_wallet(user_id=user_id, now=now, find_first=lambda: find_entry(key, inputs), change=end)
    return load(CreditLog, dict(entry)) if entry else None


def claw_back(
    *, user_id: ObjectId, amount: int, refund_id: str, reason: str, now: datetime, bucket: Bucket = "purchased"
) -> CreditLog:
    """Take back what a refunded or failed payment granted, once for each refund, and return the entry.

    The bucket is never taken below zero: what is spent already becomes a debt, which blocks spending until the next
    purchase pays it. `amount` must not exceed what was granted. Raises KeyReused for another amount of the same refund,
    ValueError unless the amount is positive.
    """
    if amount <= 0:
        raise ValueError("At least one credit is taken back.")
    inputs = {"user": user_id, "amount": amount, "bucket": bucket}

    def take(wallet: HeldWallet, key: str) -> dict[str, Any]:
        taken = min(amount, wallet.subscription if bucket == "subscription" else wallet.purchased)
        return wallet.record(
            kind=CreditLog.Kind.CLAWBACK,
            key=key,
            inputs=inputs,
            reason=reason,
            actor=SYSTEM,
            reference=("refund", refund_id),
            debt=amount - taken,
            **_into(bucket, -taken),
        )

    return _apply(user_id=user_id, key=f"clawback:{refund_id}", inputs=inputs, now=now, change=take)


def _apply(*, user_id: ObjectId, key: str, inputs: Mapping[str, Any], now: datetime, change: Any) -> CreditLog:
    """Do a keyed change of one entry, or return the entry that it wrote before."""
    entry = change_wallet(
        user_id=user_id,
        now=now,
        find_first=lambda: find_entry(key, inputs),
        change=lambda wallet: change(wallet, key),
    )
    return load(CreditLog, entry)


def _into(bucket: Bucket, amount: int) -> dict[str, Any]:
    """Return the change of one bucket as arguments of `HeldWallet.record`."""
    return {bucket: amount}

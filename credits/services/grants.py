"""Credits that come in from outside, and those that leave without being used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bson import Int64, ObjectId

from atlas_site.mongodb.documents import as_utc, collection_of, current_session, load
from credits.models import WELCOME_PERIOD, Credit, CreditLog
from credits.services.exceptions import NotEnoughCredits, PeriodIsOver
from credits.services.ledger import HeldWallet, change_wallet, find_entry

BucketName = Literal["subscription", "purchased"]
Reference = tuple[str, str]
SYSTEM = "system"
BEFORE = "of the period before"
# What is read of an entry to say what was used of a period.
COUNTED = {"kind": 1, "referenceId": 1, "subscriptionChange": 1, "reservedChange": 1, "debtChange": 1}


def grant(
    *,
    user_id: ObjectId,
    amount: int,
    bucket: BucketName,
    source: str,
    reason: str,
    now: datetime,
    reference: Reference | None = None,
    actor: str = SYSTEM,
    period: str | None = None,
) -> CreditLog:
    """Add credits to a bucket, once for each `source` (an invoice and its line), and return the entry.

    They pay a debt first. Subscription credits added within a period (an upgrade) raise its grant; `period` names it,
    as "subscription:start", and PeriodIsOver is raised if another one runs by now. Raises KeyReused if the source
    already granted something else, ValueError unless the amount is positive.
    """
    if amount <= 0:
        raise ValueError("A grant adds at least one credit.")
    inputs = {"user": user_id, "amount": amount, "bucket": bucket} | ({"period": period} if period else {})

    def add(wallet: HeldWallet, key: str) -> dict[str, Any]:
        running = wallet.document.get("period") or ""
        if bucket == "subscription":
            if period is not None and period != running:
                raise PeriodIsOver(f"{period} does not run any more.")
            wallet.set(periodGrant=Int64((wallet.document.get("periodGrant") or 0) + amount))
        else:
            wallet.set(lastPurchase=Int64(amount))
        wallet.came_in()
        paid = min(wallet.debt, amount)
        return wallet.record(
            kind=CreditLog.Kind.GRANT,
            key=key,
            inputs=inputs,
            reason=saying_what_was_owed(reason, paid),
            actor=actor,
            reference=reference,
            period=period,
            debt=-paid,
            **_into(bucket, amount - paid),
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

    What was left of the period before lapses by it, welcome credits too, and the reason says how much: the change may
    be nothing. Purchased and held credits stay. A period that was paid is a purchase, so its credits pay a debt first.
    Raises PeriodIsOver if a period that begins later, of any subscription, was granted already, KeyReused for another
    grant of the same one.
    """
    started = as_utc(started_at)
    period = period_name(subscription_id, started)
    inputs = {"user": user_id, "amount": amount}

    def reset(wallet: HeldWallet, key: str) -> dict[str, Any]:
        latest = _latest_period_at(wallet)
        if latest is not None and latest > started:
            raise PeriodIsOver(f"{period} is followed by a later one.")
        wallet.came_in()
        paid = min(wallet.debt, amount)
        words = reason
        if wallet.subscription:
            before = "welcome credits" if str(wallet.document.get("period")).startswith(WELCOME_PERIOD) else BEFORE
            words = f"{reason}: {amount:,} set, {wallet.subscription:,} {before} lapsed"
        wallet.set(
            period=period,
            periodStartedAt=started,
            periodEndsAt=as_utc(ends_at),
            periodGrant=Int64(amount),
            periodReturned=Int64(0),
            latestPeriodAt=started,
            lapsesAt=None,
        )
        return wallet.record(
            kind=CreditLog.Kind.RESET,
            key=key,
            inputs=inputs,
            reason=saying_what_was_owed(words, paid),
            actor=SYSTEM,
            reference=("period", period),
            period=period,
            subscription=amount - paid - wallet.subscription,
            debt=-paid,
        )

    return _apply(user_id=user_id, key=f"reset:{period}", inputs=inputs, now=now, change=reset)


def adjust(
    *,
    user_id: ObjectId,
    amount: int,
    bucket: BucketName,
    adjustment_id: str,
    reason: str,
    actor: str,
    now: datetime,
    corrects: str | None = None,
    reference: Reference | None = None,
) -> CreditLog:
    """Add or take (negative) credits by a decision of staff, once for each `adjustment_id`, and return the entry.

    What is added pays a debt first, as a grant does: so staff end one without a purchase.
    `actor` and `reason` are required; `corrects` is the key of the entry that this one corrects, to which it is then
    linked instead of to `reference`. People decide by `propose_adjustment`, which calls this. Raises
    NotEnoughCredits if the bucket holds less than is taken, ValueError without actor or reason or for zero.
    """
    if not (amount and actor.strip() and reason.strip()):
        raise ValueError("An adjustment needs an amount, an actor and a reason.")
    inputs = {"user": user_id, "amount": amount, "bucket": bucket, "corrects": corrects}

    def correct(wallet: HeldWallet, key: str) -> dict[str, Any]:
        held = wallet.subscription if bucket == "subscription" else wallet.purchased
        if held + amount < 0:
            raise NotEnoughCredits(needed=-amount, available=held)
        paid = min(wallet.debt, max(0, amount))
        return wallet.record(
            kind=CreditLog.Kind.ADJUST,
            key=key,
            inputs=inputs,
            reason=saying_what_was_owed(reason, paid),
            actor=actor,
            reference=("entry", corrects) if corrects else reference,
            debt=-paid,
            **_into(bucket, amount - paid),
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
        period = wallet.document.get("period") or None
        wallet.set(period="", periodStartedAt=None, periodEndsAt=None, lapsesAt=None)
        wallet.set(periodGrant=Int64(0), periodReturned=Int64(0), latestPeriodAt=_latest_period_at(wallet))
        return wallet.record(
            kind=CreditLog.Kind.LAPSE,
            key=key,
            inputs=inputs,
            reason=reason,
            actor=SYSTEM,
            period=period,
            subscription=-wallet.subscription,
        )

    entry = change_wallet(user_id=user_id, now=now, find_first=lambda: find_entry(key, inputs), change=end)
    return load(CreditLog, dict(entry)) if entry else None


def claw_back(
    *,
    user_id: ObjectId,
    amount: int,
    refund_id: str,
    reason: str,
    now: datetime,
    bucket: BucketName = "purchased",
    period: str | None = None,
) -> CreditLog | None:
    """Take back what a refunded or failed payment granted, once for each refund, and return the entry.

    `refund_id` is the refund's transaction, with ":" and the line after it where one refund has several. The bucket is
    never taken below zero: what is spent already becomes a debt, which blocks spending until the next purchase pays it.
    `amount` must not exceed what was granted.

    `period` is the one that the refunded subscription credits were granted for, as "subscription:start". If it is over,
    what was left of it has lapsed and the credits of the present one are another purchase: nothing is taken, and only
    what was used of it becomes a debt. Without any there is no entry, and None is returned: since it is asked for again
    with every look at the account, that is decided by reads, and the wallet is not taken for it.

    Raises KeyReused for another amount of the same refund, ValueError unless the amount is positive.
    """
    if amount <= 0:
        raise ValueError("At least one credit is taken back.")
    inputs = {"user": user_id, "amount": amount, "bucket": bucket} | ({"period": period} if period else {})

    def take(wallet: HeldWallet, key: str) -> dict[str, Any]:
        if period is None or period == wallet.document.get("period"):
            taken = min(amount, wallet.subscription if bucket == "subscription" else wallet.purchased)
            owed = amount - taken
        else:
            taken, owed = 0, min(amount, use_of_period(wallet.id, period).owed)
        if not (taken or owed):
            return {}
        return wallet.record(
            kind=CreditLog.Kind.CLAWBACK,
            key=key,
            inputs=inputs,
            reason=reason,
            actor=SYSTEM,
            reference=("refund", refund_id),
            period=period,
            debt=owed,
            **_into(bucket, -taken),
        )

    key = f"clawback:{refund_id}"
    entry = find_entry(key, inputs)
    if entry is None and not _is_unused(user_id, period):
        entry = change_wallet(
            user_id=user_id,
            now=now,
            find_first=lambda: find_entry(key, inputs),
            change=lambda wallet: take(wallet, key),
        )
    return load(CreditLog, entry) if entry else None


def _is_unused(user_id: ObjectId, period: str | None) -> bool:
    """Whether a period is over, or was never granted, and nothing was used of it that is not taken back yet."""
    if period is None:
        return False
    wallet = collection_of(Credit).find_one({"userId": user_id}, {"period": 1}, session=current_session())
    if wallet is None:
        return True
    return wallet.get("period") != period and not use_of_period(wallet["_id"], period).owed


@dataclass(frozen=True)
class PeriodUse:
    """What was used of a period's grant, and how much of that refunds of it have made a debt, in credits."""

    used: int = 0
    taken_back: int = 0

    @property
    def owed(self) -> int:
        """What was used and is not taken back yet."""
        return max(0, self.used - self.taken_back)

    def taken_too_much(self, lapsing: int) -> int:
        """What refunds took too much, now that so many held credits lapse without having been used."""
        return max(0, self.taken_back - max(0, self.used - lapsing))


def use_of_period(wallet_id: ObjectId, period: str) -> PeriodUse:
    """Read from the ledger, in the running transaction if there is one, what was used of a period's grant.

    Used is what was held of the subscription bucket between the reset and the next reset or end, less what of these
    holds came back or lapsed, whenever that was, and what of the grant paid a debt. What came back of the period before
    is spent first and does not count. Of a period that was never granted nothing was used.
    """
    ledger, session = collection_of(CreditLog), current_session()
    begin = ledger.find_one({"key": f"reset:{period}", "creditId": wallet_id}, {"sequence": 1}, session=session)
    if begin is None:
        return PeriodUse()
    since = {"$gte": begin["sequence"]}
    later = {"creditId": wallet_id, "sequence": {"$gt": begin["sequence"]}}
    ends = {"$or": [{"kind": "reset"}, {"kind": "lapse", "referenceKind": None}]}
    end = ledger.find_one({**later, **ends}, {"sequence": 1}, sort=[("sequence", 1)], session=session)
    within = {**since, "$lt": end["sequence"]} if end else since
    moves = {"kind": {"$in": ["reserve", "release"]}, "sequence": within}
    debts = {"kind": {"$in": ["reset", "grant", "clawback"]}, "period": period}
    about = {"creditId": wallet_id, "sequence": since, "$or": [moves, debts]}
    used, taken_back, quote_ids = 0, 0, []
    for entry in ledger.find(about, COUNTED, session=session):
        if entry["kind"] == "clawback":
            taken_back += entry["debtChange"]
        elif entry["kind"] in ("reset", "grant"):
            used -= entry["debtChange"]
        else:
            used -= entry["subscriptionChange"]
            quote_ids += [entry["referenceId"]] if entry["kind"] == "reserve" else []
    if end:  # what was held in the period, and settled after it
        settled = {"kind": {"$in": ["release", "lapse"]}, "referenceKind": "quote", "referenceId": {"$in": quote_ids}}
        after = {"creditId": wallet_id, "sequence": {"$gte": end["sequence"]}}
        for entry in ledger.find({**settled, **after}, COUNTED, session=session):
            is_lapse = entry["kind"] == "lapse"
            used += entry["reservedChange"] - entry["debtChange"] if is_lapse else -entry["subscriptionChange"]
    return PeriodUse(max(0, used), taken_back)


def period_name(subscription_id: str, started_at: datetime) -> str:
    """Return how a period is named in keys and wallets: its subscription and the second at which it begins, in UTC."""
    return f"{subscription_id}:{as_utc(started_at):%Y-%m-%dT%H:%M:%SZ}"


def saying_what_was_owed(reason: str, paid: int) -> str:
    """Return the reason of credits that came in or back, with what of them paid a debt that a refund had left."""
    return f"{reason} ({paid} of it paid what was owed after a refund)" if paid else reason


def _latest_period_at(wallet: HeldWallet) -> datetime | None:
    """Return when the latest period of a plan began that was ever granted; welcome credits are no plan's."""
    latest = wallet.document.get("latestPeriodAt")
    if latest is None and not str(wallet.document.get("period") or "").startswith(WELCOME_PERIOD):
        latest = wallet.document.get("periodStartedAt")
    return as_utc(latest) if latest is not None else None


def _apply(*, user_id: ObjectId, key: str, inputs: Mapping[str, Any], now: datetime, change: Any) -> CreditLog:
    """Do a keyed change of one entry, or return the entry that it wrote before."""
    entry = change_wallet(
        user_id=user_id,
        now=now,
        find_first=lambda: find_entry(key, inputs),
        change=lambda wallet: change(wallet, key),
    )
    return load(CreditLog, entry)


def _into(bucket: BucketName, amount: int) -> dict[str, Any]:
    """Return the change of one bucket as arguments of `HeldWallet.record`."""
    return {bucket: amount}

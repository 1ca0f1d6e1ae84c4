"""Decisions of staff to add or take credits: who and why, and above a limit a second person (B8)."""

from datetime import datetime, timedelta
from typing import Any

from bson import Int64, ObjectId
from django.conf import settings
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, current_session, load
from credits.models import Bucket, CreditAdjustment, CreditLog
from credits.services.exceptions import AdjustmentDecided, EntryNotFound, KeyReused, SecondPersonNeeded
from credits.services.grants import adjust
from credits.services.ledger import find_entry_of, open_wallet

LEAST_REASON = 10
LARGEST_ADJUSTMENT = 10_000_000
# Over how long the limit of one person for one wallet counts.
LIMIT_SPAN = timedelta(days=30)
State = CreditAdjustment.State


def propose_adjustment(
    *,
    user_id: ObjectId,
    amount: int,
    bucket: str,
    reason: str,
    proposed_by: ObjectId,
    now: datetime,
    corrects: str | None = None,
    adjustment_id: ObjectId | None = None,
) -> CreditAdjustment:
    """Add or take (negative) credits of a user by a decision of staff, and return the decision.

    Up to ADJUSTMENT_LIMIT credits it is applied at once. Above, and for one's own wallet, it waits for
    `approve_adjustment` by somebody else. What the same person has decided alone for the same wallet within LIMIT_SPAN
    counts, added or taken, so that many small ones are no way around the second person.
    `corrects` is the key of the ledger entry of this user that it puts right. `adjustment_id` makes a form that is sent
    twice one decision: the second answers with the first.

    Raises ValueError for no amount or one beyond LARGEST_ADJUSTMENT, an unknown bucket or a reason of fewer than
    LEAST_REASON characters, EntryNotFound
    if there is no entry to correct, KeyReused for an `adjustment_id` that was something else, and NotEnoughCredits if
    the bucket holds less than is taken. Then nothing is kept.
    """
    words = " ".join(reason.split())
    if not amount or bucket not in Bucket.values or len(words) < LEAST_REASON:
        raise ValueError(f"An adjustment needs an amount, a bucket and a reason of at least {LEAST_REASON} characters.")
    if abs(amount) > LARGEST_ADJUSTMENT:
        raise ValueError(f"An adjustment is of {LARGEST_ADJUSTMENT:,} credits at most.")
    wallet_id = open_wallet(user_id=user_id)
    if corrects and find_entry_of(wallet_id, corrects) is None:
        raise EntryNotFound(f"This user's ledger has no entry {corrects}.")
    document: dict[str, Any] = {
        "_id": adjustment_id or ObjectId(),
        "userId": user_id,
        "amount": Int64(amount),
        "bucket": bucket,
        "reason": words,
        "corrects": corrects or None,
        "limit": Int64(settings.ADJUSTMENT_LIMIT),
        "state": str(State.PROPOSED),
        "proposedBy": proposed_by,
        "approvedBy": None,
        "rejectedBy": None,
        "createdAt": as_utc(now),
        "decidedAt": None,
    }
    adjustment = load(CreditAdjustment, document)
    if adjustment_id is not None and (first := _decided_before(adjustment)):
        return first

    def write() -> dict[str, Any]:
        # Two at once cannot both fit what is left: each writes the wallet, and the later one then reads anew.
        left = max(0, settings.ADJUSTMENT_LIMIT - decided_alone(user_id=user_id, proposed_by=proposed_by, now=now))
        written = {**document, "limit": Int64(left)}
        if abs(amount) <= left and user_id != proposed_by:
            written |= {"state": str(State.APPLIED), "decidedAt": as_utc(now)}
            _apply(adjustment, now)
        collection_of(CreditAdjustment).insert_one(dict(written), session=current_session())
        return written

    try:
        return load(CreditAdjustment, run_txn(write, lock=user_id))
    except DuplicateKeyError:  # the same form, sent twice in the same moment
        return CreditAdjustment.objects.get(pk=adjustment.pk)


def decided_alone(*, user_id: ObjectId, proposed_by: ObjectId, now: datetime) -> int:
    """Return how many credits of a user somebody has added and taken within LIMIT_SPAN without a second person."""
    by_one = {"userId": user_id, "proposedBy": proposed_by, "createdAt": {"$gt": as_utc(now - LIMIT_SPAN)}}
    alone = {"state": str(State.APPLIED), "approvedBy": None}
    found = collection_of(CreditAdjustment).find({**by_one, **alone}, {"amount": 1}, session=current_session())
    return sum(abs(adjustment["amount"]) for adjustment in found)


def approve_adjustment(*, adjustment_id: ObjectId, approved_by: ObjectId, now: datetime) -> CreditAdjustment:
    """Apply a proposed adjustment, once, and return it. One that is applied already answers as it is.

    Raises SecondPersonNeeded if the one who proposed it, or whose credits they are, approves; AdjustmentDecided if it
    was rejected; NotEnoughCredits if the bucket holds less than is taken; CreditAdjustment.DoesNotExist.
    """
    adjustment = CreditAdjustment.objects.get(pk=adjustment_id)
    if approved_by in (adjustment.proposed_by_id, adjustment.user_id):
        raise SecondPersonNeeded("Somebody else has to approve it.")
    if adjustment.state == State.APPLIED:
        return adjustment

    def apply() -> CreditAdjustment:
        _apply(adjustment, now)  # the wallet is written first
        return _decide(adjustment_id, State.APPLIED, now, approvedBy=approved_by)

    return run_txn(apply, lock=adjustment.user_id)


def reject_adjustment(*, adjustment_id: ObjectId, rejected_by: ObjectId, now: datetime) -> CreditAdjustment:
    """Turn a proposed adjustment down, and return it; who proposed it may take it back so. No credits change.

    Raises AdjustmentDecided if it was applied or rejected before, CreditAdjustment.DoesNotExist.
    """
    CreditAdjustment.objects.get(pk=adjustment_id)
    return _decide(adjustment_id, State.REJECTED, now, rejectedBy=rejected_by)


def _decided_before(asked: CreditAdjustment) -> CreditAdjustment | None:
    """Return the adjustment that this form made before, or None. Raises KeyReused if it was another one."""
    first = CreditAdjustment.objects.filter(pk=asked.pk).first()
    names = ("user_id", "amount", "bucket", "reason", "corrects", "proposed_by_id")
    if first is not None and any(getattr(first, name) != getattr(asked, name) for name in names):
        raise KeyReused("This form was sent before, for something else.")
    return first


def _apply(adjustment: CreditAdjustment, now: datetime) -> CreditLog:
    return adjust(
        user_id=adjustment.user_id,
        amount=adjustment.amount,
        bucket="subscription" if adjustment.bucket == Bucket.SUBSCRIPTION else "purchased",
        adjustment_id=str(adjustment.pk),
        reason=adjustment.reason,
        actor=f"user:{adjustment.proposed_by_id}",
        now=now,
        corrects=adjustment.corrects or None,
        reference=("adjustment", str(adjustment.pk)),
    )


def _decide(adjustment_id: ObjectId, state: CreditAdjustment.State, now: datetime, **who: ObjectId) -> CreditAdjustment:
    """Change a proposed adjustment to its end. Raises AdjustmentDecided if it has one by now."""
    document = collection_of(CreditAdjustment).find_one_and_update(
        {"_id": adjustment_id, "state": str(State.PROPOSED)},
        {"$set": {"state": str(state), "decidedAt": as_utc(now), **who}},
        session=current_session(),
        return_document=ReturnDocument.AFTER,
    )
    if document is None:
        raise AdjustmentDecided("It was applied or rejected before.")
    return load(CreditAdjustment, document)

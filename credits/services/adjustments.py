"""Decisions of staff to add or take credits: who and why, and above a limit a second person (B8)."""

from datetime import datetime

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
    `approve_adjustment` by somebody else.
    `corrects` is the key of the ledger entry of this user that it puts right. `adjustment_id` makes a form that is sent
    twice one decision: the second answers with the first.

    Raises ValueError for no amount, an unknown bucket or a reason of fewer than LEAST_REASON characters, EntryNotFound
    if there is no entry to correct, KeyReused for an `adjustment_id` that was something else, and NotEnoughCredits if
    the bucket holds less than is taken. Then nothing is kept.
    """
    words = " ".join(reason.split())
    if not amount or bucket not in Bucket.values or len(words) < LEAST_REASON:
        raise ValueError(f"An adjustment needs an amount, a bucket and a reason of at least {LEAST_REASON} characters.")
    wallet_id = open_wallet(user_id=user_id)
    if corrects and find_entry_of(wallet_id, corrects) is None:
        raise EntryNotFound(f"This user's ledger has no entry {corrects}.")
    limit: int = settings.ADJUSTMENT_LIMIT
    applies = abs(amount) <= limit and user_id != proposed_by
    document = {
        "_id": adjustment_id or ObjectId(),
        "userId": user_id,
        "amount": Int64(amount),
        "bucket": bucket,
        "reason": words,
        "corrects": corrects or None,
        "limit": Int64(limit),
        "state": str(State.APPLIED if applies else State.PROPOSED),
        "proposedBy": proposed_by,
        "approvedBy": None,
        "rejectedBy": None,
        "createdAt": as_utc(now),
        "decidedAt": as_utc(now) if applies else None,
    }
    adjustment = load(CreditAdjustment, document)
    if adjustment_id is not None and (first := _decided_before(adjustment)):
        return first

    def write() -> None:
        if applies:
            _apply(adjustment, now)
        collection_of(CreditAdjustment).insert_one(dict(document), session=current_session())

    try:
        run_txn(write, lock=user_id)
    except DuplicateKeyError:  # the same form, sent twice in the same moment
        return CreditAdjustment.objects.get(pk=adjustment.pk)
    return adjustment


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

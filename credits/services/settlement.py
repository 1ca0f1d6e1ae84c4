"""What becomes of an accepted quote: hits are charged, and in the end the rest goes back to where it came from."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Decimal128, Int64
from django.conf import settings
from pymongo.errors import PyMongoError

from atlas_site.mongodb.documents import as_utc, collection_of, current_session, load
from credits.models import CreditLog, CreditUsage, Quote
from credits.money import Parts, coming_back, left_over, price, returnable, split_rest, split_spend, weight_of
from credits.services.exceptions import CreditsError, LedgerConflict
from credits.services.grants import saying_what_was_owed, use_of_period
from credits.services.ledger import HeldWallet, change_wallet, find_entry
from credits.services.quotes import end_offer, prepaid_of, read_quote, write_quote

logger = logging.getLogger(__name__)

# Why the rest of a quote was not charged: what the ledger says, and what the receipt says of each unit.
CAUSES = {
    "miss": ("Not everything had a result", "not found"),
    "fault": ("The data provider could not deliver", "the data provider could not deliver it"),
    "cancelled": ("You stopped the work", "stopped by you"),
    "expired": ("The time for which credits are held was over", "not done in time"),
}
# Only these come back into the period after the one in which they were held (the money rule, buckets).
RETURNED_AFTER_RESET = frozenset({"miss", "fault"})
ACTOR = "system"


@dataclass(frozen=True)
class Capture:
    """What one page or batch of work was charged, in whole credits.

    `is_late`: the quote had ended before, so nothing is charged and the result is delivered free.
    """

    amount: int
    by_type: Mapping[str, int]
    is_new: bool = True
    is_late: bool = False


@dataclass(frozen=True)
class Expired:
    """How many offers ran out, and how many holds were given back."""

    offers: int
    holds: int


def capture(*, quote_id: str, step: str, units: Mapping[str, int], reason: str, now: datetime) -> Capture:
    """Charge the hits of one page or batch (`step`) to an accepted quote, and return what they cost.

    `units` are the hits of this step by credit type. Captured credits are always the price of all hits so far, so many
    small steps cost what one large one would. The same step again changes nothing and answers with the first result;
    with other units it raises KeyReused. After the end of the quote nothing is charged (`is_late`). A step without a
    hit writes nothing.

    Call it in one `run_txn` with the permissions or row states that are paid for. Raises QuoteNotFound, and
    LedgerConflict for a quote that was never accepted or more hits than it has units.
    """
    hits = {str(credit_type): count for credit_type, count in units.items() if count}
    if any(count < 0 for count in hits.values()):
        raise ValueError("Hits are counted from zero.")
    key = f"capture:{quote_id}:{step}"
    inputs = {"quote": quote_id, "step": step, "units": hits}
    quote = read_quote(quote_id)

    def find_capture() -> Capture | None:
        entry = find_entry(key, inputs)
        return Capture(-entry["reservedChange"], entry["byType"], is_new=False) if entry else None

    if not hits:
        return Capture(0, {})
    return change_wallet(
        user_id=quote["userId"],
        now=now,
        find_first=find_capture,
        change=lambda wallet: _capture(wallet, quote_id, hits, key=key, inputs=inputs, reason=reason),
    )


def release(
    *, quote_id: str, now: datetime, cause: str = "miss", not_charged: Sequence[Mapping[str, Any]] = ()
) -> Quote:
    """Settle an accepted quote: give back what was not captured, bucket by bucket, and return it as the receipt.

    `cause` is a key of CAUSES. `not_charged` tells the receipt why units were not charged, as
    ``[{"why": "already yours", "count": 2}]``; without it all of them are said to have the one cause. A settled
    quote answers as it is and nothing changes.

    What was held of a subscription period that has ended comes back only after a miss or a fault, within
    RETURN_AFTER_RESET of the reset and up to RETURN_AFTER_RESET_SHARE of the new grant; the rest lapses with an entry
    of its own. The prepaid fraction that is left returns to its type, and fractions that add up to a credit are
    released as one.

    What comes back pays a debt before it goes to its bucket: a refund made it of credits that were held. Raises
    QuoteNotFound, and LedgerConflict for a quote that was never accepted.
    """
    quote = read_quote(quote_id)

    def find_settled() -> Quote | None:
        document = read_quote(quote_id)
        return load(Quote, document) if document["status"] == Quote.Status.SETTLED else None

    return change_wallet(
        user_id=quote["userId"],
        now=now,
        find_first=find_settled,
        change=lambda wallet: _settle(wallet, quote_id, cause, not_charged),
    )


def expire_quotes(*, now: datetime, limit: int = 1000) -> Expired:
    """End the offers that nobody accepted in time, and give back the holds whose time is over, at most `limit` of each.

    A quote that cannot be settled is logged and does not keep the others from it.
    """
    moment, quotes = as_utc(now), collection_of(Quote)
    offered = {"status": str(Quote.Status.OFFERED), "expiresAt": {"$lte": moment}}
    ids = [quote["_id"] for quote in quotes.find(offered, {"_id": 1}).sort("expiresAt", 1).limit(limit)]
    offers = sum(end_offer(quote_id, moment) for quote_id in ids)
    accepted = {"status": str(Quote.Status.ACCEPTED), "holdUntil": {"$lte": moment}}
    holds = 0
    for quote in list(quotes.find(accepted, {"_id": 1}).sort("holdUntil", 1).limit(limit)):
        try:
            release(quote_id=quote["_id"], cause="expired", now=now)
            holds += 1
        except (CreditsError, PyMongoError):
            logger.exception("The hold of quote %s could not be given back.", quote["_id"])
    return Expired(offers, holds)


def _capture(
    wallet: HeldWallet, quote_id: str, hits: Mapping[str, int], *, key: str, inputs: Mapping[str, Any], reason: str
) -> Capture:
    quote = read_quote(quote_id, session=current_session())
    if quote["status"] == Quote.Status.SETTLED:
        return Capture(0, {}, is_late=True)
    if quote["status"] != Quote.Status.ACCEPTED:
        raise LedgerConflict(f"Quote {quote_id} was not accepted.")
    lines, by_type = [], {}
    for line in quote["lines"]:
        units_hit = line["units_hit"] + hits.get(line["type"], 0)
        captured = price(units_hit, weight_of(line["weight"]), weight_of(line["prepaid"]))
        if line["type"] in hits:
            by_type[line["type"]] = captured - line["captured"]
        lines.append({**line, "units_hit": units_hit, "captured": captured})
    if len(by_type) < len(hits) or any(line["units_hit"] > line["units"] for line in lines):
        raise LedgerConflict(f"{key} has more hits than were quoted.")
    amount = sum(by_type.values())
    wallet.record(
        kind=CreditLog.Kind.CAPTURE,
        key=key,
        inputs=inputs,
        reserved=-amount,
        by_type=by_type,
        reason=reason,
        reference=("quote", quote_id),
        actor=ACTOR,
    )
    for credit_type, charged in by_type.items():
        if charged:
            _change_usage(wallet, credit_type, reserved=-charged, used=charged)
    changed = {
        "lines": lines,
        "captured": Int64(quote["captured"] + amount),
        "captures": Int64(quote["captures"] + 1),
    }
    write_quote(quote_id, Quote.Status.ACCEPTED, changed)
    return Capture(amount, by_type)


def _settle(wallet: HeldWallet, quote_id: str, cause: str, not_charged: Sequence[Mapping[str, Any]]) -> Quote:
    quote = read_quote(quote_id, session=current_session())
    if quote["status"] == Quote.Status.SETTLED:
        return load(Quote, quote)
    if quote["status"] != Quote.Status.ACCEPTED:
        raise LedgerConflict(f"Quote {quote_id} was not accepted.")
    lines = [_settle_line(wallet, line) for line in quote["lines"]]
    held = Parts(quote["heldSubscription"], quote["heldPurchased"])
    rest = split_rest(held, quote["captured"])
    back = Parts(_returning(wallet, quote, rest.subscription, cause), rest.purchased)
    _record_rest(wallet, quote, lines, back=back, lapsed=rest.total - back.total, cause=cause)
    uncharged = sum(line["units"] - line["units_hit"] for line in lines)
    reasons = list(not_charged) or ([{"why": CAUSES[cause][1], "count": uncharged}] if uncharged else [])
    changed = {
        "status": str(Quote.Status.SETTLED),
        "lines": lines,
        "endedAt": wallet.now,
        "released": Int64(back.total),
        "lapsed": Int64(rest.total - back.total),
        "notCharged": [dict(reason) for reason in reasons],
    }
    return write_quote(quote_id, Quote.Status.ACCEPTED, changed)


def _record_rest(
    wallet: HeldWallet,
    quote: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    *,
    back: Parts,
    lapsed: int,
    cause: str,
) -> None:
    """Write what comes back, and what lapses, to the ledger; nothing if there is neither.

    What comes back pays the debt of the wallet first, whatever made it: subscription credits before purchased ones, as
    in spending, since the latter do not lapse. What lapses pays only what the refund of its own period took too much.
    """
    quote_id, inputs = quote["_id"], {"quote": quote["_id"], "cause": cause}
    rest = {line["type"]: line["held"] - line["captured"] for line in lines}
    given_back, lapsing = _share_by_type(rest, back.total)
    rejoined = sum(line["rejoined"] for line in lines)
    coming_in = coming_back(back, rejoined, held=Parts(quote["heldSubscription"], quote["heldPurchased"]))
    if coming_in.total:
        paying = split_spend(min(wallet.debt, coming_in.total), coming_in)
        reason = CAUSES[cause][0] if back.total else "Fractions of a credit added up to a whole one"
        wallet.record(
            kind=CreditLog.Kind.RELEASE,
            key=f"release:{quote_id}",
            inputs=inputs,
            subscription=coming_in.subscription - paying.subscription,
            purchased=coming_in.purchased - paying.purchased,
            reserved=-back.total,
            debt=-paying.total,
            by_type={line["type"]: given_back[line["type"]] + line["rejoined"] for line in lines},
            reason=saying_what_was_owed(reason, paying.total),
            reference=("quote", quote_id),
            actor=ACTOR,
        )
    if lapsed:
        paid = _owed_too_much(wallet, quote, lapsed)
        wallet.record(
            kind=CreditLog.Kind.LAPSE,
            key=f"lapse:{quote_id}",
            inputs=inputs,
            reserved=-lapsed,
            debt=-paid,
            by_type=lapsing,
            reason=saying_what_was_owed("Held in a period of your plan that has ended", paid),
            reference=("quote", quote_id),
            actor=ACTOR,
        )


def _owed_too_much(wallet: HeldWallet, quote: Mapping[str, Any], lapsed: int) -> int:
    """Return how much of the debt is forgiven for held credits that lapse.

    A refund of their period counted them as used while they were held, and they never were.
    """
    if not wallet.debt:
        return 0
    return min(lapsed, wallet.debt, use_of_period(wallet.id, quote["period"]).taken_too_much(lapsed))


def _settle_line(wallet: HeldWallet, line: Mapping[str, Any]) -> dict[str, Any]:
    """End the hold of one type, and put the fraction that is left of a credit back to the wallet's."""
    leftover = left_over(line["units_hit"], weight_of(line["weight"]), weight_of(line["prepaid"]))
    rest = line["held"] - line["captured"]
    if not leftover:
        if rest:
            _change_usage(wallet, line["type"], reserved=-rest)
        return dict(line)
    usages, keys = collection_of(CreditUsage), {"creditId": wallet.id, "creditType": line["type"]}
    total = prepaid_of(usages.find_one(keys, session=current_session()) or {}) + leftover
    rejoined = int(total)
    change = {
        "$set": {"prepaid": Decimal128(total - rejoined)},
        "$inc": {"creditReserved": Int64(-rest), "creditUsed": Int64(-rejoined)},
    }
    usages.update_one(keys, change, session=current_session())
    return {**line, "leftover": str(leftover), "rejoined": rejoined}


def _change_usage(wallet: HeldWallet, credit_type: str, *, reserved: int, used: int = 0) -> None:
    collection_of(CreditUsage).update_one(
        {"creditId": wallet.id, "creditType": credit_type},
        {"$inc": {"creditReserved": Int64(reserved), "creditUsed": Int64(used)}},
        session=current_session(),
    )


def _returning(wallet: HeldWallet, quote: Mapping[str, Any], amount: int, cause: str) -> int:
    """Return how much of the held subscription credits goes back to the bucket, and note it if periods changed."""
    if quote["period"] == (wallet.document.get("period") or ""):
        return amount
    started_at = wallet.document.get("periodStartedAt")
    in_time = started_at is not None and wallet.now - as_utc(started_at) <= settings.RETURN_AFTER_RESET
    if cause not in RETURNED_AFTER_RESET or not in_time:
        return 0
    already = wallet.document.get("periodReturned") or 0
    room = returnable(
        grant=wallet.document.get("periodGrant") or 0,
        already_returned=already,
        share=settings.RETURN_AFTER_RESET_SHARE,
    )
    returned = min(amount, room)
    wallet.set(periodReturned=Int64(already + returned))
    return returned


def _share_by_type(rest: Mapping[str, int], amount: int) -> tuple[dict[str, int], dict[str, int]]:
    """Split the rest of each type into the first `amount` credits and what is beyond them."""
    first: dict[str, int] = {}
    beyond: dict[str, int] = {}
    for credit_type, count in rest.items():
        first[credit_type] = min(count, amount)
        beyond[credit_type] = count - first[credit_type]
        amount -= first[credit_type]
    return first, beyond

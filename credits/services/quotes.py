"""Offers and their acceptance. A quote is its own reservation: offered, accepted, then settled or expired."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from bson import Decimal128, Int64, ObjectId
from django.conf import settings
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from atlas_site.mongodb.documents import as_utc, collection_of, current_session, load
from credits.chain import digest
from credits.models import Credit, CreditLog, CreditUsage, Quote
from credits.money import least_price, price, split_spend, weight_of
from credits.pricing import current_weights
from credits.selectors import fitting_units, prepaid_fractions
from credits.services.exceptions import (
    AccountBlocked,
    LostRace,
    NotEnoughCredits,
    QuoteChanged,
    QuoteExpired,
    QuoteNotFound,
)
from credits.services.ledger import HeldWallet, change_wallet, open_wallet


@dataclass(frozen=True)
class Acceptance:
    """The accepted quote, and whether this call accepted it: a repetition changes nothing and is not new."""

    quote: Quote
    is_new: bool


@dataclass(frozen=True)
class QuoteSource:
    """What a spend is for: `kind` is "search", "property" or "list", `id` what tells it from others of its kind.

    Usage is grouped by both; `label` and `url` are its name, and its page as a path of this site.
    """

    kind: str
    id: str
    label: str
    url: str


def make_quote(
    *,
    user_id: ObjectId,
    kind: str,
    title: str,
    units: Mapping[str, int],
    subject: Mapping[str, Any],
    accept_view: str,
    now: datetime,
    back_url: str = "/",
    source: QuoteSource | None = None,
) -> Quote:
    """Store an offer and return it: `units` of each credit type at today's weights, and the most that it can cost.

    `subject` says exactly what it is about (ids, or criteria with sort, exclusions and n), as JSON. `accept_view` is
    the URL name of the domain's own accept view, which takes the quote's id; `back_url` is where a new quote can be
    made; `source` is what usage is grouped by. Nothing is held, whatever the balance: a quote is free. Raises
    ValueError for no units at all.
    """
    wanted = {str(credit_type): count for credit_type, count in units.items() if count}
    if not wanted or min(wanted.values()) < 0:
        raise ValueError("A quote needs at least one unit.")
    weights = current_weights(now)
    fractions = prepaid_fractions(user_id=user_id)
    lines: list[dict[str, Any]] = []
    for credit_type, count in wanted.items():
        weight, prepaid = weights[credit_type], fractions.get(credit_type, Decimal(0))
        cost = price(count, weight, prepaid)
        lines.append(
            {
                "type": credit_type,
                "units": count,
                "weight": str(weight),
                "prepaid": str(prepaid),
                "cost": cost,
                "held": 0,
                "units_hit": 0,
                "captured": 0,
                "leftover": "0",
                "rejoined": 0,
            }
        )
    moment = as_utc(now)
    quote = Quote.objects.create(
        id=uuid4().hex,
        user_id=user_id,
        kind=kind,
        title=title,
        subject=dict(subject),
        lines=lines,
        max_cost=sum(line["cost"] for line in lines),
        input_hash=digest({"user": user_id, "kind": kind, "units": wanted, "subject": subject}),
        created_at=moment,
        expires_at=moment + settings.QUOTE_LIFE,
        accept_view=accept_view,
        back_url=back_url,
        source_kind=source.kind if source else "",
        source_id=source.id[:120] if source else "",
        source_label=source.label[:200] if source else "",
        source_url=source.url[:2000] if source else "",
    )
    _end_oldest_offers(user_id, moment)
    return quote


def accept_quote(*, quote_id: str, user_id: ObjectId, now: datetime, job_id: str | None = None) -> Acceptance:
    """Hold the most that the quote can cost, and take the prepaid fractions along. Accepting twice does it once.

    Call it in one `run_txn` with the job that the quote pays for. `job_id` is kept on the quote at the first
    acceptance; a repetition answers with the first one's quote, and its job is the one to go to.

    Raises QuoteNotFound (also for another user's), QuoteExpired, QuoteChanged (it would now cost more), AccountBlocked
    and NotEnoughCredits. Then nothing is held.
    """
    moment = as_utc(now)
    quote: dict[str, Any] = {}

    def find_accepted() -> Acceptance | None:
        quote.clear()
        quote.update(read_quote(quote_id, user_id=user_id))
        if quote["status"] in (Quote.Status.ACCEPTED, Quote.Status.SETTLED):
            return Acceptance(load(Quote, quote), is_new=False)
        if quote["status"] == Quote.Status.EXPIRED or as_utc(quote["expiresAt"]) <= moment:
            raise QuoteExpired(f"Quote {quote_id} is over.")
        return None

    def refuse(wallet: Mapping[str, Any]) -> None:
        if wallet.get("banned") or (wallet.get("debt") or 0) > 0:
            raise AccountBlocked(banned=bool(wallet.get("banned")), debt=wallet.get("debt") or 0)
        spendable = load(Credit, dict(wallet)).spendable
        if spendable < _least_cost(quote):
            raise _not_enough(quote, spendable)

    def can_spend() -> dict[str, Any]:
        # The least that it can cost is known beforehand, so nearly all refusals happen without a write.
        least = {"$gte": _least_cost(quote)}
        return {
            "banned": {"$ne": True},
            "debt": {"$not": {"$gt": 0}},
            "$or": [
                {"subscriptionFrozen": {"$ne": True}, "creditAvailable": least},
                {"subscriptionFrozen": True, "purchasedCredits": least},
            ],
        }

    return change_wallet(
        user_id=user_id,
        now=now,
        find_first=find_accepted,
        change=lambda wallet: _reserve(wallet, quote, job_id),
        condition=can_spend,
        refuse=refuse,
    )


def _reserve(wallet: HeldWallet, quote: Mapping[str, Any], job_id: str | None) -> Acceptance:
    lines = [_hold_line(wallet, line) for line in quote["lines"]]
    cost = sum(line["held"] for line in lines)
    if cost > wallet.spendable.total:
        raise _not_enough(quote, wallet.spendable.total)
    parts = split_spend(cost, wallet.spendable)
    wallet.record(
        kind=CreditLog.Kind.RESERVE,
        key=f"reserve:{quote['_id']}",
        inputs={"quote": quote["_id"], "input": quote["inputHash"]},
        subscription=-parts.subscription,
        purchased=-parts.purchased,
        reserved=cost,
        by_type={line["type"]: line["held"] for line in lines},
        reason=quote["title"],
        reference=("quote", quote["_id"]),
        actor=f"user:{wallet.user_id}",
    )
    changed = {
        "status": str(Quote.Status.ACCEPTED),
        "lines": lines,
        "acceptedAt": wallet.now,
        "holdUntil": _hold_until(wallet),
        "period": wallet.document.get("period") or "",
        "subscriptionFrozen": wallet.is_frozen,
        "heldSubscription": Int64(parts.subscription),
        "heldPurchased": Int64(parts.purchased),
        "reserved": Int64(cost),
        "jobId": job_id,
    }
    return Acceptance(write_quote(quote["_id"], Quote.Status.OFFERED, changed), is_new=True)


def _hold_until(wallet: HeldWallet) -> datetime:
    """Return when a hold that begins now is given back at the latest: never after the end of the period."""
    period_ends = [wallet.document.get("periodEndsAt"), wallet.document.get("lapsesAt")]
    to_come = [as_utc(end) for end in period_ends if end and as_utc(end) > wallet.now]
    return min([wallet.now + settings.RESERVATION_LIFE, *to_come])


def _hold_line(wallet: HeldWallet, line: Mapping[str, Any]) -> dict[str, Any]:
    """Take the prepaid fraction of this line's type along, and hold what the line costs with it."""
    usages, keys = collection_of(CreditUsage), {"creditId": wallet.id, "creditType": line["type"]}
    quoted = {"$set": {"prepaid": Decimal128("0")}, "$inc": {"creditReserved": Int64(line["cost"])}}
    session = current_session()
    if usages.update_one({**keys, "prepaid": Decimal128(line["prepaid"])}, quoted, session=session).matched_count:
        return {**line, "held": line["cost"]}
    usage = usages.find_one(keys, session=session)
    if usage is None:
        open_wallet(user_id=wallet.user_id)
        raise LostRace
    prepaid = prepaid_of(usage)
    cost = price(line["units"], weight_of(line["weight"]), prepaid)
    if cost > line["cost"]:
        raise QuoteChanged("The fraction of a credit that this quote counted on has been used meanwhile.")
    usages.update_one(
        keys, {"$set": {"prepaid": Decimal128("0")}, "$inc": {"creditReserved": Int64(cost)}}, session=session
    )
    return {**line, "held": cost, "prepaid": str(prepaid)}


def _end_oldest_offers(user_id: ObjectId, moment: datetime) -> None:
    """End the oldest offers of a user beyond OPEN_OFFERS_A_USER: nobody reads that many, and a script makes no end."""
    quotes, session = collection_of(Quote), current_session()
    offered = {"userId": user_id, "status": str(Quote.Status.OFFERED)}
    newest_first = quotes.find(offered, {"_id": 1}, session=session).sort("createdAt", -1)
    for quote in list(newest_first.skip(settings.OPEN_OFFERS_A_USER)):
        end_offer(quote["_id"], moment)


def end_offer(quote_id: str, moment: datetime) -> bool:
    """Let an offer end that nobody accepted, and return whether this call did it."""
    offered = {"_id": quote_id, "status": str(Quote.Status.OFFERED)}
    ended = {"$set": {"status": str(Quote.Status.EXPIRED), "endedAt": moment}}
    return collection_of(Quote).find_one_and_update(offered, ended, {"_id": 1}, session=current_session()) is not None


def purge_quotes(*, now: datetime) -> int:
    """Remove the offers that ended unaccepted longer than UNACCEPTED_QUOTES_KEPT ago, and return how many they were.

    No credits were ever held for them, so the ledger does not speak of them.
    """
    long_ago = as_utc(now) - settings.UNACCEPTED_QUOTES_KEPT
    ended = {"status": str(Quote.Status.EXPIRED), "expiresAt": {"$lte": long_ago}}
    return collection_of(Quote).delete_many(ended).deleted_count


def prepaid_of(usage: Mapping[str, Any]) -> Decimal:
    """Return the prepaid fraction that a usage document holds; documents of other writers have none."""
    prepaid = usage.get("prepaid")
    return prepaid.to_decimal() if prepaid is not None else Decimal(0)


def read_quote(
    quote_id: str, *, user_id: ObjectId | None = None, session: ClientSession | None = None
) -> dict[str, Any]:
    """Return the document of a quote. Raises QuoteNotFound, also if `user_id` is given and it is another user's."""
    quote = collection_of(Quote).find_one({"_id": quote_id}, session=session)
    if quote is None or (user_id is not None and quote["userId"] != user_id):
        raise QuoteNotFound(quote_id)
    return quote


def write_quote(quote_id: str, status: Quote.Status, changed: Mapping[str, Any]) -> Quote:
    """Change a quote that has this status and return it. Raises LostRace if it has another one by now."""
    document = collection_of(Quote).find_one_and_update(
        {"_id": quote_id, "status": str(status)},
        {"$set": changed},
        session=current_session(),
        return_document=ReturnDocument.AFTER,
    )
    if document is None:
        raise LostRace
    return load(Quote, document)


def _least_cost(quote: Mapping[str, Any]) -> int:
    return sum(least_price(line["units"], weight_of(line["weight"])) for line in quote["lines"])


def _not_enough(quote: Mapping[str, Any], available: int) -> NotEnoughCredits:
    return NotEnoughCredits(needed=quote["maxCost"], available=available, fits=fitting_units(quote["lines"], available))

"""The services of credits behind the operations of the model, for one user in a real database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from atlas_site.mongodb.documents import collection_of
from credits import services as credit_services
from credits.models import Credit, CreditLog, CreditType, CreditUsage, CreditWeight, Quote, WelcomeClaim
from tests.credits.model import Period, Weights


@dataclass
class MongoBooks:
    """One user's wallet in MongoDB. Operations take and return what those of `MemoryBooks` do."""

    user_id: ObjectId = field(default_factory=ObjectId)
    quote_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wallet_id = credit_services.open_wallet(user_id=self.user_id)

    def make_quote(self, *, units: Mapping[str, int], weights: Weights, now: datetime) -> int:
        for name, weight in weights.items():
            collection_of(CreditWeight).update_one(
                {"creditType": name}, {"$set": {"weight": float(weight)}}, upsert=True
            )
        quote = credit_services.make_quote(
            user_id=self.user_id,
            kind="reveal",
            title="Properties",
            units=units,
            subject={},
            accept_view="properties:accept-quote",
            now=now,
        )
        self.quote_ids.append(quote.pk)
        return quote.max_cost

    def accept(self, *, number: int, now: datetime) -> int:
        quote_id = self.quote_ids[number]
        return credit_services.accept_quote(quote_id=quote_id, user_id=self.user_id, now=now).quote.reserved

    def capture(self, *, number: int, step: str, units: Mapping[str, int], now: datetime) -> int | str:
        quote_id = self.quote_ids[number]
        captured = credit_services.capture(quote_id=quote_id, step=step, units=units, reason="A page", now=now)
        return "late" if captured.is_late else captured.amount

    def release(self, *, number: int, cause: str, now: datetime) -> tuple[int, int, int]:
        receipt = credit_services.release(quote_id=self.quote_ids[number], cause=cause, now=now)
        return receipt.captured, receipt.released, receipt.lapsed

    def expire(self, *, now: datetime) -> None:
        credit_services.expire_quotes(now=now)

    def grant(self, *, bucket: Any, amount: int, source: str, period: Period, now: datetime) -> int:
        return credit_services.grant(
            user_id=self.user_id,
            amount=amount,
            bucket=bucket,
            source=self._own(source),
            reason="Paid",
            period=self._name(period),
            now=now,
        ).change_amount

    def reset(self, *, subscription: str, amount: int, started_at: datetime, now: datetime) -> int:
        return credit_services.reset_period(
            user_id=self.user_id,
            subscription_id=self._own(subscription),
            started_at=started_at,
            ends_at=started_at + timedelta(days=30),
            amount=amount,
            now=now,
        ).change_amount

    def lapse(self, *, source: str, now: datetime) -> int:
        entry = credit_services.lapse(user_id=self.user_id, source=self._own(source), reason="Plan ended", now=now)
        assert entry is not None
        return entry.change_amount

    def welcome(self, *, now: datetime) -> int | None:
        email = f"{self.user_id}@example.test"
        entry = credit_services.claim_welcome_credits(user_id=self.user_id, email=email, phone=None, now=now)
        return entry and entry.change_amount

    def lapse_welcome(self, *, now: datetime) -> None:
        credit_services.lapse_welcome_credits(now=now)

    def adjust(self, *, bucket: Any, amount: int, adjustment: str, now: datetime) -> int:
        return credit_services.adjust(
            user_id=self.user_id,
            amount=amount,
            bucket=bucket,
            adjustment_id=self._own(adjustment),
            reason="Correction",
            actor="user:sam",
            now=now,
        ).change_amount

    def claw_back(self, *, amount: int, refund: str, period: Period, now: datetime) -> int | None:
        entry = credit_services.claw_back(
            user_id=self.user_id,
            amount=amount,
            refund_id=self._own(refund),
            reason="Refund",
            bucket="purchased" if period is None else "subscription",
            period=self._name(period),
            now=now,
        )
        return entry and entry.change_amount

    def freeze(self, *, frozen: bool, now: datetime) -> None:
        credit_services.set_subscription_frozen(user_id=self.user_id, frozen=frozen, now=now)

    def ban(self, *, banned: bool) -> None:
        credit_services.set_spending_ban(user_id=self.user_id, banned=banned)

    def balances(self) -> dict[str, Any]:
        """What the wallet and its usage say, for comparison with the model."""
        wallet = collection_of(Credit).find_one({"_id": self.wallet_id})
        usages = {row["creditType"]: row for row in collection_of(CreditUsage).find({"creditId": self.wallet_id})}
        return {
            "subscription": wallet["subscriptionCredits"],
            "purchased": wallet["purchasedCredits"],
            "available": wallet["creditAvailable"],
            "reserved": wallet["reserved"],
            "debt": wallet["debt"],
            "entries": wallet["sequence"],
            "returned": wallet["periodReturned"],
            "used": {name: usages[name]["creditUsed"] for name in CreditType.values},
            "prepaid": {name: usages[name]["prepaid"].to_decimal() for name in CreditType.values},
        }

    def entries(self) -> list[tuple[str, int, int, int, int]]:
        """The ledger as kinds with signed changes, in order."""
        rows = collection_of(CreditLog).find({"creditId": self.wallet_id}).sort("sequence", 1)
        columns = ("kind", "subscriptionChange", "purchasedChange", "reservedChange", "debtChange")
        return [tuple(row[column] for column in columns) for row in rows]

    def remove(self) -> None:
        """Delete all that this user left, so that examples do not add up."""
        for model in (CreditLog, CreditUsage):
            collection_of(model).delete_many({"creditId": self.wallet_id})
        collection_of(Credit).delete_one({"_id": self.wallet_id})
        for model in (Quote, WelcomeClaim):
            collection_of(model).delete_many({"userId": self.user_id})

    def _name(self, period: Period) -> str | None:
        return credit_services.period_name(self._own(period[0]), period[1]) if isinstance(period, tuple) else None

    def _own(self, name: str) -> str:
        return f"{name}-{self.user_id}"

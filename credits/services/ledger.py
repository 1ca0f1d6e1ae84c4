"""The one place that changes balances: each change writes the wallet and one entry of its ledger, or neither.

A change first writes the wallet (its sequence number), with every condition for spending in the filter of that write.
From then on no other transaction can change this wallet, so all that is read after it is what the change decides on.
"""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from bson import Decimal128, Int64, ObjectId
from django.contrib.auth import get_user_model
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from atlas_site.lib.transactions import key_lock, run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, current_session, is_in_transaction, load
from credits.chain import digest, entry_hash
from credits.models import Credit, CreditLog, CreditType, CreditUsage
from credits.money import Parts
from credits.services.exceptions import KeyReused, LedgerConflict, LostRace

Result = TypeVar("Result")

WRITE_CONFLICT = 112  # the server's code
PATIENCE_SECONDS = 10
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.01, 0.08


class HeldWallet:
    """A wallet that the running transaction has written first. Only `change_wallet` makes one."""

    def __init__(self, document: Mapping[str, Any], *, now: datetime) -> None:
        self.document = document
        self.id: ObjectId = document["_id"]
        self.user_id: ObjectId = document["userId"]
        self.now = as_utc(now)
        self.sequence = document["sequence"] - 1
        self.last_hash: str = document.get("lastHash") or ""
        self.subscription = self.purchased = self.reserved = self.debt = 0
        self._others: dict[str, Any] = {}
        before = {key: document.get(column) or 0 for key, column in _BALANCES.items()}
        if self.sequence == 0 and any(before.values()):
            self._adopt(before)
        else:
            self.subscription, self.purchased = before["subscription"], before["purchased"]
            self.reserved, self.debt = before["reserved"], before["debt"]

    @property
    def available(self) -> int:
        """Both buckets."""
        return self.subscription + self.purchased

    @property
    def is_frozen(self) -> bool:
        """Whether the subscription credits cannot be spent at present."""
        return bool(self.document.get("subscriptionFrozen"))

    @property
    def spendable(self) -> Parts:
        """What can be spent, by bucket."""
        return Parts(0 if self.is_frozen else self.subscription, self.purchased)

    def set(self, **columns: Any) -> None:
        """Set keys of the wallet document that are no balances, by their names in the document."""
        self._others |= columns

    def record(
        self,
        *,
        kind: CreditLog.Kind,
        key: str,
        inputs: Mapping[str, Any],
        reason: str,
        actor: str,
        reference: tuple[str, str] | None = None,
        subscription: int = 0,
        purchased: int = 0,
        reserved: int = 0,
        debt: int = 0,
        by_type: Mapping[str, int] | None = None,
        period: str | None = None,
    ) -> dict[str, Any]:
        """Change the balances by these signed amounts, write the one entry of it, and return the entry.

        `inputs` is what the operation was asked to do: its hash tells a repetition from a misuse of the key.
        Raises LedgerConflict if a balance would fall below zero, LostRace if another transaction used the key first.
        """
        available_before = self.available
        self.subscription += subscription
        self.purchased += purchased
        self.reserved += reserved
        self.debt += debt
        if min(self.subscription, self.purchased, self.reserved, self.debt) < 0:
            raise LedgerConflict(f"{key} would leave a balance below zero.")
        self.sequence += 1
        types = dict(by_type or {})
        entry = {
            "_id": ObjectId(),
            "creditId": self.id,
            "creditType": next(iter(types)) if len(types) == 1 else None,
            "creditBefore": Int64(available_before),
            "creditAfter": Int64(self.available),
            "changeAmount": Int64(self.available - available_before),
            "timestamp": self.now,
            "sequence": Int64(self.sequence),
            "key": key,
            "inputHash": digest(inputs),
            "kind": str(kind),
            "subscriptionChange": Int64(subscription),
            "purchasedChange": Int64(purchased),
            "reservedChange": Int64(reserved),
            "debtChange": Int64(debt),
            "subscriptionAfter": Int64(self.subscription),
            "purchasedAfter": Int64(self.purchased),
            "reservedAfter": Int64(self.reserved),
            "debtAfter": Int64(self.debt),
            "byType": types,
            "period": period,
            "reason": reason,
            "referenceKind": reference[0] if reference else None,
            "referenceId": reference[1] if reference else None,
            "actor": actor,
            "previousHash": self.last_hash,
        }
        self.last_hash = entry["hash"] = entry_hash(entry)
        try:
            collection_of(CreditLog).insert_one(entry, session=current_session())
        except DuplicateKeyError as error:
            raise LostRace from error
        return entry

    def save(self) -> None:
        """Write what was decided to the wallet document."""
        values = {
            "subscriptionCredits": Int64(self.subscription),
            "purchasedCredits": Int64(self.purchased),
            "creditAvailable": Int64(self.available),
            "reserved": Int64(self.reserved),
            "debt": Int64(self.debt),
            "sequence": Int64(self.sequence),
            "lastHash": self.last_hash,
        }
        values |= self._others
        values["warningDue"] = self._warning_due(values)
        collection_of(Credit).update_one({"_id": self.id}, {"$set": values}, session=current_session())

    def came_in(self) -> None:
        """Note that credits were added: what they are short of is counted anew."""
        self.set(warned="", warningLeasedUntil=None)

    def _warning_due(self, values: Mapping[str, Any]) -> str:
        """Return the mail that is due after this change: none that was sent since credits came in."""
        wallet = load(Credit, {**self.document, **values})
        grows = Credit.Shortage.values.index(wallet.shortage) > Credit.Shortage.values.index(wallet.warned)
        return str(wallet.shortage) if grows else ""

    def _adopt(self, before: Mapping[str, Any]) -> None:
        """Write the opening entry of a wallet that another program filled before there was a numbered ledger."""
        self.record(
            kind=CreditLog.Kind.ADJUST,
            key=f"opening:{self.id}",
            inputs=before,
            reason="Balance brought forward",
            actor="system",
            **before,
        )


_BALANCES = {
    "subscription": "subscriptionCredits",
    "purchased": "purchasedCredits",
    "reserved": "reserved",
    "debt": "debt",
}


def change_wallet(
    *,
    user_id: ObjectId,
    now: datetime,
    find_first: Callable[[], Result | None],
    change: Callable[[HeldWallet], Result],
    condition: Callable[[], Mapping[str, Any]] = dict,
    refuse: Callable[[Mapping[str, Any]], None] | None = None,
) -> Result:
    """Run `change` on the wallet of this user in a transaction, or in the one that already runs.

    `find_first` returns the result of the same operation done before, or None: it is asked before every attempt, and
    once more when nobody knows whether a commit took place. `condition` is added to the filter of the write that takes
    the wallet. When it does not hold, `refuse` is given the wallet and raises the reason. All of them may run several
    times. A user without a wallet gets an empty one.
    """
    joins = is_in_transaction()

    def attempt() -> Result:
        first = find_first()
        if first is not None:
            return first
        document = _take(user_id, condition(), joins=joins)
        if document is None:
            _explain(user_id, refuse)
            raise LostRace
        wallet = HeldWallet(document, now=now)
        result = change(wallet)
        wallet.save()
        return result

    if joins:
        return attempt()
    with key_lock(user_id):
        try:
            return _run_in_turn(attempt)
        except PyMongoError as error:
            is_unknown = error.timeout or error.has_error_label("UnknownTransactionCommitResult")
            first = find_first() if is_unknown else None
            if first is None:
                raise
            return first


class WalletTaken(Exception):
    """A transaction of another process holds the wallet at this moment."""

    def __init__(self, conflict: OperationFailure) -> None:
        super().__init__(str(conflict))
        self.conflict = conflict


def _take(user_id: ObjectId, condition: Mapping[str, Any], *, joins: bool) -> dict[str, Any] | None:
    """Write the wallet first, and return it with its new number, or None where the condition does not hold.

    Raises WalletTaken in the place of the server's conflict, unless this joins a transaction, which is run again whole.
    """
    try:
        return collection_of(Credit).find_one_and_update(
            {"userId": user_id, **condition},
            {"$inc": {"sequence": Int64(1)}},
            session=current_session(),
            return_document=ReturnDocument.AFTER,
        )
    except OperationFailure as error:
        if error.code == WRITE_CONFLICT and not joins:
            raise WalletTaken(error) from error
        raise


def _run_in_turn(attempt: Callable[[], Result]) -> Result:
    """Run a change in a transaction of its own, waiting while another process holds the wallet.

    The driver would wait too, but longer each time, up to half a second, so that a process with bad luck starves while
    another works through its queue. The wallet is held for milliseconds only, and short waits are fair.
    """
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    longest = SHORTEST_WAIT_SECONDS
    while True:
        try:
            return run_txn(attempt)
        except WalletTaken as taken:
            if time.monotonic() > give_up_at:
                raise taken.conflict from None
        time.sleep(random.uniform(0, longest))  # noqa: S311 -- it spreads waits and guards nothing
        longest = min(longest * 1.5, LONGEST_WAIT_SECONDS)


def find_entry(key: str, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the entry of this key, read outside of any transaction, or None.

    Raises KeyReused if it was written for other inputs: the same id never means two things.
    """
    entry = collection_of(CreditLog).find_one({"key": key})
    if entry is not None and entry.get("inputHash") != digest(inputs):
        raise KeyReused(f"{key} was used before for something else.")
    return entry


def find_entry_of(wallet_id: ObjectId, key: str) -> dict[str, Any] | None:
    """Return the entry of this key if it is one of this wallet, or None."""
    return collection_of(CreditLog).find_one({"key": key, "creditId": wallet_id})


def open_wallet(*, user_id: ObjectId) -> ObjectId:
    """Make sure that the user has a wallet with a usage line for each type, and return the wallet's id.

    It is made outside of transactions, where two requests that make it at once do no harm.
    """
    zero = Int64(0)
    user = get_user_model()
    owner = collection_of(user).find_one({"_id": user_id}, {"banned": 1}) or {}
    empty = {
        "subscriptionCredits": zero,
        "purchasedCredits": zero,
        "creditAvailable": zero,
        "reserved": zero,
        "sequence": zero,
        "lastHash": "",
        "banned": bool(owner.get("banned")),
        "debt": zero,
        "subscriptionFrozen": False,
        "automaticSpendingStopped": False,
        "warningDue": "",
        "warned": "",
        "period": "",
        "periodGrant": zero,
        "periodReturned": zero,
        "lastPurchase": zero,
    }
    wallet = read_or_make(Credit, {"userId": user_id}, empty)
    for credit_type in CreditType.values:
        read_or_make(
            CreditUsage,
            {"creditId": wallet["_id"], "creditType": credit_type},
            {"creditReserved": zero, "creditUsed": zero, "prepaid": Decimal128("0")},
        )
    return wallet["_id"]


def set_spending_ban(*, user_id: ObjectId, banned: bool) -> None:
    """Mirror a ban, or its end, on the wallet, where the write that spends checks it."""
    collection_of(Credit).find_one_and_update(
        {"userId": user_id, "banned": {"$ne": banned}}, {"$set": {"banned": banned}}, session=current_session()
    )


def set_subscription_frozen(*, user_id: ObjectId, frozen: bool, now: datetime) -> None:
    """Keep the subscription credits of a paused plan from being spent, or let them be spent again.

    So it is, too, while a plan that was ended inside a paid period runs to the end of it. Purchased credits stay
    spendable, no balance changes, and holds go on. Like a ban it is no entry of the ledger.
    """
    _switch(user_id, "subscriptionFrozen", frozen, now)


def set_automatic_spending(*, user_id: ObjectId, stopped: bool, now: datetime) -> None:
    """Turn the user's one switch for all that spends or buys by itself: standing quotes and auto top-up."""
    _switch(user_id, "automaticSpendingStopped", stopped, now)


def applied_keys(keys: Iterable[str]) -> set[str]:
    """Return which of these keys the ledger has an entry for, by one read of its index."""
    wanted = list(set(keys))
    if not wanted:
        return set()
    return {entry["key"] for entry in collection_of(CreditLog).find({"key": {"$in": wanted}}, {"key": 1, "_id": 0})}


def _switch(user_id: ObjectId, column: str, on: bool, now: datetime) -> None:
    """Turn a flag of the wallet, with the moment from which it is on; a user without a wallet gets one for it."""
    wallets, turned = collection_of(Credit), {"$set": {column: on, f"{column}At": as_utc(now) if on else None}}
    where = {"userId": user_id, column: {"$ne": on}}
    changed = wallets.find_one_and_update(where, turned, {"_id": 1}, session=current_session())
    if changed is None and on and wallets.find_one({"userId": user_id}, {"_id": 1}) is None:
        open_wallet(user_id=user_id)
        if is_in_transaction():  # it began before there was a wallet, and runs again
            raise LostRace
        wallets.find_one_and_update(where, turned, {"_id": 1})


def _explain(user_id: ObjectId, refuse: Callable[[Mapping[str, Any]], None] | None) -> None:
    wallet = collection_of(Credit).find_one({"userId": user_id})
    if wallet is None:
        open_wallet(user_id=user_id)
    elif refuse is not None:
        refuse(wallet)


def read_or_make(model: type, keys: dict[str, Any], values: dict[str, Any]) -> Any:
    """Return the document with these keys, made with these values if there is none; two makers at once do no harm."""
    try:
        return collection_of(model).find_one_and_update(
            keys, {"$setOnInsert": values}, upsert=True, return_document=ReturnDocument.AFTER
        )
    except DuplicateKeyError:  # another request made it in the same moment
        return collection_of(model).find_one(keys)

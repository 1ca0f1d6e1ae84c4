"""Wallets that an earlier Atlas filled: their balances enter the numbered ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Int64, ObjectId
from django.contrib.auth import get_user_model

from atlas_site.mongodb.documents import collection_of, current_session
from credits.models import Credit, CreditLog, CreditUsage
from credits.services.ledger import HeldWallet, change_wallet, open_wallet

WITHOUT_LEDGER: Mapping[str, Any] = {"sequence": {"$in": [None, 0]}}


@dataclass
class Adoption:
    """What `adopt_wallets` found and did. Amounts are whole credits."""

    wallets: int = 0
    opened: int = 0
    brought_forward: int = 0
    holds_given_back: int = 0
    corrected: int = 0


def adopt_wallets(*, now: datetime) -> Adoption:
    """Bring the balances of all wallets without a numbered ledger forward, each by one opening entry.

    What a job of the earlier Atlas still held goes to the purchased credits, since that job will not end here. The
    available credits become the sum of both buckets where they were not. May be repeated, and interrupted.
    """
    adoption = Adoption()
    for document in collection_of(Credit).find(WITHOUT_LEDGER, {"userId": 1}):
        _adopt_wallet(adoption, user_id=document["userId"], now=now)
    return adoption


def _adopt_wallet(adoption: Adoption, *, user_id: ObjectId, now: datetime) -> None:
    open_wallet(user_id=user_id)  # the usage lines that are missing
    before = collection_of(Credit).find_one({"userId": user_id}) or {}
    held = sum(usage.get("creditReserved") or 0 for usage in _held_usages(before["_id"]))
    available = (before.get("subscriptionCredits") or 0) + (before.get("purchasedCredits") or 0)
    user = collection_of(get_user_model()).find_one({"_id": user_id}, {"banned": 1}) or {}

    def find_ledger() -> bool | None:
        wallet = collection_of(Credit).find_one({"userId": user_id}, {"sequence": 1}) or {}
        return True if wallet.get("sequence") else None

    def bring_forward(wallet: HeldWallet) -> bool:
        wallet.set(banned=bool(user.get("banned")))
        if held:
            collection_of(CreditUsage).update_many(
                {"creditId": wallet.id}, {"$set": {"creditReserved": Int64(0)}}, session=current_session()
            )
            wallet.record(
                kind=CreditLog.Kind.ADJUST,
                key=f"opening:holds:{wallet.id}",
                inputs={"held": held},
                reason="Held by an unfinished job before, given back",
                actor="system",
                purchased=held,
            )
        return True

    change_wallet(user_id=user_id, now=now, find_first=find_ledger, change=bring_forward)
    adoption.wallets += 1
    adoption.opened += bool(available or held)
    adoption.brought_forward += available
    adoption.holds_given_back += held
    adoption.corrected += before.get("creditAvailable") not in (None, available)


def _held_usages(wallet_id: ObjectId) -> list[dict[str, Any]]:
    return list(collection_of(CreditUsage).find({"creditId": wallet_id, "creditReserved": {"$gt": 0}}))

"""Checks of the books: everything that must hold for wallets, ledger and quotes, read back from the database.

The rules go by the numbers of the reliability requirements (B1 to B14). Nothing is repaired: a breach is an incident,
and its correction is a new entry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from django.contrib.auth import get_user_model
from django.db.models import Model
from pymongo.client_session import ClientSession

from atlas_site.mongodb.documents import collection_of
from credits.models import Credit, CreditLog, CreditUsage, Quote
from credits.services.book_rules import LEDGER_RULES, QUOTE_RULES, WALLET_RULES, Account

RULES = {
    "B1": "Balances are whole and never negative, and the available ones are the sum of both buckets",
    "B2": "Balances are the sum of the entries, and each entry continues the one before",
    "B3": "Entries are numbered from 1 without a gap, and the wallet knows the last number",
    "B4": "Granted less used, lapsed and taken back is what the wallets hold",
    "B5": "Each entry has the key of its cause, and no key is used twice",
    "B6": "Entries and quotes agree on user and amounts",
    "B7": "The hash chain is unbroken and no entry is missing or without a wallet",
    "B8": "Adjustments name who and why, and a correction names an entry of the same wallet",
    "B9": "Subscription credits are spent first, and what is given back returns to its bucket",
    "B10": "A new period changes subscription credits only, once for each period",
    "B11": "At most the agreed share of a period's grant has come back from the period before",
    "B12": "Bans are mirrored on the wallet",
    "B13": "An ended quote has ended once, and charged, given back and lapsed credits add up to what it held",
    "B14": "Charges stay within the hold, and open quotes and usage add up to what the wallet holds",
}
BATCH = 200


@dataclass(frozen=True)
class Breach:
    """One thing that does not hold: the rule, the document it is about, and what was found."""

    rule: str
    subject: str
    found: str


@dataclass
class Report:
    """What was checked, how much of it, and what does not hold."""

    wallets: int = 0
    entries: int = 0
    quotes: int = 0
    balances: dict[str, int] = field(default_factory=lambda: {"subscription": 0, "purchased": 0, "reserved": 0})
    checks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RULES, 0))
    breaches: list[Breach] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether everything holds."""
        return not self.breaches

    def check(self, rule: str, holds: bool, subject: object, found: str | Callable[[], str]) -> None:
        """Count a check of a rule, and note a breach if it does not hold."""
        self.checks[rule] += 1
        if not holds:
            self.breaches.append(Breach(rule, str(subject), found if isinstance(found, str) else found()))


def verify_books() -> Report:
    """Check the rules B1 to B14 over all wallets, entries and quotes, and return what was found.

    Wallets are read in batches, each of one moment in time (a snapshot), so the books may be in use meanwhile; memory
    does not grow with their number.
    """
    report = Report()
    last: ObjectId | None = None
    while True:
        with collection_of(Credit).database.client.start_session(snapshot=True) as session:
            accounts = _read_accounts(session, after=last)
        for account in accounts:
            _verify_account(report, account)
        if len(accounts) < BATCH:
            break
        last = accounts[-1].wallet["_id"]
    _verify_whole(report)
    return report


def _verify_account(report: Report, account: Account) -> None:
    report.wallets += 1
    report.entries += len(account.entries)
    report.quotes += len(account.quotes)
    for name, column in (("subscription", "subscriptionCredits"), ("purchased", "purchasedCredits")):
        report.balances[name] += account.wallet.get(column) or 0
    report.balances["reserved"] += account.wallet.get("reserved") or 0
    for rules in (WALLET_RULES, LEDGER_RULES, QUOTE_RULES):
        for rule in rules:
            rule(account, report.check)


def _verify_whole(report: Report) -> None:
    """Check what no single wallet shows: entries and accepted quotes without a wallet, and keys used twice."""
    strays = _without_wallet(CreditLog, key="creditId", foreign="_id", where={})
    report.check("B7", not strays, "ledger", lambda: f"entries without a wallet: {strays[:5]}")
    held = {"status": {"$in": [str(Quote.Status.ACCEPTED), str(Quote.Status.SETTLED)]}}
    unowned = _without_wallet(Quote, key="userId", foreign="userId", where=held)
    report.check("B6", not unowned, "quotes", lambda: f"accepted by users without a wallet: {unowned[:5]}")
    used_twice: list[dict[str, Any]] = [
        {"$match": {"key": {"$type": "string"}}},
        {"$group": {"_id": "$key", "entries": {"$sum": 1}}},
        {"$match": {"entries": {"$gt": 1}}},
    ]
    twice = [row["_id"] for row in collection_of(CreditLog).aggregate(used_twice, allowDiskUse=True)]
    report.check("B5", not twice, "ledger", lambda: f"keys used twice: {twice[:5]}")


def _without_wallet(model: type[Model], *, key: str, foreign: str, where: Mapping[str, Any]) -> list[str]:
    """Return the values of `key` among these documents that no wallet has as its `foreign` key."""
    wallet = {"from": Credit._meta.db_table, "localField": "_id", "foreignField": foreign, "as": "wallet"}
    steps: list[dict[str, Any]] = [
        {"$match": where},
        {"$group": {"_id": f"${key}"}},
        {"$lookup": wallet},
        {"$match": {"wallet": []}},
    ]
    return [str(row["_id"]) for row in collection_of(model).aggregate(steps, allowDiskUse=True)]


def _read_accounts(session: ClientSession, *, after: ObjectId | None) -> list[Account]:
    """Read the next batch of wallets with all that belongs to them, in the order of their ids."""
    where = {"_id": {"$gt": after}} if after else {}
    wallets = list(collection_of(Credit).find(where, session=session).sort("_id", 1).limit(BATCH))
    wallet_ids = [wallet["_id"] for wallet in wallets]
    user_ids = [wallet.get("userId") for wallet in wallets]
    accounts = {wallet["_id"]: Account(wallet) for wallet in wallets}
    by_user = {account.wallet.get("userId"): account for account in accounts.values()}
    ledger = collection_of(CreditLog).find({"creditId": {"$in": wallet_ids}}, session=session)
    for entry in ledger.sort([("creditId", 1), ("sequence", 1)]):
        accounts[entry["creditId"]].add_entry(entry)
    for usage in collection_of(CreditUsage).find({"creditId": {"$in": wallet_ids}}, session=session):
        accounts[usage["creditId"]].usages.append(usage)
    for quote in collection_of(Quote).find({"userId": {"$in": user_ids}}, {"subject": 0}, session=session):
        by_user[quote["userId"]].quotes[quote["_id"]] = quote
    users = collection_of(get_user_model())
    for user in users.find({"_id": {"$in": user_ids}}, {"banned": 1}, session=session):
        by_user[user["_id"]].is_banned = bool(user.get("banned"))
    return list(accounts.values())

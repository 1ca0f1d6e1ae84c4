"""Checks of the books: everything that must hold for wallets, ledger and quotes, read back from the database.

Each rule has a number (B1 to B14), by which the report names it. Nothing is repaired: a breach is an incident,
and its correction is a new entry.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bson import ObjectId
from django.contrib.auth import get_user_model
from django.db.models import Model
from pymongo.client_session import ClientSession

from atlas_site.mongodb.documents import collection_of
from credits.models import Credit, CreditAdjustment, CreditLog, CreditUsage, Quote
from credits.services.book_rules import (
    BALANCES,
    WALLET_RULES,
    Account,
    Kind,
    QuoteEntries,
    check_adjustment,
    check_entry,
    check_entry_of_quote,
    check_quote,
    is_numbered,
)

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
BATCH = 200  # wallets
CHUNK = 500  # entries or quotes, which the driver too fetches at a time: its own batches hold 16 MB


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

    def add(self, account: Account) -> None:
        """Count a wallet with its entries and balances."""
        self.wallets += 1
        self.entries += account.fold.count
        for name, column in BALANCES.items():
            self.balances[name] += account.wallet.get(column) or 0

    def check(self, rule: str, holds: bool, subject: object, found: str | Callable[[], str]) -> None:
        """Count a check of a rule, and note a breach if it does not hold."""
        self.checks[rule] += 1
        if not holds:
            self.breaches.append(Breach(rule, str(subject), found if isinstance(found, str) else found()))


def verify_books() -> Report:
    """Check the rules B1 to B14 over all wallets, entries and quotes, and return what was found.

    Wallets are read in batches, each of one moment in time (a snapshot), so the books may be in use meanwhile. Entries
    and quotes pass by one after the other: memory grows neither with their number nor with that of the wallets.
    """
    report = Report()
    last: ObjectId | None = None
    while True:
        with collection_of(Credit).database.client.start_session(snapshot=True) as session:
            accounts = _read_accounts(session, after=last)
            _Reader(report, session, accounts).verify()
        if len(accounts) < BATCH:
            break
        last = accounts[-1].wallet["_id"]
    _verify_whole(report)
    return report


class _Reader:
    """Reads what belongs to a batch of wallets, in one snapshot, and has each rule look at it in passing."""

    def __init__(self, report: Report, session: ClientSession, accounts: Sequence[Account]) -> None:
        self.report, self.session, self.accounts = report, session, accounts
        self.by_wallet = {account.wallet["_id"]: account for account in accounts}
        self.by_user = {account.wallet.get("userId"): account for account in accounts}

    def verify(self) -> None:
        self._read_entries()
        self._read_quotes()
        for account in self.accounts:
            self.report.add(account)
            for rule in WALLET_RULES:
                rule(account, self.report.check)

    def _read_entries(self) -> None:
        # In this order both ends of the sort lie on the index of the statement, so that the server keeps nothing.
        in_order = [("creditId", -1), ("sequence", 1)]
        ledger = collection_of(CreditLog).find({"creditId": {"$in": list(self.by_wallet)}}, session=self.session)
        for entries in _in_chunks(ledger.sort(in_order).batch_size(CHUNK)):
            ours = [entry for entry in entries if is_numbered(entry)]
            for entry in ours:
                check_entry(self.by_wallet[entry["creditId"]], entry, self.report.check)
            self._check_quotes_of(ours)
            self._check_adjustments([entry for entry in ours if entry["kind"] == Kind.ADJUST])

    def _check_quotes_of(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """B6: a quote that the ledger of a wallet speaks of is one of its user."""
        named = {
            (entry["referenceId"], self.by_wallet[entry["creditId"]].wallet.get("userId"))
            for entry in entries
            if entry.get("referenceKind") == "quote"
        }
        quotes = collection_of(Quote).find(
            {"_id": {"$in": [quote_id for quote_id, _ in named]}}, {"userId": 1}, session=self.session
        )
        for quote_id, _ in named - {(quote["_id"], quote["userId"]) for quote in quotes}:
            found = "the ledger has entries for a quote that this user does not have"
            self.report.check("B6", False, quote_id, found)

    def _check_adjustments(self, entries: Sequence[Mapping[str, Any]]) -> None:
        corrected = {entry["key"]: entry["referenceId"] for entry in entries if entry.get("referenceKind") == "entry"}
        there = {
            (entry["key"], entry["creditId"])
            for entry in collection_of(CreditLog).find(
                {"key": {"$in": list(corrected.values())}}, {"key": 1, "creditId": 1}, session=self.session
            )
        }
        ids = {entry["key"]: entry["key"].removeprefix("adjust:") for entry in entries}
        valid = [ObjectId(found) for found in ids.values() if ObjectId.is_valid(found)]
        decisions = {
            str(row["_id"]): row
            for row in collection_of(CreditAdjustment).find({"_id": {"$in": valid}}, session=self.session)
        }
        for entry in entries:
            key, other = entry["key"], corrected.get(entry["key"])
            check_adjustment(
                self.by_wallet[entry["creditId"]],
                entry,
                decisions.get(ids[key]),
                is_corrected_there=other is None or (other != key and (other, entry["creditId"]) in there),
                check=self.report.check,
            )

    def _read_quotes(self) -> None:
        of_users = {"userId": {"$in": list(self.by_user)}}
        quotes = collection_of(Quote).find(of_users, {"subject": 0}, session=self.session)
        for chunk in _in_chunks(quotes.sort([("userId", 1), ("createdAt", -1)]).batch_size(CHUNK)):
            by_id = {quote["_id"]: quote for quote in chunk}
            sums = {quote_id: QuoteEntries() for quote_id in by_id}
            of_quotes = {"referenceKind": "quote", "referenceId": {"$in": list(by_id)}}
            for entry in collection_of(CreditLog).find(of_quotes, session=self.session).batch_size(CHUNK):
                quote = by_id[entry["referenceId"]]
                if is_numbered(entry) and entry["creditId"] == self.by_user[quote["userId"]].id:
                    sums[quote["_id"]].add(entry)
                    check_entry_of_quote(quote, entry, self.report.check)
            for quote_id, quote in by_id.items():
                self.report.quotes += 1
                self.by_user[quote["userId"]].usage.add(quote)
                check_quote(quote, sums[quote_id], self.report.check)


def _in_chunks(documents: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the documents in lists of at most CHUNK."""
    waiting = iter(documents)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk


def _verify_whole(report: Report) -> None:
    """Check what no wallet shows: entries and quotes without one, decisions without an entry, and keys used twice."""
    strays = _without_wallet(CreditLog, key="creditId", foreign="_id", where={})
    report.check("B7", not strays, "ledger", lambda: f"entries without a wallet: {strays[:5]}")
    decided = _without_entry()
    report.check("B8", not decided, "adjustments", lambda: f"applied, and not in the ledger: {decided[:5]}")
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


def _without_entry() -> list[str]:
    """Return the adjustments that are said to be applied and have no entry."""
    entry = {"from": CreditLog._meta.db_table, "localField": "entryKey", "foreignField": "key", "as": "entries"}
    steps: list[dict[str, Any]] = [
        {"$match": {"state": str(CreditAdjustment.State.APPLIED)}},
        {"$project": {"entryKey": {"$concat": ["adjust:", {"$toString": "$_id"}]}}},
        {"$lookup": entry},
        {"$match": {"entries": []}},
    ]
    return [str(row["_id"]) for row in collection_of(CreditAdjustment).aggregate(steps)]


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
    """Read the next batch of wallets with their usage lines and bans, in the order of their ids."""
    where = {"_id": {"$gt": after}} if after else {}
    wallets = list(collection_of(Credit).find(where, session=session).sort("_id", 1).limit(BATCH))
    accounts = {wallet["_id"]: Account(wallet) for wallet in wallets}
    by_user = {account.wallet.get("userId"): account for account in accounts.values()}
    for usage in collection_of(CreditUsage).find({"creditId": {"$in": list(accounts)}}, session=session):
        accounts[usage["creditId"]].usages.append(usage)
    users = collection_of(get_user_model())
    for user in users.find({"_id": {"$in": list(by_user)}}, {"banned": 1}, session=session):
        by_user[user["_id"]].is_banned = bool(user.get("banned"))
    return list(accounts.values())

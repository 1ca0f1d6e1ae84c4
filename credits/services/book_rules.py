"""The rules of the books for one account, fed with its entries and quotes one by one, so that none is kept.

A rule is given the account and `check(rule, holds, subject, found)`, which counts the check and notes a breach.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings

from credits.chain import entry_hash
from credits.models import CreditLog, Quote
from credits.money import Parts, coming_back, left_over, price, split_rest, split_spend, weight_of

Kind = CreditLog.Kind
Check = Callable[[str, bool, object, str | Callable[[], str]], None]

BALANCES = {"subscription": "subscriptionCredits", "purchased": "purchasedCredits", "reserved": "reserved"}
# What the key of each kind of entry begins with; entries of quotes have the id of the quote after it.
KEYS = {
    Kind.GRANT: ("grant:", "welcome:"),
    Kind.RESERVE: ("reserve:",),
    Kind.CAPTURE: ("capture:",),
    Kind.RELEASE: ("release:",),
    Kind.RESET: ("reset:",),
    Kind.LAPSE: ("lapse:",),
    Kind.ADJUST: ("adjust:", "opening:"),
    Kind.CLAWBACK: ("clawback:",),
}
OPEN, SETTLED = str(Quote.Status.ACCEPTED), str(Quote.Status.SETTLED)


@dataclass
class Fold:
    """What the numbered entries of a wallet, read in order, come to so far."""

    count: int = 0
    first_key: str = ""
    last_hash: str = ""
    is_whole: bool = True
    balances: Counter[str] = field(default_factory=Counter)
    debt: int = 0
    sums: Counter[str] = field(default_factory=Counter)


@dataclass
class Usage:
    """What the quotes of a wallet say of each credit type: credits held and charged, and the fractions left over."""

    reserved: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    prepaid: dict[str, Decimal] = field(default_factory=dict)

    def add(self, quote: Mapping[str, Any]) -> None:
        """Add a quote; only those that were accepted count."""
        if quote["status"] not in (OPEN, SETTLED):
            return
        for line in quote["lines"]:
            credit_type, fraction = line["type"], weight_of(line["prepaid"])
            self.used[credit_type] += line["captured"] - line["rejoined"]
            left = weight_of(line["leftover"]) - fraction - line["rejoined"]
            self.prepaid[credit_type] = self.prepaid.get(credit_type, Decimal(0)) + left
            if quote["status"] == OPEN:
                self.reserved[credit_type] += line["held"] - line["captured"]


@dataclass
class Account:
    """A wallet with its usage lines, as documents, and what its entries and quotes come to."""

    wallet: Mapping[str, Any]
    usages: list[Mapping[str, Any]] = field(default_factory=list)
    is_banned: bool = False
    fold: Fold = field(default_factory=Fold)
    usage: Usage = field(default_factory=Usage)

    @property
    def id(self) -> object:
        return self.wallet["_id"]

    @property
    def is_adopted(self) -> bool:
        """Whether the ledger began with a balance that another program left."""
        return self.fold.first_key.startswith("opening:")

    @property
    def is_untouched(self) -> bool:
        """Whether another program alone has written to this wallet, so that it has no numbered ledger yet."""
        return not self.wallet.get("sequence") and not self.fold.count


def is_numbered(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is one of ours: those of before there was a numbered ledger have neither number nor key."""
    return entry.get("sequence") is not None and entry.get("key") is not None


# ---------------------------------------------------------------- the wallet, after its entries and quotes were read


def check_balances(account: Account, check: Check) -> None:
    """B1, and the mirrors of B12."""
    wallet = account.wallet
    for column in (*BALANCES.values(), "creditAvailable", "debt", "sequence"):
        value = wallet.get(column) or 0
        check("B1", isinstance(value, int) and value >= 0, account.id, f"{column} is {value!r}")
    total = (wallet.get("subscriptionCredits") or 0) + (wallet.get("purchasedCredits") or 0)
    available = wallet.get("creditAvailable") or 0
    check("B1", total == available, account.id, f"the buckets hold {total}, {available} are said to be available")
    check("B12", bool(wallet.get("banned")) == account.is_banned, account.id, "the ban of the user is not mirrored")


def check_period(account: Account, check: Check) -> None:
    """B11 for the present period."""
    wallet = account.wallet
    returned, grant = wallet.get("periodReturned") or 0, wallet.get("periodGrant") or 0
    most = int(grant * settings.RETURN_AFTER_RESET_SHARE)
    check("B11", 0 <= returned <= most, account.id, f"{returned} came back, the grant of {grant} allows {most}")


def check_usage(account: Account, check: Check) -> None:
    """B14 by credit type, and the prepaid fractions: each is what the quotes of its type left over."""
    quotes = account.usage
    for usage in account.usages:
        credit_type, subject = usage["creditType"], f"{account.id} {usage['creditType']}"
        held, spent = usage.get("creditReserved") or 0, usage.get("creditUsed") or 0
        of_quotes = quotes.reserved[credit_type]
        check("B14", held == of_quotes, subject, f"{held} held, open quotes hold {of_quotes}")
        stored = usage["prepaid"].to_decimal() if usage.get("prepaid") is not None else Decimal(0)
        left = quotes.prepaid.get(credit_type, Decimal(0))
        check("B9", 0 <= stored < 1 and stored == left, subject, f"prepaid is {stored}, quotes left over {left}")
        if not (account.is_adopted or account.is_untouched):
            charged = quotes.used[credit_type]
            check("B14", spent == charged, subject, f"{spent} used, quotes charged {charged}")
    held = account.wallet.get("reserved") or 0
    open_holds = sum(quotes.reserved.values())
    check("B14", held == open_holds, account.id, f"{held} reserved, open quotes hold {open_holds}")


def check_totals(account: Account, check: Check) -> None:
    """B3, that nothing was removed from the end of the chain (B7), and that the entries come to the wallet (B2, B4)."""
    wallet, fold = account.wallet, account.fold
    last = wallet.get("sequence") or 0
    check("B3", fold.is_whole and last == fold.count, account.id, f"{fold.count} entries, the wallet counts {last}")
    known = wallet.get("lastHash") or ""
    check("B7", fold.last_hash == known, account.id, "the last entry is not the one that the wallet knows")
    if account.is_untouched:
        return
    stored = {name: wallet.get(column) or 0 for name, column in BALANCES.items()}
    balances = {name: fold.balances[name] for name in BALANCES}
    same = stored == balances and (wallet.get("debt") or 0) == fold.debt
    check("B2", same, account.id, f"the wallet says {stored}, its entries {balances}")
    # A hold moves credits within the wallet; only these kinds bring them in or take them out.
    moved, sums = fold.sums[Kind.RESERVE], fold.sums
    brought_in = sums[Kind.GRANT] + sums[Kind.RESET] + sums[Kind.ADJUST]
    taken_out = -(sums[Kind.CAPTURE] + sums[Kind.RELEASE] + sums[Kind.LAPSE] + sums[Kind.CLAWBACK])
    total = sum(stored.values())
    sound = moved == 0 and brought_in - taken_out == total
    check("B4", sound, account.id, f"{brought_in} came in, {taken_out} went, {total} are there, holds moved {moved}")


WALLET_RULES = (check_balances, check_period, check_usage, check_totals)


# ---------------------------------------------------------------- entries, in their order


def check_entry(account: Account, entry: Mapping[str, Any], check: Check) -> None:
    """B2, B3, B5, B7 and B10 for the next entry, which the fold of the account then holds."""
    fold, key = account.fold, entry["key"]
    fold.count += 1
    fold.first_key = fold.first_key or key
    fold.is_whole = fold.is_whole and entry["sequence"] == fold.count
    in_chain = entry.get("previousHash") == fold.last_hash and entry.get("hash") == entry_hash(entry)
    check("B7", in_chain, key, "the entry is not what its hash was made of")
    fold.last_hash = entry.get("hash") or ""
    _check_continues(fold, entry, check)
    _check_kind(entry, check)


def _check_continues(fold: Fold, entry: Mapping[str, Any], check: Check) -> None:
    balances = fold.balances
    before = balances["subscription"] + balances["purchased"]
    for name in BALANCES:
        balances[name] += entry[f"{name}Change"]
    fold.debt += entry.get("debtChange") or 0
    after = balances["subscription"] + balances["purchased"]
    continues = (
        all(entry[f"{name}After"] == balances[name] for name in BALANCES)
        and (entry.get("debtAfter") or 0) == fold.debt
        and (entry["creditBefore"], entry["creditAfter"], entry["changeAmount"]) == (before, after, after - before)
        and min(*balances.values(), fold.debt) >= 0
    )
    check("B2", continues, entry["key"], "its balances do not continue the entry before")
    fold.sums[entry["kind"]] += sum(entry[f"{name}Change"] for name in BALANCES)


def _check_kind(entry: Mapping[str, Any], check: Check) -> None:
    key, kind = entry["key"], entry["kind"]
    of_quote = f"{KEYS[kind][0]}{entry['referenceId']}" if entry.get("referenceKind") == "quote" else KEYS[kind]
    check("B5", key.startswith(of_quote) and bool(entry.get("inputHash")), key, f"not a key for {kind}")
    if kind == Kind.RESET:  # it may pay a debt out of its grant, and never makes one
        alone = (entry["purchasedChange"], entry["reservedChange"]) == (0, 0) and (entry.get("debtChange") or 0) <= 0
        check("B10", alone and key == f"reset:{entry['referenceId']}", key, "it changed more than its own bucket")


def check_adjustment(
    account: Account,
    entry: Mapping[str, Any],
    decision: Mapping[str, Any] | None,
    *,
    is_corrected_there: bool,
    check: Check,
) -> None:
    """B8: who and why, that a corrected entry is there, and that the decision was one, by two above the limit.

    What it adds pays a debt before it goes to its bucket.
    """
    key = entry["key"]
    named = bool(entry.get("actor")) and bool(entry.get("reason"))
    check("B8", named and is_corrected_there, key, "it does not say who, why, or corrects no entry of this wallet")
    if decision is None:
        check("B8", entry.get("referenceKind") != "adjustment", key, "nobody decided on it")
        return
    decided = decision["userId"] == account.wallet["userId"] and decision["state"] == "applied"
    paid = -(entry.get("debtChange") or 0)
    owed = (entry.get("debtAfter") or 0) + paid
    rest = decision["amount"] - paid
    as_decided = entry[f"{decision['bucket']}Change"] == entry["changeAmount"] == rest
    as_decided = as_decided and paid == min(owed, max(0, decision["amount"]))
    alone = abs(decision["amount"]) <= decision["limit"]
    by_two = decision.get("approvedBy") not in (None, decision["proposedBy"])
    check("B8", decided and as_decided and (alone or by_two), key, "it is not what was decided, or by one alone")


# ---------------------------------------------------------------- quotes, each with the sums of its entries


@dataclass
class QuoteEntries:
    """What the entries of one quote come to, in credits by kind."""

    kinds: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Mapping[str, Any]) -> None:
        self.kinds[entry["kind"]] += 1
        self.sums[entry["kind"]] += entry["reservedChange"]


def check_quote(quote: Mapping[str, Any], entries: QuoteEntries, check: Check) -> None:
    """B6, B9, B13 and B14 for a quote that has held credits, and no entries for one that has not."""
    if quote["status"] not in (OPEN, SETTLED):
        check("B13", not entries.kinds, quote["_id"], "it was never accepted and has entries")
        return
    _check_amounts(quote, check)
    kinds, sums = entries.kinds, entries.sums
    expected = (quote["reserved"], quote["captured"], quote["released"], quote["lapsed"])
    found = (sums[Kind.RESERVE], -sums[Kind.CAPTURE], -sums[Kind.RELEASE], -sums[Kind.LAPSE])
    check("B6", expected == found, quote["_id"], f"the quote says {expected}, the ledger {found}")
    once = kinds[Kind.RESERVE] == 1 and max(kinds[Kind.RELEASE], kinds[Kind.LAPSE]) <= 1
    check("B13", once and kinds[Kind.CAPTURE] == quote["captures"], quote["_id"], f"its entries are {dict(kinds)}")


def check_entry_of_quote(quote: Mapping[str, Any], entry: Mapping[str, Any], check: Check) -> None:
    """B9: the order of the buckets, in which frozen credits of a plan are passed over, and the way back."""
    if quote["status"] not in (OPEN, SETTLED):
        return
    moved = Parts(entry["subscriptionChange"], entry["purchasedChange"])
    if entry["kind"] == Kind.RESERVE:
        frozen = bool(quote.get("subscriptionFrozen"))
        subscription = 0 if frozen else entry["subscriptionAfter"] - moved.subscription
        spent = split_spend(entry["reservedChange"], Parts(subscription, entry["purchasedAfter"] - moved.purchased))
        held = Parts(-moved.subscription, -moved.purchased)
        same = held == spent == Parts(quote["heldSubscription"], quote["heldPurchased"])
        check("B9", same, entry["key"], f"took {held}, the order of the buckets says {spent}")
    elif entry["kind"] == Kind.RELEASE:
        _check_release(quote, entry, moved, check)
    elif entry["kind"] == Kind.LAPSE:  # it may pay what a refund of its period left owing
        paid = -(entry.get("debtChange") or 0)
        check("B9", moved == Parts() and 0 <= paid <= quote["lapsed"], entry["key"], f"gave {moved} back, paid {paid}")
    elif entry["kind"] == Kind.CAPTURE:
        check("B9", moved == Parts(), entry["key"], "a charge changed a bucket")


def _check_release(quote: Mapping[str, Any], entry: Mapping[str, Any], moved: Parts, check: Check) -> None:
    """B9: all that comes back pays what is owed first, subscription credits before purchased, and then its bucket."""
    held = Parts(quote["heldSubscription"], quote["heldPurchased"])
    rest = split_rest(held, quote["captured"])
    back = Parts(quote["released"] - rest.purchased, rest.purchased)
    total = coming_back(back, sum(line["rejoined"] for line in quote["lines"]), held=held)
    paid = -(entry.get("debtChange") or 0)
    owed = (entry.get("debtAfter") or 0) + paid
    check("B9", paid == min(owed, total.total), entry["key"], f"paid {paid} of {owed} owed with {total}")
    paying = split_spend(paid, total)
    expected = Parts(total.subscription - paying.subscription, total.purchased - paying.purchased)
    in_order = 0 <= back.subscription <= rest.subscription and moved == expected
    check("B9", in_order, entry["key"], f"gave {moved} back of {rest}, {expected} was due")


def _check_amounts(quote: Mapping[str, Any], check: Check) -> None:
    held, captured = quote["reserved"], quote["captured"]
    back, lapsed = quote["released"], quote["lapsed"]
    parts = quote["heldSubscription"] + quote["heldPurchased"]
    lines = quote["lines"]
    priced = all(
        line["captured"] == price(line["units_hit"], weight_of(line["weight"]), weight_of(line["prepaid"]))
        and 0 <= line["units_hit"] <= line["units"]
        and line["held"] == price(line["units"], weight_of(line["weight"]), weight_of(line["prepaid"]))
        and line["held"] <= line["cost"]
        for line in lines
    )
    sums = (sum(line["held"] for line in lines), sum(line["captured"] for line in lines))
    check("B6", priced and sums == (held, captured), quote["_id"], "its lines are not priced by its weights")
    check("B14", 0 <= captured <= held <= quote["maxCost"], quote["_id"], f"{captured} charged of {held} held")
    check("B14", parts == held, quote["_id"], f"{held} held, {parts} by bucket")
    if quote["status"] == SETTLED:
        ended = bool(quote.get("endedAt")) and captured + back + lapsed == held
        check("B13", ended, quote["_id"], f"{captured} + {back} + {lapsed} of {held}")
        fractions = all(
            weight_of(line["leftover"])
            == left_over(line["units_hit"], weight_of(line["weight"]), weight_of(line["prepaid"]))
            for line in lines
        )
        check("B9", fractions, quote["_id"], "its fractions are not what was left over")
    else:
        unended = quote.get("endedAt") is None and (back, lapsed) == (0, 0)
        check("B13", unended, quote["_id"], "it is open and has an end")

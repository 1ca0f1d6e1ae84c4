"""The rules of the books for one account, each a function of what was read of it.

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
from credits.money import Parts, left_over, price, split_rest, split_spend, weight_of

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
class Account:
    """A wallet with its usage, its numbered entries in order, and the quotes of its user, as documents."""

    wallet: Mapping[str, Any]
    usages: list[Mapping[str, Any]] = field(default_factory=list)
    entries: list[Mapping[str, Any]] = field(default_factory=list)
    unnumbered: list[Mapping[str, Any]] = field(default_factory=list)
    quotes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    is_banned: bool = False

    def add_entry(self, entry: Mapping[str, Any]) -> None:
        """Add an entry; those that another program wrote before there was a numbered ledger are kept apart."""
        is_numbered = entry.get("sequence") is not None and entry.get("key") is not None
        (self.entries if is_numbered else self.unnumbered).append(entry)

    @property
    def id(self) -> object:
        return self.wallet["_id"]

    @property
    def is_adopted(self) -> bool:
        """Whether the ledger began with a balance that another program left."""
        return bool(self.entries) and str(self.entries[0].get("key")).startswith("opening:")

    @property
    def is_untouched(self) -> bool:
        """Whether another program alone has written to this wallet, so that it has no numbered ledger yet."""
        return not self.wallet.get("sequence") and not self.entries

    def of_quote(self, quote_id: str, *kinds: str) -> list[Mapping[str, Any]]:
        return [
            entry
            for entry in self.entries
            if entry["kind"] in kinds and (entry.get("referenceKind"), entry.get("referenceId")) == ("quote", quote_id)
        ]


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
    reserved: Counter[str] = Counter()
    used: Counter[str] = Counter()
    prepaid: dict[str, Decimal] = {}
    for quote in account.quotes.values():
        if quote["status"] not in (OPEN, SETTLED):
            continue
        for line in quote["lines"]:
            credit_type, fraction = line["type"], weight_of(line["prepaid"])
            used[credit_type] += line["captured"] - line["rejoined"]
            left = weight_of(line["leftover"]) - fraction - line["rejoined"]
            prepaid[credit_type] = prepaid.get(credit_type, Decimal(0)) + left
            if quote["status"] == OPEN:
                reserved[credit_type] += line["held"] - line["captured"]
    for usage in account.usages:
        credit_type, subject = usage["creditType"], f"{account.id} {usage['creditType']}"
        held, spent = usage.get("creditReserved") or 0, usage.get("creditUsed") or 0
        check("B14", held == reserved[credit_type], subject, f"{held} held, open quotes hold {reserved[credit_type]}")
        stored = usage["prepaid"].to_decimal() if usage.get("prepaid") is not None else Decimal(0)
        left = prepaid.get(credit_type, Decimal(0))
        check("B9", 0 <= stored < 1 and stored == left, subject, f"prepaid is {stored}, quotes left over {left}")
        if not (account.is_adopted or account.is_untouched):
            check("B14", spent == used[credit_type], subject, f"{spent} used, quotes charged {used[credit_type]}")
    held = account.wallet.get("reserved") or 0
    open_holds = sum(reserved.values())
    check("B14", held == open_holds, account.id, f"{held} reserved, open quotes hold {open_holds}")


def check_sequence(account: Account, check: Check) -> None:
    """B3, and that nothing was removed from the end of the chain (B7)."""
    numbers = [entry["sequence"] for entry in account.entries]
    last = account.wallet.get("sequence") or 0
    whole = numbers == list(range(1, len(numbers) + 1))
    check("B3", whole and last == len(numbers), account.id, f"{len(numbers)} entries, the wallet counts {last}")
    final = account.entries[-1]["hash"] if account.entries else ""
    known = account.wallet.get("lastHash") or ""
    check("B7", final == known, account.id, "the last entry is not the one that the wallet knows")


def check_chain(account: Account, check: Check) -> None:
    """B7: each entry has its own hash and that of the one before."""
    previous = ""
    for entry in account.entries:
        holds = entry.get("previousHash") == previous and entry.get("hash") == entry_hash(entry)
        check("B7", holds, entry["key"], "the entry is not what its hash was made of")
        previous = entry.get("hash") or ""


def check_fold(account: Account, check: Check) -> None:
    """B2 and B4: the balances follow from the entries one by one, and from their sums by kind."""
    balances = dict.fromkeys(BALANCES, 0)
    debt = 0
    sums: Counter[str] = Counter()
    for entry in account.entries:
        before = balances["subscription"] + balances["purchased"]
        for name in balances:
            balances[name] += entry[f"{name}Change"]
        debt += entry.get("debtChange") or 0
        after = balances["subscription"] + balances["purchased"]
        continues = (
            all(entry[f"{name}After"] == balance for name, balance in balances.items())
            and (entry.get("debtAfter") or 0) == debt
            and (entry["creditBefore"], entry["creditAfter"], entry["changeAmount"]) == (before, after, after - before)
            and min(*balances.values(), debt) >= 0
        )
        check("B2", continues, entry["key"], "its balances do not continue the entry before")
        sums[entry["kind"]] += sum(entry[f"{name}Change"] for name in balances)
    if account.is_untouched:
        return
    stored = {name: account.wallet.get(column) or 0 for name, column in BALANCES.items()}
    owed = account.wallet.get("debt") or 0
    check("B2", stored == balances and owed == debt, account.id, f"the wallet says {stored}, its entries {balances}")
    # A hold moves credits within the wallet; only these kinds bring them in or take them out.
    moved = sums[Kind.RESERVE]
    brought_in = sums[Kind.GRANT] + sums[Kind.RESET] + sums[Kind.ADJUST]
    taken_out = -(sums[Kind.CAPTURE] + sums[Kind.RELEASE] + sums[Kind.LAPSE] + sums[Kind.CLAWBACK])
    total = sum(stored.values())
    sound = moved == 0 and brought_in - taken_out == total
    check("B4", sound, account.id, f"{brought_in} came in, {taken_out} went, {total} are there, holds moved {moved}")


def check_entries(account: Account, check: Check) -> None:
    """B5, B8 and B10: what each kind of entry must be like."""
    keys = {entry["key"] for entry in account.entries}
    for entry in account.entries:
        key, kind = entry["key"], entry["kind"]
        of_quote = f"{KEYS[kind][0]}{entry['referenceId']}" if entry.get("referenceKind") == "quote" else KEYS[kind]
        check("B5", key.startswith(of_quote) and bool(entry.get("inputHash")), key, f"not a key for {kind}")
        if kind == Kind.ADJUST:
            named = bool(entry.get("actor")) and bool(entry.get("reason"))
            corrected = entry.get("referenceKind") != "entry" or entry["referenceId"] in keys - {key}
            check("B8", named and corrected, key, "it does not say who, why, or corrects no entry of this wallet")
        if kind == Kind.RESET:
            alone = (entry["purchasedChange"], entry["reservedChange"]) == (0, 0)
            check("B10", alone and key == f"reset:{entry['referenceId']}", key, "it changed more than its own bucket")


def check_quotes(account: Account, check: Check) -> None:
    """B6, B9, B13 and B14 for each quote that has held credits, and none for those that have not."""
    by_quote: dict[str, list[Mapping[str, Any]]] = {}
    for entry in account.entries:
        if entry.get("referenceKind") == "quote":
            by_quote.setdefault(entry["referenceId"], []).append(entry)
    for quote_id in by_quote.keys() - account.quotes.keys():
        check("B6", False, quote_id, "the ledger has entries for a quote that this user does not have")
    for quote in account.quotes.values():
        entries = by_quote.get(quote["_id"], [])
        if quote["status"] in (OPEN, SETTLED):
            _check_amounts(quote, check)
            _check_against_ledger(quote, entries, check)
        else:
            check("B13", not entries, quote["_id"], "it was never accepted and has entries")


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


def _check_against_ledger(quote: Mapping[str, Any], entries: list[Mapping[str, Any]], check: Check) -> None:
    kinds = Counter(entry["kind"] for entry in entries)
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry["kind"]] += entry["reservedChange"]
    expected = (quote["reserved"], quote["captured"], quote["released"], quote["lapsed"])
    found = (sums[Kind.RESERVE], -sums[Kind.CAPTURE], -sums[Kind.RELEASE], -sums[Kind.LAPSE])
    check("B6", expected == found, quote["_id"], f"the quote says {expected}, the ledger {found}")
    once = kinds[Kind.RESERVE] == 1 and max(kinds[Kind.RELEASE], kinds[Kind.LAPSE]) <= 1
    check("B13", once and kinds[Kind.CAPTURE] == quote["captures"], quote["_id"], f"its entries are {dict(kinds)}")
    rest = split_rest(Parts(quote["heldSubscription"], quote["heldPurchased"]), quote["captured"])
    rejoined = sum(line["rejoined"] for line in quote["lines"])
    for entry in entries:
        if entry["kind"] == Kind.RESERVE:
            amount = entry["reservedChange"]
            before = Parts(
                entry["subscriptionAfter"] - entry["subscriptionChange"],
                entry["purchasedAfter"] - entry["purchasedChange"],
            )
            spent = split_spend(amount, before)
            held = Parts(-entry["subscriptionChange"], -entry["purchasedChange"])
            same = held == spent == Parts(quote["heldSubscription"], quote["heldPurchased"])
            check("B9", same, entry["key"], f"took {held}, the order of the buckets says {spent}")
        elif entry["kind"] == Kind.RELEASE:
            given = Parts(entry["subscriptionChange"], entry["purchasedChange"])
            extra = given.purchased - rest.purchased
            in_order = 0 <= extra <= rejoined and 0 <= given.subscription <= rest.subscription + rejoined - extra
            whole = given.total == quote["released"] + rejoined
            check("B9", in_order and whole, entry["key"], f"gave {given} back of {rest} and {rejoined} of fractions")
        elif entry["kind"] == Kind.CAPTURE:
            moved = (entry["subscriptionChange"], entry["purchasedChange"])
            check("B9", moved == (0, 0), entry["key"], "a charge changed a bucket")


WALLET_RULES = (check_balances, check_period, check_usage)
LEDGER_RULES = (check_sequence, check_chain, check_fold, check_entries)
QUOTE_RULES = (check_quotes,)

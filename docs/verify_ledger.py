#!/usr/bin/env python3
"""Check a ledger that was exported from Atlas, without Atlas: python verify_ledger.py export.jsonl

Needs Python 3.9 or later and nothing else. It reads the file line by line and stops at the first line that does not
fit, which it names with the reason. Exit status: 0 if everything fits, 1 if something does not, 2 if it was called
wrongly or the file cannot be read.

What the file is. The first line is the heading: the wallet, the number of its entries, the hash of the last one, the
balances, and a hash of the heading itself. Each line after it is one entry, from number 1 without a gap. Every line is
canonical JSON (keys sorted, no spaces, UTF-8, one line feed at the end), so that there is one way only to write it.

What is checked. `hash` of each line is the SHA-256 of its canonical JSON without `hash`; `previousHash` is the hash of
the entry before, "" for the first; each entry's balances follow from those of the entry before and its own changes,
and are never below zero; the last hash and the last balances are those of the heading.

What is not. Whoever rewrites a whole file from some entry on can make one that fits again, with other hashes. So keep
an export, or note a hash from time to time: every later export must still have the same hash at the same number.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from typing import Any

FORMAT = "atlas-ledger-1"
HEADING_TEXTS = ("format", "wallet", "lastHash", "madeAt", "hash")
HEADING_NUMBERS = ("entries", "available", "subscription", "purchased", "reserved", "debt")
BALANCES = ("subscription", "purchased", "reserved", "debt")
ENTRY_TEXTS = ("creditId", "hash", "key", "kind", "previousHash", "reason", "timestamp")
ENTRY_NUMBERS = (
    *("sequence", "creditBefore", "creditAfter", "changeAmount"),
    *(name + end for name in BALANCES for end in ("Change", "After")),
)


class DoesNotFit(Exception):
    """A line that does not fit: `where` is "heading" or the number of the entry that should stand there."""

    def __init__(self, where: object, why: str) -> None:
        subject = "The heading" if where == "heading" else f"Entry {where}"
        super().__init__(f"{subject} does not fit: {why}")
        self.where, self.why = where, why


def canonical_json(content: dict[str, Any]) -> str:
    """Return the one way to write this content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(content: dict[str, Any]) -> str:
    """Return the SHA-256 of everything in a line but its own hash."""
    hashed = {name: value for name, value in content.items() if name != "hash"}
    return hashlib.sha256(canonical_json(hashed).encode("utf-8")).hexdigest()


def read_line(raw: bytes, where: object) -> dict[str, Any]:
    """Return what a line says. Raises DoesNotFit unless it is whole, canonical, and has the hash that it names."""
    if not raw.endswith(b"\n"):
        raise DoesNotFit(where, "the line is cut off")
    try:
        content = json.loads(raw.decode("utf-8"))
        is_canonical = isinstance(content, dict) and (canonical_json(content) + "\n").encode("utf-8") == raw
        made = hash_of(content) if is_canonical else ""
    except (ValueError, RecursionError):
        raise DoesNotFit(where, "the line is not JSON in UTF-8") from None
    if not is_canonical:
        raise DoesNotFit(where, "the line is not canonical JSON")
    if content.get("hash") != made:
        raise DoesNotFit(where, "it is not what its hash was made of")
    return content


def check_types(content: dict[str, Any], texts: Iterable[str], numbers: Iterable[str], where: object) -> None:
    """Raise DoesNotFit unless these keys hold texts and whole numbers."""
    for name in texts:
        if type(content.get(name)) is not str:
            raise DoesNotFit(where, f"{name} is not a text")
    for name in numbers:
        if type(content.get(name)) is not int:
            raise DoesNotFit(where, f"{name} is not a whole number")


def check_entry(entry: dict[str, Any], number: int, wallet: str, last: str, balances: dict[str, int]) -> None:
    """Check that an entry is the one that comes next, and bring the balances up to it. Raises DoesNotFit."""
    check_types(entry, ENTRY_TEXTS, ENTRY_NUMBERS, number)
    if entry["sequence"] != number:
        raise DoesNotFit(number, f"an entry with the number {entry['sequence']} stands in its place")
    if entry["creditId"] != wallet:
        raise DoesNotFit(number, "it belongs to another wallet")
    if entry["previousHash"] != last:
        raise DoesNotFit(number, "it does not continue the chain: its previous hash is not that of the entry before")
    before = balances["subscription"] + balances["purchased"]
    for name in BALANCES:
        balances[name] += entry[name + "Change"]
        if entry[name + "After"] != balances[name] or balances[name] < 0:
            raise DoesNotFit(number, f"its {name} balance does not follow from the entry before")
    after = balances["subscription"] + balances["purchased"]
    if (entry["creditBefore"], entry["creditAfter"], entry["changeAmount"]) != (before, after, after - before):
        raise DoesNotFit(number, "its available credits do not follow from the entry before")


def verify(lines: Iterable[bytes]) -> dict[str, Any]:
    """Check an export, line by line, and return its heading. Raises DoesNotFit for the first line that does not fit."""
    remaining = iter(lines)
    heading = read_line(next(remaining, b""), "heading")
    check_types(heading, HEADING_TEXTS, HEADING_NUMBERS, "heading")
    if heading["format"] != FORMAT:
        raise DoesNotFit("heading", f"its format is not {FORMAT}")
    balances = dict.fromkeys(BALANCES, 0)
    last, number = "", 0
    for number, raw in enumerate(remaining, start=1):
        if number > heading["entries"]:
            raise DoesNotFit(number, f"the heading names {heading['entries']} entries only")
        entry = read_line(raw, number)
        check_entry(entry, number, heading["wallet"], last, balances)
        last = entry["hash"]
    if number < heading["entries"]:
        raise DoesNotFit(number + 1, "it is missing: the file ends before it")
    if last != heading["lastHash"]:
        raise DoesNotFit("heading", "it names another last hash")
    balances["available"] = balances["subscription"] + balances["purchased"]
    for name, amount in balances.items():
        if heading[name] != amount:
            raise DoesNotFit("heading", f"the entries add up to {amount} {name}, not {heading[name]}")
    return heading


def main(arguments: list[str]) -> int:
    """Check the file that is named, say what was found, and return the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("Usage: python verify_ledger.py export.jsonl\n")
        return 2
    try:
        with open(arguments[0], "rb") as export:
            heading = verify(export)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DoesNotFit as misfit:
        sys.stdout.write(f"{misfit}.\n")
        return 1
    sys.stdout.write(
        f"All {heading['entries']} entries fit. Wallet {heading['wallet']} had {heading['available']} credits "
        f"and {heading['reserved']} held at {heading['madeAt']}.\nLast hash: {heading['lastHash'] or 'none'}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

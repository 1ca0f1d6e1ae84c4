"""Files of the ledger, line by line, so that a million entries need no more memory than a hundred.

The ledger export is what `docs/verify_ledger.py` checks: a heading, then every numbered entry, each line canonical
JSON of exactly what its hash was made of, and the hash.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any

from atlas_site.lib.spreadsheets import csv_lines
from credits.chain import canonical_json, digest
from credits.models import Credit, CreditLog, CreditType
from credits.selectors import StatementFilter, ledger_entries, statement_entries

LEDGER_FORMAT = "atlas-ledger-1"
LINES_A_CHUNK = 200
KINDS = dict(CreditLog.Kind.choices)
TYPES = dict(CreditType.choices)


def statement_csv(*, wallet: Credit, only: StatementFilter, zone: tzinfo) -> Iterator[str]:
    """Return the filtered statement as CSV, newest first. Times are those of `zone`, and of UTC if it is another."""
    entries = statement_entries(wallet=wallet, only=only)
    header: list[object] = [
        *("No.", *(f"Time ({name})" for name in _zones(zone)), "What", "Reason", "Operation", "Change", "Charged"),
        *("Subscription change", "Purchased change", "Held change", "Owed change"),
        *("Balance", "Subscription balance", "Purchased balance", "Held", "Owed"),
        *("Caused by", "Done by", "Key", "Hash"),
    ]
    return _chunks(csv_lines(_rows(header, entries, zone)))


def _rows(header: list[object], entries: Iterator[Mapping[str, Any]], zone: tzinfo) -> Iterator[list[object]]:
    yield header
    for entry in entries:
        at = entry["timestamp"].replace(tzinfo=UTC)
        cause = (entry.get("referenceKind"), entry.get("referenceId"))
        used = [TYPES.get(name, name) for name, amount in entry["byType"].items() if amount]
        yield [
            entry["sequence"],
            *(at.astimezone(shown).strftime("%Y-%m-%d %H:%M:%S") for shown in _zones(zone)),
            KINDS.get(entry["kind"], entry["kind"]),
            entry["reason"],
            ", ".join(used),
            entry["changeAmount"],
            -entry["reservedChange"] if entry["kind"] == CreditLog.Kind.CAPTURE else 0,
            *(entry[name] for name in ("subscriptionChange", "purchasedChange", "reservedChange", "debtChange")),
            entry["creditAfter"],
            *(entry[name] for name in ("subscriptionAfter", "purchasedAfter", "reservedAfter", "debtAfter")),
            " ".join(part for part in cause if part),
            entry["actor"],
            entry["key"],
            entry["hash"],
        ]


def _zones(zone: tzinfo) -> list[tzinfo]:
    """Return the zones whose times are written, each once: columns of one name would hide each other."""
    return [UTC] if str(zone) == str(UTC) else [zone, UTC]


def statement_json_lines(*, wallet: Credit, only: StatementFilter) -> Iterator[str]:
    """Return the filtered statement as JSON Lines, newest first: each entry as the ledger export writes it."""
    return _chunks(_entry_line(entry) for entry in statement_entries(wallet=wallet, only=only))


def ledger_json_lines(*, wallet: Credit, now: datetime) -> Iterator[str]:
    """Return the whole ledger as it stood when the wallet was read: the heading, then every numbered entry in order.

    Entries that are written meanwhile come after the last one that the heading names, and are not in the file.
    """
    entries = ledger_entries(wallet=wallet)
    return _chunks(_ledger_lines(ledger_heading(wallet=wallet, now=now), entries))


def ledger_heading(*, wallet: Credit, now: datetime) -> dict[str, Any]:
    """Return the first line of the ledger export: what the entries must add up to, and the hash of the heading itself.

    A wallet that only an earlier Atlas has written to has no numbered entries, so its balances are not proven yet:
    they are zeros here, and enter with its opening entry.
    """
    proven = wallet if wallet.sequence else Credit(id=wallet.pk)
    content = {
        "format": LEDGER_FORMAT,
        "wallet": str(wallet.pk),
        "entries": proven.sequence,
        "lastHash": proven.last_hash,
        "available": proven.credit_available,
        "subscription": proven.subscription_credits,
        "purchased": proven.purchased_credits,
        "reserved": proven.reserved,
        "debt": proven.debt,
        "madeAt": now,
    }
    return {**content, "hash": digest(content)}


def _ledger_lines(heading: Mapping[str, Any], entries: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    yield canonical_json(heading) + "\n"
    yield from map(_entry_line, entries)


def _entry_line(entry: Mapping[str, Any]) -> str:
    return canonical_json({name: value for name, value in entry.items() if name != "_id"}) + "\n"


def _chunks(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines many at a time: sending each by itself would take most of the time."""
    while chunk := "".join(islice(lines, LINES_A_CHUNK)):
        yield chunk

"""Phones and e-mails, as they come with a property record and with a skip trace, in all shapes that were seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from atlas_site.vendors import lenient

# Area code and exchange of a North American number begin with 2 to 9.
_NANP_NUMBER = re.compile(r"1?([2-9]\d{2}[2-9]\d{6})")
_LONGEST_EMAIL = 254


@dataclass(frozen=True, slots=True)
class Phone:
    """One number with what is known about it; None is unknown, not no. ``number`` has ten digits.

    ``tested``: the number connected when it was dialed. ``score`` runs to 100, higher is better.
    """

    number: str
    type: str | None = None
    carrier: str | None = None
    tested: bool | None = None
    reachable: bool | None = None
    score: int | None = None
    dnc: bool | None = None
    tcpa: bool | None = None
    rank: int | None = None
    first_reported_on: date | None = None
    last_reported_on: date | None = None


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail address, lower-cased, and whether it was tested."""

    address: str
    tested: bool | None = None


def phone_digits(value: Any) -> str | None:
    """Return the ten digits of a North American number in any spelling, or None."""
    found = _NANP_NUMBER.fullmatch(re.sub(r"\D", "", lenient.text(value) or ""))
    return found.group(1) if found else None


def phones_of(value: Any) -> tuple[Phone, ...]:
    """Read a list of phones (objects, or bare numbers), each number once, in the vendor's order."""
    phones: dict[str, Phone] = {}
    for item in value if isinstance(value, list) else [value]:
        raw = item if isinstance(item, dict) else {"number": item}
        number = phone_digits(raw.get("number"))
        if number and number not in phones:
            phones[number] = Phone(
                number=number,
                type=lenient.text(raw.get("type")),
                carrier=lenient.text(raw.get("carrier")),
                tested=lenient.boolean(raw.get("tested")),
                reachable=lenient.boolean(raw.get("reachable")),
                score=lenient.whole(raw.get("score")),
                dnc=lenient.boolean(raw.get("dnc")),
                tcpa=lenient.boolean(raw.get("tcpa")),
                rank=lenient.whole(raw.get("rank")),
                first_reported_on=lenient.day(raw.get("firstReportedDate")),
                last_reported_on=lenient.day(raw.get("lastReportedDate")),
            )
    return tuple(phones.values())


def emails_of(*values: Any) -> tuple[Email, ...]:
    """Read e-mails from one or several lists: plain texts, ``{email, tested}`` or ``{address}``; each address once.

    Of an address that comes twice, the one that says whether it was tested is kept.
    """
    emails: dict[str, Email] = {}
    for value in values:
        for item in value if isinstance(value, list) else [value]:
            raw = item if isinstance(item, dict) else {"email": item}
            address = (lenient.text(raw.get("email")) or lenient.text(raw.get("address")) or "").lower()
            local, at, host = address.partition("@")
            if not (local and at and "." in host) or len(address) > _LONGEST_EMAIL or " " in address:
                continue
            tested = lenient.boolean(raw.get("tested"))
            if address not in emails or emails[address].tested is None:
                emails[address] = Email(address, tested)
    return tuple(emails.values())

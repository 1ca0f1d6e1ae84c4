"""Which numbers of a contact may be dialed now, and why the others may not. Pure: no database, no clock of its own."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from properties.datasets import people

CHECK_HOLDS_FOR = timedelta(days=31)
"""The rule of the product for every phone list: an older check says nothing of today."""

PERMISSION = people.PERMISSION
LITIGATOR = "Known litigator. Numbers withheld, nothing charged."

# What a check tells of a number: of two checks these are never mixed.
MARKS = frozenset({"dnc", "tcpa"})
MOBILES = frozenset({"mobile", "wireless", "cell"})


class WhyNot(StrEnum):
    """Why a number is not to be dialed: the word for tables and files, and the sentence for pages."""

    LITIGATOR = "litigator"
    OWN_LIST = "your do-not-call list"
    DNC = "DNC"
    TCPA = "TCPA"
    WRONG_NUMBER = "wrong number"
    DISCONNECTED = "disconnected"
    UNCHECKED = "unchecked"
    EXPIRED = "check expired"

    @property
    def sentence(self) -> str:
        """What pages say of the number, in the words of the property page."""
        return SENTENCES[self]


SENTENCES = {
    WhyNot.LITIGATOR: "known litigator",
    WhyNot.OWN_LIST: "on your do-not-call list",
    WhyNot.DNC: "on a do-not-call list",
    WhyNot.TCPA: "on a TCPA list",
    WhyNot.WRONG_NUMBER: "reaches somebody else",
    WhyNot.DISCONNECTED: "disconnected",
    WhyNot.UNCHECKED: "not checked against the do-not-call and TCPA lists",
    WhyNot.EXPIRED: "the check is older than 31 days",
}
BAD = {"wrong_number": WhyNot.WRONG_NUMBER, "disconnected": WhyNot.DISCONNECTED}


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a contact with what is known of it; None is unknown. `why_not` is None if it may be dialed."""

    number: str
    kind: str
    score: int | None
    dnc: bool | None
    tcpa: bool | None
    checked_at: datetime | None
    is_reachable: bool | None
    source: str
    why_not: WhyNot | None

    @property
    def is_callable(self) -> bool:
        return self.why_not is None

    @property
    def is_mobile(self) -> bool:
        return self.kind.lower() in MOBILES

    @property
    def is_bad(self) -> bool:
        """Whether somebody dialed it and reached nobody, or somebody else."""
        return self.why_not in {WhyNot.WRONG_NUMBER, WhyNot.DISCONNECTED}

    @property
    def is_told(self) -> bool:
        """Whether its check told if it may be dialed: silence of the vendor about a list is no answer."""
        return self.why_not != WhyNot.UNCHECKED

    @property
    def expires_at(self) -> datetime | None:
        """When its check is over."""
        return self.checked_at + CHECK_HOLDS_FOR if self.checked_at else None


class HasNumbers(Protocol):
    """What of a contact is needed here."""

    phone: Any
    phones: Any
    is_litigator: Any
    do_not_call: Any


def numbers_of(contact: HasNumbers, dnc_numbers: Collection[str], now: datetime) -> list[Number]:
    """All numbers of a contact in the order in which to dial them, each with why it may not be dialed.

    `dnc_numbers` are numbers on the user's own do-not-call list (`selectors.people.dnc_numbers_of`).
    """
    phones = contact.phones or ([{"number": contact.phone}] if contact.phone else [])
    return arrange(
        phones,
        is_litigator=bool(contact.is_litigator),
        do_not_call=bool(contact.do_not_call),
        dnc_numbers=dnc_numbers,
        now=now,
    )


def callable_numbers(contact: HasNumbers, dnc_numbers: Collection[str], now: datetime) -> list[Number]:
    """The numbers of a contact that may be dialed now, the best one first.

    Callable is: checked within 31 days, neither DNC nor TCPA (unknown is not "no"), not a litigator's, not on the
    user's own do-not-call list, neither the number nor the person, and not logged wrong or disconnected.
    """
    return [number for number in numbers_of(contact, dnc_numbers, now) if number.is_callable]


def arrange(
    phones: Iterable[Mapping[str, Any]],
    *,
    is_litigator: bool,
    do_not_call: bool,
    dnc_numbers: Collection[str],
    now: datetime,
) -> list[Number]:
    """The entries of `Contact.phones` as numbers, in the order in which to dial them.

    Those that may be dialed come first, bad ones last; then by score, and as they were.
    """
    barred = WhyNot.LITIGATOR if is_litigator else WhyNot.OWN_LIST if do_not_call else None
    numbers = [
        _number(phone, WhyNot.OWN_LIST if not barred and phone["number"] in dnc_numbers else barred, now)
        for phone in phones
        if phone.get("number")
    ]
    if len(numbers) > 1:
        numbers.sort(key=lambda each: (not each.is_callable, each.is_bad, -(each.score or 0)))
    return numbers


def with_later_check(entry: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of two that tell of the same number or address: the later check wins, and `other` if none is later."""
    checked, other_checked = moment_of(entry.get("checkedAt")), moment_of(other.get("checkedAt"))
    if checked is not None and (other_checked is None or other_checked < checked):
        entry, other = other, entry
    marks = dict.fromkeys(MARKS & entry.keys()) if other.get("checkedAt") else {}
    return {**entry, **marks, **other}


def joined(own: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """Entries of a contact and of another that is the same person: all of them, each number or address once."""
    by_key = {entry[key]: entry for entry in others if entry.get(key)}
    entries = list(own)
    mine = [with_later_check(by_key.pop(each.get(key), {}), each) for each in entries]
    return [*mine, *map(dict, by_key.values())]


def moment_of(value: Any) -> datetime | None:
    """A moment as phones carry it: a datetime, or its ISO text; None for neither."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _number(phone: Mapping[str, Any], barred: WhyNot | None, now: datetime) -> Number:
    dnc, tcpa, checked_at = phone.get("dnc"), phone.get("tcpa"), moment_of(phone.get("checkedAt"))
    return Number(
        number=phone["number"],
        kind=phone.get("type") or "",
        score=phone.get("score"),
        dnc=dnc,
        tcpa=tcpa,
        checked_at=checked_at,
        is_reachable=phone.get("reachable"),
        source=phone.get("source") or "",
        why_not=barred or BAD.get(phone.get("bad") or "") or _why_not(dnc, tcpa, checked_at, now),
    )


def _why_not(dnc: bool | None, tcpa: bool | None, checked_at: datetime | None, now: datetime) -> WhyNot | None:
    if dnc:
        return WhyNot.DNC
    if tcpa:
        return WhyNot.TCPA
    if dnc is None or tcpa is None or checked_at is None:
        return WhyNot.UNCHECKED
    return WhyNot.EXPIRED if now - checked_at > CHECK_HOLDS_FOR else None

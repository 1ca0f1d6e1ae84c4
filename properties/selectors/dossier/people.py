"""CONTACT, OWNER and QUICKLIST: whom one may call and why not, what else the owner has, and which signals hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from properties.search.signals import GROUPS, SIGNALS, Signal
from properties.selectors.charts import SplitBar, split_bar
from properties.selectors.dossier.facts import Facts, Row, text_of, value_of

# The rule of the product for every phone list: an older check says nothing of today.
CHECK_HOLDS_FOR = timedelta(days=31)


@dataclass(frozen=True)
class ShownPhone:
    """One number with what is known of it; None is unknown. `why_not` is "" for a number that may be dialed."""

    number: str
    kind: str
    carrier: str
    score: int | None
    dnc: bool | None
    tcpa: bool | None
    tested: bool | None
    reachable: bool | None
    last_reported_on: date | None
    why_not: str

    @property
    def is_callable(self) -> bool:
        return not self.why_not


@dataclass(frozen=True)
class ShownEmail:
    """One address, and whether it was tested."""

    address: str
    tested: bool | None


@dataclass(frozen=True)
class ContactStory:
    """Phones and e-mails of the owner, with the day of the check."""

    phones: tuple[ShownPhone, ...]
    emails: tuple[ShownEmail, ...]
    is_litigator: bool
    is_deceased: bool
    opted_out_of_mail: bool | None
    is_bankrupt: bool
    bankrupt_on: date | None
    checked_at: datetime | None
    expires_at: datetime | None
    is_expired: bool

    @property
    def callable_count(self) -> int:
        return sum(phone.is_callable for phone in self.phones)


def tell_contact(facts: Facts, *, checked_at: datetime | None, now: datetime) -> ContactStory:
    """Arrange CONTACT; the flags of a number hold for 31 days from when the vendor was asked."""
    is_litigator = facts.value("owner.litigator") is True
    is_expired = checked_at is None or now - checked_at > CHECK_HOLDS_FOR
    barred = _barred(facts, is_litigator=is_litigator, is_expired=is_expired)
    phones = [_phone(row, barred) for row in facts.rows("owner.phoneNumbers")]
    return ContactStory(
        phones=tuple(sorted(phones, key=lambda phone: (not phone.is_callable, -(phone.score or 0)))),
        emails=tuple(_emails(facts)),
        is_litigator=is_litigator,
        is_deceased=facts.value("owner.death.deceased") is True,
        opted_out_of_mail=facts.value("owner.mailingOptOut"),
        is_bankrupt=facts.value("owner.bankruptcy.bankruptcy") is True,
        bankrupt_on=facts.value("owner.bankruptcy.filingDate"),
        checked_at=checked_at,
        expires_at=checked_at + CHECK_HOLDS_FOR if checked_at else None,
        is_expired=is_expired,
    )


def _barred(facts: Facts, *, is_litigator: bool, is_expired: bool) -> str:
    """Why none of the numbers may be dialed, or ""."""
    if is_litigator:
        return "known litigator"
    if facts.value("owner.dnc.tcpa"):
        return "the owner is on a TCPA list"
    return "the check is older than 31 days" if is_expired else ""


def _phone(row: Row, barred: str) -> ShownPhone:
    dnc, tcpa = value_of(row, "dnc"), value_of(row, "tcpa")
    why_not = barred
    if dnc:
        why_not = "on a do-not-call list"
    elif tcpa:
        why_not = "on a TCPA list"
    elif not barred and (dnc is None or tcpa is None):
        why_not = "not checked against the do-not-call and TCPA lists"
    return ShownPhone(
        number=text_of(row, "number"),
        kind=text_of(row, "type"),
        carrier=text_of(row, "carrier"),
        score=value_of(row, "score"),
        dnc=dnc,
        tcpa=tcpa,
        tested=value_of(row, "tested"),
        reachable=value_of(row, "reachable"),
        last_reported_on=value_of(row, "lastReportedDate"),
        why_not=why_not,
    )


def _emails(facts: Facts) -> list[ShownEmail]:
    tested = {
        address: value_of(row, "tested")
        for row in facts.rows("owner.enrichedEmails")
        for address in value_of(row, "email") or ()
    }
    addresses = dict.fromkeys([*tested, *(facts.value("owner.emails") or ())])
    return [ShownEmail(address, tested.get(address)) for address in addresses]


@dataclass(frozen=True)
class Portfolio:
    """What the owner holds in all, by the mailing address."""

    count: str
    figures: tuple[tuple[str, str], ...]
    value: float | None
    equity: float | None
    bar: SplitBar | None


def tell_portfolio(facts: Facts) -> Portfolio:
    """Arrange OWNER."""
    value = facts.value("propertyOwnerProfile.propertiesTotalEstimatedValue")
    equity = facts.value("propertyOwnerProfile.propertiesTotalEquity")
    keys = ("totalPurchasePrice", "averagePurchasePrice", "averageAssessedValue", "averageYearBuilt", "mortgagesCount",
            "mortgagesTotalBalance", "mortgagesAverageBalance")  # fmt: skip
    return Portfolio(
        count=facts.text("propertyOwnerProfile.propertiesCount"),
        figures=tuple(facts.pairs(*(f"propertyOwnerProfile.{key}" for key in keys))),
        value=value,
        equity=equity,
        bar=split_bar(value=value, owed=value - equity) if value and value > 0 and equity is not None else None,
    )


@dataclass(frozen=True)
class SignalStory:
    """Every signal by whether it holds, does not, or is unknown; the groups in the order of the search."""

    held: tuple[tuple[str, tuple[Signal, ...]], ...]
    absent: tuple[Signal, ...]
    unknown: tuple[Signal, ...]


def tell_signals(states: Mapping[str, bool | None]) -> SignalStory:
    """Arrange QUICKLIST; `states` is by the vendor's key, None being unknown."""
    by_state: dict[bool | None, list[Signal]] = {True: [], False: [], None: []}
    for signal in SIGNALS.values():
        by_state[states.get(signal.key)].append(signal)
    held = [(group, tuple(each for each in by_state[True] if each.group == group)) for group in GROUPS]
    return SignalStory(
        held=tuple((group, signals) for group, signals in held if signals),
        absent=tuple(by_state[False]),
        unknown=tuple(by_state[None]),
    )

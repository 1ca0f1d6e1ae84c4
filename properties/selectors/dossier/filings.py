"""FORECLOSURE and PERMIT: how far a foreclosure has gone, and what was built."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from properties.selectors.dossier.facts import Facts

OVER = ("cancel", "rescission", "release")


@dataclass(frozen=True)
class Stage:
    """A step of a foreclosure with its day; `state` is done, ahead or unknown."""

    label: str
    on: date | None
    state: str


@dataclass(frozen=True)
class ForeclosureStory:
    """Where a foreclosure stands."""

    status: str
    is_over: bool
    stages: tuple[Stage, ...]
    days_to_auction: int | None
    amounts: tuple[tuple[str, str], ...]
    auction: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]


PERMIT_GROUPS = {
    "Structure": ("addition", "adu", "demolition", "kitchen", "bathroom", "newConstruction", "remodel"),
    "Shell and site": ("roofing", "windowDoor", "grading", "poolAndHotTub"),
    "Systems": ("electrical", "electricMeter", "plumbing", "hvac", "heatPump", "gas", "waterHeater", "fireSprinkler"),
    "Energy": ("solar", "battery", "evCharger", "generator"),
    "Inspection": ("inspectionPassed",),
}


@dataclass(frozen=True)
class PermitGroup:
    """Kinds of work that belong together: those with a permit, and those of which nothing is known."""

    title: str
    done: tuple[str, ...]


@dataclass(frozen=True)
class PermitStory:
    """The building permits. `count` is "" where it is not on file."""

    count: str
    first_on: date | None
    latest_on: date | None
    job_value: str
    groups: tuple[PermitGroup, ...]
    without: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def kind_count(self) -> int:
        return sum(len(group.done) for group in self.groups)


def tell_foreclosure(facts: Facts, *, today: date) -> ForeclosureStory:
    """Arrange FORECLOSURE; a step without a day is unknown, unless a later one has happened."""
    status = facts.text("foreclosure.status") or facts.text("foreclosure.documentType")
    auction_on = facts.value("foreclosure.auctionDate")
    steps = [
        ("In default", facts.value("foreclosure.defaultDate")),
        ("Filed", facts.value("foreclosure.filingDate")),
        ("Recorded", facts.value("foreclosure.recordingDate")),
        ("Auction", auction_on),
        ("Released", facts.value("foreclosure.releaseDate")),
    ]
    # Nobody waits for a release that may never come.
    shown = [(label, on) for label, on in steps if on or label in {"Filed", "Recorded", "Auction"}]
    return ForeclosureStory(
        status=status,
        is_over=any(word in status.lower() for word in OVER) or facts.value("foreclosure.releaseDate") is not None,
        stages=tuple(Stage(label, on, _state(on, today)) for label, on in shown),
        days_to_auction=(auction_on - today).days if auction_on and auction_on >= today else None,
        amounts=tuple(
            facts.pairs(
                "foreclosure.pastDueAmount", "foreclosure.unpaidBalance", "foreclosure.originalLoanAmount",
                "foreclosure.auctionMinimumBidAmount",
            )
        ),
        auction=tuple(
            facts.pairs("foreclosure.auctionTime", "foreclosure.auctionLocation", "foreclosure.auctionCity")
        ),
        people=tuple(
            facts.pairs(
                "foreclosure.currentLenderName", "foreclosure.borrowerName", "foreclosure.trusteeName",
                "foreclosure.trusteePhone", "foreclosure.trusteeAddress",
            )
        ),
    )  # fmt: skip


def _state(on: date | None, today: date) -> str:
    if on is None:
        return "unknown"
    return "done" if on < today else "ahead"


def tell_permits(facts: Facts, *, states: Mapping[str, bool | None], labels: Mapping[str, str]) -> PermitStory:
    """Arrange PERMIT; `states` says of each kind of work whether there was a permit, None being unknown."""
    groups = [
        PermitGroup(title, tuple(labels[kind] for kind in kinds if states.get(kind)))
        for title, kinds in PERMIT_GROUPS.items()
    ]
    return PermitStory(
        count=facts.text("permit.permitCount"),
        first_on=facts.value("permit.earliestDate"),
        latest_on=facts.value("permit.latestDate"),
        job_value=facts.text("permit.totalJobValue"),
        groups=tuple(group for group in groups if group.done),
        without=tuple(labels[kind] for kind, state in states.items() if state is False),
        unknown=tuple(labels[kind] for kind, state in states.items() if state is None),
    )

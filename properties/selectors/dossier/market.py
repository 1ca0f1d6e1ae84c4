"""LISTING and BATCHRANK: what the owner has asked for the property, and how likely a sale is."""

from dataclasses import dataclass
from datetime import date

from properties.selectors.charts import StepChart, step_chart
from properties.selectors.dossier.facts import Facts, text_of

# How a status reads at a glance; any other is neutral.
LEVELS = {"active": "success", "pending": "info", "contingent": "info", "canceled": "warning", "expired": "warning"}


@dataclass(frozen=True)
class PriceStep:
    """What was asked or paid, and from when; the day is None where it is not on file."""

    label: str
    price: str
    on: date | None


@dataclass(frozen=True)
class Agent:
    """Who sells: a person and, beside them or alone, an office."""

    name: str
    details: tuple[str, ...]


@dataclass(frozen=True)
class ListingStory:
    """The newest listing."""

    status: str
    detail: str
    level: str
    price: str
    rent: str
    is_rental: bool
    days_on_market: str
    history: tuple[PriceStep, ...]
    chart: StepChart | None
    agents: tuple[Agent, ...]
    description: str


@dataclass(frozen=True)
class Propensity:
    """The vendor's rank from 0 to 100 with its word; a score of None is one that the vendor does not give."""

    score: float | None
    word: str
    status: str

    @property
    def dash(self) -> float:
        """How much of the arc is drawn, of a hundred."""
        return round(min(100.0, max(0.0, self.score or 0)), 1)

    @property
    def level(self) -> str:
        return {"high": "success", "medium": "warning"}.get(self.word.lower(), "")


def tell_listing(facts: Facts, *, today: date) -> ListingStory:
    """Arrange LISTING."""
    status = facts.text("listing.status")
    ended_on = facts.value("listing.soldDate") or facts.value("listing.failedListingDate")
    return ListingStory(
        status=status,
        detail=facts.text("listing.statusSubtype"),
        level=LEVELS.get(status.lower(), ""),
        price=facts.text("listing.price"),
        rent=facts.text("listing.rentalPrice"),
        is_rental=facts.value("listing.rental") is True,
        days_on_market=facts.text("listing.daysOnMarket"),
        history=tuple(_history(facts)),
        chart=step_chart(_prices(facts), until=ended_on or today),
        agents=tuple(_agents(facts)),
        description=facts.text("listing.description"),
    )


def tell_propensity(facts: Facts) -> Propensity:
    """Arrange BATCHRANK."""
    return Propensity(
        score=facts.value("intel.salePropensity"),
        word=facts.text("intel.salePropensityCategory"),
        status=facts.text("intel.salePropensityStatus"),
    )


def _prices(facts: Facts) -> list[tuple[date, float, str]]:
    """What is known of asking prices with their day; the highest comes first where both are of one day."""
    sale = ("Sold for", "listing.soldDate", "listing.soldPrice")
    asked = [
        ("Highest price asked", "listing.maxListPriceDate", "listing.maxListPrice"),
        ("Lowest price asked", "listing.minListPriceDate", "listing.minListPrice"),
        ("Price asked", "listing.statusUpdatedAt", "listing.price"),
        sale,
    ]
    found = [(facts.value(day), facts.value(price), label) for label, day, price in asked]
    return [(day, price, label) for day, price, label in found if day and price]


def _history(facts: Facts) -> list[PriceStep]:
    steps = [
        PriceStep("First listed", "", facts.value("listing.originalListingDate")),
        PriceStep("Highest price asked", facts.text("listing.maxListPrice"), facts.value("listing.maxListPriceDate")),
        PriceStep("Lowest price asked", facts.text("listing.minListPrice"), facts.value("listing.minListPriceDate")),
        PriceStep("Listing failed", "", facts.value("listing.failedListingDate")),
        PriceStep("Sold", facts.text("listing.soldPrice"), facts.value("listing.soldDate")),
    ]
    known = [step for step in steps if step.on or step.price]
    return sorted(known, key=lambda step: step.on or date.min)


def _agents(facts: Facts) -> list[Agent]:
    agents = [
        Agent(text_of(row, "name"), _details(row, "primaryPhoneNumber", "email"))
        for row in facts.rows("listing.agents")
    ]
    offices = [
        Agent(text_of(row, "name"), _details(row, "officePhoneNumber")) for row in facts.rows("listing.agentOffices")
    ]
    return [agent for agent in agents + offices if agent.name or agent.details]


def _details(row: dict, *paths: str) -> tuple[str, ...]:
    return tuple(filter(None, (text_of(row, path) for path in paths)))

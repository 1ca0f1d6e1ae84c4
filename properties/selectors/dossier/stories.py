"""The story of each dataset: which arrangement its section shows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from properties.datasets import DATASET_INFOS, Flags, flag_states
from properties.models import Dataset, Property
from properties.selectors.charts import Other
from properties.selectors.dossier.facts import Facts
from properties.selectors.dossier.filings import PermitStory, tell_foreclosure, tell_permits
from properties.selectors.dossier.loans import LoanStory, tell_loans
from properties.selectors.dossier.market import tell_listing, tell_propensity
from properties.selectors.dossier.people import ContactStory, tell_contact, tell_portfolio, tell_signals
from properties.selectors.dossier.value import ValueStory, tell_value

# Where a dataset says itself of which day it is.
SOURCE_DAYS: dict[str, str] = {Dataset.VALUATION: "valuation.asOfDate", Dataset.LISTING: "listing.statusUpdatedAt"}
# What else of unlocked datasets stands beside an estimate: its kind, its label, and where it is.
BESIDE_THE_VALUE = (
    ("asked", "Asking price", Dataset.LISTING, "listing.price"),
    ("sold", "Last sale", Dataset.BASIC, "sale.lastSale.price"),
    ("assessed", "Assessor's market value", Dataset.BASIC, "assessment.totalMarketValue"),
    ("owed", "Open loans", Dataset.MORTGAGE_LIENS, "openLien.totalOpenLienBalance"),
)
NOTHING = Facts(())


def tell_story(dataset: str, facts_of: Mapping[str, Facts], held: Property, now: datetime) -> Any:
    """Arrange an unlocked dataset; None for one that is read as plain facts.

    `facts_of` has the facts of unlocked datasets alone, so a story never tells of a locked one.
    """
    tell = _TELLERS.get(dataset)
    return tell(facts_of, held, now) if tell else None


def _tell_value(facts_of: Mapping[str, Facts], _held: Property, _now: datetime) -> ValueStory:
    return tell_value(facts_of[Dataset.VALUATION], others=_beside_the_value(facts_of))


def _tell_loans(facts_of: Mapping[str, Facts], _held: Property, _now: datetime) -> LoanStory:
    value = facts_of.get(Dataset.VALUATION, NOTHING).value("valuation.estimatedValue")
    return tell_loans(facts_of[Dataset.MORTGAGE_LIENS], value=value)


def _tell_permits(facts_of: Mapping[str, Facts], held: Property, _now: datetime) -> PermitStory:
    states, labels = flag_states(held.data, Dataset.PERMIT), _labels(Dataset.PERMIT)
    return tell_permits(facts_of[Dataset.PERMIT], states=states, labels=labels)


def _tell_contact(facts_of: Mapping[str, Facts], held: Property, now: datetime) -> ContactStory:
    answer = held.answer_of(Dataset.CONTACT)
    return tell_contact(facts_of[Dataset.CONTACT], checked_at=answer.at if answer else None, now=now)


def _beside_the_value(facts_of: Mapping[str, Facts]) -> list[Other]:
    return [
        (kind, label, facts_of.get(dataset, NOTHING).value(path)) for kind, label, dataset, path in BESIDE_THE_VALUE
    ]


def _labels(dataset: str) -> dict[str, str]:
    parts = (part for section in DATASET_INFOS[dataset].sections for part in section.parts)
    return {key: label for part in parts if isinstance(part, Flags) for key, label in part.labels.items()}


Teller = Callable[[Mapping[str, Facts], Property, datetime], Any]

_TELLERS: Mapping[str, Teller] = {
    Dataset.VALUATION: _tell_value,
    Dataset.MORTGAGE_LIENS: _tell_loans,
    Dataset.PERMIT: _tell_permits,
    Dataset.CONTACT: _tell_contact,
    Dataset.LISTING: lambda facts_of, _held, now: tell_listing(facts_of[Dataset.LISTING], today=now.date()),
    Dataset.BATCHRANK: lambda facts_of, _held, _now: tell_propensity(facts_of[Dataset.BATCHRANK]),
    Dataset.FORECLOSURE: lambda facts_of, _held, now: tell_foreclosure(facts_of[Dataset.FORECLOSURE], today=now.date()),
    Dataset.OWNER: lambda facts_of, _held, _now: tell_portfolio(facts_of[Dataset.OWNER]),
    Dataset.QUICKLIST: lambda _facts_of, held, _now: tell_signals(flag_states(held.data, Dataset.QUICKLIST)),
}

"""Short ways to write the fields of a dataset, and the class that a dataset is."""

from __future__ import annotations

from dataclasses import dataclass

from credits.models import CreditType
from properties.datasets.kinds import Field, Kind, Section
from properties.models.records import Dataset


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """One dataset as it is offered: its name, what it holds, which credits it takes and what it shows."""

    code: str
    description: str
    sections: tuple[Section, ...]
    credit_type: str = CreditType.SEARCH

    @property
    def title(self) -> str:
        """The name of the dataset for people."""
        return str(Dataset(self.code).label)


def money(path: str, label: str) -> Field:
    """A sum in dollars; zero is shown and is nothing to pay for."""
    return Field(path, label, Kind.MONEY)


def number(path: str, label: str, *, counts: bool = True) -> Field:
    """A plain number."""
    return Field(path, label, Kind.NUMBER, counts)


def percent(path: str, label: str, *, counts: bool = True) -> Field:
    """A share of a hundred, which may be negative."""
    return Field(path, label, Kind.PERCENT, counts)


def day(path: str, label: str, *, counts: bool = True) -> Field:
    """A day."""
    return Field(path, label, Kind.DATE, counts)


def flag(path: str, label: str, *, counts: bool = True) -> Field:
    """A yes or no; a no is shown and is nothing to pay for."""
    return Field(path, label, Kind.BOOL, counts)


def text_list(path: str, label: str) -> Field:
    """Several texts."""
    return Field(path, label, Kind.LIST)


def reference(path: str, label: str) -> Field:
    """The number or place of a document: shown, but nothing to pay for."""
    return Field(path, label, counts=False)

"""One property as its owner reads it: unlocked sections with values, locked ones with field names and price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from credits import selectors as credit_selectors
from credits.models import CreditType
from properties.datasets import DATASET_INFOS, DatasetInfo, ShownSection, shown_values
from properties.models import Dataset, Property, PropertyDatasetPermission, PropertyJob
from properties.models.records import Answer
from properties.selectors.history import Event, history_of
from properties.selectors.jobs import latest_receipt_of
from properties.selectors.reading import Part, field_names, lay_out

RECEIPT_SHOWN_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class Section:
    """One dataset on the page. Locked ones carry no value, count or hint of what the record holds."""

    dataset: str
    info: DatasetInfo
    is_unlocked: bool
    shown: tuple[ShownSection, ...]
    field_names: list[str]
    unlocked_at: datetime | None
    answer: Answer | None
    price: int
    is_known_empty: bool

    @property
    def parts(self) -> list[Part]:
        """What is unlocked, as the page lays it out."""
        return [lay_out(section) for section in self.shown]

    @property
    def can_be_unlocked(self) -> bool:
        return not self.is_unlocked and not self.is_known_empty

    @property
    def asks_again_on(self) -> datetime | None:
        """When a dataset that held nothing may be asked for again."""
        return self.answer.at + settings.MISS_REMEMBERED_FOR if self.answer and self.is_known_empty else None


@dataclass(frozen=True)
class PropertyPage:
    """All that the property page shows."""

    permission: PropertyDatasetPermission
    held: Property
    sections: list[Section]

    @property
    def history(self) -> list[Event]:
        """Deeds, loans and liens of what is unlocked, newest first."""
        return history_of(part for section in self.sections for part in section.shown)

    @property
    def equity(self) -> "Equity | None":
        """Value and equity, once they are unlocked and known."""
        value, percent = self.permission.estimated_value, self.permission.equity_percent
        return Equity(value, percent) if value and percent is not None else None

    @property
    def lockable(self) -> list[Section]:
        return [section for section in self.sections if section.can_be_unlocked]


def show_property(*, user: User, property_id: str, now: datetime) -> PropertyPage | None:
    """The page of a property that this user owns, or None: what is not owned looks like what does not exist."""
    permission = PropertyDatasetPermission.objects.filter(user=user, property_id=property_id).first()
    held = Property.objects.filter(property_id=property_id).first()
    if permission is None or held is None or Dataset.BASIC not in permission.datasets:
        return None
    names = [str(each) for each in CreditType]
    unit_prices = credit_selectors.price_each(user_id=user.pk, offers=[{name: 1} for name in names])
    prices = dict(zip(names, unit_prices, strict=True))
    sections = [_section(permission, held, dataset, prices, now) for dataset in SOLD]
    return PropertyPage(permission=permission, held=held, sections=sections)


@dataclass(frozen=True)
class Equity:
    """How much of an estimated value is the owner's; `percent` is negative when more is owed than that."""

    value: float
    percent: float

    @property
    def equity(self) -> float:
        return self.value * self.percent / 100

    @property
    def owed(self) -> float:
        return max(0, self.value - self.equity)

    @property
    def share(self) -> int:
        """The share as a bar shows it, from 0 to 100."""
        return round(min(100, max(0, self.percent)))


@dataclass(frozen=True)
class Receipt:
    """What became of an unlock that has just ended: its receipt, and the outcome of each dataset by title."""

    job: PropertyJob
    quote: credit_selectors.QuotePage
    outcomes: list[tuple[str, str]]


def fresh_receipt(*, user: User, property_id: str, now: datetime) -> Receipt | None:
    """The receipt of the user's newest unlock of this property, as long as it is news."""
    job = latest_receipt_of(user, property_id)
    if job is None or job.ended_at is None or now - job.ended_at > RECEIPT_SHOWN_FOR:
        return None
    quote = credit_selectors.quote_page(user=user, quote_id=job.quote_id, now=now)
    outcomes = [(DATASET_INFOS[row["dataset"]].title, row["outcome"]) for row in job.rows]
    return Receipt(job=job, quote=quote, outcomes=outcomes)


SOLD = [dataset for dataset in DATASET_INFOS if dataset != Dataset.DIVORCE_INFO]


def _section(
    permission: PropertyDatasetPermission, held: Property, dataset: str, prices: Mapping[str, int], now: datetime
) -> Section:
    info = DATASET_INFOS[dataset]
    is_unlocked = dataset in permission.datasets
    answer = held.answer_of(dataset)
    unlocked_at = permission.unlocked.get(dataset)
    is_empty = answer is not None and not answer.hit and answer.is_younger_than(settings.MISS_REMEMBERED_FOR, now)
    return Section(
        dataset=dataset,
        info=info,
        is_unlocked=is_unlocked,
        shown=shown_values(held.data, dataset) if is_unlocked else (),
        field_names=[] if is_unlocked else field_names(info),
        unlocked_at=datetime.fromisoformat(unlocked_at) if unlocked_at else None,
        answer=answer if is_unlocked or is_empty else None,
        price=prices[info.credit_type],
        is_known_empty=is_empty and not is_unlocked,
    )

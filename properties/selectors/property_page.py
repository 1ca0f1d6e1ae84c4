"""One property as its owner reads it: unlocked sections with values, locked ones with field names and price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from accounts.models import User
from credits import selectors as credit_selectors
from credits.models import CreditType
from properties.datasets import DATASET_INFOS, DatasetInfo, ShownSection, shown_values
from properties.models import Dataset, Property, PropertyDatasetPermission, PropertyJob, PropertySheet
from properties.models.records import Answer
from properties.selectors.comparables import Comparables, Limits, list_comparables
from properties.selectors.dossier.facts import Facts
from properties.selectors.dossier.stories import SOURCE_DAYS, tell_story
from properties.selectors.history import Event, history_of
from properties.selectors.jobs import DatasetOutcome, dataset_outcomes, latest_receipt_of
from properties.selectors.reading import Part, field_names, lay_out
from properties.selectors.sheets import Deal, deal_of

RECEIPT_SHOWN_FOR = timedelta(minutes=15)
DONE: dict[str, str] = {
    PropertyJob.Kind.UNLOCK: "Unlocked",
    PropertyJob.Kind.REFRESH: "Asked again",
    PropertyJob.Kind.COMPARABLES: "Comparables revealed",
}
OF_THE_HISTORY = (Dataset.DEED, Dataset.MORTGAGE_LIENS)


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
    source_on: date | None = None
    story: Any = None
    # Until when phones are one purchase, and from when they may be asked for again; None for now.
    one_purchase_until: datetime | None = None
    renewable_from: datetime | None = None

    @property
    def parts(self) -> list[Part]:
        """All that is on file, as the page lays it out."""
        return [lay_out(section) for section in self.shown]

    @property
    def template(self) -> str:
        """The partial that tells the story of this dataset."""
        return f"properties/datasets/_{self.dataset.lower()}.html"

    @property
    def can_be_unlocked(self) -> bool:
        return not self.is_unlocked and not self.is_known_empty

    @property
    def asks_again_on(self) -> datetime | None:
        """When a dataset that held nothing may be asked for again."""
        return self.answer.at + settings.MISS_REMEMBERED_FOR if self.answer and self.is_known_empty else None


@dataclass(frozen=True)
class PropertyPage:
    """What the user owns of a property, section by section."""

    permission: PropertyDatasetPermission
    held: Property
    sections: list[Section]
    # Whether the user's own question for phones was answered with a known litigator, whose numbers are withheld.
    is_litigator_told: bool = False

    @property
    def unlocked(self) -> list[Section]:
        return [section for section in self.sections if section.is_unlocked]

    @property
    def lockable(self) -> list[Section]:
        return [section for section in self.sections if section.can_be_unlocked]

    @property
    def history(self) -> list[Event]:
        """Deeds, loans and liens of what is unlocked, newest first."""
        return history_of(part for section in self.sections for part in section.shown)

    @property
    def history_in(self) -> str | None:
        """The section that has the history: the first unlocked one of those that it is made of."""
        return next((each.dataset for each in self.unlocked if each.dataset in OF_THE_HISTORY), None)

    @property
    def locked_of_history(self) -> list[str]:
        """Names of datasets that would add to the history."""
        return [each.info.title for each in self.lockable if each.dataset in OF_THE_HISTORY]


@dataclass(frozen=True)
class Desk:
    """What the user works out on the page: comparables and the deal sheet."""

    comparables: Comparables
    sheet: PropertySheet
    deal: Deal


def find_permission(*, user: User, property_id: str) -> PropertyDatasetPermission | None:
    """What this user owns of a property, or None: what is not owned looks like what does not exist."""
    permission = PropertyDatasetPermission.objects.filter(user=user, property_id=property_id).first()
    return permission if permission and Dataset.BASIC in permission.datasets else None


def show_property(*, user: User, property_id: str, now: datetime) -> PropertyPage | None:
    """The whole page of a property that this user owns, or None."""
    permission = find_permission(user=user, property_id=property_id)
    held = Property.objects.filter(property_id=property_id).first()
    if permission is None or held is None:
        return None
    names = [str(each) for each in CreditType]
    unit_prices = credit_selectors.price_each(user_id=user.pk, offers=[{name: 1} for name in names])
    prices = dict(zip(names, unit_prices, strict=True))
    shown = {dataset: shown_values(held.data, dataset) for dataset in SOLD if dataset in permission.datasets}
    facts = {dataset: Facts(sections) for dataset, sections in shown.items()}
    sections = [
        _unlocked(dataset, permission=permission, held=held, prices=prices, shown=shown, facts=facts, now=now)
        if dataset in shown
        else _locked(held, dataset, prices, now)
        for dataset in SOLD
    ]
    has_no_phones = any(each.dataset == Dataset.CONTACT and each.is_known_empty for each in sections)
    told = has_no_phones and _is_litigator_told(user, held)
    return PropertyPage(permission=permission, held=held, sections=sections, is_litigator_told=told)


def show_desk(*, page: PropertyPage, sheet: PropertySheet, limits: Limits, with_outliers: bool, today: date) -> Desk:
    """Comparables within these limits, and the deal sheet that follows from those that are pinned."""
    comparables = list_comparables(
        subject=page.permission,
        limits=limits,
        pinned_ids=sheet.pinned_ids,
        found_ids=sheet.found_ids,
        today=today,
        with_outliers=with_outliers,
    )
    return Desk(comparables=comparables, sheet=sheet, deal=deal_of(sheet, comparables.arv))


@dataclass(frozen=True)
class Receipt:
    """What became of paid work on this property that has just ended: its receipt, and the outcome of each dataset."""

    job: PropertyJob
    quote: credit_selectors.QuotePage
    outcomes: list[DatasetOutcome]

    @property
    def verb(self) -> str:
        """What was done."""
        return DONE.get(self.job.kind, "Done")


def fresh_receipt(*, user: User, property_id: str, now: datetime) -> Receipt | None:
    """The receipt of the user's newest paid work on this property, as long as it is news."""
    job = latest_receipt_of(user, property_id)
    if job is None or job.ended_at is None or now - job.ended_at > RECEIPT_SHOWN_FOR:
        return None
    quote = credit_selectors.quote_page(user=user, quote_id=job.quote_id, now=now)
    return Receipt(job=job, quote=quote, outcomes=dataset_outcomes(job))


SOLD = [dataset for dataset in DATASET_INFOS if dataset != Dataset.DIVORCE_INFO]


def _unlocked(
    dataset: str,
    *,
    permission: PropertyDatasetPermission,
    held: Property,
    prices: Mapping[str, int],
    shown: Mapping[str, tuple[ShownSection, ...]],
    facts: Mapping[str, Facts],
    now: datetime,
) -> Section:
    info, unlocked_at, answer = DATASET_INFOS[dataset], permission.unlocked.get(dataset), held.answer_of(dataset)
    bought_at = datetime.fromisoformat(unlocked_at) if unlocked_at else None
    renewable_from = permission.phones_wait_until(answer) if dataset == Dataset.CONTACT else None
    return Section(
        dataset=dataset,
        info=info,
        is_unlocked=True,
        shown=shown[dataset],
        field_names=[],
        unlocked_at=bought_at,
        answer=answer,
        price=prices[info.credit_type],
        is_known_empty=False,
        source_on=facts[dataset].value(SOURCE_DAYS[dataset]) if dataset in SOURCE_DAYS else None,
        story=tell_story(dataset, facts, held, now),
        one_purchase_until=bought_at + settings.CONTACT_BOUGHT_FOR if bought_at else None,
        renewable_from=renewable_from if renewable_from and renewable_from > now else None,
    )


def _locked(held: Property, dataset: str, prices: Mapping[str, int], now: datetime) -> Section:
    info, answer = DATASET_INFOS[dataset], held.answer_of(dataset)
    is_empty = answer is not None and not answer.hit and answer.is_younger_than(settings.MISS_REMEMBERED_FOR, now)
    return Section(
        dataset=dataset,
        info=info,
        is_unlocked=False,
        shown=(),
        field_names=field_names(info),
        unlocked_at=None,
        answer=answer if is_empty else None,
        price=prices[info.credit_type],
        is_known_empty=is_empty,
    )


def _is_litigator_told(user: User, held: Property) -> bool:
    """Whether an unlock of this user has met a known litigator here: what others asked for is not told."""
    if not Facts(shown_values(held.data, Dataset.CONTACT)).value("owner.litigator"):
        return False
    jobs = PropertyJob.objects.filter(user=user, property_id=held.property_id, kind=PropertyJob.Kind.UNLOCK)
    rows = (row for job in jobs for row in job.rows)
    return any(row.get("dataset") == Dataset.CONTACT and "litigator" in str(row.get("outcome")) for row in rows)

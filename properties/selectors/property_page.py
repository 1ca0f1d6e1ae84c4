"""One property as its owner reads it: unlocked sections with values, locked ones with field names and price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import User
from credits import selectors as credit_selectors
from credits.models import CreditType
from properties.datasets import DATASET_INFOS, DatasetInfo, ShownSection, shown_values
from properties.models import Dataset, Property, PropertyDatasetPermission
from properties.models.records import Answer


@dataclass(frozen=True)
class Section:
    """One dataset on the page. Locked ones carry no value, count or hint of what the record holds."""

    dataset: str
    info: DatasetInfo
    is_unlocked: bool
    shown: tuple[ShownSection, ...]
    unlocked_at: datetime | None
    answer: Answer | None
    price: int
    is_known_empty: bool

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
    def lockable(self) -> list[Section]:
        return [section for section in self.sections if section.can_be_unlocked]


def show_property(*, user: User, property_id: str, now: datetime) -> PropertyPage | None:
    """The page of a property that this user owns, or None: what is not owned looks like what does not exist."""
    permission = PropertyDatasetPermission.objects.filter(user=user, property_id=property_id).first()
    held = Property.objects.filter(property_id=property_id).first()
    if permission is None or held is None or Dataset.BASIC not in permission.datasets:
        return None
    prices = {str(each): credit_selectors.price_units(user_id=user.pk, units={each: 1}) for each in CreditType}
    sections = [_section(permission, held, dataset, prices, now) for dataset in SOLD]
    return PropertyPage(permission=permission, held=held, sections=sections)


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
        unlocked_at=datetime.fromisoformat(unlocked_at) if unlocked_at else None,
        answer=answer if is_unlocked or is_empty else None,
        price=prices[info.credit_type],
        is_known_empty=is_empty and not is_unlocked,
    )

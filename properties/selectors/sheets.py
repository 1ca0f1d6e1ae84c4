"""The deal sheet of a property: what it is worth once repaired, what that leaves, and so the most to offer."""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from properties.models import PropertySheet
from properties.selectors.comparables import Arv


@dataclass(frozen=True)
class Deal:
    """The sums of an offer, in whole dollars. `arv` is None while neither the user nor a pinned comparable says it."""

    own_arv: int | None
    pinned_arv: int | None
    percent: int
    repairs: int
    fee: int

    @property
    def arv(self) -> int | None:
        """The user's own figure, or else that of the pinned comparables."""
        return self.pinned_arv if self.own_arv is None else self.own_arv

    @property
    def share(self) -> int | None:
        """ARV × percent, to the nearest dollar, halves up; the page's script rounds the same way."""
        return None if self.arv is None else (self.arv * self.percent + 50) // 100

    @property
    def offer(self) -> int | None:
        """ARV × percent − repairs − fee; below zero when the deal does not carry itself."""
        return None if self.share is None else self.share - self.repairs - self.fee

    def as_values(self) -> dict[str, Any]:
        """The figures that the user may change, by name."""
        return {"arv": self.own_arv, "percent": self.percent, "repairs": self.repairs, "fee": self.fee}


def sheet_of(*, user_id: ObjectId, property_id: str) -> PropertySheet:
    """The user's sheet of a property, or an empty one that is not saved."""
    sheet = PropertySheet.objects.filter(user_id=user_id, property_id=property_id).first()
    return sheet or PropertySheet(user_id=user_id, property_id=property_id)


def deal_of(sheet: PropertySheet, arv: Arv | None) -> Deal:
    """The sums of a sheet, with what its pinned comparables say."""
    return Deal(
        own_arv=sheet.arv,
        pinned_arv=arv.value if arv else None,
        percent=sheet.percent,
        repairs=sheet.repairs,
        fee=sheet.fee,
    )

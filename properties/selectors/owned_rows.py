"""A row of the owned list as pages and files show it."""

from datetime import date, datetime
from typing import Any, NamedTuple

from django.urls import reverse


class OwnedRow(NamedTuple):
    """What a user owns of one property: the values of `PropertyDatasetPermission` that a list or a file may show.

    Lists are read into these and not into instances of the model, which take longer to make than to find. `facts` is
    empty where no column shows one.
    """

    property_id: str
    datasets: list[str]
    proofs: list[str]
    revealed_at: datetime
    address: str | None
    address_key: str | None
    city: str | None
    county: str | None
    state: str | None
    postal_code: str | None
    latitude: float | None
    longitude: float | None
    property_type: str | None
    bedroom_count: float | None
    bathroom_count: float | None
    living_area_square_feet: float | None
    year_built: int | None
    owner_name: str | None
    owner_type: str | None
    owner_occupied: bool | None
    last_sale_on: date | None
    last_sale_price: float | None
    estimated_value: float | None
    equity_percent: float | None
    listing_status: str | None
    facts: dict[str, Any]
    signals: list[str]
    tags: list[str]
    notes: str
    stacked: dict[str, int]
    stack_count: int

    def get_absolute_url(self) -> str:
        return reverse("properties:show-property", args=[self.property_id])

"""The one registry of search filters: form fields, URL parameters, chips, vendor criteria and owned rows follow it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from properties.search.signals import SIGNALS

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Chip:
    """One active condition: what it says, and the query string without it."""

    label: str
    query: str


@dataclass(frozen=True)
class RangeFilter:
    """From … to …, both ends optional and included."""

    name: str
    label: str
    group: str
    path: tuple[str, str]
    unit: str = ""
    row_field: str | None = None
    dataset: str = "BASIC"

    @property
    def params(self) -> tuple[str, str]:
        return f"{self.name}_min", f"{self.name}_max"

    def form_fields(self) -> dict[str, forms.Field]:
        low, high = self.params
        lowest = -1000 if self.unit == "%" else 0
        return {
            name: forms.IntegerField(
                label=f"{self.label} {end}",
                required=False,
                min_value=lowest,
                max_value=10**9,
                widget=forms.NumberInput(attrs={"placeholder": end, "aria-label": f"{self.label} {end}"}),
            )
            for name, end in ((low, "from"), (high, "to"))
        }

    def criteria(self, values: Values) -> dict | None:
        low, high = (values.get(param) for param in self.params)
        bounds = {"min": low, "max": high}
        return {key: bound for key, bound in bounds.items() if bound is not None} or None

    def say(self, values: Values) -> str:
        low, high = (values.get(param) for param in self.params)
        if low is not None and high is not None:
            return f"{self.label} {self._show(low)} to {self._show(high)}"
        return f"{self.label} from {self._show(low)}" if low is not None else f"{self.label} up to {self._show(high)}"

    def _show(self, value: int) -> str:
        if self.unit == "$":
            return f"${value:,}"
        return f"{value:,} %" if self.unit == "%" else str(value)

    def owned_lookups(self, values: Values) -> dict[str, Any]:
        if self.row_field is None:
            return {}
        low, high = (values.get(param) for param in self.params)
        lookups = {f"{self.row_field}__gte": low, f"{self.row_field}__lte": high}
        return {lookup: bound for lookup, bound in lookups.items() if bound is not None}


@dataclass(frozen=True)
class ChoiceFilter:
    """One or several of a list."""

    name: str
    label: str
    group: str
    path: tuple[str, str]
    choices: tuple[tuple[str, str], ...]
    row_field: str | None = None
    dataset: str = "BASIC"

    @property
    def params(self) -> tuple[str, ...]:
        return (self.name,)

    def form_fields(self) -> dict[str, forms.Field]:
        return {
            self.name: forms.MultipleChoiceField(
                label=self.label, required=False, choices=self.choices, widget=forms.CheckboxSelectMultiple
            )
        }

    def criteria(self, values: Values) -> dict | None:
        chosen = values.get(self.name)
        return {"inList": list(chosen)} if chosen else None

    def say(self, values: Values) -> str:
        labels = dict(self.choices)
        return f"{self.label}: {' or '.join(labels[value] for value in values[self.name])}"

    def owned_lookups(self, values: Values) -> dict[str, Any]:
        chosen = values.get(self.name)
        return {f"{self.row_field}__in": list(chosen)} if chosen and self.row_field else {}


@dataclass(frozen=True)
class YesNoFilter:
    """Yes or no; a record that does not know matches neither."""

    name: str
    label: str
    group: str
    path: tuple[str, str]
    row_field: str | None = None
    dataset: str = "BASIC"

    @property
    def params(self) -> tuple[str, ...]:
        return (self.name,)

    def form_fields(self) -> dict[str, forms.Field]:
        choices = [("", "Any"), ("yes", "Yes"), ("no", "No")]
        return {self.name: forms.ChoiceField(label=self.label, required=False, choices=choices)}

    def criteria(self, values: Values) -> dict | None:
        chosen = values.get(self.name)
        return {"equals": chosen == "yes"} if chosen else None

    def say(self, values: Values) -> str:
        return f"{self.label}: {values[self.name]}"

    def owned_lookups(self, values: Values) -> dict[str, Any]:
        chosen = values.get(self.name)
        return {self.row_field: chosen == "yes"} if chosen and self.row_field else {}


Filter = RangeFilter | ChoiceFilter | YesNoFilter

PRICE, BUILDING, OWNER, SALE = "Value, price and equity", "Building", "Owner", "Last sale"

FILTERS: tuple[Filter, ...] = (
    RangeFilter(
        "value", "Estimated value", PRICE, ("valuation", "estimatedValue"), "$", "estimated_value", "VALUATION"
    ),
    RangeFilter("equity", "Equity", PRICE, ("valuation", "equityPercent"), "%", "equity_percent", "VALUATION"),
    RangeFilter("price", "Listing price", PRICE, ("listing", "price"), "$", None, "LISTING"),
    RangeFilter("beds", "Bedrooms", BUILDING, ("building", "bedroomCount"), "", "bedroom_count"),
    RangeFilter("baths", "Bathrooms", BUILDING, ("building", "bathroomCount"), "", "bathroom_count"),
    RangeFilter(
        "area", "Living area, sq ft", BUILDING, ("building", "livingAreaSquareFeet"), "", "living_area_square_feet"
    ),
    RangeFilter("built", "Year built", BUILDING, ("building", "yearBuilt"), "", "year_built"),
    ChoiceFilter(
        "type",
        "Property type",
        BUILDING,
        ("general", "propertyTypeDetail"),
        tuple(
            (name, name)
            for name in ("Single Family", "Townhouse", "Condominium Unit", "Duplex", "Triplex", "Quadruplex")
        ),
        "property_type",
    ),
    ChoiceFilter(
        "owner_type",
        "Owner type",
        OWNER,
        ("owner", "ownerStatusType"),
        (("Individual", "Individual"), ("Company Owned", "Company"), ("Trust", "Trust")),
        "owner_type",
    ),
    YesNoFilter("owner_occupied", "Owner lives there", OWNER, ("owner", "ownerOccupied"), "owner_occupied"),
    RangeFilter("sold_for", "Last sale price", SALE, ("sale", "lastSalePrice"), "$", "last_sale_price"),
)

SORTS = {
    "": ("Vendor's order", None),
    "-value": ("Value, highest first", ("estimatedValue", "desc")),
    "value": ("Value, lowest first", ("estimatedValue", "asc")),
    "-built": ("Newest buildings first", ("yearBuilt", "desc")),
    "built": ("Oldest buildings first", ("yearBuilt", "asc")),
}

SIGNAL_CHOICES = tuple((signal.slug, signal.label) for signal in SIGNALS.values())

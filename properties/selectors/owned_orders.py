"""The orders of the owned list. Equals go by property id."""

from collections.abc import Mapping
from functools import partial

from django.db.models import QuerySet

from atlas_site.mongodb.orders import Sort, opposite
from properties.models import PropertyDatasetPermission

__all__ = ["BY_ID", "ORDERS", "SORTS", "Rows", "Sort", "opposite"]

Rows = QuerySet[PropertyDatasetPermission]

_sort = partial(Sort, tie="property_id")


def _both_ways(name: str, field: str, highest: str, lowest: str, *, has_many_equals: bool = False) -> dict[str, Sort]:
    return {
        name: _sort(highest, field, has_many_equals=has_many_equals),
        f"{name}-up": _sort(lowest, field, rises=True, has_many_equals=has_many_equals),
    }


SORTS: Mapping[str, Sort] = {
    "newest": _sort("Newest first", "revealed_at", is_optional=False),
    "newest-up": _sort("Oldest first", "revealed_at", is_optional=False, rises=True),
    "address-up": _sort("Address, from A", "address_key", rises=True),
    "address": _sort("Address, from Z", "address_key"),
    **_both_ways("value", "estimated_value", "Value, highest first", "Value, lowest first"),
    **_both_ways("equity", "equity_percent", "Equity, highest first", "Equity, lowest first", has_many_equals=True),
    **_both_ways("sold", "last_sale_on", "Last sale, latest first", "Last sale, earliest first"),
    **_both_ways("price", "last_sale_price", "Sale price, highest first", "Sale price, lowest first"),
    **_both_ways("built", "year_built", "Newest buildings first", "Oldest buildings first", has_many_equals=True),
    **_both_ways("area", "living_area_square_feet", "Largest first", "Smallest first"),
    **_both_ways("stack", "stack_count", "On most lists first", "On fewest lists first", has_many_equals=True),
}

# What one job brought was revealed at about the same time; it is listed in the order in which it is looked up.
BY_ID = "id"
ORDERS: Mapping[str, Sort] = {**SORTS, BY_ID: _sort("By property id", "property_id", is_optional=False)}

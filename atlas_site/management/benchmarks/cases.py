"""What is measured: each read as the pages of Atlas make it, and as PyMongo alone would get the same documents."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from django.utils import timezone
from pymongo.database import Database

from accounts.models import User
from atlas_site.management.benchmarks.data import property_id_of
from properties.models import Property, PropertyDatasetPermission
from properties.search.form import read_query
from properties.search.query import SearchQuery
from properties.selectors.owned import (
    COUNTED_UP_TO,
    ROWS_A_PAGE,
    SORTS,
    count_capped,
    owned_by,
    owned_matches,
)
from properties.selectors.property_page import show_property

MOST_OVER_PYMONGO = 3.0
LEAST_LEAD_OVER_STOCK = 50.0

CITY, CITY_FILTER = "Phoenix, AZ", {"state": "AZ", "city": "Phoenix"}
ZIP = "85003"
STEP = 7919  # a prime, so that the rounds read properties from all over the collection

Filter = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One read. Both functions get the number of the round and return what they found.

    ``most_over_pymongo`` and ``least_lead_over_stock`` are what is expected of it, None where nothing is.
    """

    name: str
    atlas: Callable[[int], Any]
    pymongo: Callable[[Database, int], Any]
    most_over_pymongo: float | None = MOST_OVER_PYMONGO
    least_lead_over_stock: float | None = LEAST_LEAD_OVER_STOCK


def make_cases(*, owner_id: ObjectId, size: int, database: Database) -> list[Case]:
    """Return the cases for a user who owns all ``size`` properties of ``database``."""
    owner = User(pk=owner_id)
    owned: Filter = {"userId": owner_id, "revealedAt": {"$ne": None}}
    in_city, in_zip = read_query({"q": [CITY]}), read_query({"q": [ZIP]})

    def some_id(number: int) -> str:
        return property_id_of(number * STEP % size)

    return [
        Case(
            "property by id",
            lambda number: [Property.objects.get(property_id=some_id(number))],
            lambda database, number: [database["Properties"].find_one({"propertyId": some_id(number)})],
        ),
        _first_page("owned in a city, by value", owner, "value", {**owned, **CITY_FILTER}, in_city),
        _first_page(
            "owned in a ZIP, by value", owner, "value", {**owned, "postal_code": ZIP}, in_zip, has_few_rows=True
        ),
        _first_page("owned, newest first", owner, "newest", owned),
        _later_page("owned, by value, further on", owner, owned, database, position=size // 10),
        Case(
            f"count of owned up to {COUNTED_UP_TO:,}",
            lambda number: count_capped(owned_by(owner)).number,
            lambda database, number: _rows(database).count_documents(owned, limit=COUNTED_UP_TO + 1),
            least_lead_over_stock=None,
        ),
        Case(
            "page of a property, with its layout",
            lambda number: _show_page(owner, some_id(number)),
            lambda database, number: _find_page(database, owner_id, some_id(number)),
            most_over_pymongo=None,
            least_lead_over_stock=None,
        ),
    ]


def identify(found: Any) -> Any:
    """Return what tells whether two results are the same: the property ids in their order, or the number."""
    if isinstance(found, int):
        return found
    return [_id_of(item) for item in found]


def _id_of(item: Any) -> str:
    if isinstance(item, dict):
        return item.get("propertyId") or item["id"]
    return item.property_id


def _rows(database: Database):
    return database[PropertyDatasetPermission._meta.db_table]


def _first_page(
    name: str,
    owner: User,
    sort: str,
    condition: Filter,
    query: SearchQuery | None = None,
    *,
    has_few_rows: bool = False,
) -> Case:
    """The first page of a list; one of few rows is sorted quickly by any engine, so no lead is expected there."""

    def read(number: int) -> list[PropertyDatasetPermission]:
        rows = owned_matches(owner, query) if query else owned_by(owner)
        return list(next(SORTS[sort].after(rows, None))[: ROWS_A_PAGE + 1])

    column = PropertyDatasetPermission._meta.get_field(SORTS[sort].field).column
    return Case(
        name,
        read,
        lambda database, number: _find_page_of_rows(database, condition, column),
        least_lead_over_stock=None if has_few_rows else LEAST_LEAD_OVER_STOCK,
    )


def _later_page(name: str, owner: User, owned: Filter, database: Database, *, position: int) -> Case:
    """A page that begins after the row at ``position``, reached by the key of that row."""
    ordering = [("estimatedValue", -1), ("propertyId", -1)]
    (last,) = _rows(database).find(owned).sort(ordering).skip(position).limit(1)
    edge = PropertyDatasetPermission(property_id=last["propertyId"], estimated_value=last["estimatedValue"])
    beyond = [{"estimatedValue": {"$lt": edge.estimated_value}}, {"propertyId": {"$lt": edge.property_id}}]
    condition = {**owned, "estimatedValue": {"$lte": edge.estimated_value}, "$or": beyond}
    return Case(
        name,
        lambda number: list(next(SORTS["value"].after(owned_by(owner), edge))[: ROWS_A_PAGE + 1]),
        lambda database, number: _find_page_of_rows(database, condition, "estimatedValue"),
    )


def _find_page_of_rows(database: Database, condition: Filter, column: str) -> list[dict]:
    found = _rows(database).find(condition).sort([(column, -1), ("propertyId", -1)])
    return list(found.limit(ROWS_A_PAGE + 1))


def _show_page(owner: User, property_id: str) -> list[Any]:
    page = show_property(user=owner, property_id=property_id, now=timezone.now())
    return [page.permission, page.held] if page else []


def _find_page(database: Database, owner_id: ObjectId, property_id: str) -> list[Any]:
    """The documents of the page: the user's row, the property, and what its prices are made of."""
    row = _rows(database).find_one({"userId": owner_id, "propertyId": property_id})
    held = database["Properties"].find_one({"propertyId": property_id})
    list(database["CreditWeight"].find())
    database["Credit"].find_one({"userId": owner_id})
    return [row, held]

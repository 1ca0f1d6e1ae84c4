"""What is read of a million owned properties: as the pages of Atlas read it, as PyMongo alone, as Django's own SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from bson import ObjectId
from django.db import connections
from django.db.models import F, Q
from django.utils import timezone
from pymongo.database import Database

from accounts.models import User
from atlas_site.management.benchmarks.data import property_id_of
from atlas_site.management.benchmarks.databases import serving
from atlas_site.management.benchmarks.million.dataset import SHARE_WITH_RECORD, owns
from atlas_site.management.benchmarks.million.plain import PlainCell, PlainOwned, PlainProperty
from atlas_site.management.benchmarks.million.servers import MONGO, POSTGRES
from properties.models import OwnedCell, Property, PropertyDatasetPermission
from properties.search.form import read_query
from properties.selectors.cells import Cell, Grid, MapView, cell_size, cells_of_points, merge_cells
from properties.selectors.maps import MOST_ROWS, look_at_everything, look_at_rows
from properties.selectors.owned import (
    COUNTED_UP_TO,
    PENDING,
    ROWS_A_PAGE,
    count_capped,
    count_owned,
    list_owned,
    owned_by,
    owned_matches,
)
from properties.selectors.owned_rows import OwnedRow
from properties.selectors.property_page import show_property

MOST_OVER_PYMONGO = 2.0
MOST_OVER_POSTGRES = 1.0
MOST_GROWTH = 1.5
STEP = 7919  # a prime, so that the rounds read properties from all over the collection

FILTERS = {"q": ["Phoenix, AZ"], "beds_min": ["3"], "value_max": ["600000"]}
CONDITION = {"state": "AZ", "city": "Phoenix", "bedroomCount": {"$gte": 3}, "estimatedValue": {"$lte": 600_000}}
PLAIN_CONDITION = Q(state="AZ", city="Phoenix", bedroom_count__gte=3, estimated_value__lte=600_000)
STATE_VIEW = MapView(west=-114.8, south=31.3, east=-109.0, north=37.0, zoom=7)
CITY_VIEW = MapView(west=-112.4, south=33.25, east=-111.75, north=33.75, zoom=11)
# What Atlas reads of a row, no more and no less.
OF_A_LIST = {"_id": False} | {
    PropertyDatasetPermission._meta.get_field(name).column: True for name in OwnedRow._fields if name != "facts"
}
BY_VALUE = (F("estimated_value").desc(nulls_last=True), F("property_id").desc())

Run = Callable[[ObjectId, int], Any]


@dataclass(frozen=True)
class BigCase:
    """One read of a user's properties. Each function gets the user and the number of the call, and returns ids.

    ``grows`` says whether more properties may make it slower; otherwise a hundred times as many may cost half as much
    again. What a variant is missing for is not compared.
    """

    name: str
    atlas: Run
    pymongo: Run | None = None
    plain: Run | None = None
    grows: bool = False


def make_cases(size: int) -> list[BigCase]:
    """Return the cases for the users of a data set of this size."""
    some_id = partial(some_property_id, size)

    return [
        BigCase("first page, filtered, by value", _atlas_filtered, _pymongo_filtered, _plain_filtered),
        BigCase("first page of all, newest first", _atlas_newest, _pymongo_newest, _plain_newest),
        BigCase("page in the middle, by value", _atlas_deep, _pymongo_deep, _plain_deep),
        BigCase(f"count in a city, up to {COUNTED_UP_TO:,}", _atlas_count, _pymongo_count, _plain_count),
        BigCase(
            "count of what is filtered, after its page",
            _atlas_filtered_count,
            _pymongo_filtered_count,
            _plain_filtered_count,
            grows=True,  # to the limit, which the user of few does not reach
        ),
        _map_case("map of a state", STATE_VIEW),
        _map_case("map of a city", CITY_VIEW),
        BigCase("map of a city, filtered", _atlas_filtered_map, _pymongo_filtered_map, _plain_filtered_map, grows=True),
        BigCase(
            "page of a property, with its layout",
            lambda user_id, call: _atlas_page(user_id, some_id(user_id, call)),
        ),
        BigCase(
            "documents of a property's page",
            lambda user_id, call: _atlas_documents(user_id, some_id(user_id, call)),
            lambda user_id, call: _pymongo_documents(user_id, some_id(user_id, call)),
            lambda user_id, call: _plain_documents(user_id, some_id(user_id, call)),
        ),
    ]


def identify(found: Any) -> Any:
    """Return what tells whether two results are the same: property ids in their order, or plain values."""
    if not isinstance(found, list):
        return found
    return [item["propertyId"] if isinstance(item, dict) else getattr(item, "property_id", item) for item in found]


def some_property_id(size: int, user_id: ObjectId, call: int = 0) -> str:
    """A property of this user with a whole vendor record; another one for each call."""
    found = _numbers_of(size, user_id)
    return property_id_of(found[call * STEP % len(found)])


@cache
def _numbers_of(size: int, user_id: ObjectId) -> list[int]:
    return [number for number in range(0, size, SHARE_WITH_RECORD) if owns(user_id, number, size)]


def _rows() -> Any:
    return _database()[PropertyDatasetPermission._meta.db_table]


def _database() -> Database:
    return connections[MONGO].database


def _plain_rows(user_id: ObjectId) -> Any:
    return PlainOwned.objects.using(POSTGRES).filter(user_id=str(user_id), revealed_at__isnull=False)


def _find(condition: dict[str, Any], sort: str) -> list[dict]:
    found = _rows().find(condition, OF_A_LIST).sort([(sort, -1), ("propertyId", -1)])
    return list(found.limit(ROWS_A_PAGE + 1))[:ROWS_A_PAGE]


def _only(keys: list[str]) -> dict[str, bool]:
    return {"_id": False, **dict.fromkeys(keys, True)}


def _count(condition: dict[str, Any]) -> int:
    return _rows().count_documents(condition, limit=COUNTED_UP_TO + 1)


def _owned(user_id: ObjectId) -> dict[str, Any]:
    return {"userId": user_id, "revealedAt": {"$ne": None}}


# ---------------------------------------------------------------- a filtered, sorted page, and its count after it
@cache
def _query():
    return read_query(FILTERS)


def _atlas_filtered(user_id: ObjectId, call: int) -> list:
    with serving(MONGO):
        return list_owned(owned_by(User(pk=user_id)), sort="value", query=_query(), total=PENDING).rows


def _pymongo_filtered(user_id: ObjectId, call: int) -> list:
    return _find({**_owned(user_id), **CONDITION}, "estimatedValue")


def _plain_filtered(user_id: ObjectId, call: int) -> list:
    rows = _plain_rows(user_id).filter(PLAIN_CONDITION)
    return list(rows.order_by(*BY_VALUE)[: ROWS_A_PAGE + 1])[:ROWS_A_PAGE]


def _atlas_filtered_count(user_id: ObjectId, call: int) -> int:
    with serving(MONGO):
        return count_capped(owned_matches(User(pk=user_id), _query())).number


def _pymongo_filtered_count(user_id: ObjectId, call: int) -> int:
    return _count({**_owned(user_id), **CONDITION})


def _plain_filtered_count(user_id: ObjectId, call: int) -> int:
    return _plain_rows(user_id).filter(PLAIN_CONDITION)[: COUNTED_UP_TO + 1].count()


# ---------------------------------------------------------------- the first page of everything
def _atlas_newest(user_id: ObjectId, call: int) -> list:
    with serving(MONGO):
        user = User(pk=user_id)
        page = list_owned(owned_by(user), total=count_owned(user))
        return [*page.rows, page.total.number]


def _pymongo_newest(user_id: ObjectId, call: int) -> list:
    return [*_find(_owned(user_id), "revealedAt"), _total(user_id)]


def _plain_newest(user_id: ObjectId, call: int) -> list:
    rows = _plain_rows(user_id)
    newest = rows.order_by("-revealed_at", "-property_id")[: ROWS_A_PAGE + 1]
    return [*list(newest)[:ROWS_A_PAGE], _plain_total(user_id)]


# ---------------------------------------------------------------- a page far down
@cache
def _edge(user_id: ObjectId) -> tuple[str, float]:
    """The property in the middle of all that have a value, read from the index alone."""
    valued, keys = {"userId": user_id, "estimatedValue": {"$gt": 0}}, {"_id": 0, "propertyId": 1, "estimatedValue": 1}
    middle = _rows().count_documents(valued) // 2
    found = _rows().find(valued, keys).sort([("estimatedValue", -1), ("propertyId", -1)])
    # Named, since the server tries several indexes to the end of a long way before it chooses one.
    (row,) = found.skip(middle).limit(1).hint("owned_by_value")
    return row["propertyId"], row["estimatedValue"]


def _atlas_deep(user_id: ObjectId, call: int) -> list:
    with serving(MONGO):
        user = User(pk=user_id)
        after = _edge(user_id)[0]
        page = list_owned(owned_by(user), sort="value", after=after, total=count_owned(user))
        return [*page.rows, page.total.number]


def _pymongo_deep(user_id: ObjectId, call: int) -> list:
    property_id = _edge(user_id)[0]
    edge = _rows().find_one({"userId": user_id, "propertyId": property_id})
    value = edge["estimatedValue"]
    beyond = [{"estimatedValue": {"$lt": value}}, {"propertyId": {"$lt": property_id}}]
    condition = {**_owned(user_id), "estimatedValue": {"$lte": value}, "$or": beyond}
    return [*_find(condition, "estimatedValue"), _total(user_id)]


def _plain_deep(user_id: ObjectId, call: int) -> list:
    property_id = _edge(user_id)[0]
    rows = _plain_rows(user_id)
    value = rows.get(property_id=property_id).estimated_value
    beyond = Q(estimated_value__lt=value) | Q(property_id__lt=property_id)
    page = rows.filter(beyond, estimated_value__lte=value).order_by(*BY_VALUE)[: ROWS_A_PAGE + 1]
    return [*list(page)[:ROWS_A_PAGE], _plain_total(user_id)]


# ---------------------------------------------------------------- counts: of everything from its counter, else capped
def _total(user_id: ObjectId) -> int:
    everything = {"userId": user_id, "zoom": OwnedCell.EVERYTHING, "x": 0, "y": 0}
    return min(_database()[OwnedCell._meta.db_table].find_one(everything)["count"], COUNTED_UP_TO + 1)


def _plain_total(user_id: ObjectId) -> int:
    everything = {"user_id": str(user_id), "zoom": OwnedCell.EVERYTHING, "x": 0, "y": 0}
    return min(PlainCell.objects.using(POSTGRES).get(**everything).count, COUNTED_UP_TO + 1)


def _atlas_count(user_id: ObjectId, call: int) -> int:
    with serving(MONGO):
        return count_capped(owned_matches(User(pk=user_id), _city())).number


@cache
def _city():
    return read_query({"q": ["Phoenix, AZ"]})


def _pymongo_count(user_id: ObjectId, call: int) -> int:
    return _count({**_owned(user_id), "state": "AZ", "city": "Phoenix"})


def _plain_count(user_id: ObjectId, call: int) -> int:
    return _plain_rows(user_id).filter(state="AZ", city="Phoenix")[: COUNTED_UP_TO + 1].count()


# ---------------------------------------------------------------- the map
def _map_case(name: str, view: MapView) -> BigCase:
    """The map of everything owned, from counters; a hundred times as many properties fill more of its cells."""
    grid = view.grid_at(view.grid_zoom)
    inside = {"zoom": grid.zoom, "x": {"$gte": grid.left, "$lte": grid.right}, "y": {"$gte": grid.bottom}}
    inside["y"]["$lte"] = grid.top
    plain = Q(zoom=grid.zoom, x__gte=grid.left, x__lte=grid.right, y__gte=grid.bottom, y__lte=grid.top)
    keys = ["x", "y", "count", "latitudeSum", "longitudeSum"]

    def with_atlas(user_id: ObjectId, call: int) -> list:
        with serving(MONGO):
            return merge_cells(look_at_everything(User(pk=user_id), view).cells, view.zoom)

    def with_pymongo(user_id: ObjectId, call: int) -> list:
        found = _database()[OwnedCell._meta.db_table].find({"userId": user_id, **inside}, _only(keys))
        return merge_cells([Cell(*(counter[key] for key in keys)) for counter in found], view.zoom)

    def with_plain(user_id: ObjectId, call: int) -> list:
        found = PlainCell.objects.using(POSTGRES).filter(plain, user_id=str(user_id))
        cells = found.values_list("x", "y", "count", "latitude_sum", "longitude_sum")
        return merge_cells([Cell(*values) for values in cells], view.zoom)

    return BigCase(name, with_atlas, with_pymongo, with_plain, grows=True)


def _atlas_filtered_map(user_id: ObjectId, call: int) -> int:
    with serving(MONGO):
        found = look_at_rows(owned_matches(User(pk=user_id), _query()), CITY_VIEW)
        return sum(mark.count for mark in merge_cells(found.cells, CITY_VIEW.zoom))


def _pymongo_filtered_map(user_id: ObjectId, call: int) -> int:
    grid, keys = CITY_VIEW.grid_at(CITY_VIEW.grid_zoom), ["propertyId", "address", "latitude", "longitude"]
    found = _rows().find({**_owned(user_id), **CONDITION, **_in_view()}, _only(keys)).limit(MOST_ROWS + 1)
    return _group(grid, [(row["latitude"], row["longitude"]) for row in found])


def _plain_filtered_map(user_id: ObjectId, call: int) -> int:
    grid, edges = CITY_VIEW.grid_at(CITY_VIEW.grid_zoom), _in_view()
    rows = _plain_rows(user_id).filter(
        PLAIN_CONDITION,
        **{f"{name}__{end[1:]}": edge for name, ends in edges.items() for end, edge in ends.items()},
    )
    found = rows.values_list("property_id", "address", "latitude", "longitude")[: MOST_ROWS + 1]
    return _group(grid, [(row[2], row[3]) for row in found])


def _in_view() -> dict[str, dict[str, float]]:
    grid = CITY_VIEW.grid_at(CITY_VIEW.grid_zoom)
    size = cell_size(grid.zoom)
    return {
        "latitude": {"$gte": grid.bottom * size - 90, "$lte": (grid.top + 1) * size - 90},
        "longitude": {"$gte": grid.left * size - 180, "$lte": (grid.right + 1) * size - 180},
    }


def _group(grid: Grid, points: list[tuple[float, float]]) -> int:
    """Make the marks of a map, as Atlas does, and return how many properties they stand for."""
    shown = [point for point in points[:MOST_ROWS] if grid.holds(*point)]
    return sum(mark.count for mark in merge_cells(cells_of_points(shown, grid.zoom), CITY_VIEW.zoom))


# ---------------------------------------------------------------- one property
def _atlas_page(user_id: ObjectId, property_id: str) -> list:
    with serving(MONGO):
        page = show_property(user=User(pk=user_id), property_id=property_id, now=timezone.now())
    return [page.permission, page.held] if page else []


def _atlas_documents(user_id: ObjectId, property_id: str) -> list:
    with serving(MONGO):
        row = PropertyDatasetPermission.objects.get(user_id=user_id, property_id=property_id)
        return [row, Property.objects.get(property_id=property_id)]


def _pymongo_documents(user_id: ObjectId, property_id: str) -> list:
    row = _rows().find_one({"userId": user_id, "propertyId": property_id})
    held = _database()["Properties"].find_one({"propertyId": property_id})
    return [row, held]


def _plain_documents(user_id: ObjectId, property_id: str) -> list:
    row = _plain_rows(user_id).get(property_id=property_id)
    held = PlainProperty.objects.using(POSTGRES).get(property_id=property_id)
    return [row, held]

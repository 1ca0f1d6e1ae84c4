"""Search criteria: what may be asked, checked before it is sent.

The vendor ignores a filter that it does not know and answers with the whole area, at full price. So criteria are only
ever built from the whitelist below, and everything else is refused with the place where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from django.conf import settings

from atlas_site.vendors.batchdata.quicklists import find_quicklist

STRING, NAME, NUMBER, DATE, BOOLEAN = "string", "name", "number", "date", "boolean"

LONGEST_TEXT = 200
LONGEST_LIST = 500
LONGEST_POLYGON = 500
FARTHEST_MILES = 500.0
LARGEST_NUMBER = 10**15
DEFAULT_QUICKLIST_CAP = 3


class CriteriaRefused(ValueError):
    """Criteria that must not be sent. ``problems`` maps the dotted place in the criteria to a sentence for the user."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{place}: {sentence}" for place, sentence in problems.items()))
        self.problems = dict(problems)


def _fields(kind: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


# Group -> field -> kind. Left out on purpose, though the vendor offers them: age, gender, children and household size,
# which Atlas never filters by, and intel.lastSoldDate, which the vendor ignores (sale.lastSaleDate works).
FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "address": _fields(
            STRING,
            "street city locality county countyFipsCode state zip unitType formattedStreet streetNoUnit cityState"
            " countyState geoStatus addressValidity",
        ),
        "assessment": _fields(
            NUMBER,
            "assessmentYear assessedLandValue assessedImprovementValue totalAssessedValue marketValueYear"
            " landMarketValue improvementMarketValue totalMarketValue",
        ),
        "building": {
            **_fields(
                NUMBER,
                "bedroomCount bathroomCount calculatedBathroomCount livingAreaSquareFeet totalBuildingAreaSquareFeet"
                " yearBuilt storyCount roomCount unitCount residentialUnitCount commercialUnitCount buildingCount"
                " garageParkingSpaceCount",
            ),
            **_fields(STRING, "airConditioningSource pool style features"),
        },
        "general": {
            **_fields(STRING, "propertyTypeCategory propertyTypeDetail standardizedLandUseCode"),
            **_fields(NUMBER, "parcelCount"),
        },
        "ids": _fields(STRING, "propertyId apn fipsCode taxId addressHash mailingAddressHash"),
        "owner": {
            **_fields(NAME, "firstName lastName fullName"),
            **_fields(STRING, "mailingStreet mailingCity mailingState mailingZip ownerStatusType"),
            **_fields(BOOLEAN, "ownerOccupied"),
            **_fields(DATE, "ownershipStartDate"),
            **_fields(NUMBER, "lengthOfResidenceMonths lengthOfResidenceYears"),
        },
        "propertyOwnerProfile": _fields(
            NUMBER,
            "propertiesCount propertiesTotalEstimatedValue propertiesTotalEquity totalPurchasePrice"
            " averagePurchasePrice averageAssessedValue averageYearBuilt mortgagesCount mortgagesTotalBalance"
            " mortgagesAverageBalance",
        ),
        "valuation": _fields(NUMBER, "estimatedValue equityPercent equityCurrentEstimatedBalance ltv"),
        "openLien": {
            **_fields(
                NUMBER,
                "totalOpenLienCount totalOpenLienBalance firstLoanLtv firstLoanInterestRate secondLoanInterestRate"
                " thirdLoanInterestRate fourthLoanInterestRate",
            ),
            **_fields(STRING, "allLoanTypes firstLoanType secondLoanType thirdLoanType fourthLoanType"),
            **_fields(DATE, "firstLoanRecordingDate lastLoanRecordingDate"),
        },
        "sale": {
            **_fields(DATE, "lastSaleDate"),
            **_fields(NUMBER, "lastSalePrice lastSalePricePerSquareFoot flipLength flipProfit"),
            **_fields(STRING, "lastSaleDocumentType"),
        },
        "listing": {
            **_fields(STRING, "status statusCategory"),
            **_fields(NUMBER, "price rentalPrice daysOnMarket"),
            **_fields(DATE, "listingDate soldDate failedListingDate"),
            **_fields(BOOLEAN, "rental"),
        },
        "foreclosure": {
            **_fields(STRING, "status"),
            **_fields(DATE, "auctionDate recordingDate"),
            **_fields(NUMBER, "auctionMinimumBidAmount pastDueAmount"),
        },
        "involuntaryLien": {
            **_fields(STRING, "lienType lienTypeCode documentType"),
            **_fields(NUMBER, "lienAmount"),
            **_fields(DATE, "filingDate recordingDate"),
        },
        "demographics": {
            **_fields(NUMBER, "income netWorth discretionaryIncome"),
            **_fields(STRING, "homeownerRenter investments"),
        },
        "permit": {
            **_fields(NUMBER, "permitCount totalJobValue"),
            **_fields(DATE, "earliestDate latestDate"),
            **_fields(STRING, "allTags"),
        },
        "intel": _fields(NUMBER, "salePropensity lastSoldPrice lengthOfResidenceMonths lengthOfResidenceYears"),
        "lot": {**_fields(NUMBER, "lotSizeAcres lotSizeSquareFeet"), **_fields(STRING, "zoningCode")},
        "legal": _fields(STRING, "subdivisionName"),
        "tax": _fields(NUMBER, "taxDelinquentYear"),
    }
)
# The vendor takes alternatives only for these two groups.
ALTERNATIVE_GROUPS = ("listing", "sale")
SORT_FIELDS = ("estimatedValue", "lastSalePrice", "listingStatus", "soldDate", "state", "yearBuilt")
SORT_ORDERS = ("asc", "desc", "random")
DISTANCE_UNITS = MappingProxyType(
    {
        "distanceMiles": 1.0,
        "distanceYards": 1 / 1760,
        "distanceFeet": 1 / 5280,
        "distanceKilometers": 0.621371,
        "distanceMeters": 0.000621371,
    }
)
_TEXT_OPERATORS = frozenset({"equals", "contains", "startsWith", "endsWith"})
_LIST_OPERATORS = frozenset({"matches", "inList", "notInList"})


def build_criteria(
    *,
    query: str = "",
    quick_lists: Iterable[str] = (),
    or_quick_lists: Iterable[str] = (),
    filters: Mapping[str, Mapping[str, Any]] | None = None,
    alternatives: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return checked criteria in the vendor's shape.

    ``query`` is a place in words ("Phoenix, AZ", a ZIP, "US"); ``quick_lists`` must all hold, of ``or_quick_lists`` at
    least one, a leading ``not-`` excludes; ``filters`` maps ``"building.bedroomCount"`` to ``{"min": 3}`` and so on;
    ``alternatives`` are blocks of ``listing`` and ``sale`` filters of which one must hold. Empty parts are left out.
    Raises ``CriteriaRefused``.
    """
    criteria: dict[str, Any] = {"query": query.strip()} if query.strip() else {}
    for name, slugs in (("quickLists", list(quick_lists)), ("orQuickLists", list(or_quick_lists))):
        if slugs:
            criteria[name] = list(dict.fromkeys(slugs))
    for path, condition in (filters or {}).items():
        group, _, field = path.partition(".")
        criteria.setdefault(group, {})[field] = dict(condition)
    if blocks := [dict(block) for block in alternatives]:
        criteria["or"] = blocks
    return check_criteria(criteria)


def check_criteria(criteria: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``criteria`` as they may be sent, or raise ``CriteriaRefused`` with every problem at once.

    Unknown groups, fields, operators and quicklists are refused, as are values of the wrong kind, ranges that hold
    nothing, and every trait that Atlas never filters by. Dates may be ``date`` objects and leave as ISO days.
    """
    problems: dict[str, str] = {}
    checked: dict[str, Any] = {}
    for name, value in criteria.items():
        if name == "query":
            checked[name] = _check(_text, value, name, problems)
        elif name == "quickList":
            checked[name] = _check(_slug, value, name, problems)
        elif name in ("quickLists", "orQuickLists"):
            checked[name] = _check(_slugs, value, name, problems)
        elif name == "or":
            checked[name] = _check_alternatives(value, problems)
        elif name in FIELDS:
            checked[name] = _check_group(name, value, name, problems)
        else:
            problems[name] = "There is no such filter."
    if problems:
        raise CriteriaRefused(problems)
    return checked


def check_sort(field: str, order: str = "asc") -> dict[str, str]:
    """Return the sort option of a search, or raise ``CriteriaRefused`` for a field or order that is not offered."""
    if field not in SORT_FIELDS or order not in SORT_ORDERS:
        raise CriteriaRefused({"sort": "This order is not offered."})
    return {"field": field, "sortOrder": order}


def quicklist_cap() -> int:
    """Return how many signals one set may hold before a user is warned that the vendor may not use them all."""
    return int(getattr(settings, "BATCHDATA_QUICKLIST_CAP", DEFAULT_QUICKLIST_CAP))


def quicklist_warnings(criteria: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each set of signals that is longer than the cap."""
    cap = quicklist_cap()
    names = {"quickLists": "signals that must all hold", "orQuickLists": "signals of which one must hold"}
    return [
        f"You chose {len(criteria[key])} {name}. More than {cap} may not all be used."
        for key, name in names.items()
        if len(criteria.get(key) or ()) > cap
    ]


# ---------------------------------------------------------------- groups
def _check_group(group: str, value: Any, place: str, problems: dict[str, str]) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        problems[place] = "A group of filters names its fields."
        return {}
    checked = {}
    for field, condition in value.items():
        at = f"{place}.{field}"
        if group == "address" and field in _GEO_CHECKS:
            checked[field] = _check(_GEO_CHECKS[field], condition, at, problems)
        elif field in FIELDS[group]:
            checked[field] = _check(_CONDITION_CHECKS[FIELDS[group][field]], condition, at, problems)
        else:
            problems[at] = "There is no such filter."
    return checked


def _check_alternatives(value: Any, problems: dict[str, str]) -> list[dict[str, Any]]:
    if not isinstance(value, list | tuple) or not value:
        problems["or"] = "Alternatives are a list of filter groups."
        return []
    checked = []
    for index, block in enumerate(value):
        place = f"or.{index}"
        if not isinstance(block, Mapping) or not block or any(group not in ALTERNATIVE_GROUPS for group in block):
            problems[place] = "An alternative holds filters on listings or sales only."
            continue
        checked.append(
            {group: _check_group(group, fields, f"{place}.{group}", problems) for group, fields in block.items()}
        )
    return checked


def _check(check: Callable[[Any], Any], value: Any, place: str, problems: dict[str, str]) -> Any:
    try:
        return check(value)
    except ValueError as error:
        problems[place] = str(error)
        return None


# ---------------------------------------------------------------- conditions
def _operators(condition: Any, allowed: Iterable[str]) -> Mapping[str, Any]:
    if not isinstance(condition, Mapping) or not condition:
        raise ValueError("A filter needs a condition.")
    if unknown := sorted(str(name) for name in condition if name not in set(allowed)):
        raise ValueError(f"There is no such condition here: {', '.join(unknown)}.")
    return condition


def _string_condition(condition: Any) -> dict[str, Any]:
    given = _operators(condition, _TEXT_OPERATORS | _LIST_OPERATORS)
    return {name: _texts(value) if name in _LIST_OPERATORS else _text(value) for name, value in given.items()}


def _name_condition(condition: Any) -> dict[str, Any]:
    """One person may be looked for by name; lists and patterns of names sort people by descent and are refused."""
    return {name: _text(value) for name, value in _operators(condition, {"equals"}).items()}


def _number_condition(condition: Any) -> dict[str, Any]:
    given = {name: _number(value) for name, value in _operators(condition, {"min", "max"}).items()}
    if "min" in given and "max" in given and given["min"] > given["max"]:
        raise ValueError("The smallest value is larger than the largest.")
    return given


def _date_condition(condition: Any) -> dict[str, Any]:
    given = dict(_operators(condition, {"minDate", "maxDate", "withinLastMonths"}))
    months = given.pop("withinLastMonths", None)
    checked: dict[str, Any] = {name: _day(value) for name, value in given.items()}
    if "minDate" in checked and "maxDate" in checked and checked["minDate"] > checked["maxDate"]:
        raise ValueError("The first day is after the last.")
    if months is not None:
        if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 1200:
            raise ValueError("The number of months is a whole number from 1 on.")
        checked["withinLastMonths"] = months
    return checked


def _boolean_condition(condition: Any) -> dict[str, Any]:
    given = _operators(condition, {"equals"})
    if not isinstance(given["equals"], bool):
        raise ValueError("This filter is yes or no.")
    return dict(given)


_CONDITION_CHECKS = {
    STRING: _string_condition,
    NAME: _name_condition,
    NUMBER: _number_condition,
    DATE: _date_condition,
    BOOLEAN: _boolean_condition,
}


# ---------------------------------------------------------------- places on the map
def _distance(value: Any) -> dict[str, Any]:
    given = _operators(value, {"geoPoint", *DISTANCE_UNITS})
    units = [unit for unit in DISTANCE_UNITS if unit in given]
    if "geoPoint" not in given or len(units) != 1:
        raise ValueError("A circle needs a center and one distance.")
    distance = _number(given[units[0]])
    if not 0 < distance * DISTANCE_UNITS[units[0]] <= FARTHEST_MILES:
        raise ValueError(f"A distance is more than 0 and at most {FARTHEST_MILES:.0f} miles.")
    return {"geoPoint": _point(given["geoPoint"]), units[0]: distance}


def _box(value: Any) -> dict[str, Any]:
    given = _operators(value, {"nwGeoPoint", "seGeoPoint"})
    if len(given) != 2:
        raise ValueError("A box needs its north-west and its south-east corner.")
    north_west, south_east = _point(given["nwGeoPoint"]), _point(given["seGeoPoint"])
    if north_west["latitude"] <= south_east["latitude"] or north_west["longitude"] >= south_east["longitude"]:
        raise ValueError("The corners of the box are north-west and south-east.")
    return {"nwGeoPoint": north_west, "seGeoPoint": south_east}


def _polygon(value: Any) -> dict[str, Any]:
    points = _operators(value, {"geoPoints"})["geoPoints"]
    if not isinstance(points, list | tuple) or not 3 <= len(points) <= LONGEST_POLYGON:
        raise ValueError(f"A polygon has 3 to {LONGEST_POLYGON} points.")
    return {"geoPoints": [_point(point) for point in points]}


def _point(value: Any) -> dict[str, float]:
    given = _operators(value, {"latitude", "longitude"})
    if len(given) != 2:
        raise ValueError("A point has a latitude and a longitude.")
    latitude, longitude = _number(given["latitude"]), _number(given["longitude"])
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError("A point lies on the globe.")
    return {"latitude": latitude, "longitude": longitude}


_GEO_CHECKS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {"geoLocationDistance": _distance, "geoLocationBoundingBox": _box, "geoLocationPolygon": _polygon}
)


# ---------------------------------------------------------------- values
def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("This is a text of one line.")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"A text has at most {LONGEST_TEXT} characters.")
    return value.strip()


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= LONGEST_LIST:
        raise ValueError(f"This is a list of 1 to {LONGEST_LIST} texts.")
    return [_text(item) for item in value]


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
        raise ValueError("This is a number.")
    return value


def _day(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError) as error:
        raise ValueError("This is a day, written as in 2025-10-31.") from error


def _slug(value: Any) -> str:
    if not isinstance(value, str) or find_quicklist(value) is None:
        raise ValueError(f"There is no such signal: {str(value)[:60]}.")
    return value


def _slugs(value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("This is a list of signals.")
    return list(dict.fromkeys(_slug(item) for item in value))

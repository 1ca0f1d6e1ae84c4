"""Comparables of an owned property from what its owner owns, and what those that are pinned say of its value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any

from django.db.models import QuerySet

from properties.models import PropertyDatasetPermission
from properties.search.filters.numbers import months_before

MILES_A_DEGREE = 69.05
EARTH_RADIUS_MILES = 3958.8
# Rings to search, with how many rows to read of each. Where little is owned, one look at a wide ring finds all of it;
# where much is, rings are searched from the inside, so that the nearest are found without reading all of them.
FEW, MOST_READ = 200, 2_000
COMPARABLE_RINGS = ((1.0, FEW), (0.25, MOST_READ), (0.5, MOST_READ), (1.0, MOST_READ))
NEIGHBOR_RINGS = ((1.5, FEW), (0.1, MOST_READ), (0.4, MOST_READ), (1.5, MOST_READ), (5.0, MOST_READ))
MOST_LISTED = 40
NEIGHBORS = 6
MOST_PINNED = 20
# Fewer prices than these say nothing of which of them is unusual.
FEWEST_FOR_OUTLIERS = 5
CENT = Decimal("0.01")
COLUMNS = (
    "user", "property_id", "address", "city", "state", "postal_code", "latitude", "longitude", "property_type",
    "bedroom_count", "bathroom_count", "living_area_square_feet", "year_built", "last_sale_on", "last_sale_price",
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How far a comparable may differ; None is any. `bedrooms`, `bathrooms` and `years` are plus or minus."""

    miles: float = 1.0
    bedrooms: int | None = 1
    bathrooms: float | None = 1.0
    area_percent: int | None = 20
    years: int | None = 15
    months: int | None = 12
    same_type: bool = True

    def as_values(self) -> dict[str, Any]:
        """The limits by name, as a sheet keeps them and the form shows them."""
        return asdict(self)

    def params(self) -> dict[str, list[str]]:
        """The limits as parameters of the page's address."""
        values = {name: "" if value is None else f"{value:g}" for name, value in asdict(self).items()}
        return {name: [value] for name, value in values.items() if name != "same_type"} | (
            {"same_type": ["on"]} if self.same_type else {}
        )


def read_limits(values: Mapping[str, Any]) -> Limits:
    """The limits that a sheet keeps; what it does not say is as it is for everybody."""
    known = {name: values[name] for name in asdict(Limits()) if name in values}
    return replace(Limits(), **known)


@dataclass(frozen=True)
class Comparable:
    """An owned property beside the subject. `price` is None where it is not on file, or not public."""

    row: PropertyDatasetPermission
    miles: float | None
    price: int | None
    price_per_square_foot: Decimal | None
    is_pinned: bool
    is_outlier: bool = False
    # Whether it was bought as a comparable of the subject: then it is listed whatever the limits are by now.
    is_found: bool = False


@dataclass(frozen=True)
class Arv:
    """What pinned comparables say the property is worth once repaired: median price per square foot times its area."""

    prices_per_square_foot: tuple[Decimal, ...]
    price_per_square_foot: Decimal
    area: int
    value: int
    left_out: int


@dataclass(frozen=True)
class Comparables:
    """What stands in the table of comparables, and what follows from those that are pinned."""

    limits: Limits
    rows: tuple[Comparable, ...]
    outlier_count: int
    pinned_count: int
    arv: Arv | None
    left_out: int
    why_none: str


def list_comparables(
    *,
    subject: PropertyDatasetPermission,
    limits: Limits,
    pinned_ids: Sequence[str],
    today: date,
    found_ids: Sequence[str] = (),
    with_outliers: bool = False,
) -> Comparables:
    """The owned properties near the subject that are like it, nearest first, after the pinned and the found ones.

    Reads rows of the subject's own user alone, and lists at most MOST_LISTED that are neither pinned nor were found for
    the subject. Those whose price per square foot lies far from the others are counted and left out, unless they are
    pinned, were found for it, or are asked for.
    """
    comparables = [_comparable(subject, row, is_pinned=True) for row in _rows_by_id(subject, pinned_ids)]
    others = [each for each in found_ids if each not in pinned_ids]
    found = [_comparable(subject, row, is_pinned=False) for row in _rows_by_id(subject, others)]
    comparables += sorted(found, key=lambda each: each.miles or 0.0)
    like_it = _like(subject, limits, today).exclude(property_id__in=[subject.property_id, *pinned_ids, *others])
    rings = [(share * limits.miles, most_read) for share, most_read in COMPARABLE_RINGS]
    comparables += _nearest(subject, like_it, rings, MOST_LISTED)
    bought = set(found_ids)
    marked = [replace(each, is_found=each.row.property_id in bought) for each in _mark_outliers(comparables)]
    shown = [each for each in marked if with_outliers or each.is_pinned or each.is_found or not each.is_outlier]
    chosen = [each for each in comparables if each.is_pinned]
    return Comparables(
        limits=limits,
        rows=tuple(shown),
        outlier_count=sum(each.is_outlier and not (each.is_pinned or each.is_found) for each in marked),
        pinned_count=len(chosen),
        arv=find_arv(chosen, subject.living_area_square_feet),
        left_out=sum(each.price_per_square_foot is None for each in chosen),
        why_none="" if _place(subject) else "Where this property lies is not on file, so nothing can be near it.",
    )


def find_arv(pinned: Iterable[Comparable], area: float | None) -> Arv | None:
    """The value after repair: the median price per square foot of the pinned ones, in cents, times the area.

    Halves are rounded up. None without an area or without any price; ones without a price are counted, and left out.
    """
    pinned = list(pinned)
    prices = sorted(each.price_per_square_foot for each in pinned if each.price_per_square_foot is not None)
    if not prices or not area or area <= 0:
        return None
    size = int(area)
    middle = median(prices)
    return Arv(
        prices_per_square_foot=tuple(prices),
        price_per_square_foot=middle,
        area=size,
        value=int((middle * size).quantize(Decimal(1), ROUND_HALF_UP)),
        left_out=len(pinned) - len(prices),
    )


def median(numbers: Sequence[Decimal]) -> Decimal:
    """The middle of sorted numbers, or halfway between the two in the middle, in cents."""
    half = len(numbers) // 2
    middle = numbers[half] if len(numbers) % 2 else (numbers[half - 1] + numbers[half]) / 2
    return middle.quantize(CENT, ROUND_HALF_UP)


def list_neighbors(*, subject: PropertyDatasetPermission) -> list[Comparable]:
    """The nearest properties that the same user owns, within five miles."""
    others = PropertyDatasetPermission.objects.exclude(property_id=subject.property_id)
    return _nearest(subject, others, NEIGHBOR_RINGS, NEIGHBORS)


def miles_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance over ground of two places given by latitude and longitude."""
    (south, west), (north, east) = ((radians(place[0]), radians(place[1])) for place in (one, other))
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * EARTH_RADIUS_MILES * asin(min(1.0, sqrt(chord)))


def _nearest(
    subject: PropertyDatasetPermission,
    rows: QuerySet[PropertyDatasetPermission],
    rings: Sequence[tuple[float, int]],
    most: int,
) -> list[Comparable]:
    """The nearest of these rows that the subject's user owns, at most `most`, within the last ring.

    `rings` are miles with the number of rows to read of each. A ring inside one that was read to the end is left out.
    """
    place = _place(subject)
    if place is None:
        return []
    nearest: list[tuple[float, str]] = []
    known = 0.0
    for miles, most_read in rings:
        if miles <= known:
            continue
        inside = rows.filter(user_id=subject.user_id, **_box(place, miles))
        places = list(inside.values_list("property_id", "latitude", "longitude")[:most_read])
        measured = [
            (miles_between(place, (latitude, longitude)), key)
            for key, latitude, longitude in places
            if latitude is not None and longitude is not None
        ]
        nearest = sorted(each for each in measured if each[0] <= miles)[:most]
        known = miles if len(places) < most_read else known
        if len(nearest) >= most and (known == miles or most_read == MOST_READ):
            break
    found = _rows_by_id(subject, [key for _, key in nearest])
    return [_comparable(subject, row, is_pinned=False) for row in found]


def _box(place: tuple[float, float], miles: float) -> dict[str, tuple[float, float]]:
    """The look-ups for what lies within so many miles to each side, which the index by coordinates answers."""
    latitude, longitude = place
    height = miles / MILES_A_DEGREE
    width = height / max(0.05, cos(radians(latitude)))
    return {
        "latitude__range": (latitude - height, latitude + height),
        "longitude__range": (longitude - width, longitude + width),
    }


def _place(row: PropertyDatasetPermission) -> tuple[float, float] | None:
    return None if row.latitude is None or row.longitude is None else (row.latitude, row.longitude)


def _like(subject: PropertyDatasetPermission, limits: Limits, today: date) -> QuerySet[PropertyDatasetPermission]:
    """Rows that keep within the limits; a limit on what is not known of the subject cannot be kept to."""
    area, percent = subject.living_area_square_feet, limits.area_percent
    spans = {
        "bedroom_count__range": _around(subject.bedroom_count, limits.bedrooms),
        "bathroom_count__range": _around(subject.bathroom_count, limits.bathrooms),
        "living_area_square_feet__range": _around(
            area, None if area is None or percent is None else area * percent / 100
        ),
        "year_built__range": _around(subject.year_built, limits.years),
    }
    rows = PropertyDatasetPermission.objects.filter(**{name: span for name, span in spans.items() if span})
    if limits.same_type and subject.property_type:
        rows = rows.filter(property_type=subject.property_type)
    return rows.filter(last_sale_on__gte=months_before(today, limits.months)) if limits.months else rows


def _rows_by_id(subject: PropertyDatasetPermission, property_ids: Sequence[str]) -> list[PropertyDatasetPermission]:
    """The user's own rows of these properties, in the order of the ids."""
    if not property_ids:
        return []
    rows = PropertyDatasetPermission.objects.filter(user_id=subject.user_id, property_id__in=list(property_ids))
    rows = rows.only(*COLUMNS)
    by_id = {row.property_id: row for row in rows}
    return [by_id[each] for each in property_ids if each in by_id and each != subject.property_id]


def _comparable(subject: PropertyDatasetPermission, row: PropertyDatasetPermission, *, is_pinned: bool) -> Comparable:
    here, there = _place(subject), _place(row)
    price = int(row.last_sale_price) if row.last_sale_price and row.last_sale_price > 0 else None
    area = row.living_area_square_feet
    per_foot = (Decimal(price) / Decimal(str(area))).quantize(CENT, ROUND_HALF_UP) if price and area else None
    return Comparable(
        row=row,
        miles=miles_between(here, there) if here and there else None,
        price=price,
        price_per_square_foot=per_foot,
        is_pinned=is_pinned,
    )


def _mark_outliers(comparables: list[Comparable]) -> list[Comparable]:
    """Mark prices per square foot further from the middle half than one and a half times what that half spans."""
    prices = sorted(each.price_per_square_foot for each in comparables if each.price_per_square_foot is not None)
    if len(prices) < FEWEST_FOR_OUTLIERS:
        return comparables
    half = len(prices) // 2
    lower, upper = median(prices[:half]), median(prices[-half:])
    reach = (upper - lower) * Decimal("1.5")
    return [
        replace(
            each,
            is_outlier=each.price_per_square_foot is not None
            and not lower - reach <= each.price_per_square_foot <= upper + reach,
        )
        for each in comparables
    ]


def _around(value: float | None, span: float | None) -> tuple[float, float] | None:
    return None if value is None or span is None else (value - span, value + span)

"""Filters by a number or a day: from … to …, both ends optional and included."""

import math
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django import forms

from atlas_site.vendors import lenient
from properties.search.filters.base import Filter, Values

LARGEST = 10**12
MONTHS = (1, 2, 3, 6, 9, 12, 18, 24, 36, 60, 120)


class NumberField(forms.DecimalField):
    """A number as JSON writes it: a whole one where it can be, with the separators and signs that people type."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace(",", "").replace("$", "").replace("%", "").strip()
        return super().to_python(value)

    def clean(self, value: Any) -> int | float | None:
        number = super().clean(value)
        if number is None:
            return None
        return int(number) if number == int(number) else float(number)


class DayField(forms.DateField):
    """A day, kept as ISO text."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> str | None:
        day = super().clean(value)
        if day is not None and not 1600 <= day.year <= 2200:
            raise forms.ValidationError("Enter a day of this era.")
        return day.isoformat() if day else None


@dataclass(frozen=True)
class _Range(Filter):
    """Two ends. Values of a kind that can be compared."""

    @cached_property
    def params(self) -> tuple[str, ...]:
        return self.low_param, self.high_param

    @property
    def low_param(self) -> str:
        return f"{self.name}_min"

    @property
    def high_param(self) -> str:
        return f"{self.name}_max"

    def ends(self, values: Values, today: date) -> tuple[Any, Any]:
        """The lowest and highest value that hold; None for an open end."""
        return values.get(self.low_param), values.get(self.high_param)

    def problem(self, values: Values) -> tuple[str, str] | None:
        low, high = values.get(self.low_param), values.get(self.high_param)
        if low is not None and high is not None and low > high:
            return self.high_param, "“To” must not be below “from”."
        return None

    def say(self, values: Values) -> str:
        low, high = values.get(self.low_param), values.get(self.high_param)
        if low is not None and high is not None:
            return f"{self.label} {self.show_one(low)} to {self.show_one(high)}"
        if low is not None:
            return f"{self.label} from {self.show_one(low)}"
        return f"{self.label} up to {self.show_one(high)}"

    def condition(self, values: Values, today: date) -> dict[str, Any]:
        low, high = self.ends(values, today)
        bounds = {"$gte": low, "$lte": high}
        operators = {name: bound for name, bound in bounds.items() if bound is not None}
        # In a list both bounds have to hold for the same element.
        return {"$elemMatch": operators} if self.is_list else operators

    def holds(self, values: Values, value: Any, today: date) -> bool:
        low, high = self.ends(values, today)
        return (low is None or value >= low) and (high is None or value <= high)

    def nearest(self, values: Values, fact: Any, today: date) -> dict[str, Any] | None:
        facts = fact if isinstance(fact, list) else [fact]
        if not facts:
            return None
        value = min(facts, key=lambda each: self.distance(values, each, today))
        changed = dict(values)
        low, high = values.get(self.low_param), values.get(self.high_param)
        if low is not None and value < low:
            changed[self.low_param] = self.bound_below(value)
        if high is not None and value > high:
            changed[self.high_param] = self.bound_above(value)
        return changed if self.is_active(changed) else None

    def distance(self, values: Values, fact: Any, today: date) -> float:
        low, high = self.ends(values, today)
        facts = fact if isinstance(fact, list) else [fact]
        return min((self._distance_of(each, low, high) for each in facts), default=math.inf)

    def _distance_of(self, value: Any, low: Any, high: Any) -> float:
        below = self.gap(value, low) if low is not None and value < low else 0.0
        above = self.gap(high, value) if high is not None and value > high else 0.0
        return below + above

    def gap(self, low: Any, high: Any) -> float:
        """How far two values are apart."""
        raise NotImplementedError

    def bound_below(self, value: Any) -> Any:
        """The highest bound that lets a value in from below, or None when the form takes no such bound."""
        return value

    def bound_above(self, value: Any) -> Any:
        """The lowest bound that lets a value in from above, or None when the form takes no such bound."""
        return value


@dataclass(frozen=True)
class Number(_Range):
    """A number, with a unit ("$", "%" or words) and as many decimals as make sense."""

    unit: str = ""
    decimals: int = 0
    lowest: int = 0
    # Years are written without separators.
    is_year: bool = False

    kind = "number"

    def form_fields(self) -> dict[str, forms.Field]:
        return {
            name: NumberField(
                label=f"{self.label} {end}",
                required=False,
                min_value=self.lowest,
                max_value=LARGEST,
                decimal_places=self.decimals,
                widget=forms.NumberInput(attrs={"placeholder": end, "aria-label": f"{self.label} {end}"}),
            )
            for name, end in ((self.low_param, "from"), (self.high_param, "to"))
        }

    def read(self, value: Any) -> int | float | None:
        number = lenient.year(value) if self.is_year else lenient.number(value)
        return None if number == 0 and self.zero_is_unknown else number

    def show_one(self, value: Any) -> str:
        if self.is_year:
            return str(int(value))
        number = f"{value:,.{max(self.decimals, 2)}f}".rstrip("0").rstrip(".")
        if self.unit == "$":
            return f"-${number[1:]}" if number.startswith("-") else f"${number}"
        return f"{number} {self.unit}" if self.unit else number

    def criteria(self, values: Values) -> dict[str, Any] | None:
        bounds = {"min": values.get(self.low_param), "max": values.get(self.high_param)}
        return {name: bound for name, bound in bounds.items() if bound is not None} or None

    def bound_below(self, value: Any) -> Any:
        bound = _whole_or_float(math.floor(value * 10**self.decimals), self.decimals)
        return bound if bound >= self.lowest else None

    def bound_above(self, value: Any) -> Any:
        bound = _whole_or_float(math.ceil(value * 10**self.decimals), self.decimals)
        return bound if self.lowest <= bound <= LARGEST else None

    def gap(self, low: Any, high: Any) -> float:
        return float(high - low)


@dataclass(frozen=True)
class Days(_Range):
    """A day: from … to …, or within the last months, which moves with the calendar."""

    kind = "days"

    @cached_property
    def params(self) -> tuple[str, ...]:
        return self.low_param, self.high_param, self.months_param

    @property
    def months_param(self) -> str:
        return f"{self.name}_months"

    def form_fields(self) -> dict[str, forms.Field]:
        ends = {
            name: DayField(
                label=f"{self.label} {end}",
                required=False,
                widget=forms.DateInput(attrs={"type": "date", "aria-label": f"{self.label} {end}"}, format="%Y-%m-%d"),
            )
            for name, end in ((self.low_param, "from"), (self.high_param, "to"))
        }
        choices = [("", "Any time"), *((str(months), _months_text(months)) for months in MONTHS)]
        within = forms.TypedChoiceField(
            label=f"{self.label} within", required=False, choices=choices, coerce=int, empty_value=None
        )
        return {**ends, self.months_param: within}

    def read(self, value: Any) -> str | None:
        day = lenient.day(value)
        return day.isoformat() if day else None

    def show_one(self, value: Any) -> str:
        day = lenient.day(value)
        return f"{day.day} {day:%b %Y}" if day else str(value)

    def criteria(self, values: Values) -> dict[str, Any] | None:
        low, high, months = (values.get(name) for name in self.params)
        wished = {"minDate": low, "maxDate": high, "withinLastMonths": months}
        return {name: value for name, value in wished.items() if value is not None} or None

    def say(self, values: Values) -> str:
        months = values.get(self.months_param)
        if months is None:
            return super().say(values)
        within = f"{self.label} within the {_months_text(months).lower()}"
        low, high = values.get(self.low_param), values.get(self.high_param)
        within += f", from {self.show_one(low)}" if low else ""
        return within + (f", up to {self.show_one(high)}" if high else "")

    def say_for_good(self, values: Values, today: date) -> str:
        """Days instead of months.

        A search runs a while after it was put into words, so "last" ends with the reveal and not with `today`. The
        words differ from those of a search without an end, which also finds days that lie ahead.
        """
        if values.get(self.months_param) is None:
            return self.say(values)
        low, high = self.ends(values, today)
        if high < today.isoformat():
            return f"{self.label} {self.show_one(low)} to {self.show_one(high)}"
        return f"{self.label} from {self.show_one(low)} to the reveal"

    def ends(self, values: Values, today: date) -> tuple[Any, Any]:
        low, high, months = (values.get(name) for name in self.params)
        if months is None:
            return low, high
        start = months_before(today, months).isoformat()
        return max(start, low or start), min(today.isoformat(), high or today.isoformat())

    def nearest(self, values: Values, fact: Any, today: date) -> dict[str, Any] | None:
        changed = super().nearest(values, fact, today)
        if changed is None or values.get(self.months_param) is None:
            return changed
        # The shortest span that reaches back far enough, or none where the day lies ahead or beyond all of them.
        for months in (None, *reversed([each for each in MONTHS if each >= values[self.months_param]])):
            wider = {**changed, self.months_param: months}
            if self.is_active(wider) and self.test(wider, fact, today):
                changed = wider
        return changed if self.is_active(changed) and self.test(changed, fact, today) else None

    def gap(self, low: Any, high: Any) -> float:
        return float((date.fromisoformat(high) - date.fromisoformat(low)).days)


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months earlier, at most the 28th."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, min(day.day, 28))


def _months_text(months: int) -> str:
    if months == 1:
        return "Last month"
    return f"Last {months} months" if months % 12 or months == 12 else f"Last {months // 12} years"


def _whole_or_float(scaled: int, decimals: int) -> int | float:
    number = scaled / 10**decimals
    return int(number) if number == int(number) else number

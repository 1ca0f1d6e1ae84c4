"""Random searches as the URL carries them, and random facts of owned rows, drawn from the registry itself."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from properties.search.filters import FILTERS, SORTS, Choice, Days, Filter, Number, Text, YesNo
from properties.search.filters.numbers import MONTHS
from properties.search.filters.place import ZIP
from properties.search.signals import SIGNALS

Params = dict[str, list[str]]

TODAY = date(2026, 11, 20)
PLACES = ("Phoenix, AZ", "Maricopa County, AZ", "85007", "AZ", "Dallas, TX")
AREAS = ("box:33.2,-112.4,33.7,-111.8", "circle:33.45,-112.07,6", "polygon:33.2,-112.4;33.8,-112.2;33.3,-111.7")
WORDS = ("Oak", "palm ln", "R1-6", "12-34", "Patio (large)", "Elm.*")


def number_text(each: Number) -> st.SearchStrategy[str]:
    """A number that this filter's form takes; few enough that rows and searches meet."""
    if each.is_year:
        return st.integers(1995, 2003).map(str)
    low = max(each.lowest, -4)
    if each.decimals:
        return st.integers(low * 4, 16).map(
            lambda quarters: f"{quarters / 4:.{each.decimals}f}" if each.decimals > 1 else str(quarters // 4)
        )
    return st.integers(low, 8).map(str)


def day_text() -> st.SearchStrategy[str]:
    return st.integers(-30, 900).map(lambda days: (TODAY - timedelta(days=days)).isoformat())


def text_of(each: Text) -> st.SearchStrategy[str]:
    if each.shape == ZIP:
        return st.sampled_from(["85007", "85003", "75201"])
    return st.sampled_from(["AZ", "TX", "CA"] if each.shape else WORDS)


@st.composite
def params_of(draw: st.DrawFn, each: Filter) -> Params:
    """The parameters of one filter, set in any way that its form takes."""
    if isinstance(each, Choice):
        return {each.name: draw(st.lists(st.sampled_from(list(each.labels)), min_size=1, max_size=3, unique=True))}
    if isinstance(each, YesNo):
        return {each.name: [draw(st.sampled_from(["yes", "no"]))]}
    if isinstance(each, Text):
        texts = draw(st.lists(text_of(each), min_size=1, max_size=3 if each.takes_several else 1, unique=True))
        return {each.name: [", ".join(texts)]}
    one = day_text() if isinstance(each, Days) else number_text(each)
    low, high = draw(st.tuples(one, one))
    if (low > high) if isinstance(each, Days) else (float(low) > float(high)):
        low, high = high, low
    params = {each.low_param: [low], each.high_param: [high]}
    for name in draw(st.sampled_from([(), (each.low_param,), (each.high_param,)])):
        del params[name]
    if isinstance(each, Days) and draw(st.booleans()):
        params[each.months_param] = [str(draw(st.sampled_from(MONTHS)))]
    return params


@st.composite
def searches(draw: st.DrawFn, filters: tuple[Filter, ...] = FILTERS, most: int = 5) -> Params:
    """The parameters of a whole search."""
    params: Params = {"q": [draw(st.sampled_from(PLACES))]}
    if draw(st.booleans()):
        params["area"] = [draw(st.sampled_from(AREAS))]
        if draw(st.booleans()):
            del params["q"]
    for each in draw(st.lists(st.sampled_from(filters), max_size=most, unique_by=lambda each: each.name)):
        params |= draw(params_of(each))
    slugs = draw(st.lists(st.sampled_from(list(SIGNALS)[:8]), max_size=3, unique=True))
    for slug in slugs:
        params.setdefault(draw(st.sampled_from(["all", "any", "none"])), []).append(slug)
    if draw(st.booleans()):
        params["sort"] = [draw(st.sampled_from([name for name in SORTS if name]))]
    if draw(st.booleans()):
        params["exclude"] = ["list:64f0", "sent:mail"]
    return params


@st.composite
def fact_of(draw: st.DrawFn, each: Filter) -> Any:
    """A value that a row may hold for a filter; None for unknown."""
    if each.is_list:
        found = draw(st.none() | st.lists(one_fact_of(each), max_size=3))
        return found if found is None else sorted(set(found))
    return draw(st.none() | one_fact_of(each))


def one_fact_of(each: Filter) -> st.SearchStrategy[Any]:
    if isinstance(each, Choice):
        return st.sampled_from([*each.labels, "Something new"])
    if isinstance(each, YesNo):
        return st.booleans()
    if isinstance(each, Text):
        return text_of(each) | st.sampled_from(["12 Oak Palm Ln", "patio (Large)"])
    if isinstance(each, Days):
        return day_text()
    return number_text(each).map(
        lambda text: int(text) if float(text) == int(float(text)) and "." not in text else float(text)
    )

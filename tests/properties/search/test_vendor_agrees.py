"""With everything unlocked, the explanation finds the records that the vendor's own search finds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from hypothesis import event, given, settings
from hypothesis import strategies as st

from atlas_site.vendors.batchdata import PropertyRecord
from properties.models import Dataset, PropertyDatasetPermission
from properties.search.conditions import Outcome
from properties.search.facts import facts_of, signals_of
from properties.search.filters import FILTERS, Choice, Days, Filter, Number, Text, YesNo
from properties.search.form import read_query
from properties.search.signals import SIGNALS
from properties.search.why import explain, matches
from properties.services.records import row_values
from tests.properties.search.strategies import TODAY

MARKET = "Phoenix, AZ"
ALL = list(Dataset)

Find = Callable[[dict[str, Any]], set[str]]


@pytest.fixture(scope="module")
def post() -> Iterator[Callable[[str, dict[str, Any]], dict[str, Any]]]:
    http = requests.Session()
    http.headers["Authorization"] = f"Bearer {django_settings.BATCHDATA_API_KEY}"

    def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = http.post(f"{django_settings.BATCHDATA_BASE_URL}{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    yield ask
    http.close()


@pytest.fixture(scope="module")
def find(post) -> Find:
    """Ask the vendor's search for the ids of all that match."""

    def ask(criteria: dict[str, Any]) -> set[str]:
        options = {"take": 500, "datasets": ["basic"]}
        answer = post("/api/v1/property/search", {"searchCriteria": criteria, "options": options})
        found = {record["_id"] for record in answer["results"]["properties"]}
        assert len(found) == answer["results"]["meta"]["results"]["resultsFound"]
        return found

    return ask


@pytest.fixture(scope="module")
def records(post) -> list[PropertyRecord]:
    """The full records of one city."""
    criteria = read_query({"q": [MARKET]}).criteria()
    found = post("/_sandbox/find", {"searchCriteria": criteria, "take": 500})["records"]
    assert 100 < len(found) < 500
    return [PropertyRecord(raw) for raw in found]


@pytest.fixture(scope="module")
def market(records) -> dict[str, PropertyDatasetPermission]:
    """Everything in one city as rows of somebody who has unlocked all of it, by property id."""
    return {
        record.property_id: PropertyDatasetPermission(
            property_id=record.property_id, datasets=ALL, **row_values(record, ALL)
        )
        for record in records
    }


def test_facts_survive_the_database_and_the_mail(market):
    for row in market.values():
        assert all(value is not None for value in row.facts.values())
        assert {type(value) for value in row.facts.values()} <= {int, float, str, bool, list}


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_each_filter_finds_what_the_vendor_finds(each, market, find):
    """Searches around the values that there are; a record that does not tell a value is not in the list."""
    told = sorted({str(value) for row in market.values() for value in as_list(each.value_of(row))})
    if not told:
        assert each.name in NEVER_TOLD
        return

    @given(params=params_around(each, market))
    @settings(max_examples=4)
    def check(params):
        query = read_query({"q": [MARKET], **params})
        today = datetime.now(UTC).date()
        found = find(query.criteria())
        outcomes = {key: query.conditions()[-1].outcome_for(row, today) for key, row in market.items()}
        holding = {key for key, outcome in outcomes.items() if outcome is Outcome.HOLDS}
        unknown = {key for key, outcome in outcomes.items() if outcome is Outcome.UNKNOWN}
        event(f"finds {bool(holding)}")
        assert found - unknown == holding - unknown, query.describe()
        assert not holding & unknown

    check()


# In a market as small as that of a test nobody has a fourth loan.
NEVER_TOLD = {"third_loan_rate", "third_loan_type", "fourth_loan_rate", "fourth_loan_type"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


@st.composite
def params_around(draw: st.DrawFn, each: Filter, market: dict[str, PropertyDatasetPermission]) -> dict[str, list[str]]:
    """Parameters of one filter at values that properties of the market have."""
    values = [value for row in market.values() for value in as_list(each.value_of(row))]
    if isinstance(each, YesNo):
        return {each.name: [draw(st.sampled_from(["yes", "no"]))]}
    if isinstance(each, Choice):
        chosen = st.sampled_from(sorted({value for value in values if value in each.labels} or each.labels))
        return {each.name: draw(st.lists(chosen, min_size=1, max_size=3, unique=True))}
    value = draw(st.sampled_from(values))
    if isinstance(each, Text):
        part = {"contains": value[1:-1] or value, "startsWith": value[:3]}.get(each.how, value)
        return {each.name: [str(part).strip()]}
    if isinstance(each, Days):
        if draw(st.booleans()):
            return {each.months_param: [draw(st.sampled_from(["3", "12", "60"]))]}
        ends = sorted([value, draw(st.sampled_from(values))])
    else:
        assert isinstance(each, Number)
        ends = [
            str(round(end, each.decimals) if each.decimals else int(end))
            for end in sorted([value, draw(st.sampled_from(values))])
        ]
    which = draw(st.sampled_from(["both", "low", "high"]))
    low, high = {each.low_param: [ends[0]]}, {each.high_param: [ends[1]]}
    return {"both": {**low, **high}, "low": low, "high": high}[which]


@given(data=st.data())
@settings(max_examples=20)
def test_whole_searches_find_what_the_vendor_finds(data, market, find):
    params: dict[str, list[str]] = {"q": [MARKET]}
    for each in data.draw(st.lists(st.sampled_from(FILTERS), max_size=3, unique_by=lambda each: each.name)):
        if any(each.value_of(row) not in (None, []) for row in market.values()):
            params |= data.draw(params_around(each, market))
    for slug in data.draw(st.lists(st.sampled_from(sorted(SIGNALS)), max_size=3, unique=True)):
        params.setdefault(data.draw(st.sampled_from(["all", "any", "none"])), []).append(slug)
    if data.draw(st.booleans()):
        params["area"] = [data.draw(st.sampled_from(AREAS))]
    query = read_query(params)
    today = datetime.now(UTC).date()

    found = find(query.criteria())
    reasons = {key: explain(query, row, today) for key, row in market.items()}
    matching = {key for key, told in reasons.items() if matches(told)}
    unsure = {key for key, told in reasons.items() if any(reason.outcome is Outcome.UNKNOWN for reason in told)}
    assert matching <= found
    assert found - unsure == matching


AREAS = (
    "box:33.4,-112.2,33.6,-111.9",
    "circle:33.45,-112.07,5",
    "polygon:33.3,-112.3;33.7,-112.1;33.35,-111.8;33.45,-112.1",
)


@pytest.mark.parametrize("text", AREAS)
def test_shapes_hold_what_the_vendor_s_shapes_hold(text, market, find):
    query = read_query({"q": [MARKET], "area": [text]})
    found = find(query.criteria())
    assert found == {key for key, row in market.items() if query.area.contains(row.latitude, row.longitude)}
    assert found


@pytest.mark.parametrize("slug", sorted(SIGNALS))
def test_signals_hold_where_the_vendor_s_hold(slug, market, find):
    for kind in ("all", "none"):
        query = read_query({"q": [MARKET], kind: [slug]})
        found = find(query.criteria())
        outcomes = {key: query.conditions()[-1].outcome_for(row, TODAY) for key, row in market.items()}
        unknown = {key for key, outcome in outcomes.items() if outcome is Outcome.UNKNOWN}
        assert found - unknown == {key for key, outcome in outcomes.items() if outcome is Outcome.HOLDS}
        if kind == "all":
            assert not found & unknown


def test_facts_are_of_the_given_datasets_only(records):
    record = next(record for record in records if record.signals.get("vacant"))
    everything = facts_of(record, ALL)
    for dataset in ALL:
        part = facts_of(record, [dataset])
        assert part == {name: fact for name, fact in everything.items() if name in part}
        assert {each.name for each in FILTERS if each.dataset == dataset} >= set(part)
    assert signals_of(record, [each for each in ALL if each != Dataset.QUICKLIST]) == ([], [])
    held, absent = signals_of(record, [Dataset.QUICKLIST])
    assert "vacant" in held
    assert not {*held, *absent} - set(SIGNALS)
    assert not set(held) & set(absent)

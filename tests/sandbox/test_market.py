"""The market is the same every time, its places are real, and its figures agree with each other."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import zipcodes
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas_site.sandbox.market import places
from atlas_site.sandbox.market.catalog import Catalog
from atlas_site.sandbox.market.facts import COLUMNS, draw_facts, property_id
from atlas_site.sandbox.market.places import NON_DISCLOSURE_STATES
from atlas_site.sandbox.market.record import GROUPS, merge, write_record
from tests.sandbox.conftest import SEED, SIZE, Api

DAY = date(2026, 3, 1).toordinal()
NUMBERS = st.integers(min_value=0, max_value=10**6)
SEEDS = st.integers(min_value=0, max_value=2**31)


@settings(max_examples=60)
@given(seed=SEEDS, number=NUMBERS)
def test_a_property_is_the_same_whenever_it_is_drawn(seed: int, number: int) -> None:
    first, second = (draw_facts(seed, number, DAY, places.load()) for _ in range(2))
    assert first == second
    assert write_record(first, DAY) == write_record(second, DAY)
    assert len(first["id"]) == 24
    assert first["id"] != property_id(seed + 1, number)


@settings(max_examples=200)
@given(seed=SEEDS, number=NUMBERS)
def test_the_figures_of_a_property_agree(seed: int, number: int) -> None:
    facts = draw_facts(seed, number, DAY, places.load())
    assert set(COLUMNS) <= set(facts)
    if facts["equity"] is not None:
        assert facts["equity"] == facts["value"] - facts["lien_balance"]
        assert abs(facts["equity_percent"] - 100 * facts["equity"] / facts["value"]) <= 0.051
        assert abs(facts["equity_percent"] + facts["ltv"] - 100) < 0.06
    assert facts["lien_count"] == len(facts["loans"])
    assert facts["lien_balance"] == sum(loan["balance"] for loan in facts["loans"])
    assert all(0 < loan["balance"] <= loan["amount"] for loan in facts["loans"])
    assert facts["sale_day"] < DAY
    assert facts["owned_since"] >= facts["sale_day"]
    if facts["prior_day"]:
        assert facts["prior_day"] < facts["sale_day"]
    if facts["foreclosure_code"]:
        assert facts["loans"]
    if facts["state"] in NON_DISCLOSURE_STATES:
        assert facts["sale_price"] is None
    if facts["owner_occupied"]:
        assert (facts["mail_street"], facts["mail_zip"]) == (facts["street"], facts["zip"])
        assert not facts["vacant"]


def test_two_files_of_one_market_are_equal(tmp_path: Path) -> None:
    day = date.fromordinal(DAY)
    rows = []
    for name in ("a", "b"):
        catalog = Catalog(tmp_path / name, seed=3, size=200, day=day)
        rows.append([tuple(row) for row in catalog.connection().execute("SELECT * FROM property ORDER BY i")])
        catalog.close()
    assert rows[0] == rows[1]
    assert len(rows[0]) == 200


def test_a_market_file_is_kept_with_the_day_it_was_made_on(tmp_path: Path) -> None:
    first = Catalog(tmp_path, seed=3, size=50, day=date.fromordinal(DAY))
    made = first.path.stat().st_mtime_ns
    first.close()
    second = Catalog(tmp_path, seed=3, size=50, day=date.fromordinal(DAY + 100))
    assert (second.day, second.path.stat().st_mtime_ns) == (DAY, made)
    second.close()


def test_the_file_of_an_earlier_version_makes_way(tmp_path: Path) -> None:
    outdated = tmp_path / "market-3-50-v0.sqlite"
    outdated.touch()
    Catalog(tmp_path, seed=3, size=50, day=date.fromordinal(DAY)).close()
    assert not outdated.exists()
    assert len(list(tmp_path.glob("market-3-50-v*.sqlite"))) == 1


def test_a_smaller_market_is_the_beginning_of_a_larger_one(tmp_path: Path) -> None:
    small, large = (Catalog(tmp_path, seed=3, size=size, day=date.fromordinal(DAY)) for size in (50, 120))
    ids = [[row[0] for row in c.connection().execute("SELECT id FROM property ORDER BY i")] for c in (small, large)]
    assert ids[0] == ids[1][:50]
    small.close()
    large.close()


def test_places_are_real(api: Api) -> None:
    real = {row["zip_code"]: row for row in zipcodes.list_all()}
    for record in api.market:
        address = record["address"]
        row = real[address["zip"]]
        assert (address["city"], address["state"]) == (row["city"], row["state"])
        assert abs(address["latitude"] - float(row["lat"])) < 0.06
        assert abs(address["longitude"] - float(row["long"])) < 0.06


@pytest.mark.parametrize(
    ("zip_code", "fips", "county"),
    [
        ("85007", "04013", "Maricopa"), ("77026", "48201", "Harris"), ("30310", "13121", "Fulton"),
        ("44105", "39035", "Cuyahoga"), ("63103", "29510", "St. Louis City"), ("63021", "29189", "St. Louis"),
        ("70112", "22071", "Orleans"), ("99501", "02020", "Anchorage"),
    ],
)  # fmt: skip
def test_county_codes_are_those_of_the_census(zip_code: str, fips: str, county: str) -> None:
    place = places.load().by_zip[zip_code]
    assert (place.fips, place.county) == (fips, county)


def test_the_market_is_dense_in_some_metros_and_thin_elsewhere(api: Api) -> None:
    assert api.count({"query": "Phoenix, AZ"}) > SIZE * 0.05
    assert api.count({"query": "85007"}) >= SIZE * 0.004
    assert len({record["address"]["state"] for record in api.market}) > 45
    assert 0 < api.count({"query": "VT"}) < 50


def test_ids_and_addresses_tell_properties_apart(api: Api) -> None:
    assert len({record["_id"] for record in api.market}) == SIZE
    assert len({record["address"]["hash"] for record in api.market}) == SIZE
    assert {record["_id"] for record in api.market} == {property_id(SEED, number) for number in range(SIZE)}


def test_some_things_are_unknown(api: Api) -> None:
    def share(path: str, key: str) -> float:
        return sum((record.get(path) or {}).get(key) is None for record in api.market) / SIZE

    assert 0.03 < share("valuation", "estimatedValue") < 0.1
    assert share("valuation", "equityPercent") > share("valuation", "estimatedValue")
    assert 0.05 < share("building", "bedroomCount") < 0.25
    assert share("owner", "mailingAddress") > 0


def test_deeds_form_a_chain_back_from_the_owner(api: Api) -> None:
    chains = 0
    for record in api.market:
        deeds = record["deedHistory"]
        if not deeds:
            continue
        assert record["owner"]["fullName"] in deeds[0]["buyers"]
        for later, earlier in pairwise(deeds):
            assert later["saleDate"] > earlier["saleDate"]
            assert set(later["sellers"]) & set(earlier["buyers"])
            chains += 1
    assert chains > SIZE / 2


def test_what_lies_ahead_comes_to_light_when_the_clock_gets_there(api: Api) -> None:
    before = set(api.ids({"quickLists": ["preforeclosure"]}))
    active = set(api.ids({"quickLists": ["active-listing"]}))
    api.control("clock", {"now": (api.today + timedelta(days=200)).isoformat()})
    after = set(api.ids({"quickLists": ["preforeclosure"]}))
    assert before < after
    assert active < set(api.ids({"quickLists": ["active-listing"]}))
    (new,) = api.lookup({"propertyId": next(iter(after - before))}, datasets=["foreclosure"])["properties"]
    assert new["foreclosure"]["recordingDate"][:10] <= api.today.isoformat()
    assert new["foreclosure"]["statusCode"] in ("G", "H")


def test_the_clock_changes_nothing_else_in_a_record() -> None:
    facts = [draw_facts(SEED, number, DAY, places.load()) for number in range(300)]
    follows_the_day = {"listing", "foreclosure", "intel"}
    for one in facts:
        now, later = write_record(one, DAY), write_record(one, DAY + 300)
        assert {k: v for k, v in now.items() if k not in follows_the_day} == {
            k: v for k, v in later.items() if k not in follows_the_day
        }
    assert any(write_record(one, DAY) != write_record(one, DAY + 300) for one in facts)


@settings(max_examples=100)
@given(number=NUMBERS, groups=st.sets(st.sampled_from(sorted(GROUPS))))
def test_a_group_is_the_same_whichever_others_are_written(number: int, groups: set[str]) -> None:
    facts = draw_facts(SEED, number, DAY, places.load())
    whole, part = write_record(facts, DAY), write_record(facts, DAY, groups)
    assert part == {key: value for key, value in whole.items() if key in groups | {"_id"}}


JSON: Any = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


def without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}


@settings(max_examples=150)
@given(record=OBJECTS.map(without_nulls), patch=OBJECTS)
def test_a_patch_sets_what_it_names_and_removes_what_it_nulls(record: dict[str, Any], patch: dict[str, Any]) -> None:
    patched = merge(record, patch)
    assert merge(patched, patch) == patched == without_nulls(patched)
    for key in record.keys() | patch.keys():
        if key not in patch:
            assert patched[key] == record[key]
        elif not isinstance(patch[key], dict):
            assert patched.get(key) == patch[key]
        else:
            below = record.get(key)
            assert patched[key] == merge(below if isinstance(below, dict) else {}, patch[key])

"""Linking the rows of a skip trace to what was asked: whatever the vendor does to them, nobody gets a stranger."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_site.vendors.batchdata import Address, TraceAnswer, TraceRequest, TraceRow, link_rows, read_trace

STREETS = ("1 Main St", "2 Main St", "12-3 Oak Ave", "123 Oak Ave")
ZIPS = ("85007", "85008", None)


def place(street="1 Main St", zip_code="85007", city="Phoenix"):
    return Address(street=street, city=city, state="AZ", zip=zip_code)


def row(position, request_id=None, address=None, *, matched=True):
    return TraceRow(position, request_id, matched, failed=False, address=address or Address())


def answer_of(*rows, match_count=None):
    return TraceAnswer(rows, match_count=match_count)


def linked(requested, *rows):
    return {row_id: found.position for row_id, found in link_rows(requested, answer_of(*rows)).rows.items()}


A, B = TraceRequest("a", place()), TraceRequest("b", place("2 Main St"))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([row(0, "b"), row(1, "a")], {"a": 1, "b": 0}),
        ([row(0, "a", B.address)], {"a": 0}),
        ([row(0, "a"), row(1, "a"), row(2, "b")], {"b": 2}),
        ([row(0, "a"), row(1, "a"), row(2, None, A.address)], {}),
        ([row(0, "c", A.address)], {}),
        ([row(0), row(1)], {}),
        ([row(0, None, B.address), row(1, None, A.address)], {"a": 1, "b": 0}),
        ([row(0, None, A.address), row(1, None, A.address)], {}),
        ([row(0, "a"), row(1, None, A.address)], {"a": 0}),
        ([row(0, None, place("1 MAIN  ST."))], {"a": 0}),
        ([row(0, None, place(zip_code=None))], {"a": 0}),
        ([row(0, None, place(zip_code=None, city="Mesa"))], {}),
        ([row(0, None, place(zip_code="85099"))], {}),
        ([row(0, None, Address(street="1 Main St"))], {}),
    ],
    ids=[
        "ids in any order", "an id against its address", "an id twice", "an id twice and its address",
        "a foreign id", "neither id nor address", "addresses in any order", "an address twice",
        "an id and once more its address", "another spelling", "city and state", "another city", "another ZIP code",
        "a street of no town",
    ],
)  # fmt: skip
def test_a_row_is_linked_by_id_or_else_by_address_and_only_when_that_is_certain(rows, found):
    assert linked([A, B], *rows) == found


def test_two_rows_at_one_address_are_told_apart_by_id_alone():
    twins = [A, TraceRequest("twin", A.address)]
    assert linked(twins, row(0, "twin"), row(1, None, A.address)) == {"twin": 0}
    assert linked(twins, row(0, None, A.address)) == {}


def test_house_numbers_with_a_dash_are_not_those_without():
    requested = [TraceRequest("a", place("12-3 Oak Ave")), TraceRequest("b", place("123 Oak Ave"))]
    assert linked(requested, row(0, None, place("123 Oak Ave"))) == {"b": 0}


def test_matches_that_belong_to_nobody_are_counted_so_that_misses_are_known_to_be_free():
    both = [A, B]
    assert link_rows(both, answer_of(row(0, "a"), match_count=1)).unlinked_match_count == 0
    assert link_rows(both, answer_of(row(0, "a"), match_count=2)).unlinked_match_count == 1
    assert link_rows(both, answer_of(row(0, "a"), row(1, "a"))).unlinked_match_count == 2
    assert link_rows(both, answer_of(row(0, "a", matched=False), match_count=None)).unlinked_match_count == 0


@st.composite
def traces(draw):
    """Requested rows, of which some share an address, and one true row for each."""
    places = st.builds(place, st.sampled_from(STREETS), st.sampled_from(ZIPS))
    addresses = draw(st.lists(places, min_size=1, max_size=8))
    requested = [TraceRequest(f"row-{number}", address) for number, address in enumerate(addresses)]
    return requested, [
        row(number, request.row_id, request.address, matched=draw(st.booleans()))
        for number, request in enumerate(requested)
    ]


@given(traces(), st.data())
def test_rows_that_keep_their_id_are_linked_right_in_any_order_with_any_missing(trace, data):
    requested, rows = trace
    kept = data.draw(st.lists(st.sampled_from(rows), unique=True).flatmap(st.permutations))
    links = link_rows(requested, answer_of(*kept))
    assert dict(links.rows) == {found.request_id: found for found in kept}
    assert set(links.unanswered_ids) == {request.row_id for request in requested} - set(links.rows)
    assert links.unlinked == ()
    assert links.unlinked_match_count == 0


@given(traces(), st.data())
def test_a_damaged_answer_never_gives_a_row_to_a_stranger(trace, data):
    """Rows lose their id, are repeated, come from elsewhere, in any order: what is linked is right all the same."""
    requested, rows = trace
    foreign = [row(90, "row-90", place("9 Far Ave")), row(91, None, place("9 Far Ave"))]
    kept = data.draw(st.lists(st.sampled_from(rows + foreign), max_size=12))
    stripped = data.draw(st.lists(st.booleans(), min_size=len(kept), max_size=len(kept)))
    sent = [replace(one, request_id=None) if strip else one for one, strip in zip(kept, stripped, strict=True)]
    links = link_rows(requested, answer_of(*sent))

    assert set(links.rows).isdisjoint(links.unanswered_ids)
    assert {*links.rows, *links.unanswered_ids} == {request.row_id for request in requested}
    assert len(links.rows) + len(links.unlinked) == len(sent), "each row of the answer is on one side"
    by_id = {request.row_id: request for request in requested}
    for row_id, found in links.rows.items():
        assert found.request_id in (row_id, None)
        if found.request_id is None:
            assert [one.row_id for one in requested if one.address == by_id[row_id].address] == [row_id]
            assert [one for one in sent if one.request_id is None].count(found) == 1
        else:
            assert [one.request_id for one in sent].count(row_id) == 1
    shuffled = data.draw(st.permutations(sent))
    again = link_rows(data.draw(st.permutations(requested)), answer_of(*shuffled))
    assert again.rows == links.rows
    assert again.unlinked_match_count == links.unlinked_match_count


@given(st.lists(st.sampled_from(["null", "row", "missing"]), min_size=1, max_size=10), st.booleans())
def test_null_rows_are_passed_over_in_both_versions(shapes, is_v3):
    requested = [TraceRequest(str(number), place(f"{number} Main St")) for number in range(len(shapes))]
    items = []
    for number, shape in enumerate(shapes):
        echo = {"requestId": str(number), "propertyAddress": {"street": f"{number} Main St", "zip": "85007"}}
        meta = {"meta": {"matched": True, "error": False}}
        if shape != "missing":
            items.append((({"input": echo} if is_v3 else echo) | meta) if shape == "row" else None)
    payload = {"result": {"data": items}} if is_v3 else {"results": {"persons": items}}
    links = link_rows(requested, read_trace(payload))
    assert set(links.rows) == {str(number) for number, shape in enumerate(shapes) if shape == "row"}
    assert len(links.unanswered_ids) == len(shapes) - len(links.rows)

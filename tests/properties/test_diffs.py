"""Differences of two snapshots: applied to the first they give the second, whatever the snapshots hold."""

import json

from hypothesis import given
from hypothesis import strategies as st

from properties.search.diffs import LOCKED, Difference, FieldChange, Kind, apply_to, compare, compare_values

VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.lists(st.sampled_from("abc"))
FIELDS = st.dictionaries(st.sampled_from(["owner_name", "estimated_value", "signals", "listing_status"]), VALUES)
SNAPSHOTS = st.dictionaries(st.text(min_size=1, max_size=2), FIELDS, max_size=12)


def entries(snapshot):
    return sorted(snapshot.items())


@given(SNAPSHOTS, SNAPSHOTS)
def test_the_differences_of_a_and_b_applied_to_a_give_b(a, b):
    given_b = apply_to(entries(a), compare(entries(a), entries(b)))

    assert json.dumps(given_b, sort_keys=True) == json.dumps(b, sort_keys=True)


@given(SNAPSHOTS)
def test_nothing_lies_between_a_snapshot_and_itself(a):
    assert list(compare(entries(a), entries(a))) == []


@given(SNAPSHOTS, SNAPSHOTS)
def test_the_way_back_has_the_same_length(a, b):
    there, back = (list(compare(entries(x), entries(y))) for x, y in ((a, b), (b, a)))

    assert [each.property_id for each in there] == [each.property_id for each in back]
    turned = {Kind.NEW: Kind.GONE, Kind.GONE: Kind.NEW, Kind.CHANGED: Kind.CHANGED}
    assert [turned[each.kind] for each in there] == [each.kind for each in back]


@given(FIELDS, FIELDS)
def test_a_change_survives_being_kept(before, after):
    for change in compare_values(before, after):
        assert FieldChange.from_json(json.loads(json.dumps(change.as_json()))) == change


def test_what_was_unlocked_meanwhile_is_no_news_and_what_became_known_is():
    found = compare([("p", {"owner_name": None})], [("p", {"owner_name": "Ann", "estimated_value": 5})])

    assert list(found) == [
        Difference(
            "p",
            Kind.CHANGED,
            changes=(FieldChange("estimated_value", LOCKED, 5), FieldChange("owner_name", None, "Ann")),
        )
    ]
    assert Difference("p", Kind.CHANGED, changes=compare_values({}, {"a": 1})).news == ()
    assert [change.field for change in compare_values({"a": None}, {"a": 1})] == ["a"]


def test_no_is_not_zero():
    assert compare_values({"vacant": False}, {"vacant": 0}) == (FieldChange("vacant", False, 0),)
    assert compare_values({"beds": 3}, {"beds": 3.0}) == ()

"""The keys of leads are stored: they stay what they are, and no two values share one."""

from leads.imports.identity import identity_key, match_key, match_keys


def test_keys_keep_their_values_in_every_version():
    assert identity_key("marguerite ostrowski", "8985 N MAGNOLIA AVE|32808") == "746b79427998c94a71b140ea2d54826f"
    assert match_key("street", "marguerite ostrowski", "8985 N MAGNOLIA AVE|32808") == "WnQLCHHI0uhk"
    assert match_key("phone", "geraldine oyelaran", "5855550122") == "qx_8wyZSqSLF"


def test_a_match_key_has_twelve_characters_and_tells_kind_person_and_value_apart():
    keys = {
        match_key(*parts)
        for parts in (("email", "a", "b"), ("phone", "a", "b"), ("email", "b", "a"), ("email", "", "b"))
    }
    assert len(keys) == 4
    assert {len(key) for key in keys} == {12}


def test_a_row_has_a_match_key_for_each_of_its_values():
    keys = match_keys("p", addresses=("x|1", "x|y|z"), emails=("e",), phones=("1", "2"), parcels=("9|ORANGE",))
    assert keys == [
        match_key("street", "p", "x|1"),
        match_key("street", "p", "x|y|z"),
        match_key("parcel", "p", "9|ORANGE"),
        match_key("email", "p", "e"),
        match_key("phone", "p", "1"),
        match_key("phone", "p", "2"),
    ]

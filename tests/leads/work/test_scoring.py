"""The score is additive, its receipt comes to it, and nothing that must not count is part of it."""

from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.calling import SENTENCES, WhyNot, arrange
from leads.scoring import OUTCOMES, STAGES, Facts, score
from properties.selectors.dossier import people as property_people
from tests.factories import NOON
from tests.leads.work.people import checked

FACTS = st.builds(
    Facts,
    callable_count=st.integers(0, 5),
    has_phone=st.booleans(),
    best_score=st.none() | st.integers(-5, 200),
    best_is_mobile=st.booleans(),
    has_email=st.booleans(),
    has_mailing_address=st.booleans(),
    has_property=st.booleans(),
    touches=st.integers(0, 30),
    last_outcome=st.none() | st.sampled_from([*OUTCOMES, "no_answer", "voicemail"]),
    stage=st.sampled_from(["new", "attempting", *STAGES]),
    must_not_be_called=st.booleans(),
)


@given(FACTS)
def test_the_parts_come_to_the_total(facts):
    found = score(facts)
    assert sum(part.points for part in found.parts) == found.total
    assert 0 <= found.total <= 100
    if facts.must_not_be_called:
        assert found.total == 0


@given(FACTS)
def test_what_speaks_for_a_call_never_lowers_it(facts):
    for better in (
        replace(facts, callable_count=facts.callable_count + 1, has_phone=True),
        replace(facts, has_email=True),
        replace(facts, has_property=True),
    ):
        assert score(better).total >= score(facts).total


def test_protected_traits_and_filings_are_no_facts():
    names = " ".join(field.name for field in fields(Facts))
    for trait in ("divorce", "marital", "age", "religion", "sex", "child", "surname", "name"):
        assert trait not in names.replace("mailing_address", "").replace("stage", "")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, None),
        ({"dnc": True}, WhyNot.DNC),
        ({"tcpa": True}, WhyNot.TCPA),
        ({"dnc": None}, WhyNot.UNCHECKED),
        ({"tcpa": None}, WhyNot.UNCHECKED),
        ({"at": NOON - timedelta(days=31)}, None),
        ({"at": NOON - timedelta(days=31, seconds=1)}, WhyNot.EXPIRED),
        ({"at": NOON - timedelta(days=90), "dnc": True}, WhyNot.DNC),
        ({"bad": "disconnected"}, WhyNot.DISCONNECTED),
        ({"bad": "wrong_number"}, WhyNot.WRONG_NUMBER),
    ],
)
def test_why_a_number_is_not_dialed(values, why):
    [number] = arrange(
        [checked("6145550174", **values)], is_litigator=False, do_not_call=False, dnc_numbers=(), now=NOON
    )
    assert number.why_not == why


@pytest.mark.parametrize(
    ("of_person", "why"),
    [
        ({"is_litigator": True}, WhyNot.LITIGATOR),
        ({"do_not_call": True}, WhyNot.OWN_LIST),
        ({"dnc_numbers": {"6145550174"}}, WhyNot.OWN_LIST),
    ],
)
def test_who_must_not_be_called_at_all(of_person, why):
    plain = {"is_litigator": False, "do_not_call": False, "dnc_numbers": (), "now": NOON}
    [number] = arrange([checked("6145550174")], **{**plain, **of_person})
    assert number.why_not == why


def test_an_unchecked_number_is_not_callable():
    [number] = arrange([{"number": "6145550174"}], is_litigator=False, do_not_call=False, dnc_numbers=(), now=NOON)
    assert number.why_not == WhyNot.UNCHECKED


def test_the_property_page_says_it_in_the_same_words():
    source = Path(property_people.__file__).read_text(encoding="utf-8")
    for why in (WhyNot.LITIGATOR, WhyNot.DNC, WhyNot.TCPA, WhyNot.UNCHECKED, WhyNot.EXPIRED):
        assert f'"{SENTENCES[why]}"' in source

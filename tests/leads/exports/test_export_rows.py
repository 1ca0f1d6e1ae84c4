"""The rows of the four files, from people alone."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.calling import arrange
from leads.exports import crm, dialers, mail
from leads.exports.people import Person, person_of
from leads.exports.tally import Tally

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHECKED = {"dnc": False, "tcpa": False, "checkedAt": NOW - timedelta(days=3), "type": "Mobile"}


def person(name: str, *phones: dict, **values) -> Person:
    first, _, last = name.partition(" ")
    return Person(id=name.lower(), first_name=first, last_name=last or None, phones=phones, **values)


def called(*people: Person) -> list[dialers.Called]:
    return [
        (
            each,
            arrange(
                each.phones,
                is_litigator=bool(each.is_litigator),
                do_not_call=bool(each.do_not_call),
                dnc_numbers={"6145550999"},
                now=NOW,
            ),
        )
        for each in people
    ]


def as_dicts(rows) -> list[dict]:
    heading, *rest = [[*row] for row in rows]
    assert all(len(row) == len(heading) for row in rest)
    return [dict(zip(heading, row, strict=True)) for row in rest]


ADA = person(
    "Ada Berchon",
    {"number": "6145550101", "score": 10, **CHECKED},
    {"number": "6145550102", "score": 90, **CHECKED},
    {"number": "6145550103", **CHECKED, "dnc": True},
    state="OH",
    zip="43211",
    mailing_zip="90012",
    mailing_state="CA",
)
LEFT_OUT = {
    "unchecked": person("A B", {"number": "6145550104"}),
    "check expired": person("A B", {"number": "6145550104", **CHECKED, "checkedAt": NOW - timedelta(days=32)}),
    "DNC": person("A B", {"number": "6145550104", **CHECKED, "dnc": True}),
    "TCPA": person("A B", {"number": "6145550104", **CHECKED, "tcpa": True}),
    "litigator": person("A B", {"number": "6145550104", **CHECKED}, is_litigator=True),
    "your do-not-call list": person("A B", {"number": "6145550999", **CHECKED}),
    "wrong number": person("A B", {"number": "6145550104", **CHECKED, "bad": "wrong_number"}),
    "disconnected": person("A B", {"number": "6145550104", **CHECKED, "bad": "disconnected"}),
}


def test_a_dialer_gets_the_numbers_of_a_person_in_the_order_of_calling():
    tally = Tally()
    (row,) = as_dicts(dialers.rows_per_person(called(ADA), tally, UTC, width=3))
    assert [row["Phone 1"], row["Phone 2"], row["Phone 3"]] == ["6145550102", "6145550101", ""]
    assert (row["Time Zone"], row["Time Zone From"]) == ("America/Los_Angeles", "mailing ZIP")
    assert (row["Phone 1 Type"], row["Checked On"]) == ("Mobile", "2026-11-19")
    assert (tally.contacts, tally.contacts_out, tally.rows, tally.numbers_out) == (1, 1, 1, 2)
    assert tally.left_numbers == {"DNC": 1}


@pytest.mark.parametrize("why", LEFT_OUT)
@pytest.mark.parametrize("rows", [dialers.rows_per_number, lambda *args: dialers.rows_per_person(*args, 1)])
def test_a_dialer_gets_callable_numbers_alone(rows, why):
    tally = Tally()
    assert as_dicts(rows(called(LEFT_OUT[why]), tally, UTC)) == []
    assert tally.left_numbers == {why: 1}
    assert tally.left_contacts == {dialers.NOT_CALLABLE: 1}
    assert Tally.of(tally.as_document()) == tally


def test_who_has_no_number_is_left_out_for_that():
    tally = Tally()
    assert as_dicts(dialers.rows_per_number(called(person("A B")), tally, UTC)) == []
    assert tally.left_contacts == {dialers.NO_NUMBER: 1}


def test_a_number_that_two_people_share_is_one_row():
    tally = Tally()
    spouse = person("Bo Berchon", {"number": "6145550102", **CHECKED}, {"number": "6145550107", **CHECKED})
    tenant = person("Cy Dall", {"number": "6145550101", **CHECKED})
    rows = as_dicts(dialers.rows_per_number(called(ADA, spouse, tenant), tally, UTC))
    assert [(row["First Name"], row["Phone"], row["Call Order"]) for row in rows] == [
        ("Ada", "6145550102", 1),
        ("Ada", "6145550101", 2),
        ("Bo", "6145550107", 1),
    ]
    assert tally.left_numbers == {"DNC": 1, dialers.REPEATED: 2}
    assert tally.contacts == tally.contacts_out + tally.contacts_left == 3


def test_numbers_beyond_the_columns_are_counted():
    tally = Tally()
    many = person("A B", *({"number": f"61455502{number:02d}", **CHECKED} for number in range(12)))
    (row,) = as_dicts(dialers.rows_per_person(called(many), tally, UTC, width=50))
    assert "Phone 11" not in row
    assert (tally.numbers_out, tally.left_numbers[dialers.BEYOND], tally.widest) == (10, 2, 12)


def at(name: str, street: str, **values) -> Person:
    place = {"mailing_city": "Columbus", "mailing_state": "OH", "mailing_zip": "43211"}
    return person(name, mailing_address=street, **{**place, **values})


def test_one_letter_goes_to_each_mailing_address_however_it_is_written():
    tally = Tally()
    people = [
        at("Ada Berchon", "12 Oak Street", address="1 Elm Dr"),
        at("Cy Dall", "9 Pine Ave", mailing_zip="43212"),
        at("Bo Berchon", "12 OAK ST."),
        at("Di Fen", "9 Pine Avenue", mailing_zip="43212"),
        at("Ed Gard", "9 PINE AVE", mailing_zip="43212-0001"),
    ]
    rows = as_dicts(mail.rows_per_address(people, tally))
    assert [(row["Name"], row["Address"], row["Contacts At This Address"]) for row in rows] == [
        ("Ada and Bo Berchon", "12 Oak Street", 2),
        ("Cy Dall and others", "9 Pine Ave", 3),
    ]
    assert rows[0]["Property Address"] == "1 Elm Dr"
    assert (tally.rows, tally.contacts_out, tally.contacts_left) == (2, 5, 0)


def test_no_letter_goes_to_who_wants_none_the_dead_and_nowhere():
    tally = Tally()
    people = [
        at("Ada Berchon", "12 Oak St", do_not_mail=True),
        at("Bo Berchon", "12 Oak St"),
        at("Cy Dall", "9 Pine Ave", is_deceased=True),
        person("Di Fen"),
        person("Ed Gard", address="7 Elm Dr", zip="43211"),
    ]
    rows = as_dicts(mail.rows_per_address(people, tally))
    assert [(row["Name"], row["Address From"]) for row in rows] == [
        ("Bo Berchon", "mailing address"),
        ("Ed Gard", "property address"),
    ]
    assert tally.left_contacts == {mail.OPTED_OUT: 1, mail.DECEASED: 1, mail.NO_ADDRESS: 1}


def test_the_crm_gets_original_columns_first_as_they_were():
    headers = {"first": ["ID", "Phone", "Phone [2]", "[blank]"], "second": ["Phone", "Owner", "ID"]}
    old = person("Ada", origin={"importId": "first", "cells": ["007", "x", "=1+1"]})
    both = person(
        "Bo",
        origin={
            "importId": "second",
            "cells": ["new", "Bo", ""],
            "earlier": [{"importId": "first", "cells": ["008", "old", "second phone", "?"]}],
        },
    )
    by_hand = person("Cy")
    tally = Tally()
    heading, *rows = crm.rows_per_contact(called(old, both, by_hand), tally, UTC, headers)
    assert heading[:6] == ["ID", "Phone", "Phone [2]", "[blank]", "Owner", "Atlas ID"]
    assert [row[:6] for row in rows] == [
        ["007", "x", "=1+1", "", "", "ada"],
        ["", "new", "second phone", "?", "Bo", "bo"],
        ["", "", "", "", "", "cy"],
    ]
    assert (tally.rows, tally.contacts_left) == (3, 0)


def test_the_crm_gets_every_number_with_whether_it_may_be_called():
    (row,) = as_dicts(crm.rows_per_contact(called(ADA), Tally(), UTC, {}))
    marks = [(row[f"Atlas Phone {number}"], row[f"Atlas Phone {number} May Be Called"]) for number in (1, 2, 3)]
    assert marks == [("6145550102", "yes"), ("6145550101", "yes"), ("6145550103", "no: DNC")]
    assert row["Atlas Deceased"] == ""  # unknown is not "no"


def test_a_contact_of_an_earlier_atlas_has_its_one_number_and_address():
    earlier = person_of(
        {"_id": "x", "phone": "6145550101", "email": "a@example.test", "tracedAt": datetime(2026, 1, 1)}
    )
    assert earlier.numbers == ["6145550101"]
    assert [email["address"] for email in earlier.emails] == ["a@example.test"]
    assert earlier.traced_at == datetime(2026, 1, 1, tzinfo=UTC)

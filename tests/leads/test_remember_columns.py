"""What a user says that columns are is remembered for the next file with the same headers."""

import pytest
from django.utils import timezone

from leads.models import ColumnMapping
from leads.selectors.imports import columns_of
from leads.services import imports
from tests.leads.conftest import State, carry_on, plan, upload

UNSURE = b"Thing,Where,Call\nAda Berchon,12 Oak St,6145550101\nBruno Dall,14 Elm Dr,6145550102\n"
SAID = ["company", "mailing_address", "ignore"]


def say(lead_import, mapping):
    return imports.confirm_mapping(
        user=lead_import.user, import_id=str(lead_import.pk), mapping=mapping, now=timezone.now()
    )


def test_the_next_file_with_the_same_headers_is_not_asked_about(alice, bob):
    say(carry_on(upload(alice, UNSURE)), SAID)
    again = carry_on(upload(alice, UNSURE + b"Clara Fen,16 Elm Dr,6145550103\n"))

    assert (again.state, again.mapping) == (State.PLANNED, SAID)
    assert {column.sureness for column in columns_of(again)} == {"sure"}
    assert columns_of(again)[0].why == "You said so for the last file with these columns."
    assert carry_on(upload(bob, UNSURE)).state == State.MAPPING
    assert carry_on(upload(alice, UNSURE.replace(b"Call", b"Ring"))).state == State.MAPPING


def test_what_is_said_last_counts(alice):
    first = carry_on(upload(alice, UNSURE))
    say(first, SAID)
    say(carry_on(first), ["fullName", "address", "phone"])

    again = carry_on(first)
    assert (again.state, again.mapping) == (State.PLANNED, ["fullName", "address", "phone"])
    assert again.counts["with_phone"] == 2
    assert ColumnMapping.objects.get(user=alice).mapping == ["fullName", "address", "phone"]


def test_a_plan_that_is_accepted_says_what_its_columns_are(alice):
    content = b"First Name,Last Name,Email\nAda,Berchon,ada@example.com\n"
    lead_import = plan(alice, content)
    imports.commit_import(
        user=alice, import_id=str(lead_import.pk), plan_hash=lead_import.plan_hash, now=timezone.now()
    )
    assert ColumnMapping.objects.get(user=alice).headers == ["First Name", "Last Name", "Email"]


def test_nothing_is_remembered_of_a_file_without_headers(alice):
    plan(alice, b"Ada,Berchon,ada@example.com,6145550101\nBruno,Dall,b@example.com,6145550102\n")
    assert not ColumnMapping.objects.exists()


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        (["fullName"], "3 columns, and fields of 1"),
        (["fullName", "address", "shoeSize"], "does not know"),
        (["fullName", "fullName", "phone"], "Several columns were given the field “Full name”"),
        (["fullName", "ignore", "ignore"], "No column tells where a lead is found"),
    ],
)
def test_a_mapping_that_makes_no_leads_is_refused(alice, mapping, why):
    lead_import = carry_on(upload(alice, UNSURE))
    with pytest.raises(imports.MappingRefused, match=why):
        say(lead_import, mapping)
    assert not ColumnMapping.objects.exists()


def test_columns_are_not_changed_while_a_worker_reads_them(alice):
    lead_import = upload(alice, UNSURE)
    lead_import.table = {"headers": ["Thing", "Where", "Call"]}
    lead_import.save(update_fields=["table"])
    with pytest.raises(imports.WrongState):
        say(lead_import, SAID)

"""The keys by which contacts are ordered and found are there, whoever wrote the contact."""

from importlib import import_module
from types import SimpleNamespace

from bson import ObjectId
from django.db import connection

from atlas_site.mongodb.documents import collection_of
from leads.imports.lookup import digits_of, find_keys, name_key, words_of
from leads.models import Contact
from tests.leads.lists import as_csv, lead_row


def test_words_are_looked_up_as_people_type_them():
    assert words_of("  O'Brien-Smith,  JANE ") == "o'brien-smith jane"
    assert words_of("12 N. Main St, #4") == "12 n main st #4"
    assert name_key(first="Jane", last="Öst", company="Oak LLC") == "öst jane"
    assert name_key(company="Oak Holdings, LLC") == "oak holdings llc"
    assert name_key() is None
    assert find_keys(first="Ada", last="Berg", address="1 Elm") == ["berg ada", "ada berg", "1 elm"]
    assert [digits_of(text) for text in ("(614) 555-01", "+1 614 555 0101", "614 Main")] == [
        "61455501",
        "6145550101",
        "",
    ]


def test_contacts_of_an_earlier_atlas_get_their_keys(db):
    contacts = collection_of(Contact)
    earlier = {"_id": ObjectId(), "leadsId": ObjectId(), "firstName": "Ada", "lastName": "Berg", "address": "1 Elm St"}
    contacts.insert_one(earlier)
    migration = import_module("leads.migrations.0008_contacts_in_tables")
    for _ in range(2):
        migration.fill_keys(None, SimpleNamespace(connection=connection))
        found = contacts.find_one({"_id": earlier["_id"]})
        assert (found["nameKey"], found["stage"]) == ("berg ada", "new")
        assert found["findKeys"] == ["berg ada", "ada berg", "1 elm st"]


def test_an_import_that_brings_a_contact_up_to_date_keeps_its_keys_right(alice, import_list):
    row = lead_row(1)
    group = import_list(alice, as_csv([row]))
    contact = Contact.objects.get(lead_group_id=group.pk)
    assert contact.name_key == words_of(f"{contact.last_name} {contact.first_name}")
    import_list(alice, as_csv([["", "", *row[2:]]]).replace(b"101 N Maple Ave", b"101 North Maple Avenue"))
    for each in Contact.objects.filter(user_id=alice.pk):
        expected = find_keys(
            first=each.first_name,
            middle=each.middle_name,
            last=each.last_name,
            company=each.company,
            address=each.address,
        )
        assert each.find_keys == expected

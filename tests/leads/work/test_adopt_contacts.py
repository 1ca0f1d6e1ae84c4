"""Contacts of an earlier Atlas are told who they are, as imports tell it."""

from bson import ObjectId
from django.db import connection

from leads.models import Contact
from leads.services.people import adopt_contacts
from tests.factories import NOON, LeadGroupFactory
from tests.leads.lists import as_csv

HART = ["Ada", "Hart", "12 Oak St", "Columbus", "OH", "43211", "6145550174", "", "ada@example.com", ""]


def earlier(group_id, **values) -> ObjectId:
    """Insert a contact as an earlier Atlas wrote it."""
    document = {"_id": ObjectId(), "leadsId": group_id, "isEnriched": False, "isDivorceLead": False, **values}
    connection.database["Contacts"].insert_one(document)
    return document["_id"]


def test_a_contact_gets_the_keys_that_an_import_would_give_it(alice, bob, import_list):
    import_list(bob, as_csv([HART]))
    imported = Contact.objects.get(user=bob)
    group = LeadGroupFactory.create(user=alice)
    pk = earlier(
        group.pk,
        firstName="Ada",
        lastName="Hart",
        address="12 Oak St",
        city="Columbus",
        state="OH",
        zip="43211",
        phone="(614) 555-0174",
        email="ada@example.com",
    )
    bare = earlier(group.pk, firstName="Bo")
    orphan = earlier(ObjectId(), firstName="Cy")
    assert adopt_contacts(now=NOON) == 2
    contact = Contact.objects.get(pk=pk)
    assert (contact.user_id, contact.identity_key, contact.match_keys) == (
        alice.pk,
        imported.identity_key,
        imported.match_keys,
    )
    assert (contact.phones, contact.phone) == ([{"number": "6145550174"}], "6145550174")
    assert contact.emails == [{"address": "ada@example.com"}]
    assert contact.engagement_score == imported.engagement_score
    assert len(Contact.objects.get(pk=bare).identity_key) == 32
    assert Contact.objects.get(pk=orphan).identity_key is None
    assert adopt_contacts(now=NOON) == 0

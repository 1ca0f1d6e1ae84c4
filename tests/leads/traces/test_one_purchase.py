"""A person traced and a CONTACT unlock of their property are one purchase, whichever came first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from atlas_site.vendors.batchdata import PersonName, PropertyRecord
from credits.models import Credit
from leads.models import Contact, LeadGroup, RowState
from leads.services import traces
from leads.services.people import values_of_person
from leads.services.traces.requests import place_of
from properties.models import Property, PropertyDatasetPermission, PropertyJob
from properties.search.form import read_query
from properties.services import jobs, reveals, runner, unlocks
from properties.services.traces import is_traced_at
from tests.factories import ContactFactory, LeadGroupFactory
from tests.leads.traces.conftest import start_trace, states_of, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]


@pytest.fixture
def owned(alice, now, sandbox) -> list[PropertyDatasetPermission]:
    """Properties that alice has revealed."""
    query = read_query({"q": ["Phoenix, AZ"]})
    quote = reveals.quote_reveal(user=alice, query=query, count=12, total=None, back_url="/", now=now)
    job = jobs.accept_quote(user=alice, quote_id=quote.pk, now=now)
    runner.run_job(job_id=str(job.pk), now=timezone.now)
    return list(PropertyDatasetPermission.objects.filter(user=alice).order_by("property_id"))


def unlock_contact(user, permission, now) -> PropertyJob:
    quote = unlocks.quote_unlock(user=user, permission=permission, datasets=["CONTACT"], back_url="/", now=now)
    job = jobs.accept_quote(user=user, quote_id=quote.pk, now=now)
    return runner.run_job(job_id=str(job.pk), now=lambda: now)


def owner_on_a_list(user, permission) -> tuple[LeadGroup, Contact]:
    """The owner of a property as a contact that is linked to it."""
    record = PropertyRecord(Property.objects.get(property_id=permission.property_id).data)
    name = record.owner_names[0]
    group = LeadGroupFactory.create(user=user)
    contact = ContactFactory.create(
        lead_group=group,
        user=user,
        first_name=name.first,
        last_name=name.last or name.full,
        address=record.address.street,
        city=record.address.city,
        state=record.address.state,
        zip=record.address.zip,
        property_id=permission.property_id,
    )
    values = values_of_person({**contact_document(contact)}, user.pk)
    Contact.objects.filter(pk=contact.pk).update(
        identity_key=values["identityKey"], match_keys=values["matchKeys"], user=user
    )
    return group, contact


def contact_document(contact: Contact) -> dict:
    return {
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "address": contact.address,
        "city": contact.city,
        "state": contact.state,
        "zip": contact.zip,
    }


def test_who_unlocked_the_phones_of_a_property_has_bought_its_owner(alice, owned, now, sandbox):
    for permission in owned:
        if unlock_contact(alice, permission, now).hit_count:
            break
    else:
        pytest.fail("No property has a phone number.")
    group, contact = owner_on_a_list(alice, permission)
    before = Credit.objects.get(user=alice).credit_available

    assert traces.count_traceable(user=alice, group=group, now=now).yours == 1
    with pytest.raises(traces.NothingToTrace):
        traces.quote_trace(user=alice, group=group, now=now)

    contact.refresh_from_db()
    assert contact.phones
    assert contact.trace_outcome == "hit"
    assert (Credit.objects.get(user=alice).credit_available, sandbox.traced()) == (before, [])
    later = now + timedelta(days=91)
    assert traces.count_traceable(user=alice, group=group, now=later).to_ask == 1


def test_who_traced_the_owner_unlocks_the_phones_of_the_property_free(alice, owned, now, sandbox):
    for permission in owned:
        group, _ = owner_on_a_list(alice, permission)
        job = work(start_trace(alice, group, now), now)
        if states_of(job)[RowState.HIT]:
            break
    else:
        pytest.fail("Nobody has a phone number.")
    before = Credit.objects.get(user=alice).credit_available

    unlocked = unlock_contact(alice, permission, now)

    assert unlocked.not_charged == {"traced by you lately": 1}
    assert "CONTACT" in PropertyDatasetPermission.objects.get(pk=permission.pk).datasets
    wallet = Credit.objects.get(user=alice)
    assert (wallet.credit_available, wallet.reserved) == (before, 0)
    held = Property.objects.get(property_id=permission.property_id)
    there = {"user_id": alice.pk, "place": unlocks.place_of(held), "owners": PropertyRecord(held.data).owner_names}
    assert is_traced_at(**there, now=now)
    assert not is_traced_at(**there, now=now + timedelta(days=91))
    tenant = PersonName(first="Somebody", last="Else")
    assert not is_traced_at(**{**there, "owners": [tenant]}, now=now), "one person at a place is not another one there"


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("9419 South Umber Place, Apartment 3B", "9419 S Umber Pl Apt 3B"),
        ("9419 s umber pl #3b", "9419 S Umber Pl Unit 3B"),
        ("100 Court Street", "100 Court St"),
        ("12 N.W. 3rd St.", "12 N W 3rd St"),
    ],
)
def test_properties_and_contacts_name_places_alike(written, known):
    held = Property(address=known, postal_code="85007-1234")
    contact = {"_id": "x", "address": written, "city": "Phoenix", "state": "AZ", "zip": "85007"}
    assert place_of(contact) == unlocks.place_of(held) != ""
    assert place_of({**contact, "zip": None}) == ""

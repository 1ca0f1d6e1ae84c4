"""An answer is kept, sold and shown for the person and place that were asked, whatever was written of them since."""

from datetime import timedelta

import pytest

from credits import services as credit_services
from credits.models import Credit, Quote
from leads.models import Contact, EnrichmentBatch, LeadGroup, RowState
from leads.services import traces
from leads.services.contacts import EDITED, edit_contact, version_of
from leads.services.people import values_of_person
from leads.services.traces.choice import take_over_unlocks
from leads.services.traces.requests import trace_key
from properties.models import Dataset, PersonTrace, TracePurchase
from tests.factories import PersonTraceFactory, PropertyDatasetPermissionFactory, PropertyFactory
from tests.leads.traces.conftest import make_list, start_trace, states_of, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]


def rewrite(user, contact: Contact, now, **changes: str) -> Contact:
    """Edit a contact as its page does."""
    values = {name: getattr(contact, name) or "" for name in EDITED} | changes
    edit_contact(user=user, contact=contact, values=values, phone="", email="", version=version_of(contact), now=now)
    return Contact.objects.get(pk=contact.pk)


def only_contact(group: LeadGroup) -> Contact:
    return Contact.objects.get(lead_group=group)


def a_hit(user, now) -> int:
    """The number of a person of whom the sandbox has a phone number, whom nobody has asked for."""
    group = make_list(user, 20)
    job = work(start_trace(user, group, now), now)
    rows = [row for batch in job.batches.all() for row in batch.rows]
    PersonTrace.objects.all().delete()
    TracePurchase.objects.all().delete()
    group.delete()
    return next(number for number, row in enumerate(rows) if row["state"] == RowState.HIT)


def key_of(contact: Contact) -> str:
    document = {key: getattr(contact, name) for name, key in EDITED.items()}
    return trace_key({"_id": contact.pk, **document})


def test_an_answer_is_kept_under_the_person_who_was_asked(alice, bob, fund, now, sandbox):
    number = a_hit(fund(bob), now)
    wanted = only_contact(make_list(bob, 1, start=number))
    contact = only_contact(make_list(alice, 1, start=number + 100))
    identity = contact.identity_key
    written = {name: getattr(wanted, name) or "" for name in EDITED}
    contact = rewrite(alice, contact, now, **written)
    assert contact.identity_key == identity != wanted.identity_key

    job = work(start_trace(alice, contact.lead_group, now), now)

    assert states_of(job) == {RowState.HIT: 1}
    assert [trace.key for trace in PersonTrace.objects.all()] == [wanted.identity_key]
    assert set(TracePurchase.objects.values_list("key", flat=True)) == {identity, wanted.identity_key}
    assert Contact.objects.get(pk=contact.pk).phones
    assert traces.count_traceable(user=alice, group=contact.lead_group, now=now).yours == 1
    assert traces.count_traceable(user=bob, group=wanted.lead_group, now=now).from_copy == 1
    assert credit_services.verify_books().is_sound


def test_who_was_changed_after_the_quote_is_neither_asked_for_nor_paid(alice, now, sandbox):
    group = make_list(alice, 2)
    first, second = Contact.objects.filter(lead_group=group).order_by("pk")
    job = start_trace(alice, group, now)
    rewrite(alice, first, now, last_name="Somebodyelse")
    rewrite(alice, second, now, address="1 Other Street")

    job = work(job, now)

    assert (states_of(job), sandbox.traced()) == ({RowState.CANCELLED: 2}, [])
    assert Credit.objects.get(user=alice).credit_available == 1_000
    assert traces.count_traceable(user=alice, group=group, now=now).to_ask == 2


def test_who_was_never_edited_is_asked_for_by_the_identity(alice, now):
    for contact in Contact.objects.filter(lead_group=make_list(alice, 40)):
        assert key_of(contact) == contact.identity_key


def test_who_was_bought_is_not_bought_again_by_another_way_of_writing(alice, now, sandbox):
    number = a_hit(alice, now)
    contact = only_contact(make_list(alice, 1, start=number))
    work(start_trace(alice, contact.lead_group, now), now)
    # An import without the ZIP code that took over the identity of the contact that is there.
    other = make_list(alice, 1, start=number, name="Without ZIP codes")
    again = only_contact(other)
    Contact.objects.filter(pk=again.pk).update(zip=None, traced_at=now, trace_outcome="hit")
    again.zip = None
    assert key_of(again) != again.identity_key == contact.identity_key

    count = traces.count_traceable(user=alice, group=other, now=now)
    assert (count.yours, count.units) == (1, 0)


def test_who_lives_there_after_somebody_who_was_bought_is_another_person(alice, fund, now, sandbox):
    """An identity is a person and an address: neither a new owner nor the old one is had by buying the other."""
    number = a_hit(alice, now)
    contact = only_contact(make_list(alice, 1, start=number))
    group, first = contact.lead_group, contact.first_name
    work(start_trace(alice, group, now), now)
    rewrite(alice, only_contact(group), now, zip="")
    assert traces.count_traceable(user=alice, group=group, now=now).yours == 1

    rewrite(alice, only_contact(group), now, first_name="Newton", last_name="Owner")
    assert traces.count_traceable(user=alice, group=group, now=now).to_ask == 1

    rewrite(alice, only_contact(group), now, first_name=first, last_name=contact.last_name, zip=contact.zip)
    TracePurchase.objects.filter(user=alice).update(person="f" * 32)  # as if only the new owner had been bought
    PersonTrace.objects.update(answered_at=now - timedelta(days=31))
    job = start_trace(alice, group, now)
    assert states_of(work(job, now)) == {RowState.HIT: 1}
    assert credit_services.verify_books().is_sound


def test_one_purchase_under_two_keys_is_one_hit(alice, now, sandbox):
    number = a_hit(alice, now)
    contact = only_contact(make_list(alice, 1, start=number + 100))
    wanted = only_contact(make_list(alice, 1, start=number, name="Wanted"))
    rewrite(alice, contact, now, **{name: getattr(wanted, name) or "" for name in EDITED})
    work(start_trace(alice, contact.lead_group, now), now)
    bought = {each.key: each.same_as for each in TracePurchase.objects.filter(user=alice)}
    assert bought == {wanted.identity_key: None, contact.identity_key: wanted.identity_key}


def unlocked(user, contact: Contact, now, *, street: str, zip_code: str = "43004") -> None:
    """A property with a phone number that the user has unlocked, to which the contact is linked."""
    data = {
        "address": {"street": street, "city": "Columbus", "state": "OH", "zip": zip_code},
        "owner": {
            "fullName": f"{contact.first_name} {contact.last_name}",
            "names": [{"first": contact.first_name, "last": contact.last_name}],
            "phoneNumbers": [{"number": "6145550174", "type": "Mobile", "score": 90}],
        },
    }
    held = PropertyFactory.create(address=street, postal_code=zip_code, data=data)
    PropertyDatasetPermissionFactory.create(
        user=user,
        property_id=held.property_id,
        datasets=[Dataset.CONTACT.value],
        unlocked={Dataset.CONTACT.value: now.isoformat()},
    )
    Contact.objects.filter(pk=contact.pk).update(property_id=held.property_id)


def take_over(user, group: LeadGroup, now) -> set[str]:
    """The places at which the user has bought somebody when the contacts of a list were looked at."""
    traces.count_traceable(user=user, group=group, now=now)
    return set(TracePurchase.objects.filter(user=user).values_list("place_key", flat=True))


def test_an_unlock_is_the_purchase_of_its_own_place_alone(alice, now):
    contact = only_contact(make_list(alice, 1))
    unlocked(alice, contact, now, street="9 Elsewhere Street")
    assert take_over(alice, contact.lead_group, now) == set()
    assert not PersonTrace.objects.exists()

    unlocked(alice, contact, now, street=contact.address, zip_code=contact.zip)
    assert len(take_over(alice, contact.lead_group, now)) == 1


def test_two_contacts_of_one_unlocked_property_are_both_bought(alice, now):
    group = make_list(alice, 1)
    contact = only_contact(group)
    unlocked(alice, contact, now, street=contact.address, zip_code=contact.zip)
    contact.refresh_from_db()
    Contact.objects.filter(pk=contact.pk).update(first_name="Spouse")
    spouse = only_contact(group)
    values = values_of_person(document_of(spouse), alice.pk)
    Contact.objects.filter(pk=contact.pk).update(identity_key=values["identityKey"])
    spouse = only_contact(group)
    both = [document_of(each) for each in (contact, spouse)]
    assert both[0]["identityKey"] != both[1]["identityKey"]

    take_over_unlocks(alice.pk, both, now)

    bought = set(TracePurchase.objects.filter(user=alice).values_list("key", flat=True))
    assert bought == {each["identityKey"] for each in both}


def document_of(contact: Contact) -> dict:
    return {
        "_id": contact.pk,
        "identityKey": contact.identity_key,
        "propertyId": contact.property_id,
        **{key: getattr(contact, name) for name, key in EDITED.items()},
    }


def test_a_quote_whose_list_was_deleted_is_not_accepted(alice, now, sandbox):
    group = make_list(alice, 3)
    quote = traces.quote_trace(user=alice, group=group, now=now)
    LeadGroup.objects.filter(pk=group.pk).update(is_deleted=True)

    with pytest.raises(credit_services.QuoteExpired):
        traces.accept_trace(user=alice, quote_id=quote.pk, now=now)
    assert Quote.objects.get(pk=quote.pk).status == Quote.Status.OFFERED
    assert Credit.objects.get(user=alice).reserved == 0


def test_a_copy_that_has_grown_old_before_it_is_settled_is_not_sold(alice, bob, fund, now, sandbox):
    number = a_hit(alice, now)
    group = make_list(fund(bob), 1, start=number)
    PersonTraceFactory.create(key=only_contact(group).identity_key, outcome="hit", answered_at=now - timedelta(days=29))
    job = start_trace(bob, group, now)
    frozen = {**job.batches.get().rows[0], "state": RowState.QUEUED.value}
    EnrichmentBatch.objects.filter(enrichment=job).update(phase="sent", rows=[frozen])

    job = work(job, now + timedelta(days=2))

    assert states_of(job) == {RowState.ERROR: 1}
    assert Credit.objects.get(user=bob).credit_available == 1_000
    assert not only_contact(group).phones

"""Contacts are brought up to what is known of their people: repeatably, all of them, and nothing is lost."""

from datetime import timedelta

from bson import ObjectId

from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, Identity
from leads.services import standing
from leads.services.people import change_identities, ensure_identities
from tests.factories import NOON, ContactFactory, LeadGroupFactory, PersonTraceFactory, TracePurchaseFactory
from tests.leads.work.people import ADA, checked, make_contact
from tests.leads.work.test_touches import at_once

BEST, SECOND, THIRD = "6145550171", "6145550172", "6145550173"


def refresh(user, *keys):
    return standing.refresh(user_id=user.pk, identity_keys=keys or [ADA], now=NOON)


def raw(contact):
    return collection_of(Contact).find_one({"_id": contact.pk})


def test_numbers_are_put_in_the_order_in_which_to_dial_them(alice):
    phones = [
        {"number": "6145550100"},
        checked(THIRD, score=99, dnc=True),
        checked(SECOND, score=40),
        checked(BEST, score=90, at=NOON - timedelta(days=3)),
    ]
    contact = make_contact(alice, phones=phones, phone="6145550100", emails=[{"address": "a@example.com"}])
    assert refresh(alice) == 1
    contact.refresh_from_db()
    assert [phone["number"] for phone in contact.phones] == [BEST, SECOND, THIRD, "6145550100"]
    assert (contact.phone, contact.email) == (BEST, "a@example.com")
    assert contact.callable_until == NOON + timedelta(days=31)
    assert contact.engagement_score == 30 + 5 + 9 + 2


def test_done_again_it_writes_nothing(alice):
    contacts = [make_contact(alice, phones=[checked(BEST)]) for _ in range(2)]
    assert refresh(alice) == 2
    before = [raw(contact) for contact in contacts]
    assert refresh(alice) == refresh(alice, ADA, ADA, "", "f" * 32) == 0
    assert [raw(contact) for contact in contacts] == before


def test_the_newest_trace_of_a_person_is_that_of_all_contacts(alice, bob):
    traced = make_contact(
        alice,
        phones=[checked(BEST, score=90), {"number": SECOND}],
        emails=[{"address": "traced@example.com", "tested": True}],
        trace_outcome="hit",
        traced_at=NOON,
        is_enriched=True,
        enriched_at=NOON,
        is_deceased=False,
    )
    other = make_contact(alice, phones=[{"number": THIRD}, {"number": BEST}], email="own@example.com")
    older = make_contact(alice, trace_outcome="miss", traced_at=NOON - timedelta(days=40))
    his = make_contact(bob)
    refresh(alice)
    for contact in (other, older):
        contact.refresh_from_db()
        assert (contact.trace_outcome, contact.traced_at, contact.is_enriched) == ("hit", NOON, True)
    assert [phone["number"] for phone in other.phones] == [BEST, THIRD]
    assert other.phones[0]["checkedAt"] == NOON.isoformat()
    assert other.email == "own@example.com"
    assert [phone["number"] for phone in older.phones] == [BEST]
    assert older.email == "traced@example.com"
    traced.refresh_from_db()
    assert {phone["number"] for phone in traced.phones} == {BEST, SECOND}
    his.refresh_from_db()
    assert his.trace_outcome is None


def test_a_litigator_has_no_traced_number_on_any_list(alice):
    make_contact(alice, trace_outcome="litigator", traced_at=NOON, is_litigator=True)
    other = make_contact(
        alice, phones=[checked(BEST), {"number": SECOND}], trace_outcome="hit", traced_at=NOON - timedelta(days=60)
    )
    refresh(alice)
    other.refresh_from_db()
    assert [phone["number"] for phone in other.phones] == [SECOND]
    assert (other.is_litigator, other.callable_until, other.engagement_score) == (True, None, 0)


def test_an_older_trace_takes_no_mark_off_that_was_told_later(alice):
    """CONTACT told that a number is on the do-not-call registry, and another's owner a litigator, after the trace."""
    earlier = NOON - timedelta(days=20)
    for key in (ADA, "b" * 32):
        phones = [checked(BEST, at=earlier), checked(SECOND, at=earlier)]
        PersonTraceFactory.create(key=key, outcome="hit", phones=phones, person={}, answered_at=earlier)
        TracePurchaseFactory.create(user=alice, key=key, bought_at=earlier)
    barred = make_contact(alice, phones=[checked(BEST, dnc=True), checked(SECOND, at=earlier - timedelta(1), dnc=True)])
    too = make_contact(alice, phones=[{"number": SECOND}])
    sued = make_contact(alice, "b" * 32, phones=[checked(BEST)], is_litigator=True, is_deceased=True)
    other = make_contact(alice, "b" * 32, phones=[{"number": SECOND}])
    refresh(alice, ADA, "b" * 32)
    for contact in (barred, too, sued, other):
        contact.refresh_from_db()
        assert contact.trace_outcome == "hit"
    for contact in (barred, too):
        assert {phone["number"]: phone["dnc"] for phone in contact.phones} == {BEST: True, SECOND: False}
    for contact in (sued, other):
        assert (contact.is_litigator, contact.is_deceased) == (True, True)
    assert (sued.phones, other.phones) == ([], [{"number": SECOND}])


def test_a_withheld_number_does_not_come_back(alice):
    contact = make_contact(
        alice, phones=[checked(BEST)], phone=BEST, trace_outcome="hit", traced_at=NOON - timedelta(days=60)
    )
    make_contact(alice, trace_outcome="litigator", traced_at=NOON, is_litigator=True)
    for _ in range(2):
        refresh(alice)
        contact.refresh_from_db()
        assert (contact.phone, contact.phones) == (None, [])


def test_what_was_bought_is_had_for_ninety_days(alice):
    PersonTraceFactory.create(key=ADA, outcome="hit", phones=[checked(BEST)], answered_at=NOON)
    contact = make_contact(alice)
    bought = TracePurchaseFactory.create(user=alice, key=ADA, bought_at=NOON - timedelta(days=91))
    refresh(alice)
    assert raw(contact).get("tracedAt") is None
    bought.bought_at = NOON - timedelta(days=89)
    bought.save()
    refresh(alice)
    contact.refresh_from_db()
    assert (contact.phone, contact.traced_at) == (BEST, NOON)


def test_any_number_of_people_is_done(alice):
    group = LeadGroupFactory.create(user=alice)
    keys = [f"{number:032x}" for number in range(standing.BATCH + 30)]
    for key in keys:
        ContactFactory.create(user=alice, lead_group=group, identity_key=key, phones=[checked(BEST)])
    assert standing.refresh(user_id=alice.pk, identity_keys=iter(keys), now=NOON) == len(keys)
    assert not Contact.objects.filter(callable_until=None).exists()


def test_what_is_added_meanwhile_is_not_lost(alice):
    """Numbers are pushed to a contact, as imports and traces do it, while it is brought up to date."""
    contact = make_contact(alice, phones=[checked(BEST, score=5)])
    numbers = [f"614555{number:04d}" for number in range(200, 240)]

    def push(some):
        for score, number in enumerate(some):
            entry = checked(number, score=score)
            collection_of(Contact).update_one({"_id": contact.pk}, {"$push": {"phones": entry}})

    def keep_fresh():
        for _ in range(30):
            refresh(alice)

    at_once([lambda: push(numbers[:20]), lambda: push(numbers[20:]), keep_fresh, keep_fresh])
    refresh(alice)
    contact.refresh_from_db()
    assert {phone["number"] for phone in contact.phones} == {BEST, *numbers}
    scores = [phone["score"] for phone in contact.phones]
    assert scores == sorted(scores, reverse=True)


def test_a_change_that_comes_meanwhile_is_on_all_contacts_in_the_end(alice):
    """Stages change while contacts are added and brought up to date by others."""
    contacts = [make_contact(alice) for _ in range(3)]
    ensure_identities(alice.pk, [ADA])

    def change_stages():
        for number in range(15):
            stage = ["talking", "offer_made"][number % 2]
            change_identities(user_id=alice.pk, keys=[ADA], change=lambda _, stage=stage: {"stage": stage}, now=NOON)

    def keep_fresh():
        for _ in range(30):
            refresh(alice)

    at_once([change_stages, keep_fresh, keep_fresh])
    assert Identity.objects.get().stage == "talking"
    assert {Contact.objects.get(pk=contact.pk).stage for contact in contacts} == {"talking"}


def test_identities_are_made_once_by_many(alice):
    keys = [f"{number:032x}" for number in range(50)]
    at_once([lambda: ensure_identities(alice.pk, keys)] * 4)
    assert Identity.objects.count() == 50


def test_contacts_of_an_earlier_writer_are_understood(alice):
    """Missing and null keys, entries that are no phones, and a number alone."""
    group = LeadGroupFactory.create(user=alice)
    bare = {"userId": alice.pk, "leadsId": group.pk, "identityKey": ADA}
    ids = [ObjectId() for _ in range(3)]
    rows = [{}, {"phones": None, "emails": None, "phone": BEST}, {"phones": ["odd", {"type": "Mobile"}], "stage": None}]
    collection_of(Contact).insert_many([{"_id": pk, **bare, **row} for pk, row in zip(ids, rows, strict=True)])
    refresh(alice)
    found = [Contact.objects.get(pk=pk) for pk in ids]
    assert [contact.engagement_score for contact in found] == [0, 5, 0]
    assert found[1].phones == [{"number": BEST}]


def test_only_people_of_whom_something_is_known_are_looked_up(alice, bob):
    keys = [f"{number:032x}" for number in range(4)]
    ensure_identities(alice.pk, keys[:1])
    TracePurchaseFactory.create(user=alice, key=keys[1])
    make_contact(alice, key=keys[2], traced_at=NOON)
    ensure_identities(bob.pk, keys)
    assert standing.known_keys(alice.pk, keys) == keys[:3]

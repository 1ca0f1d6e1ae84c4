"""Touches: appended once, and what follows from each for the person on every list."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from bson import ObjectId
from django.db import connection
from django.utils import timezone

from leads.calling import WhyNot, callable_numbers, numbers_of
from leads.models import Contact, DoNotCall, Identity, Outcome, Touch
from leads.services.do_not_call import lift_do_not_call
from leads.services.people import set_stage
from leads.services.touches import NewTouch, log_touch, log_touches
from tests.factories import NOON
from tests.leads.work.people import checked, make_contact

MOBILE, LANDLINE = "6145550174", "6145550181"


def log(user, contact, outcome, key="k", **values):
    return log_touch(user=user, contact=contact, outcome=outcome, key=key, now=values.pop("now", NOON), **values)


def test_a_touch_is_logged_once_by_its_key(alice):
    contact = make_contact(alice)
    first = log(alice, contact, "no_answer", text="rang out")
    again = log(alice, contact, "interested", text="another")
    assert first == again
    assert Touch.objects.count() == 1
    assert Identity.objects.get().touch_count == 1
    contact.refresh_from_db()
    assert (contact.stage, contact.last_outcome, contact.last_touched_at) == ("attempting", "no_answer", NOON)


def test_the_same_key_of_another_user_is_another_touch(alice, bob):
    log(alice, make_contact(alice), "no_answer")
    log(bob, make_contact(bob), "interested")
    assert [touch.outcome for touch in Touch.objects.order_by("id")] == ["no_answer", "interested"]


def test_what_is_logged_holds_on_every_list_of_this_user_only(alice, bob):
    here, there = make_contact(alice), make_contact(alice)
    his = make_contact(bob)
    assert here.lead_group_id != there.lead_group_id
    log(alice, here, "interested")
    there.refresh_from_db()
    his.refresh_from_db()
    assert (there.stage, there.last_outcome) == ("talking", "interested")
    assert (his.stage, his.last_outcome) == ("new", None)


def test_another_users_contact_is_refused(alice, bob):
    with pytest.raises(ValueError, match="not the user's"):
        log(alice, make_contact(bob), "no_answer")
    assert not Touch.objects.exists()


@pytest.mark.parametrize("outcome", ["wrong_number", "disconnected"])
def test_a_bad_number_is_not_dialed_again_until_it_proves_good(alice, outcome):
    contact = make_contact(alice, phones=[checked(MOBILE, score=90), checked(LANDLINE, score=70)])
    log(alice, contact, outcome, number=MOBILE)
    contact.refresh_from_db()
    assert [number.number for number in callable_numbers(contact, (), NOON)] == [LANDLINE]
    assert contact.phone == LANDLINE
    assert [phone.get("bad") for phone in contact.phones] == [None, outcome]
    assert contact.next_touch_on == NOON.date()
    log(alice, contact, "no_answer", key="later", number=MOBILE, now=NOON + timedelta(minutes=1))
    contact.refresh_from_db()
    assert [number.number for number in callable_numbers(contact, (), NOON)] == [MOBILE, LANDLINE]


def test_the_last_number_going_bad_leaves_nothing_to_be_done(alice):
    contact = make_contact(alice, phones=[checked(MOBILE)])
    log(alice, contact, "disconnected", number=MOBILE)
    contact.refresh_from_db()
    assert contact.next_touch_on is None
    assert contact.callable_until is None


def test_do_not_call_takes_the_person_and_all_their_numbers(alice, bob):
    here = make_contact(alice, phones=[checked(MOBILE)])
    there = make_contact(alice, phones=[checked(LANDLINE)])
    his = make_contact(bob, phones=[checked(MOBILE)])
    log(alice, here, "do_not_call", number=MOBILE)
    assert set(DoNotCall.objects.filter(user=alice).values_list("number", flat=True)) == {MOBILE, LANDLINE}
    for contact in (here, there):
        contact.refresh_from_db()
        assert contact.do_not_call is True
        assert contact.next_touch_on is None
        assert {number.why_not for number in numbers_of(contact, (), NOON)} == {WhyNot.OWN_LIST}
        assert contact.engagement_score == 0
    his.refresh_from_db()
    assert callable_numbers(his, (), NOON)


def test_a_number_that_must_not_be_called_is_barred_for_everybody_who_has_it(alice):
    neighbour = make_contact(alice, key="n" * 32, phones=[checked(MOBILE)])
    log(alice, make_contact(alice, phones=[checked(MOBILE)]), "do_not_call", number=MOBILE)
    barred = {each.number for each in DoNotCall.objects.filter(removed_at=None)}
    assert [number.why_not for number in numbers_of(neighbour, barred, NOON)] == [WhyNot.OWN_LIST]


def test_a_number_is_noted_with_those_alone_who_were_dialed_there_or_have_it(alice):
    ada = make_contact(alice, key="a" * 32)
    max_ = make_contact(alice, key="b" * 32, phones=[checked("6145550199")])
    dialed = [(ada, MOBILE), (ada, "6145550199"), (max_, LANDLINE)]
    touches = [
        NewTouch(key=f"k{n}", identity_key=contact.identity_key, outcome="do_not_call", number=number)
        for n, (contact, number) in enumerate(dialed)
    ]
    log_touches(user=alice, touches=touches, now=NOON)
    noted = {entry.number: entry.history[0]["with"] for entry in DoNotCall.objects.all()}
    assert noted == {MOBILE: ["a" * 32], LANDLINE: ["b" * 32], "6145550199": ["a" * 32, "b" * 32]}
    Contact.objects.filter(pk=ada.pk).update(phones=[checked(MOBILE)])  # it turns out to be Ada's
    assert lift_do_not_call(user=alice, contacts=[ada], now=NOON).numbers == 1
    assert set(DoNotCall.objects.filter(removed_at=None).values_list("number", flat=True)) == {LANDLINE, "6145550199"}


@pytest.mark.parametrize(
    ("outcome", "on"),
    [
        ("no_answer", date(2026, 11, 21)),
        ("voicemail", date(2026, 11, 23)),
        ("interested", date(2026, 11, 21)),
        ("call_back", date(2026, 11, 21)),
        ("not_interested", None),
    ],
)
def test_the_next_touch_follows_the_outcome(alice, outcome, on):
    contact = make_contact(alice, phones=[checked(MOBILE)])
    log(alice, contact, outcome, number=MOBILE)
    contact.refresh_from_db()
    assert contact.next_touch_on == on


def test_the_named_day_is_the_next_touch(alice):
    contact = make_contact(alice)
    log(alice, contact, "call_back", call_back_on=date(2026, 12, 24))
    contact.refresh_from_db()
    assert contact.next_touch_on == date(2026, 12, 24)


@pytest.mark.parametrize("stage", ["talking", "offer_made", "closed", "nurture", "dead"])
def test_touches_move_no_stage_back(alice, stage):
    contact = make_contact(alice)
    set_stage(user=alice, contacts=[contact], stage=stage, now=NOON)
    for outcome in Outcome.values:
        log(alice, contact, outcome, key=outcome)
    contact.refresh_from_db()
    assert contact.stage == stage


def test_touches_that_come_late_do_not_tell_how_it_stands(alice):
    contact = make_contact(alice)
    log(alice, contact, "interested", call_back_on=date(2026, 12, 1))
    log(alice, contact, "no_answer", key="old", now=NOON - timedelta(days=3))
    contact.refresh_from_db()
    assert (contact.last_outcome, contact.next_touch_on) == ("interested", date(2026, 12, 1))
    assert Identity.objects.get().touch_count == 2


def test_many_touches_are_logged_in_any_order_and_once(alice):
    contacts = [make_contact(alice, key=f"{number:032x}") for number in range(130)]
    touches = [
        NewTouch(
            key=f"file:{number}",
            identity_key=contact.identity_key,
            contact_id=str(contact.pk),
            outcome="no_answer" if number % 2 else "voicemail",
            touched_at=NOON - timedelta(minutes=number),
            source="file",
        )
        for number, contact in enumerate([*contacts, *contacts])
    ]
    assert log_touches(user=alice, touches=touches[::-1], now=NOON) == 260
    assert log_touches(user=alice, touches=touches, now=NOON) == 0
    assert set(Identity.objects.values_list("touch_count", flat=True)) == {2}
    assert Contact.objects.get(pk=contacts[0].pk).last_outcome == "voicemail"
    assert Contact.objects.get(pk=contacts[1].pk).last_outcome == "no_answer"


def test_touches_at_once_are_all_counted(alice):
    contact = make_contact(alice, phones=[checked(MOBILE), checked(LANDLINE)])
    at_once(
        [
            lambda number=number: log(
                alice,
                Contact.objects.get(pk=contact.pk),
                "wrong_number" if number % 2 else "disconnected",
                key=f"k{number}",
                number=MOBILE if number % 2 else LANDLINE,
            )
            for number in range(6)
        ]
    )
    identity = Identity.objects.get()
    assert identity.touch_count == Touch.objects.count() == 6
    assert identity.bad_numbers == {MOBILE: "wrong_number", LANDLINE: "disconnected"}
    contact.refresh_from_db()
    assert {phone["bad"] for phone in contact.phones} == {"wrong_number", "disconnected"}


def test_one_touch_sent_twice_at_once_is_one(alice):
    contact = make_contact(alice, phones=[checked(MOBILE)])
    at_once([lambda: log(alice, Contact.objects.get(pk=contact.pk), "do_not_call", number=MOBILE)] * 4)
    assert Touch.objects.count() == Identity.objects.get().touch_count == DoNotCall.objects.count() == 1


def at_once(calls):
    """Run calls in threads that start together; the first error is raised."""
    barrier, errors = Barrier(len(calls)), []

    def run(call):
        try:
            barrier.wait()
            call()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_contact_without_an_identity_gets_one(alice):
    contact = make_contact(alice, key=None, first_name="Ada", last_name="Hart", address="12 Oak St", zip="43211")
    log(alice, contact, "no_answer")
    contact.refresh_from_db()
    assert len(contact.identity_key) == 32
    assert contact.match_keys
    assert contact.stage == "attempting"


def test_no_contact_is_needed_for_what_is_known_of_a_person(alice):
    contact = make_contact(alice)
    log(alice, contact, "interested")
    Contact.objects.all().delete()
    assert log_touches(
        user=alice,
        touches=[NewTouch(key="x", identity_key=contact.identity_key, outcome="no_answer", contact_id=str(ObjectId()))],
        now=timezone.now(),
    )

"""Welcome credits: once for each person, for two weeks, gone with the first plan."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from bson import ObjectId

from accounts.signals import onboarding_completed
from credits import services as credit_services
from credits.models import Credit, CreditLog, WelcomeClaim
from credits.services.welcome import normalize_email, normalize_phone
from tests.credits.conftest import NOW


def claim(user_id, email, phone=None, now=NOW):
    return credit_services.claim_welcome_credits(user_id=user_id, email=email, phone=phone, now=now)


def test_onboarding_gives_welcome_credits_once(alice, settings):
    for _ in range(3):
        onboarding_completed.send(sender=type(alice), user=alice, now=NOW)
    wallet = Credit.objects.get(user_id=alice.pk)
    assert (wallet.subscription_credits, wallet.purchased_credits) == (settings.WELCOME_CREDITS, 0)
    assert wallet.lapses_at == NOW + settings.WELCOME_CREDITS_LIFE
    assert CreditLog.objects.get().key == f"welcome:{alice.pk}"


@pytest.mark.parametrize(
    ("email", "phone"),
    [
        ("IDA.investor+second@gmail.com", None),
        ("idainvestor@googlemail.com", None),
        ("other@example.test", "(602) 555-0100"),
        ("other@example.test", "+1 602 555 0100"),
    ],
)
def test_the_same_person_gets_them_once(db, email, phone):
    assert claim(ObjectId(), "ida.investor@gmail.com", "602-555-0100") is not None
    second = ObjectId()
    assert claim(second, email, phone) is None
    assert not Credit.objects.filter(user_id=second, credit_available__gt=0).exists()


def test_other_people_get_theirs(db):
    assert claim(ObjectId(), "a@example.test", "602-555-0100") is not None
    assert claim(ObjectId(), "b@example.test", "602-555-0101") is not None
    assert claim(ObjectId(), "c@example.test", "not a number") is not None
    assert claim(ObjectId(), "d@example.test", "not a number") is not None
    assert not WelcomeClaim.objects.filter(claim__contains="example").exists()


def test_two_accounts_of_one_person_at_once_get_them_once(db):
    users = [ObjectId() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda user_id: claim(user_id, "ida@example.test"), users))
    assert sum(entry is not None for entry in entries) == 1
    assert credit_services.verify_books().breaches == []


def test_they_lapse_after_two_weeks_with_an_entry(alice, fund):
    fund(alice.pk, purchased=5)
    claim(alice.pk, alice.email)
    assert credit_services.lapse_welcome_credits(now=NOW + timedelta(days=13, hours=23)) == 0
    assert credit_services.lapse_welcome_credits(now=NOW + timedelta(days=14)) == 1
    assert credit_services.lapse_welcome_credits(now=NOW + timedelta(days=14)) == 0
    wallet = Credit.objects.get(user_id=alice.pk)
    assert (wallet.subscription_credits, wallet.purchased_credits) == (0, 5)
    assert CreditLog.objects.latest("sequence").reason == "Welcome credits lapsed"


def test_the_first_plan_replaces_them(alice):
    claim(alice.pk, alice.email)
    credit_services.reset_period(
        user_id=alice.pk, subscription_id="s", started_at=NOW, ends_at=NOW + timedelta(30), amount=200, now=NOW
    )
    assert credit_services.lapse_welcome_credits(now=NOW + timedelta(days=20)) == 0
    assert Credit.objects.get(user_id=alice.pk).subscription_credits == 200


def test_who_has_a_plan_gets_none(alice):
    credit_services.reset_period(
        user_id=alice.pk, subscription_id="s", started_at=NOW, ends_at=NOW + timedelta(30), amount=200, now=NOW
    )
    assert claim(alice.pk, alice.email) is None


def test_the_setting_may_switch_them_off(alice, settings):
    settings.WELCOME_CREDITS = 0
    assert claim(alice.pk, alice.email) is None


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("Ida@Example.test", "ida@example.test"),
        ("i.d.a+x@gmail.com", "ida@gmail.com"),
        ("i.d.a+x@example.test", "i.d.a@example.test"),
        (" ida@googlemail.com ", "ida@gmail.com"),
    ],
)
def test_addresses_are_normalized(email, mailbox):
    assert normalize_email(email) == mailbox


@pytest.mark.parametrize(
    ("phone", "number"), [("602-555-0100", "+16025550100"), ("", None), (None, None), ("12", None)]
)
def test_numbers_are_normalized(phone, number):
    assert normalize_phone(phone) == number

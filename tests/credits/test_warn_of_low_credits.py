"""A mail says that few credits are left: once at a fifth and once at nothing of what last came in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from accounts.models import User
from credits import services as credit_services
from credits.models import Credit
from credits.services.low_credits import LEASE
from tests.credits.conftest import NOW

MONTH = timedelta(days=30)


class NoServer(EmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, messages):
        raise SMTPServerDisconnected("Connection unexpectedly closed")


class Bounces(EmailBackend):
    """A mail server that knows no such address."""

    def send_messages(self, messages):
        raise SMTPRecipientsRefused({messages[0].to[0]: (550, b"No such user")})


class AsksToWait(EmailBackend):
    """A mail server that takes mail of strangers at the second try."""

    def send_messages(self, messages):
        raise SMTPRecipientsRefused({messages[0].to[0]: (450, b"Greylisted")})


class TakesItsTime(EmailBackend):
    """A mail server that is so slow that the last 20 credits are gone when it has taken the mail."""

    def send_messages(self, messages):
        sent = super().send_messages(messages)
        reader = User.objects.get(email=messages[0].to[0])
        credit_services.adjust(
            user_id=reader.pk,
            amount=-20,
            bucket="subscription",
            adjustment_id=f"meanwhile:{reader.pk}",
            reason="Taken while the mail went out",
            actor="user:sam",
            now=NOW,
        )
        return sent


def backend(kind: type) -> str:
    return f"{__name__}.{kind.__name__}"


@pytest.fixture
def spend(quote_for):
    """Spend search credits: accept, hit all, settle."""

    def use(user, count: int, now=NOW) -> None:
        quote = quote_for(user.pk, SEARCH=count, now=now)
        credit_services.accept_quote(quote_id=quote.id, user_id=user.pk, now=now)
        credit_services.capture(quote_id=quote.id, step="1", units={"SEARCH": count}, reason="A page", now=now)
        credit_services.release(quote_id=quote.id, now=now)

    return use


def begin_period(user, number=0, amount=100) -> None:
    started_at = NOW + MONTH * number
    credit_services.reset_period(
        user_id=user.pk,
        subscription_id=f"sub-{user.pk}",
        started_at=started_at,
        ends_at=started_at + MONTH,
        amount=amount,
        now=started_at,
    )


def subjects(now=NOW) -> list[str]:
    """Run the sweep and return the subjects of the mails that it sent."""
    before = len(mail.outbox)
    sent = credit_services.warn_of_low_credits(now=now)
    assert sent == len(mail.outbox) - before
    return [message.subject for message in mail.outbox[before:]]


LOW, EMPTY = "20 Atlas credits are left", "Your Atlas credits are used up"


def test_a_mail_comes_at_a_fifth_and_one_at_nothing_once_each(alice, spend):
    begin_period(alice)
    spend(alice, 79)
    assert subjects() == []
    spend(alice, 1)
    assert subjects() == [LOW]
    spend(alice, 5)
    assert subjects() == []
    spend(alice, 15)
    assert subjects() == [EMPTY]
    assert subjects(NOW + timedelta(days=1)) == []
    assert {message.to[0] for message in mail.outbox} == {alice.email}


def test_the_mail_says_what_to_do(alice, spend, settings):
    begin_period(alice)
    spend(alice, 80)
    subjects()
    text = mail.outbox[0].body
    assert "20 credits are left of the 100 of this period." in text
    assert "next period, which begins on December 22" in text
    assert f"{settings.SITE_URL}/billing/" in text
    assert mail.outbox[0].alternatives


def test_a_fall_to_nothing_at_once_is_one_mail(alice, spend):
    begin_period(alice)
    spend(alice, 100)
    assert subjects() == [EMPTY]
    assert subjects() == []


def test_each_period_warns_anew(alice, spend):
    begin_period(alice)
    spend(alice, 80)
    assert subjects() == [LOW]
    begin_period(alice, 1)
    assert subjects(NOW + MONTH) == []
    spend(alice, 80, now=NOW + MONTH)
    assert subjects(NOW + MONTH) == [LOW]


def test_each_purchase_warns_anew_and_is_what_is_measured_by(alice, fund, spend):
    fund(alice.pk, purchased=100)
    spend(alice, 80)
    assert subjects() == [LOW]
    assert "20 credits are left of your last 100." in mail.outbox[-1].body
    fund(alice.pk, purchased=500)
    spend(alice, 419)
    assert subjects() == []
    spend(alice, 1)
    assert subjects() == ["100 Atlas credits are left"]


def test_purchased_credits_count_beside_those_of_the_period(alice, fund, spend):
    fund(alice.pk, purchased=50)
    begin_period(alice)
    spend(alice, 100)
    assert subjects() == []
    spend(alice, 30)
    assert subjects() == [LOW]


def test_what_is_held_may_come_back_and_is_not_missing_yet(alice, quote_for):
    begin_period(alice)
    quote = quote_for(alice.pk, SEARCH=90)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    assert subjects() == []
    credit_services.release(quote_id=quote.id, now=NOW)
    assert subjects() == []


def test_a_mail_is_not_sent_where_credits_came_in_before_the_sweep(alice, fund, spend):
    begin_period(alice)
    spend(alice, 80)
    fund(alice.pk, purchased=10)
    assert subjects() == []


def test_a_period_that_ends_lets_the_last_purchase_count_and_repeats_no_mail(alice, fund, spend):
    begin_period(alice)
    spend(alice, 90)
    assert subjects() == ["10 Atlas credits are left"]
    credit_services.lapse(user_id=alice.pk, source="sub:end", reason="Plan ended", now=NOW)
    assert subjects() == []


def test_welcome_credits_are_told_of_only_when_they_are_used_up(alice, spend):
    credit_services.claim_welcome_credits(user_id=alice.pk, email=alice.email, phone=None, now=NOW)
    spend(alice, 45)
    assert subjects() == []
    spend(alice, 5)
    assert subjects() == [EMPTY]
    assert "choose a plan" in mail.outbox[0].body


def test_unused_welcome_credits_lapse_without_a_mail(alice):
    credit_services.claim_welcome_credits(user_id=alice.pk, email=alice.email, phone=None, now=NOW)
    credit_services.lapse_welcome_credits(now=NOW + timedelta(days=15))
    assert subjects(NOW + timedelta(days=15)) == []


def test_pausing_a_plan_sends_no_mail(alice, fund):
    fund(alice.pk, purchased=100)
    begin_period(alice)
    credit_services.set_subscription_frozen(user_id=alice.pk, frozen=True, now=NOW)
    assert subjects() == []


def test_a_banned_user_gets_no_mail(alice, spend):
    begin_period(alice)
    spend(alice, 80)
    alice.banned = True
    alice.save(update_fields=["banned"])
    assert subjects() == []
    assert Credit.objects.get().warned == "low"


def test_sweeps_at_the_same_moment_send_one_mail(alice, spend):
    begin_period(alice)
    spend(alice, 80)
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _: credit_services.warn_of_low_credits(now=NOW), range(8)))
    assert sum(sent) == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("kind", [NoServer, AsksToWait])
def test_a_mail_that_could_not_be_sent_is_tried_again(alice, spend, settings, kind):
    begin_period(alice)
    spend(alice, 80)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = backend(kind)
    assert credit_services.warn_of_low_credits(now=NOW) == 0
    assert Credit.objects.get().warned == ""
    settings.EMAIL_BACKEND = working
    assert subjects(NOW + LEASE - timedelta(seconds=1)) == []
    assert subjects(NOW + LEASE) == [LOW]


def test_an_address_that_bounces_is_not_tried_again_until_credits_come_in(alice, spend, settings):
    begin_period(alice)
    spend(alice, 80)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = backend(Bounces)
    assert credit_services.warn_of_low_credits(now=NOW) == 0
    settings.EMAIL_BACKEND = working
    assert subjects(NOW + LEASE) == []
    begin_period(alice, 1)
    spend(alice, 80, now=NOW + MONTH)
    assert subjects(NOW + MONTH) == [LOW]


def test_one_wallet_whose_mail_fails_does_not_keep_others_from_theirs(alice, bob, spend, settings):
    for user in (alice, bob):
        begin_period(user)
        spend(user, 80)
    settings.EMAIL_BACKEND = backend(NoServer)
    credit_services.warn_of_low_credits(now=NOW)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert len(subjects(NOW + timedelta(minutes=5))) == 1
    assert len(subjects(NOW + LEASE)) == 1
    assert {message.to[0] for message in mail.outbox} == {alice.email, bob.email}


def test_a_wallet_that_emptied_while_the_mail_went_out_gets_the_other_one_too(alice, spend, settings):
    begin_period(alice)
    spend(alice, 80)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = backend(TakesItsTime)
    assert subjects() == [LOW]
    settings.EMAIL_BACKEND = working
    assert subjects(NOW + LEASE) == [EMPTY]

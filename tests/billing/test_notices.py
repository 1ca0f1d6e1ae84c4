"""Mails about billing: each once at most, never about what is long past, and never in the way of the books."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from atlas_site.mongodb.explain import recorded_reads
from atlas_site.vendors import chargebee
from billing import emails
from billing import services as billing_services
from billing.models import BillingNotice, TopUp
from billing.services import notices
from credits import services as credit_services
from credits.models import Credit
from tests.billing.chargebee_site import FAILS_LATER_CARD
from tests.factories import AutoTopUpFactory

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 12, 24, 9, 30, tzinfo=UTC)
FAILED = {"amount_cents": 9_900, "bank_said": "Do not honor", "next_try_at": DAY}


def tell(user, now, kind="payment_failed", key="txn-1", **details) -> int:
    return notices.send_notices(news=[(kind, key, {**FAILED, "at": now, **details})], user=user, now=now)


def test_news_is_mailed_to_its_reader(carol, now):
    assert tell(carol, now) == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([carol.email], "Your payment of $99.00 did not come through")
    text, (html, kind) = sent.body, sent.alternatives[0]
    assert kind == "text/html"
    for words in ("Do not honor", "December 24, 2026", "everything you unlocked"):
        assert words in text
        assert words in html
    assert "http://testserver/billing/" in text
    assert 'href="http://testserver/billing/"' in html


def test_the_same_news_is_mailed_once(carol, now):
    assert [tell(carol, now), tell(carol, now + timedelta(hours=1))] == [1, 0]
    assert tell(carol, now, key="txn-2") == 1
    assert len(mail.outbox) == 2


def test_all_news_of_a_look_are_looked_up_in_one_read(carol, now):
    news = [("payment_failed", f"txn-{number}", {**FAILED, "at": now}) for number in range(5)]
    assert notices.send_notices(news=news, user=carol, now=now) == 5
    with recorded_reads() as seen:
        assert notices.send_notices(news=news, user=carol, now=now) == 0
    assert [collection.name for collection, _ in seen] == ["BillingNotice"]


def test_the_same_news_at_the_same_moment_is_mailed_once(carol, now):
    def work(_number: int) -> int:
        try:
            return tell(carol, now)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, range(12))) == 1
    assert len(mail.outbox) == 1


def test_old_news_is_noted_and_not_mailed(carol, now):
    assert tell(carol, now, at=now - timedelta(days=3, seconds=1)) == 0
    assert BillingNotice.objects.get().pk == "payment_failed:txn-1"
    assert tell(carol, now, at=now) == 0
    assert mail.outbox == []


def test_a_mail_server_that_is_away_breaks_nothing(carol, now, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert tell(carol, now) == 0
    assert "A mail was not sent" in caplog.text
    assert carol.email not in caplog.text


def test_what_the_bank_said_is_shown_as_text_and_makes_no_header(carol, now):
    tell(carol, now, bank_said="<b>No</b>\r\nBcc: everybody@example.test")
    (sent,) = mail.outbox
    assert "<b>No</b>" in sent.body
    html = sent.alternatives[0][0]
    assert "<b>" not in html
    assert "&lt;b&gt;No" in html
    assert sent.message()["Bcc"] is None


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (
            emails.plan_started_mail(plan_name="Pro", credit_count=420, renews_at=DAY),
            ["Your plan Pro has begun", "420 credits each month", "renews on December 24, 2026"],
        ),
        (emails.plan_started_mail(plan_name="", credit_count=1), ["Your plan has begun", "1 credit each month"]),
        (
            emails.payment_failed_mail(amount_cents=4_900),
            ["$49.00", "not tried again by itself", "Choose another card", "as soon as it is paid, not before"],
        ),
        (
            emails.payment_failed_mail(amount_cents=2_900, is_plan=False),
            ["$29.00", "Nothing was charged"],
        ),
        (
            emails.plan_ends_mail(plan_name="Pro", ends_at=DAY),
            ["ends on December 24, 2026", "No further payment", "keep it with one click", "purchased credits stay"],
        ),
        (
            emails.plan_ends_mail(plan_name="Pro", ends_at=DAY, overdue_cents=4_900),
            ["The $49.00 that is overdue stays due, and no payment comes after it"],
        ),
        (emails.plan_ends_mail(plan_name="Pro"), ["ends at the end of the period that is paid"]),
        (
            emails.plan_ended_mail(plan_name="Pro", was_unpaid=True),
            ["has ended because its payment did not come through", "purchased credits stay"],
        ),
        (
            emails.refund_mail(amount_cents=2_900, credits_taken=100, debt=40),
            ["$29.00 went back", "The 100 credits", "40 credits are owed", "cannot be spent"],
        ),
    ],
)
def test_each_mail_says_what_happened_and_what_to_do(written, words):
    text = "\n".join([written.subject, *written.paragraphs])
    assert [word for word in words if word not in text] == []
    assert "None" not in text
    assert "  " not in text


def test_a_refund_without_credits_speaks_of_none():
    assert emails.refund_mail(amount_cents=100, credits_taken=0).paragraphs == [
        "$1.00 went back to the card or account that paid."
    ]


def test_the_notice_of_a_top_up_names_price_credits_and_cap():
    rule = AutoTopUpFactory.build(user=None, monthly_cap_cents=10_000)
    bought = TopUp(amount_cents=2_900, credits=100)
    text = "\n".join(emails.top_up_paid_mail(top_up=bought, rule=rule, spent_cents=5_800).paragraphs)
    for words in ("$29.00", "100 credits", "$58.00 of the $100.00", "Turn it off"):
        assert words in text


# ---------------------------------------------------------------- with Chargebee


def test_a_pack_that_is_refunded_after_it_was_spent_is_told_once_with_its_debt(carol, site, now):
    billing_services.copy_offers(now=now)
    site.open_account(carol)
    billing_services.set_auto_top_up(
        user=carol, offer_id="pack-100-USD", below_credits=1, monthly_cap_cents=2_900, now=now
    )
    billing_services.top_up_wallets(now=now)
    credit_services.adjust(
        user_id=carol.pk,
        amount=-60,
        bucket="purchased",
        adjustment_id=str(carol.pk),
        reason="Spent",
        actor="test",
        now=now,
    )
    mail.outbox.clear()
    (invoice,) = site.account_of(carol).invoices
    site.control("chargebee/refund", {"invoice_id": invoice.id})
    for _ in range(3):
        billing_services.sync_customer(customer_id=str(carol.pk), now=now)
    (told,) = mail.outbox
    assert told.subject == "$29.00 were refunded"
    for words in ("The 100 credits", "60 credits are owed"):
        assert words in told.body
    assert Credit.objects.get(user_id=carol.pk).debt == 60


def test_a_plan_is_told_of_when_it_begins_fails_and_is_cancelled_each_once(carol, site, now):
    billing_services.copy_offers(now=now)
    site.buy_plan(carol, "pro-USD-Monthly", card=FAILS_LATER_CARD)
    subjects = [look(carol, now)]
    (plan,) = site.account_of(carol).subscriptions
    chargebee.cancel_at_term_end(subscription_id=plan.id, key=f"cancel-{plan.id}")
    subjects.append(look(carol, now))
    chargebee.remove_scheduled_cancellation(subscription_id=plan.id, key=f"keep-{plan.id}")
    time.sleep(1)  # a term is one second long at least
    site.control("chargebee/renew", {"subscription_id": plan.id})
    subjects.append(look(carol, now))
    began, cancelled, failed = subjects
    assert [len(began), len(cancelled), len(failed)] == [1, 1, 1]
    assert began[0].startswith("Your plan Pro")
    assert began[0].endswith("has begun")
    assert " ends on " in cancelled[0]
    assert failed == ["Your payment of $99.00 did not come through"]


def look(user, now) -> list[str]:
    """Look at an account three times, and return the subjects of the mails that this brought."""
    mail.outbox.clear()
    for _ in range(3):
        billing_services.sync_customer(customer_id=str(user.pk), now=now)
    return [sent.subject for sent in mail.outbox]

"""What auto top-up buys: when its owner wants it and never above the cap, with one notice of each purchase."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from accounts import services as account_services
from accounts.models import User
from atlas_site.celery import app as celery
from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import assert_index_scan
from billing import services as billing_services
from billing import tasks
from billing.models import AutoTopUp, Offer, TopUp
from billing.services import offers, top_up
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.billing.chargebee_site import DECLINED_CARD
from tests.billing.standing_orders import PACK, balance, only_top_up, order, order_of, spend_all, sweep
from tests.factories import AutoTopUpFactory, CreditFactory, OfferFactory, TopUpFactory

pytestmark = pytest.mark.django_db


def test_a_wallet_that_is_short_gets_its_pack_once(owner, shop, now):
    assert sweep(now) == 1
    bought = only_top_up(owner)
    assert (bought.state, bought.amount_cents, bought.credits, bought.month) == ("paid", 2_900, 100, f"{now:%Y-%m}")
    assert bought.next_attempt_at is None
    assert shop.charges_of(owner) == [2_900]
    assert balance(owner) == 100
    assert sweep(now + timedelta(minutes=1)) == 0
    assert shop.charges_of(owner) == [2_900]
    entry = CreditLog.objects.get(credit__user_id=owner.pk)
    assert bought.invoice_id in entry.key


def test_the_schedule_runs_it(owner, shop):
    scheduled = {entry["task"] for entry in celery.conf.beat_schedule.values()}
    assert {tasks.top_up_wallets.name, tasks.copy_offers.name} <= scheduled
    tasks.copy_offers()
    tasks.top_up_wallets()
    assert (only_top_up(owner).state, shop.charges_of(owner)) == ("paid", [2_900])


def test_a_wallet_with_enough_credits_buys_nothing(alice, shop, now):
    shop.open_account(alice)
    order(alice, now, below_credits=100)
    assert sweep(now) == 0
    assert shop.charges_of(alice) == []


def test_the_next_one_is_bought_when_the_wallet_is_short_again(owner, shop, now):
    sweep(now)
    spend_all(owner, now, "first")
    sweep(now + timedelta(minutes=1))
    assert shop.charges_of(owner) == [2_900, 2_900]
    assert balance(owner) == 100
    assert sorted(found.pk for found in TopUp.objects.all()) == [f"{owner.pk}:1", f"{owner.pk}:2"]


def test_the_cap_of_a_month_holds_and_the_next_month_is_free_again(owner, shop, now):
    for number in range(5):
        sweep(now + timedelta(minutes=number))
        if balance(owner):
            spend_all(owner, now, f"spend {number}")
    assert shop.charges_of(owner) == [2_900] * 3  # a fourth would make $116 of $100
    next_month = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    sweep(next_month)
    assert shop.charges_of(owner) == [2_900] * 4


@pytest.mark.parametrize("state", ["due", "sent", "paid"])
def test_one_that_is_not_confirmed_yet_counts_for_the_cap(owner, now, state):
    wanted = order(owner, now, monthly_cap_cents=5_000)
    TopUpFactory(user_id=owner.pk, state=state, month=f"{now:%Y-%m}", created_at=now)
    sweep(now)
    assert TopUp.objects.count() == 1
    assert wanted.is_enabled


def test_one_that_failed_does_not_count(owner, shop, now):
    order(owner, now, monthly_cap_cents=2_900)
    TopUpFactory(id=f"{owner.pk}:1", user_id=owner.pk, state="failed", month=f"{now:%Y-%m}", created_at=now)
    sweep(now)
    assert shop.charges_of(owner) == [2_900]


@pytest.mark.parametrize("reason", ["switch", "ban", "debt", "turned off"])
def test_it_does_not_buy_for_who_must_not(owner, shop, now, reason):
    if reason == "switch":
        credit_services.open_wallet(user_id=owner.pk)
        Credit.objects.filter(user_id=owner.pk).update(automatic_spending_stopped=True)
    elif reason == "ban":
        account_services.ban_user(user=owner)
    elif reason == "debt":
        owe(owner, now)
    else:
        billing_services.stop_auto_top_up(user=owner)
    assert sweep(now) == 0
    assert not TopUp.objects.exists()
    assert shop.charges_of(owner) == []


def owe(user: User, now: datetime) -> None:
    """Take credits back that were spent already."""
    credit_services.grant(user_id=user.pk, amount=10, bucket="purchased", source=f"{user.pk}:1", reason="Pack", now=now)
    spend_all(user, now, "before the refund")
    credit_services.claw_back(user_id=user.pk, amount=10, refund_id=str(user.pk), reason="Refund", now=now)
    assert Credit.objects.get(user_id=user.pk).debt == 10


@pytest.mark.parametrize("change", [{"price_cents": 3_000}, {"credits": 99}, {"is_sold": False}])
def test_a_pack_on_worse_terms_than_agreed_is_never_bought(owner, shop, now, change):
    Offer.objects.filter(pk=PACK).update(**change)
    assert sweep(now) == 0
    rule = order_of(owner)
    assert (rule.is_enabled, "what you agreed to" in rule.stopped_because) == (False, True)
    assert shop.charges_of(owner) == []
    assert [sent.subject for sent in mail.outbox] == ["Auto top-up was turned off"]
    sweep(now + timedelta(minutes=1))
    assert len(mail.outbox) == 1


def test_a_pack_that_became_cheaper_is_bought_at_its_price(owner, shop, now):
    shop.set_price(PACK, price=2_500)
    offers.copy_offers(now=now + timedelta(seconds=1))
    sweep(now + timedelta(minutes=1))
    assert shop.charges_of(owner) == [2_500]
    assert only_top_up(owner).amount_cents == 2_500


def test_a_price_that_rose_without_a_word_is_not_charged(owner, shop, now):
    shop.set_price(PACK, price=3_900)  # no event has told of it yet
    later = now + timedelta(minutes=10)
    sweep(later)
    assert (only_top_up(owner).state, shop.charges_of(owner)) == ("failed", [])
    sweep(later + timedelta(minutes=1))
    assert not order_of(owner).is_enabled
    assert [sent.subject for sent in mail.outbox] == ["Auto top-up was turned off"]


def test_sweeps_at_the_same_moment_buy_once(owner, shop, now):
    def work(_number: int) -> int:
        try:
            return sweep(now)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        worked = sum(pool.map(work, range(12)))
    assert worked >= 1
    assert shop.charges_of(owner) == [2_900]
    assert balance(owner) == 100
    assert TopUp.objects.count() == 1
    assert len(mail.outbox) == 1


# ---------------------------------------------------------------- declines


def test_a_declined_card_ends_the_order_with_the_banks_words(carol, shop, now):
    shop.open_account(carol)
    order(carol, now)
    shop.open_account(carol, card=DECLINED_CARD)
    sweep(now)
    failed, rule = only_top_up(carol), order_of(carol)
    assert (failed.state, rule.is_enabled) == ("failed", False)
    assert "The bank said" in failed.error
    assert rule.stopped_because == failed.error
    (told,) = mail.outbox
    assert (told.to, told.subject) == ([carol.email], "Auto top-up was turned off")
    assert failed.error in told.body
    assert "nothing was charged" in told.body
    sweep(now + timedelta(minutes=10))
    assert (TopUp.objects.count(), len(mail.outbox), shop.charges_of(carol)) == (1, 1, [])


def test_an_order_that_was_made_anew_is_not_ended_by_an_older_decline(owner, now):
    order(owner, now + timedelta(hours=1))
    top_up._stop_rule(owner.pk, "An older decline", now)
    assert order_of(owner).is_enabled


# ---------------------------------------------------------------- the notice


def test_the_notice_says_what_was_charged_and_how_to_stop_it(owner, now):
    sweep(now)
    (told,) = mail.outbox
    assert told.to == [owner.email]
    for words in ("$29.00", "100 credits", "$29.00 of the $100.00", "Turn it off"):
        assert words in told.body
    assert only_top_up(owner).told_at == now


def test_a_mail_server_that_is_away_costs_the_mail_and_nothing_else(owner, shop, now, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    sweep(now)
    assert (only_top_up(owner).state, balance(owner), shop.charges_of(owner)) == ("paid", 100, [2_900])


# ---------------------------------------------------------------- looks at standing orders


def test_a_sweep_reads_by_indexes(owner, now):
    sweep(now)  # so that the next one finds nothing to buy
    TopUpFactory.create_batch(30, state="paid")
    AutoTopUpFactory.create_batch(30, is_enabled=False)
    assert_index_scan(lambda: sweep(now))


def test_a_sweep_looks_at_so_many_orders_and_the_next_one_at_the_others(now):
    for rule in AutoTopUpFactory.create_batch(25, next_look_at=now - timedelta(hours=1)):
        CreditFactory(user=rule.user, purchased_credits=100, credit_available=100)
    looked_at = AutoTopUp.objects.filter(next_look_at__gt=now)
    for expected in (20, 25):
        billing_services.top_up_wallets(now=now, limit=1)
        assert looked_at.count() == expected
    assert not TopUp.objects.exists()


def test_an_order_at_its_cap_is_looked_at_in_the_next_month_or_when_it_is_made_anew(owner, shop, now):
    order(owner, now, monthly_cap_cents=2_900)
    sweep(now)
    spend_all(owner, now, "first")
    sweep(now + timedelta(minutes=1))
    next_month = (now.replace(day=1) + timedelta(days=32)).strftime("%Y-%m-01 00:00:00")
    assert f"{order_of(owner).next_look_at:%Y-%m-%d %H:%M:%S}" == next_month
    later = now + timedelta(minutes=2)
    order(owner, later, monthly_cap_cents=5_800)
    sweep(later)
    assert shop.charges_of(owner) == [2_900, 2_900]


def test_users_who_were_deleted_do_not_keep_the_others_waiting(owner, bob, shop, now):
    AutoTopUpFactory(user=bob, offer_id=PACK, agreed_price_cents=2_900, agreed_credits=100)
    waiting = {"user_id": bob.pk, "next_attempt_at": now - timedelta(minutes=1)}
    for state in ("due", "sent", "paid"):
        TopUpFactory(id=f"{bob.pk}:{state}", state=state, **waiting)
    collection_of(User).delete_one({"_id": bob.pk})  # by another program, which leaves the rest
    sweep(now)
    assert (only_top_up(owner).state, shop.charges_of(owner)) == ("paid", [2_900])
    left = TopUp.objects.filter(user_id=bob.pk).values_list("state", "next_attempt_at")
    assert sorted(left) == [("failed", None), ("failed", None), ("paid", None)]


def test_what_cannot_be_worked_on_does_not_keep_the_others_waiting(owner, bob, make_user, shop, now, caplog):
    broken = OfferFactory(copied_at=now)
    collection_of(Offer).update_one({"_id": broken.pk}, {"$unset": {"credits": ""}})
    AutoTopUpFactory(user=bob, offer_id=broken.pk)
    other = make_user()
    AutoTopUpFactory(user=other, offer_id=broken.pk)
    stuck = TopUpFactory(user_id=other.pk, offer_id=broken.pk, next_attempt_at=now - timedelta(minutes=1))
    sweep(now)
    assert (only_top_up(owner).state, shop.charges_of(owner)) == ("paid", [2_900])
    assert f"The standing order of {bob.pk} could not be looked at" in caplog.text
    assert f"Top-up {stuck.pk} could not be worked on" in caplog.text
    stuck.refresh_from_db()
    assert (stuck.state, stuck.next_attempt_at) == ("due", now + timedelta(minutes=1))

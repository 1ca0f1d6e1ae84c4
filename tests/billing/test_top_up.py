"""Auto top-up: bought when its owner wants it, never above the cap, and once, whatever happens on the way."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

import pytest
from django.core import mail
from django.db import connection
from django.urls import reverse

from accounts import services as account_services
from accounts.models import User
from atlas_site.celery import app as celery
from atlas_site.mongodb.explain import assert_index_scan
from billing import selectors, tasks
from billing import services as billing_services
from billing.models import AutoTopUp, Offer, TopUp
from billing.services import offers, top_up
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.billing.chargebee_site import BANK_ACCOUNT, DECLINED_CARD, ChargebeeSite
from tests.factories import AutoTopUpFactory, OfferFactory, TopUpFactory

pytestmark = pytest.mark.django_db

CHARGE = "invoice.create_for_charge_items_and_charges"
PACK = "pack-100-USD"


@pytest.fixture
def shop(site: ChargebeeSite, now: datetime) -> ChargebeeSite:
    """The sandbox with its price list copied."""
    offers.copy_offers(now=now)
    return site


@pytest.fixture
def owner(carol: User, shop: ChargebeeSite, now: datetime) -> User:
    """Carol, who has no credits, a card on file, and auto top-up on: 100 credits for $29, $100 a month at most."""
    shop.open_account(carol)
    order(carol, now)
    return carol


def order(user: User, now: datetime, **terms) -> AutoTopUp:
    asked = {"offer_id": PACK, "below_credits": 50, "monthly_cap_cents": 10_000, **terms}
    return billing_services.set_auto_top_up(user=user, now=now, **asked)


def sweep(now: datetime) -> int:
    return billing_services.top_up_wallets(now=now)


def only_top_up(user: User) -> TopUp:
    return TopUp.objects.get(user_id=user.pk)


def balance(user: User) -> int:
    wallet = Credit.objects.filter(user_id=user.pk).first()
    return wallet.credit_available if wallet else 0


def spend_all(user: User, now: datetime, key: str) -> None:
    credit_services.adjust(
        user_id=user.pk,
        amount=-balance(user),
        bucket="purchased",
        adjustment_id=f"{user.pk}:{key}",
        reason="Spent by a test",
        actor="test",
        now=now,
    )


# ---------------------------------------------------------------- opting in and out


def test_opting_in_keeps_what_was_agreed_to(owner, now):
    rule = AutoTopUp.objects.get(user_id=owner.pk)
    assert (rule.offer_id, rule.below_credits, rule.monthly_cap_cents) == (PACK, 50, 10_000)
    assert (rule.agreed_price_cents, rule.agreed_credits, rule.is_enabled) == (2_900, 100, True)
    assert rule.accepted_at == now


def test_ordering_again_replaces_the_order(owner, now):
    later = now + timedelta(days=1)
    order(owner, later, offer_id="pack-500-USD", below_credits=500, monthly_cap_cents=12_900)
    rule = AutoTopUp.objects.get(user_id=owner.pk)
    assert (rule.offer_id, rule.agreed_price_cents, rule.accepted_at) == ("pack-500-USD", 12_900, later)


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"offer_id": "pack-none"}, "not sold"),
        ({"offer_id": "pro-USD-Monthly"}, "not sold"),
        ({"below_credits": 0}, "from 1 to 100"),
        ({"below_credits": 101}, "from 1 to 100"),
        ({"monthly_cap_cents": 2_899}, r"\$29\.00"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(carol, shop, now, terms, refusal):
    shop.open_account(carol)
    with pytest.raises(billing_services.BillingRefused, match=refusal):
        order(carol, now, **terms)
    assert not AutoTopUp.objects.exists()


def test_without_a_card_on_file_it_cannot_be_turned_on(carol, shop, now):
    with pytest.raises(billing_services.NoCard, match="Add one first"):
        order(carol, now)
    assert not AutoTopUp.objects.exists()


def test_without_an_answer_of_chargebee_it_is_not_turned_on(carol, shop, now, settings):
    shop.open_account(carol)
    settings.CHARGEBEE_RETRY_WAIT_SECONDS = 0.01
    shop.fail("500", endpoint="chargebee", times=3)
    with pytest.raises(billing_services.BillingRefused):
        order(carol, now)
    assert not AutoTopUp.objects.exists()


def test_turned_off_it_buys_nothing(owner, now):
    billing_services.stop_auto_top_up(user=owner)
    sweep(now)
    assert not TopUp.objects.exists()


# ---------------------------------------------------------------- when it buys


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
    rule = AutoTopUp.objects.get(user_id=owner.pk)
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
    assert not AutoTopUp.objects.get(user_id=owner.pk).is_enabled
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
    failed, rule = only_top_up(carol), AutoTopUp.objects.get(user_id=carol.pk)
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
    assert AutoTopUp.objects.get(user_id=owner.pk).is_enabled


# ---------------------------------------------------------------- lost answers


@pytest.mark.parametrize("mode", ["cut-body", "empty-body"])
def test_an_answer_that_was_lost_is_looked_up_and_never_charged_again(owner, shop, now, mode):
    shop.fail(mode, endpoint=CHARGE)
    sweep(now)
    waiting = only_top_up(owner)
    assert (waiting.state, waiting.sent_at) == ("sent", now)
    assert waiting.next_attempt_at > now
    assert sweep(now + timedelta(seconds=30)) == 0
    sweep(now + timedelta(minutes=3))
    assert only_top_up(owner).state == "paid"
    assert shop.charges_of(owner) == [2_900]
    assert balance(owner) == 100
    assert len(mail.outbox) == 1


def test_an_answer_that_took_too_long_is_looked_up(owner, shop, now, settings):
    settings.CHARGEBEE_TIMEOUT_SECONDS = 1
    shop.fail("timeout-after-work", endpoint=CHARGE, seconds=2)
    sweep(now)
    assert only_top_up(owner).state == "sent"
    settings.CHARGEBEE_TIMEOUT_SECONDS = 15
    sweep(now + timedelta(minutes=3))
    assert (only_top_up(owner).state, shop.charges_of(owner)) == ("paid", [2_900])


def test_a_charge_that_never_arrived_is_sent_again_with_the_same_key(owner, shop, now):
    shop.fail("503", endpoint=CHARGE)
    sweep(now)
    assert (only_top_up(owner).state, shop.charges_of(owner)) == ("sent", [])
    sweep(now + timedelta(minutes=3))
    assert (only_top_up(owner).state, shop.charges_of(owner)) == ("paid", [2_900])


def test_what_never_arrived_is_given_up_before_its_key_is_forgotten_and_asked_for_anew(owner, shop, now):
    shop.fail("503", endpoint=CHARGE)
    sweep(now)
    sweep(now + timedelta(minutes=26))
    first = TopUp.objects.get(pk=f"{owner.pk}:1")
    assert (first.state, first.next_attempt_at, mail.outbox) == ("failed", None, [])
    assert AutoTopUp.objects.get(user_id=owner.pk).is_enabled
    sweep(now + timedelta(minutes=27))
    assert TopUp.objects.get(pk=f"{owner.pk}:2").state == "paid"
    assert shop.charges_of(owner) == [2_900]


def test_the_owner_who_turns_it_off_meanwhile_is_not_charged(owner, shop, now):
    shop.fail("503", endpoint=CHARGE)
    sweep(now)
    billing_services.stop_auto_top_up(user=owner)
    sweep(now + timedelta(minutes=3))
    assert (only_top_up(owner).state, shop.charges_of(owner), mail.outbox) == ("failed", [], [])


def test_a_sweep_ends_early_when_chargebee_is_away(owner, bob, shop, now, settings):
    settings.CHARGEBEE_RETRY_WAIT_SECONDS = 0.01
    shop.open_account(bob)
    order(bob, now)
    shop.fail("503", endpoint=CHARGE, times=1)
    assert sweep(now) == 1
    sweep(now + timedelta(minutes=3))
    assert (shop.charges_of(owner), shop.charges_of(bob)) == ([2_900], [2_900])


def test_what_is_paid_and_not_booked_yet_is_booked_later(owner, shop, now, settings):
    settings.CHARGEBEE_RETRY_WAIT_SECONDS = 0.01
    shop.fail("503", endpoint="transaction.list", times=4)
    sweep(now)
    paid_only = only_top_up(owner)
    assert (paid_only.state, balance(owner)) == ("sent", 0)
    assert paid_only.invoice_id
    shop.control("faults", method="DELETE")
    sweep(now + timedelta(minutes=3))
    assert (only_top_up(owner).state, balance(owner), shop.charges_of(owner)) == ("paid", 100, [2_900])


# ---------------------------------------------------------------- bank debits, which take days


def test_a_bank_debit_brings_its_credits_when_it_settles_and_nothing_is_bought_before(carol, shop, now):
    shop.open_account(carol, card=BANK_ACCOUNT)
    order(carol, now)
    sweep(now)
    assert (only_top_up(carol).state, balance(carol), mail.outbox) == ("sent", 0, [])
    sweep(now + timedelta(hours=2))
    assert (TopUp.objects.count(), only_top_up(carol).state) == (1, "sent")
    (payment,) = shop.account_of(carol).transactions
    shop.control("chargebee/settle", {"transaction_id": payment.id})
    sweep(now + timedelta(hours=4))
    assert (only_top_up(carol).state, balance(carol), shop.charges_of(carol)) == ("paid", 100, [2_900])
    assert len(mail.outbox) == 1


def test_a_bank_debit_that_fails_ends_the_order(carol, shop, now):
    shop.open_account(carol, card=BANK_ACCOUNT)
    order(carol, now)
    sweep(now)
    (payment,) = shop.account_of(carol).transactions
    shop.control("chargebee/fail_late", {"transaction_id": payment.id})
    (invoice,) = shop.account_of(carol).invoices
    assert invoice.status == "not_paid"
    sweep(now + timedelta(hours=2))
    assert (only_top_up(carol).state, balance(carol)) == ("failed", 0)
    assert "did not come through" in AutoTopUp.objects.get(user_id=carol.pk).stopped_because


# ---------------------------------------------------------------- killed workers


class KilledError(BaseException):
    """The process ended here."""


def lines_of_a_sweep(now: datetime, kill_at: int) -> int:
    """Sweep, and end at the nth line of the service that is reached; return how many lines were reached."""
    reached = 0
    watched = str(Path(top_up.__file__))

    def count_lines(_frame: FrameType, event: str, _arg: object):
        nonlocal reached
        if event == "line":
            reached += 1
            if reached == kill_at:
                raise KilledError
        return count_lines

    def enter(frame: FrameType, _event: str, _arg: object):
        return count_lines if frame.f_code.co_filename == watched else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        sweep(now)
    except KilledError:
        pass
    finally:
        sys.settrace(before)
    return reached


def test_a_worker_killed_at_any_line_charges_once(shop, make_user, now):
    """Each user's sweep is killed one line later than the last one's, and later sweeps bring it to its end."""
    kill_at, finished = 0, False
    while not finished:
        kill_at += 1
        user = make_user()
        shop.open_account(user)
        order(user, now)
        finished = lines_of_a_sweep(now, kill_at) < kill_at
        for minutes in (6, 12, 18):  # a lease is over after five
            sweep(now + timedelta(minutes=minutes))
        assert shop.charges_of(user) == [2_900], kill_at
        assert balance(user) == 100, kill_at
        states = list(TopUp.objects.filter(user_id=user.pk).values_list("state", "next_attempt_at"))
        assert states == [("paid", None)], kill_at
        AutoTopUp.objects.all().delete()
    assert kill_at > 50


def test_a_process_that_is_killed_after_the_charge_charges_once(owner, shop, now):
    """A child process sweeps and is gone without any clean-up right after Chargebee took the money."""
    shop.fail("timeout-after-work", endpoint=CHARGE, seconds=20)
    child = os.fork()
    if child == 0:
        try:
            connection.close_pool()
            sweep(now)
        finally:
            os._exit(1)
    wait_until_charged(shop, owner)
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert (only_top_up(owner).state, balance(owner)) == ("sent", 0)
    sweep(now + timedelta(minutes=6))
    assert (only_top_up(owner).state, balance(owner), shop.charges_of(owner)) == ("paid", 100, [2_900])


def wait_until_charged(shop: ChargebeeSite, user: User) -> None:
    for _ in range(100):
        if shop.charges_of(user):
            return
    pytest.fail("The charge did not reach Chargebee.")


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


# ---------------------------------------------------------------- the page


def test_the_page_says_what_it_does_before_the_click(client, sign_in, carol, shop):
    page = sign_in(client, carol).get(reverse("billing:show-billing")).content.decode()
    for words in (
        "Auto top-up: off",
        "100 credits for $29.00",
        "within a minute",
        "Nothing else ever triggers a purchase",
    ):
        assert words in page
    assert reverse("credits:show-credits") + "#automatic-spending" in page


def test_the_page_turns_it_on_and_off(client, sign_in, carol, shop):
    shop.open_account(carol)
    browser = sign_in(client, carol)
    form = {"offer_id": PACK, "below_credits": "50", "monthly_cap": "100"}
    page = browser.post(reverse("billing:set-auto-top-up"), form, follow=True).content.decode()
    for words in ("Auto top-up: on", "fewer than 50 credits", "$29.00", "$100.00"):
        assert words in page
    page = browser.post(reverse("billing:stop-auto-top-up"), follow=True).content.decode()
    assert "Auto top-up: off" in page
    assert not AutoTopUp.objects.get(user_id=carol.pk).is_enabled


def test_the_page_shows_an_order_that_makes_no_sense_again(client, sign_in, carol, shop):
    form = {"offer_id": PACK, "below_credits": "0", "monthly_cap": ""}
    answer = sign_in(client, carol).post(reverse("billing:set-auto-top-up"), form)
    assert answer.status_code == 422
    assert set(answer.context["top_up_form"].errors) == {"below_credits", "monthly_cap"}


def test_the_page_says_that_a_card_is_needed(client, sign_in, carol, shop):
    form = {"offer_id": PACK, "below_credits": "50", "monthly_cap": "100"}
    page = sign_in(client, carol).post(reverse("billing:set-auto-top-up"), form, follow=True).content.decode()
    assert "There is no card on file" in page
    assert not AutoTopUp.objects.exists()


def test_the_page_says_why_it_stopped_and_what_is_on_its_way(client, sign_in, bob, carol):
    OfferFactory(id=PACK)
    AutoTopUpFactory(user=carol, is_enabled=False, stopped_because="The bank said: “Do not honor”")
    page = sign_in(client, carol).get(reverse("billing:show-billing")).content.decode()
    assert "The bank said: “Do not honor”" in page
    AutoTopUpFactory(user=bob, agreed_price_cents=2_900, agreed_credits=100)
    TopUpFactory(user_id=bob.pk, state="sent")
    page = sign_in(client, bob).get(reverse("billing:show-billing")).content.decode()
    assert "is on its way" in page
    assert "Do not honor" not in page


# ---------------------------------------------------------------- reads


def test_a_sweep_reads_by_indexes(owner, now):
    sweep(now)  # so that the next one finds nothing to buy
    TopUpFactory.create_batch(30, state="paid")
    AutoTopUpFactory.create_batch(30, is_enabled=False)
    assert_index_scan(lambda: sweep(now))


def test_the_page_reads_by_indexes(owner, now):
    TopUpFactory.create_batch(30, state="paid")
    OfferFactory.create_batch(30, is_sold=False)
    assert_index_scan(lambda: list(TopUp.objects.filter(user_id=owner.pk)))
    assert selectors.auto_top_up_section(user=owner, now=now).spent_cents == 0

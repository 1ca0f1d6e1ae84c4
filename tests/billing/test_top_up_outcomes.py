"""A top-up that was sent charges once, whatever becomes of the answer, the bank, the worker and the user."""

import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

import pytest
from django.core import mail
from django.db import connection

from accounts.models import User
from atlas_site.vendors import chargebee
from billing import services as billing_services
from billing.models import AutoTopUp, TopUp
from billing.services import top_up
from tests.billing.chargebee_site import BANK_ACCOUNT, ChargebeeSite
from tests.billing.standing_orders import CHARGE, PACK, balance, only_top_up, order, order_of, sweep

pytestmark = pytest.mark.django_db


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
    assert order_of(owner).is_enabled
    sweep(now + timedelta(minutes=27))
    assert TopUp.objects.get(pk=f"{owner.pk}:2").state == "paid"
    assert shop.charges_of(owner) == [2_900]


@pytest.mark.parametrize("change", ["turned off", "another price"])
def test_what_was_sent_and_is_not_wanted_now_is_watched_until_its_key_is_forgotten(owner, shop, now, change):
    shop.fail("503", endpoint=CHARGE)
    sweep(now)
    if change == "turned off":
        billing_services.stop_auto_top_up(user=owner)
    else:
        shop.set_price(PACK, price=2_800)
        billing_services.copy_offers(now=now + timedelta(seconds=1))
    for minutes in (3, 10, 25):
        sweep(now + timedelta(minutes=minutes))
        waiting = only_top_up(owner)
        assert (waiting.state, shop.charges_of(owner)) == ("sent", [])
        assert waiting.next_attempt_at > now + timedelta(minutes=minutes)
    billing_services.stop_auto_top_up(user=owner)
    sweep(now + timedelta(minutes=36))
    assert (only_top_up(owner).state, shop.charges_of(owner), mail.outbox) == ("failed", [], [])


def test_a_charge_that_comes_late_is_booked_and_told_although_it_was_turned_off(owner, shop, now):
    shop.fail("503", endpoint=CHARGE)
    sweep(now)
    billing_services.stop_auto_top_up(user=owner)
    sweep(now + timedelta(minutes=3))
    chargebee.charge_pack(customer_id=str(owner.pk), item_price_id=PACK, key=f"top-up:{owner.pk}:1")
    sweep(now + timedelta(minutes=10))
    assert (only_top_up(owner).state, balance(owner), shop.charges_of(owner)) == ("paid", 100, [2_900])
    assert len(mail.outbox) == 1
    assert not order_of(owner).is_enabled


def test_what_was_sent_is_not_given_up_because_it_is_refused_the_second_time(owner, shop, now):
    shop.fail("503", endpoint=CHARGE)
    sweep(now)
    shop.set_price(PACK, status="archived")
    sweep(now + timedelta(minutes=3))
    assert (only_top_up(owner).state, order_of(owner).is_enabled, mail.outbox) == ("sent", True, [])


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
    assert "did not come through" in order_of(carol).stopped_because


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


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.faults)])
def test_a_worker_killed_at_any_line_charges_once(shop, make_user, now, step):
    """Each user's sweep is killed some lines later than the last one's, and later sweeps bring it to its end."""
    kill_at, finished = 1 - step, False
    while not finished:
        kill_at += step
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
    deadline = time.monotonic() + 60
    while not shop.charges_of(user):
        assert time.monotonic() < deadline, "The charge did not reach Chargebee."

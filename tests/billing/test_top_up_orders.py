"""The standing order of auto top-up: turned on, changed and turned off, by its owner and on the page."""

from datetime import timedelta

import pytest
from django.urls import reverse

from atlas_site.mongodb.explain import assert_index_scan
from billing import selectors
from billing import services as billing_services
from billing.models import AutoTopUp, TopUp
from tests.billing.chargebee_site import BANK_ACCOUNT
from tests.billing.standing_orders import PACK, order, order_of, sweep
from tests.factories import AutoTopUpFactory, OfferFactory, TopUpFactory

pytestmark = pytest.mark.django_db


def test_opting_in_keeps_what_was_agreed_to(owner, now):
    rule = order_of(owner)
    assert (rule.offer_id, rule.below_credits, rule.monthly_cap_cents) == (PACK, 50, 10_000)
    assert (rule.agreed_price_cents, rule.agreed_credits, rule.is_enabled) == (2_900, 100, True)
    assert rule.accepted_at == now


def test_ordering_again_replaces_the_order(owner, now):
    later = now + timedelta(days=1)
    order(owner, later, offer_id="pack-500-USD", below_credits=500, monthly_cap_cents=12_900)
    rule = order_of(owner)
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


def test_a_bank_account_alone_is_enough(carol, shop, now):
    shop.open_account(carol, card=BANK_ACCOUNT)
    customer = shop.account_of(carol).customer
    assert (customer.card_status, customer.payment_method_status) == ("no_card", "valid")
    assert order(carol, now).is_enabled


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
    assert not order_of(carol).is_enabled


def test_the_page_shows_an_order_that_makes_no_sense_again(client, sign_in, carol, shop):
    form = {"offer_id": PACK, "below_credits": "0", "monthly_cap": ""}
    answer = sign_in(client, carol).post(reverse("billing:set-auto-top-up"), form)
    assert answer.status_code == 422
    assert set(answer.context["top_up_form"].errors) == {"below_credits", "monthly_cap"}


def test_the_page_says_that_a_card_is_needed(client, sign_in, carol, shop):
    form = {"offer_id": PACK, "below_credits": "50", "monthly_cap": "100"}
    page = sign_in(client, carol).post(reverse("billing:set-auto-top-up"), form, follow=True).content.decode()
    assert "There is no card or bank account on file" in page
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


def test_the_page_reads_by_indexes(owner, now):
    TopUpFactory.create_batch(30, state="paid")
    OfferFactory.create_batch(30, is_sold=False)
    assert_index_scan(lambda: list(TopUp.objects.filter(user_id=owner.pk)))
    assert selectors.auto_top_up_section(user=owner, now=now).spent_cents == 0

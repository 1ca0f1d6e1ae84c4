"""The price list of Chargebee, copied: what is sold, what is kept for old invoices, and what is refused and why."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command

from atlas_site.vendors.errors import VendorError
from billing import services as billing_services
from billing.models import Offer
from billing.services import offers
from credits.models import CreditWeight
from tests.factories import CreditWeightFactory, OfferFactory

PACK = {"item_type": "charge", "price": 2_900, "metadata": {"credits": 100}}
CATALOG = {
    "starter-USD-Monthly": ("plan", "month", 4_900, 200),
    "pro-USD-Monthly": ("plan", "month", 9_900, 420),
    "scale-USD-Monthly": ("plan", "month", 24_900, 1_050),
    "starter-USD-Yearly": ("plan", "year", 49_000, 200),
    "pro-USD-Yearly": ("plan", "year", 99_000, 420),
    "scale-USD-Yearly": ("plan", "year", 249_000, 1_050),
    "pack-100-USD": ("pack", None, 2_900, 100),
    "pack-500-USD": ("pack", None, 12_900, 500),
    "pack-2000-USD": ("pack", None, 47_900, 2_000),
}

pytestmark = pytest.mark.django_db


def test_plans_and_packs_are_copied_with_price_and_credits(site, now):
    copied = offers.copy_offers(now=now)
    found = {o.pk: (o.kind, o.period_unit, o.price_cents, o.credits) for o in Offer.objects.filter(is_sold=True)}
    assert found == CATALOG
    assert (set(copied.sold), copied.withdrawn, copied.refused) == (set(CATALOG), (), {})


def test_copying_twice_changes_nothing_but_the_moment(site, now):
    offers.copy_offers(now=now)
    before = {offer.pk: offer for offer in Offer.objects.all()}
    later = now + timedelta(hours=1)
    offers.copy_offers(now=later)
    for offer in Offer.objects.all():
        offer_before = before.pop(offer.pk)
        assert offer.copied_at == later
        offer_before.copied_at = later
        assert vars(offer) | {"_state": None} == vars(offer_before) | {"_state": None}
    assert before == {}


def test_a_new_price_arrives_with_the_next_copy(site, now):
    offers.copy_offers(now=now)
    site.set_price("pack-100-USD", price=3_900, metadata={"credits": 150})
    offers.copy_offers(now=now + timedelta(hours=1))
    pack = Offer.objects.get(pk="pack-100-USD")
    assert (pack.price_cents, pack.credits, pack.is_sold) == (3_900, 150, True)


@pytest.mark.parametrize("status", ["archived", "deleted"])
def test_what_chargebee_withdraws_is_kept_and_not_sold(site, now, status):
    offers.copy_offers(now=now)
    site.set_price("pack-100-USD", status=status)
    copied = offers.copy_offers(now=now + timedelta(hours=1))
    pack = Offer.objects.get(pk="pack-100-USD")
    assert (pack.is_sold, pack.refused_because, pack.credits) == (False, "", 100)
    assert copied.withdrawn == ("pack-100-USD",)
    assert "pack-100-USD" not in copied.sold


def test_what_chargebee_no_longer_lists_is_kept_and_not_sold(site, now):
    OfferFactory(id="pack-of-an-old-catalog", copied_at=now - timedelta(hours=1))
    copied = offers.copy_offers(now=now)
    assert copied.withdrawn == ("pack-of-an-old-catalog",)
    assert Offer.objects.get(pk="pack-of-an-old-catalog").is_sold is False
    assert offers.copy_offers(now=now + timedelta(hours=1)).withdrawn == ()


def test_an_older_list_does_not_overwrite_a_newer_one(site, now):
    offers.copy_offers(now=now)
    newer = Offer.objects.get(pk="pack-100-USD").resource_version + 1
    Offer.objects.filter(pk="pack-100-USD").update(price_cents=9_999, resource_version=newer, copied_at=now)
    offers.copy_offers(now=now)
    assert Offer.objects.get(pk="pack-100-USD").price_cents == 9_999


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"metadata": {}}, '{"credits": 100}'),
        ({"metadata": None}, '{"credits": 100}'),
        ({"metadata": {"credits": 0}}, "whole number"),
        ({"metadata": {"credits": -5}}, "whole number"),
        ({"metadata": {"credits": "100"}}, "whole number"),
        ({"metadata": {"credits": 99.5}}, "whole number"),
        ({"metadata": {"credits": True}}, "whole number"),
        ({"metadata": {"credits_per_month": 100}}, '{"credits": 100}'),
        ({"currency_code": "EUR"}, "EUR"),
        ({"item_type": "plan", "metadata": {"credits_per_month": 100}, "period": 3, "period_unit": "month"}, "3 month"),
        ({"item_type": "plan", "metadata": {"credits_per_month": 100}, "period": 1, "period_unit": "week"}, "1 week"),
    ],
)
def test_an_item_price_without_a_plain_grant_is_kept_out(site, now, caplog, changed, because):
    site.set_price("odd-one", **{**PACK, **changed})
    copied = offers.copy_offers(now=now)
    assert because in copied.refused["odd-one"]
    assert not Offer.objects.filter(pk="odd-one").exists()
    assert "odd-one" in caplog.text


def test_an_offer_that_loses_its_grant_is_refused_and_keeps_what_it_was(site, now):
    offers.copy_offers(now=now)
    site.set_price("pack-100-USD", metadata={})
    offers.copy_offers(now=now + timedelta(hours=1))
    pack = Offer.objects.get(pk="pack-100-USD")
    assert (pack.is_sold, pack.credits) == (False, 100)
    assert "metadata" in pack.refused_because


def test_an_addon_is_no_offer(site, now):
    site.set_price("addon-USD", item_type="addon", price=100, metadata={"credits": 1})
    copied = offers.copy_offers(now=now)
    assert not Offer.objects.filter(pk="addon-USD").exists()
    assert "addon-USD" not in copied.refused


def test_a_pack_below_the_least_price_is_stored_and_not_sold(site, now):
    site.set_price("pack-cheap", **PACK | {"price": 1_959})
    site.set_price("pack-fair", **PACK | {"price": 1_960})
    copied = offers.copy_offers(now=now)
    cheap, fair = Offer.objects.get(pk="pack-cheap"), Offer.objects.get(pk="pack-fair")
    assert (cheap.is_sold, fair.is_sold) == (False, True)
    assert copied.refused["pack-cheap"] == cheap.refused_because
    assert "19.59 cents" in cheap.refused_because
    assert "19.6 cents" in cheap.refused_because


def test_a_lower_weight_takes_offers_off_the_list_and_a_higher_one_brings_them_back(site, now):
    offers.copy_offers(now=now)
    weight = CreditWeightFactory(credit_type="SKIPTRACE", weight=0.4)
    offers.copy_offers(now=now + timedelta(hours=1))
    sold = set(Offer.objects.filter(is_sold=True).values_list("pk", flat=True))
    assert sold == {"starter-USD-Monthly", "pack-100-USD", "pack-500-USD"}  # 7 / 0.4 × 1.4 is 24.5 cents
    CreditWeight.objects.filter(pk=weight.pk).update(weight=0.5)
    offers.copy_offers(now=now + timedelta(hours=2))
    assert Offer.objects.filter(is_sold=True).count() == len(CATALOG)


def test_an_offer_is_not_sold_from_the_moment_on_that_a_weight_makes_it_too_cheap(site, carol, now):
    offers.copy_offers(now=now)
    assert offers.find_sellable("pack-2000-USD", now=now)
    weight = CreditWeightFactory(credit_type="SKIPTRACE", weight=0.4)
    assert offers.find_sellable("pack-2000-USD", now=now) is None
    assert offers.find_sellable("pack-100-USD", now=now)
    with pytest.raises(billing_services.BillingRefused, match="not sold any more"):
        billing_services.start_checkout(
            user=carol, offer_id="pack-2000-USD", back_url="/billing/", token="0" * 32, now=now
        )
    CreditWeight.objects.filter(pk=weight.pk).update(weight=0.00001)
    assert offers.find_sellable("pack-100-USD", now=now) is None
    assert offers.find_sellable("no-such-pack", now=now) is None


def test_nothing_is_sold_while_a_weight_is_zero(site, now):
    CreditWeightFactory(credit_type="SEARCH", weight=0.00001)
    copied = offers.copy_offers(now=now)
    assert copied.sold == ()
    assert set(copied.refused) == set(CATALOG)
    assert not Offer.objects.filter(is_sold=True).exists()


def test_without_an_answer_nothing_changes(site, now, settings):
    offers.copy_offers(now=now)
    settings.CHARGEBEE_RETRY_WAIT_SECONDS = 0.01
    site.fail("500", endpoint="item_price.list", times=5)
    with pytest.raises(VendorError):
        offers.copy_offers(now=now + timedelta(hours=1))
    assert set(Offer.objects.values_list("copied_at", flat=True)) == {now}
    assert Offer.objects.filter(is_sold=True).count() == len(CATALOG)


def test_the_floor_is_the_dearest_unit_times_the_margin(now, settings):
    settings.VENDOR_COST_CENTS = {"SEARCH": 10, "SKIPTRACE": 7}
    assert offers.floor_cents_per_credit(now=now) == Fraction(196, 10)
    CreditWeightFactory(credit_type="SKIPTRACE", weight=0.3)
    assert offers.floor_cents_per_credit(now=now) == Fraction(98, 3)  # a third of a cent, exactly
    CreditWeight.objects.filter(credit_type="SKIPTRACE").update(weight=1.0)
    assert offers.floor_cents_per_credit(now=now) == 14


def test_a_yearly_plan_is_judged_by_twelve_months_of_credits():
    yearly = OfferFactory.build(kind="plan", period_unit="year", price_cents=24_000, credits=100)
    monthly = OfferFactory.build(kind="plan", period_unit="month", price_cents=24_000, credits=100)
    assert (yearly.cents_per_credit, monthly.cents_per_credit) == (20, 240)
    assert offers.sells_below_cost(yearly, floor=Fraction(20_001, 1_000))
    assert not offers.sells_below_cost(yearly, floor=Fraction(20))


def test_the_command_says_what_is_sold_and_fails_on_what_is_refused(site, capsys):
    call_command("copy_offers")
    assert "pack-100-USD: sold" in capsys.readouterr().out
    site.set_price("pack-cheap", **PACK | {"price": 100})
    with pytest.raises(CommandError, match=r"pack-cheap: A credit of it costs 1 cents"):
        call_command("copy_offers")

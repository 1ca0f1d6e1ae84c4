"""The deal sheet: its sums, what it keeps, and which comparables are pinned to it."""

import re
from decimal import Decimal

import pytest
from bson import ObjectId
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from properties.models import PropertyDatasetPermission, PropertySheet
from properties.selectors.comparables import Comparable, Limits, find_arv
from properties.selectors.sheets import Deal, sheet_of
from properties.services import sheets
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory

dollars = st.integers(0, 1_000_000_000)


def comparable(price: int | None, per_foot: str | None) -> Comparable:
    row = PropertyDatasetPermission(property_id=str(ObjectId()))
    return Comparable(row, 0.5, price, Decimal(per_foot) if per_foot else None, is_pinned=True)


@given(dollars, st.integers(1, 150), dollars, dollars)
def test_the_offer_is_what_its_formula_says(arv, percent, repairs, fee):
    deal = Deal(own_arv=arv, pinned_arv=None, percent=percent, repairs=repairs, fee=fee)

    exact = Decimal(arv) * percent / 100
    assert abs(Decimal(deal.share) - exact) <= Decimal("0.5")
    assert deal.offer == deal.share - repairs - fee


@given(st.lists(st.decimals("0.01", 5000, places=2), min_size=1, max_size=20), st.integers(1, 100_000))
def test_the_value_after_repair_is_what_the_page_prints(prices, area):
    arv = find_arv([comparable(1, str(price)) for price in prices], area)

    printed, size = Decimal(f"{arv.price_per_square_foot}"), Decimal(f"{arv.area}")
    assert abs(Decimal(arv.value) - printed * size) <= Decimal("0.5")
    below = sum(price <= arv.price_per_square_foot + Decimal("0.01") for price in prices)
    above = sum(price >= arv.price_per_square_foot - Decimal("0.01") for price in prices)
    assert min(below, above) * 2 >= len(prices), "half of them lie on each side"


def test_comparables_without_a_price_are_left_out_and_counted():
    arv = find_arv([comparable(None, None), comparable(1, "200.00"), comparable(1, "210.00")], 1500)

    assert (arv.price_per_square_foot, arv.value, arv.left_out) == (Decimal("205.00"), 307_500, 1)
    assert find_arv([comparable(None, None)], 1500) is None
    assert find_arv([comparable(1, "200.00")], None) is None
    assert find_arv([], 1500) is None


def test_the_users_own_value_outweighs_that_of_the_pinned_ones():
    assert Deal(own_arv=100, pinned_arv=200, percent=50, repairs=0, fee=0).offer == 50
    assert Deal(own_arv=None, pinned_arv=200, percent=50, repairs=0, fee=0).offer == 100
    assert Deal(own_arv=None, pinned_arv=None, percent=50, repairs=0, fee=0).offer is None
    assert Deal(own_arv=0, pinned_arv=200, percent=50, repairs=7, fee=1).offer == -8


@pytest.fixture
def subject(alice, db):
    held = PropertyFactory.create()
    return PropertyDatasetPermissionFactory.create(
        user=alice, property_id=held.property_id, living_area_square_feet=1000
    )


@pytest.fixture
def near(alice, db):
    return PropertyDatasetPermissionFactory.create(user=alice, last_sale_price=200_000, living_area_square_feet=1000)


def save(subject, now, **figures):
    values = {"arv": None, "percent": 70, "repairs": 0, "fee": 0, "limits": Limits().as_values(), **figures}
    return sheets.save_sheet(user_id=subject.user_id, property_id=subject.property_id, now=now, **values)


def pin(subject, comparable_id, now):
    return sheets.pin_comparable(
        user_id=subject.user_id, property_id=subject.property_id, comparable_id=comparable_id, limits={}, now=now
    )


def test_a_sheet_is_kept_once_a_property_and_user(subject, bob, now):
    save(subject, now, repairs=1)
    save(subject, now, repairs=2, fee=3, arv=10)

    sheet = PropertySheet.objects.get(user_id=subject.user_id)
    assert (sheet.arv, sheet.percent, sheet.repairs, sheet.fee, sheet.pinned_ids) == (10, 70, 2, 3, [])
    assert (
        sheet_of(user_id=bob.pk, property_id=subject.property_id).pk is None
        or not PropertySheet.objects.filter(user=bob).exists()
    )


def test_pins_come_and_go_and_saving_figures_keeps_them(subject, near, now):
    pin(subject, near.property_id, now)
    pin(subject, near.property_id, now)
    save(subject, now, repairs=5)
    assert sheet_of(user_id=subject.user_id, property_id=subject.property_id).pinned_ids == [near.property_id]

    where = {"user_id": subject.user_id, "property_id": subject.property_id, "now": now}
    sheets.unpin_comparable(**where, comparable_id=near.property_id)
    sheets.unpin_comparable(**where, comparable_id="unheard of")
    assert sheet_of(user_id=subject.user_id, property_id=subject.property_id).pinned_ids == []


def test_only_what_the_user_owns_is_pinned_and_never_the_property_itself(subject, bob, now):
    his = PropertyDatasetPermissionFactory.create(user=bob)

    for refused in (his.property_id, "unheard of", subject.property_id):
        with pytest.raises(PropertyDatasetPermission.DoesNotExist):
            pin(subject, refused, now)
    assert not PropertySheet.objects.exists()


def test_no_more_than_twenty_are_pinned(subject, alice, now):
    rows = [PropertyDatasetPermissionFactory.create(user=alice) for _ in range(sheets.MOST_PINNED + 1)]
    for row in rows[:-1]:
        pin(subject, row.property_id, now)

    with pytest.raises(sheets.TooManyPinned):
        pin(subject, rows[-1].property_id, now)
    pin(subject, rows[0].property_id, now)  # is there already
    assert len(PropertySheet.objects.get().pinned_ids) == sheets.MOST_PINNED


def test_the_page_pins_saves_and_prints_the_sum(client, sign_in, alice, subject, near):
    hers = sign_in(client, alice)
    url = reverse("properties:save-sheet", args=[subject.property_id])
    pins = reverse("properties:pin-comparable", args=[subject.property_id])

    assert hers.post(pins, {"pin": near.property_id}).url == f"{subject.get_absolute_url()}#comparables"
    hers.post(url, {"arv": "", "percent": "70", "repairs": "30000", "fee": "5000"})

    html = hers.get(subject.get_absolute_url()).content.decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))
    assert "Median of 1 pinned: $200.00 per sq ft × 1,000 sq ft = $200,000 after repairs." in text
    assert "$200,000 × 70 % − $30,000 repairs − $5,000 fee = $105,000" in text

    hers.post(pins, {"unpin": near.property_id})
    assert PropertySheet.objects.get().pinned_ids == []
    assert hers.post(pins, {"pin": "unheard of"}).status_code == 404


def test_the_limits_that_were_compared_by_are_kept_with_the_sheet(client, sign_in, alice, subject):
    hers = sign_in(client, alice)
    url = reverse("properties:save-sheet", args=[subject.property_id])

    hers.post(
        url, {"arv": "", "percent": "70", "repairs": "0", "fee": "0", "miles": "2.5", "months": "24", "years": ""}
    )

    limits = PropertySheet.objects.get().limits
    assert limits == {
        "miles": 2.5, "bedrooms": None, "bathrooms": None, "area_percent": None, "years": None, "months": 24,
        "same_type": False,
    }  # fmt: skip
    assert "Yours within 2.5 mi, sold within 24 months" in hers.get(subject.get_absolute_url()).content.decode()


@pytest.mark.parametrize("wrong", [{"percent": "0"}, {"repairs": "-1"}, {"fee": "x"}, {"arv": "1e9"}, {"percent": ""}])
def test_figures_that_make_no_sense_are_refused_and_kept_in_the_form(client, sign_in, alice, subject, wrong):
    url = reverse("properties:save-sheet", args=[subject.property_id])
    answer = sign_in(client, alice).post(url, {"arv": "", "percent": "70", "repairs": "0", "fee": "0", **wrong})

    html = answer.content.decode()
    assert "<title>Error:" in html
    assert "Please check 1 thing" in html
    assert not PropertySheet.objects.exists()


def test_a_price_that_is_not_public_is_said_and_counted(client, sign_in, alice, subject, now):
    texan = PropertyDatasetPermissionFactory.create(user=alice, state="TX", living_area_square_feet=1000)
    pin(subject, texan.property_id, now)

    html = sign_in(client, alice).get(subject.get_absolute_url()).content.decode()

    assert "Not public" in html
    assert "The price of the pinned one is not public, so it gives no value." in html

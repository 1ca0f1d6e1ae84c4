"""What a unit costs: staff lower it at once and raise it after a notice, having seen what it does to prices."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from credits import services as credit_services
from credits.models import CreditWeight
from credits.pricing import current_weights, price_table, typical_prices
from tests.credits.conftest import NOW
from tests.factories import CreditWeightFactory

NOTICE = timedelta(days=30)


def set_weight(weight: str, *, now=NOW, credit_type="SKIPTRACE") -> CreditWeight:
    return credit_services.set_weight(credit_type=credit_type, weight=Decimal(weight), actor="user:sam", now=now)


def trace_weight(now) -> Decimal:
    return current_weights(now)["SKIPTRACE"]


def test_a_lower_weight_holds_at_once(db):
    set_weight("0.25")
    assert trace_weight(NOW) == Decimal("0.25")
    assert current_weights(NOW)["SEARCH"] == 1


def test_a_higher_weight_holds_after_thirty_days(alice, fund, quote_for):
    row = set_weight("0.75")
    assert (row.weight, row.next_weight, row.next_weight_from) == (0.5, 0.75, NOW + NOTICE)
    assert trace_weight(NOW + NOTICE - timedelta(seconds=1)) == Decimal("0.5")
    assert trace_weight(NOW + NOTICE) == Decimal("0.75")
    assert quote_for(alice.pk, SKIPTRACE=4, now=NOW + NOTICE - timedelta(seconds=1)).max_cost == 2
    assert quote_for(alice.pk, SKIPTRACE=4, now=NOW + NOTICE).max_cost == 3


def test_a_new_announcement_takes_the_place_of_an_open_one(db):
    set_weight("0.75")
    later = NOW + timedelta(days=20)
    row = set_weight("0.6", now=later)
    assert (row.weight, row.next_weight, row.next_weight_from) == (0.5, 0.6, later + NOTICE)
    assert trace_weight(NOW + NOTICE) == Decimal("0.5")


@pytest.mark.parametrize("weight", ["0.5", "0.4"])
def test_an_announcement_is_taken_back(db, weight):
    set_weight("0.75")
    row = set_weight(weight, now=NOW + timedelta(days=1))
    assert (row.weight, row.next_weight, row.next_weight_from) == (float(weight), None, None)
    assert trace_weight(NOW + 2 * NOTICE) == Decimal(weight)


def test_a_raise_that_is_due_is_what_the_next_one_starts_from(db):
    set_weight("0.75")
    row = set_weight("0.7", now=NOW + NOTICE)
    assert (row.weight, row.next_weight) == (0.7, None)
    assert trace_weight(NOW + NOTICE) == Decimal("0.7")


@pytest.mark.parametrize("weight", ["0", "-1", "0.00001", "1.00005", "nan", "inf", "1001"])
def test_what_is_no_price_is_refused(db, weight):
    with pytest.raises(ValueError, match="weight"):
        set_weight(weight)
    assert not CreditWeight.objects.exists()


def test_an_unknown_operation_is_refused(db):
    with pytest.raises(ValueError, match="operation"):
        set_weight("1", credit_type="DREAMS")


def test_a_weight_of_another_writer_is_read_and_set(db):
    collection_of(CreditWeight).insert_one({"creditType": "SKIPTRACE", "weight": 1})
    assert trace_weight(NOW) == 1
    assert set_weight("0.5").weight == 0.5


def test_the_price_table_tells_of_a_raise(db):
    row = set_weight("0.75", now=timezone.now())
    traces = [priced for priced in price_table().rows if priced.operation.credit_type == "SKIPTRACE"]
    assert {(priced.weight, priced.next_weight) for priced in traces} == {(Decimal("0.5"), Decimal("0.75"))}
    assert traces[0].next_weight_from == row.next_weight_from
    assert {priced.next_weight for priced in price_table({"SEARCH": Decimal(1), "SKIPTRACE": Decimal(1)}).rows} == {
        None
    }


def test_typical_jobs_are_priced_at_both_weights():
    prices = {
        price.job: (price.before, price.after) for price in typical_prices("SKIPTRACE", Decimal("0.5"), Decimal(1))
    }
    assert prices["Trace a list of 2,500"] == (1250, 2500)
    assert prices["Trace 1 contact"] == (1, 1)
    search = {price.job: price.after for price in typical_prices("SEARCH", Decimal(1), Decimal("1.5"))}
    assert search["Unlock 3 datasets of a property"] == 5


@pytest.fixture
def staff(client, sign_in, sam):
    return sign_in(client, sam)


def test_staff_see_what_a_weight_does_before_they_confirm_it(staff):
    stored = CreditWeightFactory.create(credit_type="SKIPTRACE", weight=0.5)
    page = reverse("admin:credits_creditweight_change", args=[stored.pk])
    asked = staff.post(page, {"weight": "0.8"})
    assert asked.status_code == 200
    assert "Trace a list of 2,500" in asked.text
    assert "1,250" in asked.text
    assert "2,000" in asked.text
    stored.refresh_from_db()
    assert (stored.weight, stored.next_weight) == (0.5, None)
    assert staff.post(page, {"weight": "0.8", "_confirmed": "1"}).status_code == 302
    stored.refresh_from_db()
    assert (stored.weight, stored.next_weight) == (0.5, 0.8)
    entry = LogEntry.objects.get(object_id=str(stored.pk))
    assert entry.get_change_message().startswith("Weight set to 0.5, to be 0.8")
    assert "0.8" in staff.get(reverse("admin:credits_creditweight_changelist")).text


def test_staff_set_the_weight_of_an_operation_that_has_its_default(staff):
    page = reverse("admin:credits_creditweight_add")
    form = {"credit_type": "SEARCH", "weight": "0.5"}
    assert "Unlock 3 datasets of a property" in staff.post(page, form).text
    assert staff.post(page, form | {"_confirmed": "1"}).status_code == 302
    assert current_weights()["SEARCH"] == Decimal("0.5")
    assert CreditWeight.objects.count() == 1


def test_a_wrong_weight_is_neither_shown_nor_set(staff):
    stored = CreditWeightFactory.create(credit_type="SKIPTRACE", weight=0.5)
    page = reverse("admin:credits_creditweight_change", args=[stored.pk])
    for form in ({"weight": "0"}, {"weight": "0", "_confirmed": "1"}):
        assert "weight" in staff.post(page, form).context["adminform"].form.errors
    stored.refresh_from_db()
    assert stored.weight == 0.5


def test_support_sets_no_weight(client, sign_in, uma):
    stored = CreditWeightFactory.create(credit_type="SKIPTRACE", weight=0.5)
    page = reverse("admin:credits_creditweight_change", args=[stored.pk])
    browser = sign_in(client, uma)
    for form in ({"weight": "0.1"}, {"weight": "0.1", "_confirmed": "1"}):
        assert browser.post(page, form).status_code == 403
    stored.refresh_from_db()
    assert stored.weight == 0.5

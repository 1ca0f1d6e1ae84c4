"""No release goes out while Chargebee offers credits below what they cost."""

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.checks import run_checks
from django.core.management import call_command, load_command_class
from django.core.management.base import SystemCheckError
from django.db import connection

from atlas_site.lib.home import PROJECT_ROOT
from atlas_site.management.processes import pick_free_port
from billing.models import Offer
from tests.factories import CreditWeightFactory, OfferFactory

LOSING = {"price_cents": 1_900, "credits": 100}  # 19 cents a credit, and what it buys costs 19.6


def found() -> list[str]:
    """Return the ids of what the checks of billing say."""
    return [message.id for message in run_checks(tags=["billing"])]


def run(*command: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a command of this project on the test's database."""
    address = urlsplit(os.environ["MONGODB_URI"])
    uri = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    env = {**os.environ, "MONGODB_URI": uri, **environment}
    return subprocess.run(
        [sys.executable, *command], cwd=PROJECT_ROOT, env=env, capture_output=True, text=True, timeout=150, check=False
    )


@pytest.mark.parametrize(
    ("offer", "is_refused"),
    [
        ({"price_cents": 1_959, "credits": 100}, True),
        ({"price_cents": 1_960, "credits": 100}, False),
        ({"kind": "plan", "period_unit": "month", "price_cents": 3_919, "credits": 200}, True),
        ({"kind": "plan", "period_unit": "month", "price_cents": 3_920, "credits": 200}, False),
        ({"kind": "plan", "period_unit": "year", "price_cents": 47_039, "credits": 200}, True),
        ({"kind": "plan", "period_unit": "year", "price_cents": 47_040, "credits": 200}, False),
        ({"price_cents": 0, "credits": 1}, True),
    ],
)
def test_an_offer_is_refused_below_the_least_price_and_not_at_it(db, offer, is_refused):
    OfferFactory(**offer)
    assert found() == (["billing.E001"] if is_refused else [])


def test_the_error_names_the_offer_its_price_and_the_least(db):
    OfferFactory(id="pack-cheap", name="Cheap pack", **LOSING)
    (error,) = run_checks(tags=["billing"])
    assert "pack-cheap (Cheap pack)" in error.msg
    assert "19 cents" in error.msg
    assert "19.6 cents" in error.msg
    assert "copy_offers" in error.hint


def test_an_offer_is_judged_whether_or_not_atlas_sells_it(db):
    OfferFactory(is_sold=False, refused_because="Below cost", **LOSING)
    assert found() == ["billing.E001"]


def test_what_chargebee_no_longer_offers_stops_nobody(db):
    OfferFactory(is_sold=False, **LOSING)
    assert found() == []


def test_a_lower_weight_or_a_higher_margin_makes_the_same_price_too_low(db, settings):
    OfferFactory(price_cents=2_000, credits=100)
    assert found() == []
    settings.CREDIT_MARGIN = settings.CREDIT_MARGIN + 1
    assert found() == ["billing.E001"]
    settings.CREDIT_MARGIN = settings.CREDIT_MARGIN - 1
    CreditWeightFactory(credit_type="SKIPTRACE", weight=0.4)
    assert found() == ["billing.E001"]


def test_a_weight_of_zero_is_an_error_of_its_own(db):
    CreditWeightFactory(credit_type="SKIPTRACE", weight=0.00001)
    assert found() == []  # nothing is offered yet
    OfferFactory()
    assert found() == ["billing.E002"]


def test_every_offer_below_cost_is_named(db):
    losing = {OfferFactory(**LOSING).pk for _ in range(3)}
    OfferFactory()
    messages = [message.msg for message in run_checks(tags=["billing"])]
    assert len(messages) == 3
    assert {message.split(" ")[0] for message in messages} == losing


def test_the_command_that_mends_asks_for_no_check():
    assert load_command_class("atlas_site", "copy_offers").requires_system_checks == []


def test_manage_check_and_other_commands_refuse(db):
    OfferFactory(**LOSING)
    with pytest.raises(SystemCheckError, match=r"billing\.E001"):
        call_command("check")
    with pytest.raises(SystemCheckError, match=r"billing\.E001"):
        call_command("verify_books", skip_checks=False)
    Offer.objects.update(price_cents=2_900)
    call_command("check")


def test_a_release_is_refused_and_neither_the_web_server_nor_the_command_that_mends_is(db, site):
    offer = OfferFactory(id="pack-cheap", **LOSING)
    refused = run("manage.py", "check", "--deploy")
    assert refused.returncode != 0
    assert f"{offer.pk} ({offer.name}) sells a credit for 19 cents" in refused.stderr
    assert run("-c", "import atlas_site.wsgi").returncode == 0
    call_command("copy_offers")  # Chargebee does not know it, so it is not offered any more
    assert found() == []


def test_an_empty_database_is_migrated(db):
    connection.get_database()  # the test's own, which is empty of offers
    assert found() == []
    call_command("migrate", check_unapplied=True, skip_checks=False)  # which ends with an error if any is unapplied


def test_without_mongodb_there_is_a_warning_and_no_error():
    nowhere = f"mongodb://127.0.0.1:{pick_free_port()}/atlas?replicaSet=rs0&serverSelectionTimeoutMS=500"
    ended = run("manage.py", "check", MONGODB_URI=nowhere)
    assert ended.returncode == 0, ended.stderr
    assert "billing.W001" in ended.stderr

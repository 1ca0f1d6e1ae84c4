"""The pages of credits: balance, statement, and a quote in each of its states."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from credits import selectors
from credits import services as credit_services
from credits.models import Credit, Quote
from tests.credits.ledgers import SCRIPT, spend
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def show(client, quote):
    return client.get(f"/quotes/{quote.id}/")


def test_an_offer_says_what_it_costs_and_what_is_left(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=10)
    page = show(as_alice, quote_for(alice.pk, SEARCH=4, now=now)).content.decode()
    assert "Accept: at most 4 credits" in page
    assert "Afterwards it is <strong>6 credits</strong> or more" in page
    assert "csrfmiddlewaretoken" in page


def test_a_prepaid_half_is_said_in_words(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=10)
    first = quote_for(alice.pk, SKIPTRACE=1, now=now)
    credit_services.accept_quote(quote_id=first.id, user_id=alice.pk, now=now)
    credit_services.capture(quote_id=first.id, step="1", units={"SKIPTRACE": 1}, reason="Batch 1", now=now)
    credit_services.release(quote_id=first.id, now=now)
    page = show(as_alice, quote_for(alice.pk, SKIPTRACE=1, now=now)).content.decode()
    assert "Half a credit is left from last time" in page
    assert "Accept: free" in page
    assert "Half a credit is kept" in show(as_alice, first).content.decode()
    assert "half a credit is left over" in as_alice.get("/credits/").content.decode()


def test_an_offer_that_would_cost_more_by_now_leads_to_a_new_one(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=10)
    first = quote_for(alice.pk, SKIPTRACE=1, now=now)
    credit_services.accept_quote(quote_id=first.id, user_id=alice.pk, now=now)
    credit_services.capture(quote_id=first.id, step="1", units={"SKIPTRACE": 1}, reason="Batch 1", now=now)
    credit_services.release(quote_id=first.id, now=now)
    free, other = quote_for(alice.pk, SKIPTRACE=1, now=now), quote_for(alice.pk, SKIPTRACE=1, now=now)
    credit_services.accept_quote(quote_id=other.id, user_id=alice.pk, now=now)

    page = show(as_alice, free).content.decode()

    assert "Quote the same again" in page
    assert "Accept" not in page


def test_too_few_credits_say_what_is_missing_and_what_fits(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=3)
    page = show(as_alice, quote_for(alice.pk, SEARCH=5, now=now)).content.decode()
    assert "2 credits too few" in page
    assert "The first 3 would fit" in page
    assert 'href="/search/?q=Phoenix"' in page


def test_an_expired_offer_leads_to_a_new_one(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=10)
    page = show(as_alice, quote_for(alice.pk, SEARCH=5, now=now - timedelta(minutes=15))).content.decode()
    assert "This offer is over" in page
    assert "Quote the same again" in page
    assert 'href="/search/?q=Phoenix"' in page
    assert "/accept/" not in page.partition("<main")[2].partition("</main>")[0]


def test_a_running_quote_leads_to_its_job(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=5, now=now)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, job_id="0123456789abcdef01234567", now=now)
    page = show(as_alice, quote).content.decode()
    assert "5 credits held, 0 credits charged so far" in page
    assert 'href="/jobs/0123456789abcdef01234567/"' in page


def test_a_receipt_says_what_was_not_charged_and_why_and_leads_to_the_ledger(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=5, now=now)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=now)
    credit_services.capture(quote_id=quote.id, step="1", units={"SEARCH": 2}, reason="Page 1", now=now)
    reasons = [{"why": "already yours", "count": 2}, {"why": "not found", "count": 1}]
    credit_services.release(quote_id=quote.id, not_charged=reasons, now=now)
    page = show(as_alice, quote).content.decode()
    for text in ("5 credits", "3 credits", "already yours", "not found", "2 credits", "/credits/entries/4/"):
        assert text in page
    statement = as_alice.get("/credits/").content.decode()
    assert 'id="entry-4"' in statement
    assert f'href="/quotes/{quote.id}/"' in statement


def test_another_users_quote_is_as_if_it_did_not_exist(as_alice, bob, quote_for, now):
    quote = quote_for(bob.pk, SEARCH=1, now=now)
    theirs, missing = show(as_alice, quote), as_alice.get(f"/quotes/{'0' * 32}/")
    assert (theirs.status_code, missing.status_code) == (404, 404)
    # The address asked for and the form token are the reader's own.
    own = re.compile(rf'value="[\w-]{{64}}"|{quote.id}|{"0" * 32}')
    assert own.sub("", theirs.content.decode()) == own.sub("", missing.content.decode())


def test_the_statement_pages_by_number(alice, fund):
    for _ in range(60):
        fund(alice.pk, purchased=1)
    wallet = Credit.objects.get(user_id=alice.pk)
    first = selectors.statement_page(wallet=wallet)
    second = selectors.statement_page(wallet=wallet, before=first.older)
    third = selectors.statement_page(wallet=wallet, before=second.older)
    numbers = [line.sequence for page in (first, second, third) for line in page.lines]
    assert numbers == list(range(60, 0, -1))
    assert (first.newer, third.older) == (None, None)
    assert selectors.statement_page(wallet=wallet, before=third.newer) == second
    assert [line.balance for line in third.lines] == list(range(10, 0, -1))


@pytest.mark.parametrize("before", ["-1", "x", "²", "9" * 40, "0", ""])
def test_any_page_number_is_answered(as_alice, alice, fund, before):
    fund(alice.pk, purchased=1)
    assert as_alice.get("/credits/", {"before": before}).status_code == 200


def test_a_new_user_sees_an_empty_statement_and_the_prices(client, carol):
    client.force_login(carol)
    page = client.get("/credits/").content.decode()
    assert "Nothing here yet" in page
    assert "Skip-trace a contact" in client.get("/credits/prices/").content.decode()


def words_of(response):
    """What a page says, without its markup."""
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def test_a_changed_weight_is_the_price_everywhere(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=100)
    owned = PropertyDatasetPermissionFactory.create(user=alice, property_id=PropertyFactory.create().property_id)
    # Raises that were announced longer ago than the notice, so that they are in force.
    announced = now - settings.WEIGHT_RAISE_NOTICE - timedelta(days=1)
    for credit_type, weight in (("SEARCH", "3"), ("SKIPTRACE", "1.75")):
        credit_services.set_weight(credit_type=credit_type, weight=Decimal(weight), actor="sam", now=announced)

    prices = words_of(as_alice.get("/credits/prices/"))
    for row in ("Reveal a property from a search a property 3 300 ", "Skip-trace a contact a contact 1.75 175 "):
        assert row in prices
    assert "Trace 1,000 contacts 1,750" in prices
    assert "Reveal 100 properties 300" in prices

    page = as_alice.get(f"/properties/{owned.property_id}/")
    costs = dict(re.findall(r'name="datasets" value="(\w+)" data-price="(\d+)"', page.content.decode()))
    assert costs.pop("CONTACT") == "2"
    assert set(costs.values()) == {"3"}
    assert "at most 3 credits" in words_of(page)

    quote = quote_for(alice.pk, SEARCH=2, SKIPTRACE=9, now=now)
    offer = words_of(show(as_alice, quote))
    assert "2 × 3 credits 6 credits" in offer
    assert "9 × 1.75 credits 16 credits" in offer
    assert "Accept: at most 22 credits" in offer

    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=now)
    hits = {"SEARCH": 1, "SKIPTRACE": 5}
    credit_services.capture(quote_id=quote.id, step="1", units=hits, reason="Batch 1", now=now)
    credit_services.release(quote_id=quote.id, now=now)
    assert "Charged 12 credits" in words_of(show(as_alice, quote))
    statement = words_of(as_alice.get("/credits/"))
    assert "Charged: 12 credits" in statement
    assert "Skip trace: a quarter of a credit is left over" in statement
    assert "Property data 3 credits Skip trace 9 credits" in words_of(as_alice.get("/credits/entries/3/"))
    assert "Property data 3 credits Skip trace 9 credits" in words_of(as_alice.get("/credits/usage/"))


def test_a_raise_is_announced_with_its_day_and_not_charged_before(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=100)
    credit_services.set_weight(credit_type="SEARCH", weight=Decimal("1.5"), actor="s", now=now)
    prices = words_of(as_alice.get("/credits/prices/"))
    starts = date_format(timezone.localtime(now + settings.WEIGHT_RAISE_NOTICE), "M j, Y")
    assert f"Reveal a property from a search a property 1 1.5 from {starts} 100 " in prices
    assert "Reveal 100 properties 100 then 150" in prices
    assert quote_for(alice.pk, SEARCH=10, now=now).max_cost == 10


# ---------------------------------------------------------------- the page of credits


def test_both_buckets_and_what_is_held_are_shown(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=7)
    period = {"started_at": now - timedelta(days=3), "ends_at": now + timedelta(days=27)}
    credit_services.reset_period(user_id=alice.pk, subscription_id=f"s{alice.pk}", amount=20, now=now, **period)
    quote = quote_for(alice.pk, SEARCH=5, now=now)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=now)
    page = words_of(as_alice.get("/credits/"))
    ends = date_format(timezone.localtime(period["ends_at"]), "M j, Y")
    assert f"Can be spent 22 credits Subscription 15 credits Until {ends} Purchased 7 credits" in page
    assert "Held 5 credits" in page


def test_frozen_credits_are_said_to_be_frozen_and_do_not_count(as_alice, alice, fund, now):
    fund(alice.pk, purchased=7, subscription=20)
    credit_services.set_subscription_frozen(user_id=alice.pk, frozen=True, now=now)
    response = as_alice.get("/credits/")
    page = words_of(response)
    assert "20 credits of your plan are frozen" in page
    assert "Can be spent 7 credits Subscription 20 credits Frozen" in page
    assert "<span>7 credits</span></a>" in response.content.decode()  # the header


def test_welcome_credits_say_when_they_lapse(as_alice, alice, now):
    credit_services.claim_welcome_credits(user_id=alice.pk, email=alice.email, phone=None, now=now)
    wallet = Credit.objects.get(user_id=alice.pk)
    lapses = date_format(timezone.localtime(wallet.lapses_at), "M j, Y")
    assert f"Welcome credits, until {lapses}" in words_of(as_alice.get("/credits/"))


def test_a_debt_is_said_and_how_it_ends(as_alice, alice, fund, now):
    fund(alice.pk, purchased=5)
    credit_services.claw_back(user_id=alice.pk, amount=12, refund_id=str(alice.pk), reason="Refund", now=now)
    page = words_of(as_alice.get("/credits/"))
    assert "7 credits of a refunded purchase had been spent or held already" in page
    assert "Owed 7 credits" in page


@pytest.mark.parametrize(
    ("spent", "says"), [(79, None), (80, "20% or less of what last came in"), (100, "No credits are left to spend")]
)
def test_few_credits_are_said_at_a_fifth_and_at_nothing(as_alice, alice, fund, now, spent, says):
    fund(alice.pk, purchased=100)
    spend(alice.pk, hits=spent, units=spent, now=now)
    page = words_of(as_alice.get("/credits/"))
    notes = ("or less of what last came in", "No credits are left to spend")
    assert [note in page for note in notes] == [says is not None and note in says for note in notes]


def test_one_switch_stops_all_automatic_spending_and_allows_it_again(as_alice, alice, fund):
    fund(alice.pk, purchased=5)
    assert "Automatic spending: allowed" in words_of(as_alice.get("/credits/"))

    answer = as_alice.post("/credits/automatic-spending/", {"stopped": "yes"}, follow=True)
    page = words_of(answer)
    assert "Automatic spending: stopped" in page
    assert "no watched search reveals or refreshes anything by itself" in page
    assert "no credits are bought by auto top-up" in page
    assert Credit.objects.get(user_id=alice.pk).automatic_spending_stopped

    as_alice.post("/credits/automatic-spending/", {"stopped": "no"})
    assert "Automatic spending: allowed" in words_of(as_alice.get("/credits/"))
    assert not Credit.objects.get(user_id=alice.pk).automatic_spending_stopped


@pytest.mark.parametrize("data", [{}, {"stopped": ""}, {"stopped": "maybe"}])
def test_an_unclear_answer_changes_nothing(as_alice, alice, fund, now, data):
    fund(alice.pk, purchased=5)
    credit_services.set_automatic_spending(user_id=alice.pk, stopped=True, now=now)
    assert as_alice.post("/credits/automatic-spending/", data).status_code == 302
    assert Credit.objects.get(user_id=alice.pk).automatic_spending_stopped


def test_somebody_without_a_wallet_can_stop_it_too(client, carol):
    client.force_login(carol)
    answer = client.post("/credits/automatic-spending/", {"stopped": "yes"}, follow=True)
    assert "Automatic spending: stopped" in words_of(answer)
    assert Credit.objects.get(user_id=carol.pk).automatic_spending_stopped


def test_the_switch_is_no_link(as_alice):
    assert as_alice.get("/credits/automatic-spending/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = as_alice.cookies
    assert strict.post("/credits/automatic-spending/", {"stopped": "yes"}).status_code == 403


def test_too_few_credits_lead_to_plans_and_back(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=3)
    quote = quote_for(alice.pk, SEARCH=5, now=now)
    assert f'href="/billing/plans/?next=/quotes/{quote.id}/"' in show(as_alice, quote).content.decode()


def test_a_quote_says_how_many_credits_are_frozen(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=3, subscription=20)
    credit_services.set_subscription_frozen(user_id=alice.pk, frozen=True, now=now)
    page = words_of(show(as_alice, quote_for(alice.pk, SEARCH=5, now=now)))
    assert "2 credits too few" in page
    assert "you have 3 credits to spend; 20 more are frozen with your plan" in page


def test_a_quote_that_a_debt_stops_leads_to_what_pays_it(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=3)
    credit_services.claw_back(user_id=alice.pk, amount=9, refund_id=str(alice.pk), reason="Refund", now=now)
    quote = quote_for(alice.pk, SEARCH=5, now=now)
    assert f'href="/billing/plans/?next=/quotes/{quote.id}/"' in show(as_alice, quote).content.decode()


def test_the_script_that_checks_a_ledger_can_be_had_from_the_page(as_alice, alice, fund):
    fund(alice.pk, purchased=3)
    page = as_alice.get("/credits/").content.decode()
    assert 'href="/credits/ledger.jsonl"' in page
    assert 'href="/credits/verify_ledger.py"' in page
    script = b"".join(as_alice.get("/credits/verify_ledger.py").streaming_content)
    assert script == SCRIPT.read_bytes()


PAGES = ["/credits/", "/credits/usage/", "/credits/receipts/", "/credits/prices/", "/credits/entries/1/", "/quotes/x/"]


@pytest.mark.parametrize("address", PAGES)
def test_visitors_are_sent_to_sign_in(client, db, address):
    assert client.get(address).headers["Location"].startswith("/accounts/login/")


def test_a_quote_answers_to_no_post(as_alice, alice, quote_for, now):
    quote = quote_for(alice.pk, now=now)
    assert as_alice.post(f"/quotes/{quote.id}/").status_code == 405
    assert Quote.objects.get(pk=quote.id).status == "offered"

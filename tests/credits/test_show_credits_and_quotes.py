"""The pages of credits: balance, statement, and a quote in each of its states."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from credits import selectors
from credits import services as credit_services
from credits.models import Credit, CreditType, CreditWeight, Quote


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

    assert "Make a new quote" in page
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
    assert "Make a new quote" in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]


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


def test_a_changed_weight_is_the_price_everywhere(as_alice, alice, fund, quote_for, now):
    fund(alice.pk, purchased=100)
    CreditWeight.objects.create(credit_type=CreditType.SKIPTRACE, weight=0.75)
    quote = quote_for(alice.pk, SKIPTRACE=10, now=now)
    assert quote.max_cost == 8
    assert "0.75" in show(as_alice, quote).content.decode()
    assert "0.75" in as_alice.get("/credits/prices/").content.decode()


@pytest.mark.parametrize("address", ["/credits/", "/quotes/x/"])
def test_visitors_are_sent_to_sign_in(client, db, address):
    assert client.get(address).headers["Location"].startswith("/accounts/login/")


def test_a_quote_answers_to_no_post(as_alice, alice, quote_for, now):
    quote = quote_for(alice.pk, now=now)
    assert as_alice.post(f"/quotes/{quote.id}/").status_code == 405
    assert Quote.objects.get(pk=quote.id).status == "offered"

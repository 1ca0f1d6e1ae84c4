"""The statement narrowed by its address, page by page, its entries one by one, and the balance at past moments."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from bson import ObjectId
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from credits import selectors
from credits import services as credit_services
from credits.forms import MomentForm, StatementForm
from credits.models import Credit, CreditLog
from credits.selectors import StatementFilter
from tests.credits.conftest import NOW
from tests.credits.ledgers import spend, write_history


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def numbers(wallet, only, before=None):
    return [line.sequence for line in selectors.statement_page(wallet=wallet, only=only, before=before).lines]


def entries_of(user):
    return list(CreditLog.objects.filter(credit__user_id=user.pk).order_by("-sequence"))


FILTERS = {
    "kind": (StatementFilter(kind="capture"), lambda entry: entry.kind == "capture"),
    "type": (StatementFilter(credit_type="SKIPTRACE"), lambda entry: entry.by_type.get("SKIPTRACE")),
    "subscription": (StatementFilter(bucket="subscription"), lambda entry: entry.subscription_change),
    "purchased": (StatementFilter(bucket="purchased"), lambda entry: entry.purchased_change),
    "held": (StatementFilter(bucket="held"), lambda entry: entry.reserved_change),
    "since": (StatementFilter(since=date(2026, 11, 20)), lambda entry: entry.timestamp.date() >= date(2026, 11, 20)),
    "until": (StatementFilter(until=date(2026, 11, 20)), lambda entry: entry.timestamp.date() <= date(2026, 11, 20)),
    "one day": (
        StatementFilter(since=date(2026, 11, 20), until=date(2026, 11, 20)),
        lambda entry: entry.timestamp.date() == date(2026, 11, 20),
    ),
    "text": (StatementFilter(text="PAGE"), lambda entry: "page" in entry.reason.lower()),
    "two at once": (
        StatementFilter(kind="reserve", bucket="subscription"),
        lambda entry: entry.kind == "reserve" and entry.subscription_change,
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_leaves_exactly_the_entries_that_fit(alice, name):
    write_history(alice.pk)
    only, fits = FILTERS[name]
    expected = [entry.sequence for entry in entries_of(alice) if fits(entry)]
    assert 0 < len(expected) < len(entries_of(alice))
    assert numbers(Credit.objects.get(user_id=alice.pk), only) == expected


@pytest.mark.parametrize("text", [".*", "(", "$", "[a-z]", "\\d", "„Groß"])
def test_what_is_looked_for_is_a_text_and_no_pattern(alice, text):
    write_history(alice.pk)
    expected = [entry.sequence for entry in entries_of(alice) if text in entry.reason]
    assert numbers(Credit.objects.get(user_id=alice.pk), StatementFilter(text=text)) == expected


def test_a_filtered_statement_pages_by_number_in_both_directions(alice, fund):
    fund(alice.pk, purchased=300)
    for _ in range(40):
        spend(alice.pk, hits=1, units=2)
    wallet, only = Credit.objects.get(user_id=alice.pk), StatementFilter(kind="capture")
    first = selectors.statement_page(wallet=wallet, only=only)
    second = selectors.statement_page(wallet=wallet, only=only, before=first.older)
    seen = [line.sequence for page in (first, second) for line in page.lines]
    assert seen == [entry.sequence for entry in entries_of(alice) if entry.kind == "capture"]
    assert len(seen) == 40
    assert (first.newer, second.older) == (None, None)
    assert selectors.statement_page(wallet=wallet, only=only, before=second.newer).lines == first.lines


def test_the_last_page_of_exactly_25_has_no_older_one(alice, fund):
    for _ in range(25):
        wallet = fund(alice.pk, purchased=1)
    assert selectors.statement_page(wallet=wallet).older is None
    assert fund(alice.pk, purchased=1).sequence == 26
    assert selectors.statement_page(wallet=Credit.objects.get(user_id=alice.pk)).older == 2


def test_the_address_holds_the_filter_and_its_pages_keep_it(as_alice, alice, fund):
    for _ in range(30):
        fund(alice.pk, purchased=1)
    page = as_alice.get("/credits/?kind=grant&text=test&since=2026-11-01&junk=1").content.decode()
    assert "?kind=grant&amp;since=2026-11-01&amp;text=test&amp;before=6#statement" in page
    assert "/credits/statement.csv?kind=grant&amp;since=2026-11-01&amp;text=test" in page
    older = as_alice.get("/credits/?kind=grant&since=2026-11-01&text=test&before=6").content.decode()
    assert 'id="entry-5"' in older
    assert 'id="entry-6"' not in older


@pytest.mark.parametrize(
    "query",
    [
        *("kind=nonsense", "type=x", "bucket=%24gt", "since=yesterday", "until=2026-13-40", "since=0001-01-01"),
        *("until=9999-12-31", "text=%00", "text=" + "x" * 5000, "at=0001-01-01T00:00", "at=9999-12-31T23:59"),
        *("at=soon", "kind=grant&kind=capture", "kind[$ne]=grant"),
    ],
)
def test_what_cannot_be_read_is_left_out_of_the_filter(as_alice, alice, fund, query):
    alice.time_zone = "Pacific/Kiritimati"
    alice.save()
    fund(alice.pk, purchased=1)
    assert as_alice.get(f"/credits/?{query}").status_code == 200
    assert as_alice.get(f"/credits/statement.csv?{query}").status_code == 200


def test_a_filter_that_nothing_fits_says_so_and_leads_back(as_alice, alice, fund):
    fund(alice.pk, purchased=1)
    page = as_alice.get("/credits/?kind=lapse").content.decode()
    assert "No entry fits" in page
    assert "Show everything" in page


def test_days_are_those_of_the_reader(alice, fund):
    for hour in (5, 6, 7, 8):  # midnight in Phoenix is 7:00 UTC
        fund(alice.pk, purchased=1, now=datetime(2026, 11, 20, hour, 0, tzinfo=UTC))
    wallet = Credit.objects.get(user_id=alice.pk)
    with timezone.override("America/Phoenix"):
        assert numbers(wallet, StatementFilter(since=date(2026, 11, 20))) == [4, 3]
        assert numbers(wallet, StatementFilter(until=date(2026, 11, 19))) == [2, 1]
    assert numbers(wallet, StatementFilter(until=date(2026, 11, 19))) == []


def test_the_form_and_the_address_say_the_same():
    asked = {"kind": "grant", "type": "SEARCH", "bucket": "held", "since": "2026-11-01", "until": "2026-11-02"}
    assert StatementForm({**asked, "text": "a&b"}).filter.params() == {**asked, "text": "a&b"}
    assert not StatementForm({}).filter
    assert StatementForm({"kind": "x", "text": "y"}).filter == StatementFilter(text="y")


# ---------------------------------------------------------------- causes and single entries


def test_an_entry_is_linked_to_a_quote_until_there_is_a_receipt(as_alice, alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=2)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    link = f'<a href="/quotes/{quote.id}/">'
    page = as_alice.get("/credits/").content.decode()
    assert f"{link}Quote</a>" in page
    assert f"{link}Receipt</a>" not in page
    credit_services.release(quote_id=quote.id, now=NOW)
    page = as_alice.get("/credits/").content.decode()
    assert page.count(f"{link}Receipt</a>") == 2
    assert f"{link}Quote</a>" not in page


def test_a_page_of_entries_asks_for_their_quotes_once(alice, fund, django_assert_max_num_queries):
    fund(alice.pk, purchased=100)
    for _ in range(8):
        spend(alice.pk)
    wallet = Credit.objects.get(user_id=alice.pk)
    with django_assert_max_num_queries(2):
        page = selectors.statement_page(wallet=wallet)
    assert len({line.cause for line in page.lines}) > 8


def test_an_entry_shows_every_balance_before_and_after(as_alice, alice, fund):
    fund(alice.pk, purchased=5, subscription=4)
    spend(alice.pk, hits=2, units=6)
    entries = {entry.kind: entry for entry in entries_of(alice)}
    page = selectors.entry_page(user=alice, sequence=entries["reserve"].sequence)
    figures = {balance.label: (balance.before, balance.change, balance.after) for balance in page.balances}
    assert figures == {
        "Available": (9, -6, 3),
        "Subscription credits": (4, -4, 0),
        "Purchased credits": (5, -2, 3),
        "Held": (0, 6, 6),
        "Owed": (0, 0, 0),
    }
    shown = as_alice.get(f"/credits/entries/{entries['capture'].sequence}/").content.decode()
    for text in (entries["capture"].hash, entries["capture"].previous_hash, entries["capture"].key, "Charged: 2"):
        assert text in shown
    assert page.actor == "you"


def test_a_correction_and_what_it_corrects_lead_to_each_other(as_alice, alice, fund):
    fund(alice.pk, purchased=5)
    wrong = entries_of(alice)[0]
    credit_services.adjust(
        user_id=alice.pk,
        amount=-2,
        bucket="purchased",
        adjustment_id=str(ObjectId()),
        reason="Two too many",
        actor="staff:sam@example.test",
        now=NOW,
        corrects=wrong.key,
    )
    assert 'href="/credits/entries/2/">Entry 2<' in as_alice.get("/credits/entries/1/").content.decode()
    correction = as_alice.get("/credits/entries/2/").content.decode()
    assert 'href="/credits/entries/1/">Entry 1<' in correction
    assert "staff:sam@example.test" in correction


@pytest.mark.parametrize("number", ["0", "3", "999999999999999999999999"])
def test_a_number_without_an_entry_is_not_found(as_alice, alice, bob, fund, number):
    fund(alice.pk, purchased=1)
    fund(alice.pk, purchased=1)
    for _ in range(3):
        fund(bob.pk, purchased=1)
    assert as_alice.get(f"/credits/entries/{number}/").status_code == 404


# ---------------------------------------------------------------- the balance at a moment


def test_the_balance_at_any_moment_is_that_after_the_last_entry_until_then(alice):
    write_history(alice.pk)
    entries = sorted(entries_of(alice), key=lambda entry: entry.sequence)
    wallet = Credit.objects.get(user_id=alice.pk)
    rng = random.Random(5)
    moments = [NOW - timedelta(seconds=rng.randint(0, 45 * 86_400)) for _ in range(60)]
    moments += [entry.timestamp + timedelta(milliseconds=shift) for entry in entries for shift in (-1, 0, 1)]
    for moment in moments:
        until = [entry for entry in entries if entry.timestamp <= moment]
        balance = selectors.balance_at(wallet_id=wallet.pk, at=moment, now=NOW + timedelta(days=1))
        folded = {
            "subscription": sum(entry.subscription_change for entry in until),
            "purchased": sum(entry.purchased_change for entry in until),
            "reserved": sum(entry.reserved_change for entry in until),
            "debt": sum(entry.debt_change for entry in until),
        }
        assert {name: getattr(balance, name) for name in folded} == folded
        assert balance.available == folded["subscription"] + folded["purchased"]
        assert not balance.is_now


def test_before_the_first_entry_there_was_nothing_and_the_future_is_now(alice, fund):
    wallet = fund(alice.pk, purchased=5)
    before = selectors.balance_at(wallet_id=wallet.pk, at=NOW - timedelta(microseconds=1000), now=NOW)
    after = selectors.balance_at(wallet_id=wallet.pk, at=NOW + timedelta(days=400), now=NOW)
    assert (before.available, before.entry) == (0, None)
    assert (after.available, after.is_now, after.at) == (5, True, NOW)


def test_entries_without_a_number_have_no_part_in_it(alice, fund):
    wallet = fund(alice.pk, purchased=5)
    collection_of(CreditLog).insert_one(
        {"creditId": wallet.pk, "creditBefore": 0, "creditAfter": 70, "changeAmount": 70, "timestamp": NOW}
    )
    balance = selectors.balance_at(wallet_id=wallet.pk, at=NOW, now=NOW + timedelta(days=1))
    assert balance.available == 5


def test_a_moment_is_read_and_written_in_the_readers_zone(as_alice, alice, fund):
    alice.time_zone = "America/Phoenix"
    alice.save()
    fund(alice.pk, purchased=5, now=datetime(2026, 11, 1, 19, 30, tzinfo=UTC))
    early = as_alice.get("/credits/?at=2026-11-01T12:00").content.decode()
    late = as_alice.get("/credits/?at=2026-11-01T12:30").content.decode()
    assert "<strong>0 credits</strong>" in early
    assert "before the first entry of your ledger" in early
    assert "<strong>5 credits</strong>" in late
    assert "(America/Phoenix)" in late
    assert "Nov 1, 2026, 12:30 PM" in late


def test_a_zone_that_nobody_knows_is_read_as_none(as_alice, alice, fund):
    alice.time_zone = "Mars/Olympus"
    alice.save()
    fund(alice.pk, purchased=5)
    assert "Times are those of UTC" in as_alice.get("/credits/").content.decode()


def test_a_moment_that_cannot_be_read_says_so(as_alice, alice, fund):
    fund(alice.pk, purchased=5)
    assert "Enter a valid date/time" in as_alice.get("/credits/?at=soon").content.decode()
    assert MomentForm({"at": "soon"}).moment is None

"""What was charged by day, type and source, how fast, and the pages that show it."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from credits import selectors
from credits import services as credit_services
from credits.charts import usage_chart
from credits.models import Credit, CreditLog, CreditType
from tests.credits.conftest import NOW
from tests.credits.ledgers import spend

DAY = timedelta(days=1)


def source(kind, number, label):
    return credit_services.QuoteSource(kind=kind, id=str(number), label=label, url=f"/{kind}/{number}/")


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def busy(alice, fund):
    """Alice's wallet after some days of work, a hundred days old."""
    fund(alice.pk, purchased=500, now=NOW - 100 * DAY)
    search, leads, home = source("search", 1, "Phoenix, AZ"), source("list", 7, "Tired landlords"), None
    spend(alice.pk, hits=3, units=9, now=NOW - 60 * DAY, source=search)
    spend(alice.pk, hits=5, units=5, now=NOW - 10 * DAY, source=search)
    spend(alice.pk, hits=8, units=9, now=NOW - 10 * DAY, kind="skiptrace", credit_type="SKIPTRACE", source=leads)
    spend(alice.pk, hits=2, units=2, now=NOW - DAY, source=search)
    spend(alice.pk, hits=1, units=2, now=NOW, source=source("property", "p9", "4120 N 40th St"))
    spend(alice.pk, hits=1, units=2, now=NOW, kind="unlock", source=home)
    return Credit.objects.get(user_id=alice.pk)


def test_every_day_has_its_charges_by_type(busy):
    usage = selectors.usage_by_day(wallet_id=busy.pk, day_count=30, now=NOW)
    by_day = {day.day: day.by_type for day in usage.days}
    assert len(by_day) == 30
    assert list(by_day) == sorted(by_day)
    assert {day: amounts for day, amounts in by_day.items() if any(amounts)} == {
        date(2026, 11, 12): (5, 4),
        date(2026, 11, 21): (2, 0),
        date(2026, 11, 22): (2, 0),
    }
    assert usage.types == (("SEARCH", "Property data", 9), ("SKIPTRACE", "Skip trace", 4))
    assert usage.total == 13
    assert usage.busiest.day == date(2026, 11, 12)


@pytest.mark.parametrize(("days", "total"), [(7, 4), (30, 13), (90, 16)])
def test_usage_is_what_the_ledger_charged_in_these_days(busy, days, total):
    usage = selectors.usage_by_day(wallet_id=busy.pk, day_count=days, now=NOW)
    since = datetime(2026, 11, 22, tzinfo=UTC) - (days - 1) * DAY
    entries = CreditLog.objects.filter(credit_id=busy.pk, kind="capture", timestamp__gte=since)
    assert usage.total == total == -sum(entry.reserved_change for entry in entries)
    groups = selectors.usage_by_source(wallet_id=busy.pk, day_count=days, now=NOW)
    assert sum(group.charged for group in groups) == total


def test_a_day_is_one_of_the_readers_zone(alice, fund):
    fund(alice.pk, purchased=50, now=NOW - DAY)
    spend(alice.pk, hits=1, units=1, now=datetime(2026, 11, 21, 6, 59, tzinfo=UTC))
    spend(alice.pk, hits=2, units=2, now=datetime(2026, 11, 21, 7, 0, tzinfo=UTC))
    wallet = Credit.objects.get(user_id=alice.pk)
    with timezone.override("America/Phoenix"):
        usage = selectors.usage_by_day(wallet_id=wallet.pk, day_count=7, now=NOW)
    charged = {day.day: day.total for day in usage.days if day.total}
    assert charged == {date(2026, 11, 20): 1, date(2026, 11, 21): 2}


def test_charges_are_grouped_by_what_they_were_for(busy):
    groups = {group.kind: group for group in selectors.usage_by_source(wallet_id=busy.pk, day_count=30, now=NOW)}
    assert list(groups) == ["search", "property", "list", ""]
    rows = {kind: [(row.label, row.url, row.quotes, row.charged) for row in groups[kind].rows] for kind in groups}
    assert rows == {
        "search": [("Phoenix, AZ", "/search/1/", 2, 7)],
        "property": [("4120 N 40th St", "/property/p9/", 1, 1)],
        "list": [("Tired landlords", "/list/7/", 1, 4)],
        "": [("Unlocked datasets", "", 1, 1)],
    }


def test_only_the_largest_sources_are_named_and_the_rest_is_counted(alice, fund):
    fund(alice.pk, purchased=500, now=NOW - DAY)
    for number in range(23):
        spend(alice.pk, hits=1 + number, units=1 + number, source=source("search", number, f"Search {number}"))
    wallet = Credit.objects.get(user_id=alice.pk)
    (group,) = selectors.usage_by_source(wallet_id=wallet.pk, day_count=7, now=NOW)
    assert [row.label for row in group.rows] == [f"Search {number}" for number in range(22, 2, -1)]
    assert (group.others, group.others_charged, group.charged) == (3, 1 + 2 + 3, sum(range(1, 24)))


# ---------------------------------------------------------------- pace and projection


def pace(user, now=NOW):
    return selectors.pace_of(wallet=Credit.objects.get(user_id=user.pk), now=now)


def test_the_pace_is_taken_from_thirty_days_and_says_how_long_the_rest_lasts(alice, busy):
    found = pace(alice)
    assert (found.used, found.days, found.is_rough) == (13, 30, False)
    assert float(found.per_day) == 0.4
    assert found.lasts_until is None  # 484 credits at 13 in 30 days are three years
    spend(alice.pk, hits=300, units=300)
    found = pace(alice)
    assert float(found.per_day) == 10.4
    assert found.lasts_until == date(2026, 11, 22) + timedelta(days=int(184 / (313 / 30)))


def test_the_pace_of_a_young_wallet_is_called_rough(alice, fund):
    fund(alice.pk, purchased=20, now=NOW - timedelta(days=2, hours=1))
    spend(alice.pk, hits=6, units=6)
    found = pace(alice)
    assert (found.used, found.days, found.is_rough) == (6, 3, True)
    assert found.lasts_until == date(2026, 11, 29)


def test_what_the_period_would_leave_does_not_last(alice, fund):
    fund(alice.pk, purchased=10, now=NOW - 40 * DAY)
    credit_services.reset_period(
        user_id=alice.pk,
        subscription_id=f"sub-{alice.pk}",
        started_at=NOW - 20 * DAY,
        ends_at=NOW + 10 * DAY,
        amount=100,
        now=NOW - 20 * DAY,
    )
    spend(alice.pk, hits=30, units=30)
    found = pace(alice)
    assert (found.used, found.unused, found.period_ends_at) == (30, 60, NOW + 10 * DAY)
    assert found.lasts_until == date(2026, 11, 22) + 20 * DAY  # 70 subscription and 10 purchased, less 60


def test_without_any_charge_there_is_no_pace(alice, fund):
    fund(alice.pk, purchased=20, now=NOW - 3 * DAY)
    found = pace(alice)
    assert (found.used, found.per_day, found.lasts_until) == (0, 0, None)


def test_the_pace_is_said_in_words(as_alice, busy):
    with time_machine.travel(NOW, tick=False):
        page = as_alice.get("/credits/").content.decode()
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "0.4 credits a day over the last 30 days. At this pace your 484 credits last longer than two years." in words


# ---------------------------------------------------------------- the page and its drawing


def test_the_chart_draws_every_charge_from_zero(busy):
    usage = selectors.usage_by_day(wallet_id=busy.pk, day_count=30, now=NOW)
    chart = usage_chart(usage)
    top = chart.ticks[-1]
    height_of_one = (chart.base - top.y) / top.amount
    drawn = [[(part.number, part.height) for part in bar.segments] for bar in chart.bars if bar.segments]
    assert [[(number, round(height / height_of_one)) for number, height in bar] for bar in drawn] == [
        [(1, 5), (2, 4)],
        [(1, 2)],
        [(1, 2)],
    ]
    assert chart.ticks[0].amount == 0
    assert top.amount >= usage.busiest.total
    assert "13 credits in all, most on Nov 12 with 9" in chart.description
    lowest = [bar.segments[0] for bar in chart.bars if bar.segments]
    assert all(round(part.y + part.height, 1) == chart.base for part in lowest)


@pytest.mark.parametrize("most", [1, 3, 4, 5, 9, 40, 41, 999, 1_000, 123_456])
def test_the_axis_ends_at_a_round_figure_that_holds_the_largest_bar(most):
    day = selectors.UsageDay(date(2026, 11, 1), (most, 0))
    chart = usage_chart(selectors.Usage((day,), (("SEARCH", "Property data", most), ("SKIPTRACE", "Skip trace", 0))))
    amounts = [tick.amount for tick in chart.ticks]
    step = amounts[1]
    assert amounts == [step * number for number in range(len(amounts))]
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert most <= amounts[-1] < most + step
    assert len(amounts) <= 5


def test_the_usage_page_has_chart_table_and_sources_without_style_or_script(as_alice, busy):
    with time_machine.travel(NOW, tick=False):
        page = as_alice.get("/credits/usage/").content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]
    assert "<script" not in main
    assert "style=" not in main
    assert 'role="img" aria-labelledby="chart-title" aria-describedby="chart-description"' in main
    assert "<title>Nov 12: Property data 5, Skip trace 4</title>" in main
    assert main.count('<th scope="row"><time') == 30
    for text in ("13 credits", "By search", "By list", "Tired landlords", 'href="/search/1/"', 'href="/list/7/"'):
        assert text in main


@pytest.mark.parametrize(("asked", "days"), [("7", 7), ("30", 30), ("90", 90), ("", 30), ("8", 30), ("x", 30)])
def test_the_days_are_chosen_by_the_address(as_alice, busy, asked, days):
    with time_machine.travel(NOW, tick=False):
        page = as_alice.get("/credits/usage/", {"days": asked}).content.decode()
    assert f'href="?days={days}" aria-current="page"' in page
    assert page.count('<th scope="row"><time') == days


def test_without_charges_the_page_says_why_it_is_empty(client, as_alice, alice, carol, fund):
    fund(alice.pk, purchased=5)
    page = as_alice.get("/credits/usage/").content.decode()
    assert "Nothing was charged in these days" in page
    assert "<svg viewBox" not in page
    client.force_login(carol)
    assert "Nothing was charged yet" in client.get("/credits/usage/").content.decode()


def test_usage_is_the_readers_own(client, bob, busy):
    client.force_login(bob)
    assert "Tired landlords" not in client.get("/credits/usage/?days=90").content.decode()


# ---------------------------------------------------------------- receipts


def test_receipts_are_listed_with_what_was_not_charged(as_alice, busy):
    page = as_alice.get("/credits/receipts/").content.decode()
    assert page.count('<th scope="row"><a href="/quotes/') == 6
    assert re.search(r'data-label="At most">9<.*?data-label="Not charged">6<.*?<strong>3<', page, re.DOTALL)


def test_receipts_are_filtered_by_kind(as_alice, busy):
    page = as_alice.get("/credits/receipts/?kind=unlock").content.decode()
    assert page.count('<th scope="row"><a href="/quotes/') == 1
    assert "No receipt of this kind" in as_alice.get("/credits/receipts/?kind=divorce").content.decode()
    assert as_alice.get("/credits/receipts/?kind=nonsense").content.decode().count('href="/quotes/') == 6


def test_receipts_page_without_losing_any_that_ended_in_the_same_moment(alice, fund):
    fund(alice.pk, purchased=200)
    made = {spend(alice.pk, hits=1, units=1) for _ in range(60)}
    first = selectors.list_receipts(user=alice)
    second = selectors.list_receipts(user=alice, after=first.older)
    third = selectors.list_receipts(user=alice, after=second.older)
    seen = [quote.pk for page in (first, second, third) for quote in page.quotes]
    assert (len(seen), set(seen), third.older) == (60, made, "")


def test_an_offer_or_another_users_quote_is_no_receipt(as_alice, alice, bob, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote_for(alice.pk)
    fund(bob.pk, purchased=10)
    theirs = spend(bob.pk)
    assert "No receipts yet" in as_alice.get("/credits/receipts/").content.decode()
    assert "No receipts yet" in as_alice.get("/credits/receipts/", {"after": theirs}).content.decode()


def test_types_of_the_chart_are_those_of_the_price_table(busy):
    usage = selectors.usage_by_day(wallet_id=busy.pk, day_count=7, now=NOW)
    assert [name for name, _, _ in usage.types] == CreditType.values

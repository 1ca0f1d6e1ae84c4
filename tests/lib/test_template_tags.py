"""How pages write money, counts, times and icons."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone

from atlas_site.templatetags import atlas

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
UNKNOWN = '<span class="unknown">unknown</span>'


def render(source: str, **context: object) -> str:
    return Template("{% load atlas %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("dollars", "full", "short"),
    [
        (0, "$0", "$0"),
        (950, "$950", "$950"),
        (999.6, "$1,000", "$1K"),
        (1_250, "$1,250", "$1.25K"),
        (12_449, "$12,449", "$12.4K"),
        (210_000, "$210,000", "$210K"),
        (999_499, "$999,499", "$999K"),
        (999_600, "$999,600", "$1M"),
        (1_250_000, "$1,250,000", "$1.25M"),
        (Decimal("2300000000"), "$2,300,000,000", "$2.3B"),
        (-4_000, "−$4,000", "−$4K"),
    ],
)
def test_money_is_written_in_full_and_short(dollars, full, short):
    assert atlas.money(dollars) == full
    assert atlas.money(dollars, "short") == short


@pytest.mark.parametrize("write", ["money", "cents", "count", "percent", "credits", "yes_no", "known", "day", "when"])
def test_what_is_not_known_reads_unknown_and_never_no_or_zero(write):
    assert render("{{ value|" + write + " }}", value=None) == UNKNOWN


def test_zero_and_no_are_known():
    assert render("{{ zero|money }} {{ zero|count }} {{ no|yes_no }} {{ yes|yes_no }}", zero=0, no=False, yes=True) == (
        "$0 0 No Yes"
    )


@pytest.mark.parametrize(
    ("credit_count", "text"), [(0, "0 credits"), (1, "1 credit"), (2, "2 credits"), (12_500, "12,500 credits")]
)
def test_credits_agree_with_their_number(credit_count, text):
    assert atlas.credits(credit_count) == text


def test_a_year_has_no_separator():
    assert render("{{ year|plain }}", year=1978) == "1978"


def test_cents_are_dollars_and_cents():
    assert (atlas.cents(4_900), atlas.cents(-5), atlas.cents(123_456_789)) == ("$49.00", "−$0.05", "$1,234,567.89")


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "5\xa0seconds ago"),
        (timedelta(days=9, hours=3), "1\xa0week ago"),
        (timedelta(days=-2, hours=-5), "2\xa0days from now"),
    ],
)
def test_a_moment_is_told_from_now_and_exactly(ago, text):
    with time_machine.travel(NOW, tick=False), timezone.override("America/Phoenix"):
        written = atlas.when(NOW - ago)
        assert text in written
        assert f'datetime="{(NOW - ago).isoformat()}"' in written
        assert 'class="when" tabindex="0"' in written, "the exact time is for those with a mouse alone"
        exact = timezone.localtime(NOW - ago)
        assert f">{exact:%b} {exact.day}, {exact.year}, {exact:%-I:%M %p} MST<" in written
        assert atlas.moment(NOW).endswith(">Nov 22, 2026, 10:30 AM</time>")


def test_a_day_is_that_of_the_readers_zone():
    late = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    with timezone.override("America/Phoenix"):
        assert atlas.day(late) == '<time datetime="2026-11-22">Nov 22, 2026</time>'
    assert atlas.day(date(2026, 11, 3)) == '<time datetime="2026-11-03">Nov 3, 2026</time>'


def test_an_icon_is_decoration_unless_it_has_a_label():
    assert 'aria-hidden="true"' in render('{% icon "check" %}')
    labeled = render('{% icon "check" "icon-lg" meaning %}', meaning="Yes & no")
    assert 'role="img" aria-label="Yes &amp; no"' in labeled
    assert 'class="icon icon-lg"' in labeled
    assert 'lucide/sprite.svg#check"' in labeled


def test_words_are_joined_as_a_sentence_lists_them():
    assert [atlas.join_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]

"""How pages write money, counts, times and icons. Unknown is written as unknown, never as no, zero or a dash."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

Number = int | float | Decimal

UNKNOWN = format_html('<span class="unknown">{}</span>', "unknown")
SCALES = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))
LONGEST_LINE = 80
SPRITE = "vendor/lucide/sprite.svg"


@register.simple_tag
def icon(name: str, css_class: str = "", label: str = "") -> SafeString:
    """Return a Lucide icon as inline SVG: decoration, unless `label` says what it means.

    The names are those that package.json lists; a test finds any other.
    """
    meaning = format_html('role="img" aria-label="{}"', label) if label else format_html('aria-hidden="{}"', "true")
    css_class = f"icon {css_class}".strip()
    return format_html('<svg class="{}" {}><use href="{}#{}"/></svg>', css_class, meaning, static(SPRITE), name)


@register.inclusion_tag("partials/_map.html")
def property_map(
    points_url: str,
    label: str = "Map of these properties",
    *,
    area: str = "",
    can_draw: bool = False,
    search_url: str = "",
) -> dict:
    """Show a map of what `points_url` answers; partials/_map.html says how that is written and what the rest means.

    The page needs partials/_map_head.html in its block head.
    """
    return {
        "points_url": points_url,
        "label": label,
        "area": area,
        "can_draw": can_draw,
        "search_url": search_url,
        "tile_url": settings.MAP_TILE_URL,
        "tile_attribution": settings.MAP_TILE_ATTRIBUTION,
    }


@register.filter
def money(dollars: Number | None, style: str = "full") -> str:
    """Write whole dollars: $210,000, or $210K with the style "short"."""
    if dollars is None:
        return UNKNOWN
    amount = Decimal(str(dollars))
    sign = "−" if amount < 0 else ""
    amount = abs(amount)
    if style == "short":
        return f"{sign}${shorten(amount)}"
    return f"{sign}${_round(amount):,}"


@register.filter
def cents(cent_count: int | None) -> str:
    """Write an amount of cents as dollars and cents: $49.00."""
    if cent_count is None:
        return UNKNOWN
    return f"{'−' if cent_count < 0 else ''}${abs(Decimal(cent_count)) / 100:,.2f}"


@register.filter
def count(number: Number | None, style: str = "full") -> str:
    """Write a number with separators and the decimals it has: 12,431 and 2.5, or 12.4K with the style "short"."""
    if number is None:
        return UNKNOWN
    exact = Decimal(str(number))
    if style == "short":
        return shorten(exact)
    return f"{exact.normalize():,f}"


@register.filter
def percent(number: Number | None) -> str:
    """Write a number of percent points, such as the equity of a property: 45%."""
    return UNKNOWN if number is None else f"{_round(Decimal(str(number))):,}%"


@register.filter
def credits(credit_count: int | None) -> str:  # noqa: A001 -- the name that templates read best
    """Write an amount of credits: "1 credit", "2,500 credits"."""
    if credit_count is None:
        return UNKNOWN
    return f"{credit_count:,} credit{'' if abs(credit_count) == 1 else 's'}"


@register.filter
def plain(number: object) -> str:
    """Write a number without separators: a year, or the value of a form control or an address."""
    return "" if number is None else str(number)


@register.filter
def yes_no(value: bool | None) -> str:
    """Write a flag that may be unknown: Yes, No or unknown."""
    return UNKNOWN if value is None else ("Yes" if value else "No")


@register.filter
def known(value: object) -> object:
    """Write "unknown" in the place of a value that Atlas does not have."""
    return UNKNOWN if value is None or value == "" else value


@register.filter
def in_a_line(text: str | None) -> str:
    """Write a text that others have made, such as a name on a deed, as one short line of a list or a title."""
    line = " ".join((text or "").split())
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1].rstrip()}…"


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a date: Nov 3, 2026."""
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime):
        value = _local(value).date()
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), format_date(value, "M j, Y"))


@register.filter
def last_day(end: datetime | None) -> str:
    """Write the last whole day before something ends: Dec 20, 2026, for what ends at midnight of the 21st."""
    return UNKNOWN if end is None else day(_local(end).date() - timedelta(days=1))


@register.filter
def when(moment: datetime | None) -> str:
    """Write a moment as time from now; the exact time of the reader's zone shows on hover, focus and touch.

    Screen readers read both. In a list of moments, `moment` writes the exact time at once.
    """
    if moment is None:
        return UNKNOWN
    return format_html(
        '<span class="when" tabindex="0"><time datetime="{}">{}</time><span class="when-exact">{}</span></span>',
        moment.isoformat(),
        _from_now(moment),
        format_date(_local(moment), "M j, Y, g:i A T"),
    )


@register.filter
def moment(value: datetime | None) -> str:
    """Write the exact time in the reader's zone, with the time from now as its title."""
    if value is None:
        return UNKNOWN
    exact = format_date(_local(value), "M j, Y, g:i A")
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), _from_now(value), exact)


@register.filter
def join_words(words: Sequence[object]) -> str:
    """Write words as a sentence lists them: a, b and c."""
    texts = [str(word) for word in words]
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def shorten(amount: Decimal) -> str:
    """Return a number of three digits and a letter at most: 950, 12.4K, 210K, 1.25M."""
    for scale, letter in SCALES:
        # What rounds up to a thousand of one letter is written with the next: 999,600 is 1M.
        if abs(amount) >= scale * Decimal("0.9995"):
            scaled = amount / scale
            places = 0 if abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
            digits = f"{scaled.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
            return (digits.rstrip("0").rstrip(".") if places else digits) + letter
    return f"{_round(amount)}"


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_UP)


def _from_now(moment: datetime) -> str:
    """Return "2 weeks ago" or "3 days from now": the largest unit alone, which is what a reader needs."""
    largest, _, rest = naturaltime(moment).partition(", ")
    return f"{largest} {rest.split(maxsplit=2)[2]}" if rest else largest


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment

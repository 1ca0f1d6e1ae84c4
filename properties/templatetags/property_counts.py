"""How property pages write what may be withheld: counts, and prices that are not public."""

from datetime import date
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse

from atlas_site.templatetags.atlas import money
from properties.datasets import NON_DISCLOSURE_STATES, NOT_PUBLIC
from properties.models import PropertyDatasetPermission, SavedSearchRun
from properties.selectors.owned_rows import OwnedRow
from properties.selectors.searches import figure_of

register = template.Library()


@register.filter
def match_count(number: int | None) -> str:
    """Write a count of matches; one that could point at a person reads "fewer than 50"."""
    return f"fewer than {settings.SMALL_PLACE}" if number is None else intcomma(number, use_l10n=False)


@register.filter
def sale_price(row: PropertyDatasetPermission | OwnedRow, style: str = "full") -> str:
    """Write the last sale price of an owned property: "Not public" where counties do not publish it, never $0."""
    if row.last_sale_price:
        return money(row.last_sale_price, style)
    return NOT_PUBLIC if row.state in NON_DISCLOSURE_STATES else money(None)


@register.filter
def match_figure(run: SavedSearchRun) -> str:
    """Write how many matched at a run: exactly, about, or below what number."""
    return str(figure_of(run))


@register.filter
def as_date(text: str) -> date:
    """Read an ISO day, as documents keep it, so that it can be written like any other date."""
    return date.fromisoformat(text)


@register.filter
def nearby_url(row: PropertyDatasetPermission, miles: float = 0.5) -> str:
    """The address of the map's marks around an owned property."""
    area = f"circle:{row.latitude:.5f},{row.longitude:.5f},{miles:g}"
    return f"{reverse('properties:list-cells')}?{urlencode({'area': area})}"


@register.filter
def signed(number: int | None) -> str:
    """Write a change with its sign: +6, −3, 0; nothing to compare with is unknown."""
    if number is None:
        return money(None)
    return f"{'+' if number > 0 else '−' if number < 0 else '±'}{abs(number):,}"

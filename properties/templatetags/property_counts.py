"""How property pages write counts that may be withheld."""

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma

register = template.Library()


@register.filter
def match_count(number: int | None) -> str:
    """Write a count of matches; one that could point at a person reads "fewer than 50"."""
    return f"fewer than {settings.SMALL_PLACE}" if number is None else intcomma(number, use_l10n=False)

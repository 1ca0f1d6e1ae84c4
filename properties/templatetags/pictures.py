"""What pages ask about pictures."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def street_view_is_offered() -> bool:
    """Whether the operator has a key for Street View: without one, no page speaks of it."""
    return bool(settings.STREETVIEW_KEY)

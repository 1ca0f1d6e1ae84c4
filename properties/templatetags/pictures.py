"""What pages ask about pictures."""

from django import template
from django.conf import settings

from properties.models import Property
from properties.selectors.pictures import photo_addresses

register = template.Library()


@register.simple_tag
def street_view_is_offered() -> bool:
    """Whether the operator has a key for Street View: without one, no page speaks of it."""
    return bool(settings.STREETVIEW_KEY)


@register.simple_tag
def photo_numbers(held: Property) -> range:
    """The numbers of the photos that the record of a property holds; none while SHOW_LISTING_PHOTOS is off."""
    return range(len(photo_addresses(held)) if settings.SHOW_LISTING_PHOTOS else 0)

"""What pages with phone numbers say beside them."""

from django import template

from properties.datasets.people import PERMISSION

register = template.Library()


@register.inclusion_tag("partials/_alert.html")
def permission_alert() -> dict[str, str]:
    """Say that a traced number is not permission to call as one likes."""
    return {"level": "warning", "text": PERMISSION}

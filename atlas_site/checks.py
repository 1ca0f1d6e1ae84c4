"""What `manage.py check --deploy` tells operators about features that are off."""

from django.conf import settings
from django.core.checks import CheckMessage, Info, register


@register("vendors", deploy=True)
def check_street_view(**_options: object) -> list[CheckMessage]:
    """Say so when no page offers a look at the street; it is no fault, so a release goes on."""
    if settings.STREETVIEW_KEY:
        return []
    hint = "Set STREETVIEW_KEY and STREETVIEW_SECRET if property pages should offer it."
    return [Info("Street View has no key, so no page offers a look at the street.", hint=hint, id="atlas.I001")]

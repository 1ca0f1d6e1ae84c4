"""What pages show in development only."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def development_mail_url() -> str:
    """Return the address of the page that shows the mail of this development Atlas, "" anywhere else."""
    return settings.SANDBOX_MAIL_URL if settings.ATLAS_ENV == "development" else ""

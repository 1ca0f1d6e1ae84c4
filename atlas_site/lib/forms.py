"""Forms rendered with the site's own templates (templates/django/forms/), and what several of them check."""

from datetime import date

from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting

EARLIEST, LATEST = 2000, 2100


class AtlasFormRenderer(TemplatesSetting):
    """Renders every field as label, control, help and error in one group."""

    form_template_name = "forms/_form.html"
    field_template_name = "forms/_field.html"


def check_year(value: date) -> None:
    """Raise ValidationError for a day far from now, which a time zone could move out of the calendar."""
    if not EARLIEST <= value.year <= LATEST:
        raise ValidationError(f"Choose a day between {EARLIEST} and {LATEST}.")

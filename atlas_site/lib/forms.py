"""Forms rendered with the site's own templates (templates/django/forms/), and what several of them check."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.forms.utils import ErrorDict
from django.http import QueryDict

EARLIEST, LATEST = 2000, 2100


class AtlasFormRenderer(TemplatesSetting):
    """Renders every field as label, control, help and error in one group."""

    form_template_name = "forms/_form.html"
    field_template_name = "forms/_field.html"


def check_year(value: date) -> None:
    """Raise ValidationError for a day far from now, which a time zone could move out of the calendar."""
    if not EARLIEST <= value.year <= LATEST:
        raise ValidationError(f"Choose a day between {EARLIEST} and {LATEST}.")


def ids_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids that a form sends as `ids`, each once: one a checkbox, or many with commas between them."""
    texts = data.getlist("ids") if isinstance(data, QueryDict) else []
    return tuple(dict.fromkeys(each.strip() for text in texts for each in text.split(",") if each.strip()))


def in_a_sentence(errors: ErrorDict) -> str:
    """What is wrong with a form, for a page that does not show the form."""
    return " ".join(str(error) for found in errors.values() for error in found)

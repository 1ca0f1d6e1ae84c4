"""Fields of numbers on every page of a property: few values among all users, and they look the same for everybody."""

from functools import lru_cache

from django import template
from django.conf import settings
from django.forms import BoundField, Form
from django.utils.safestring import SafeString

register = template.Library()

FIELDS_KEPT = 1_000


@register.simple_tag
def number_field(field: BoundField) -> SafeString:
    """Render a field as its `as_field_group` does; one that nobody has sent in is kept, with the value that it shows.

    Not for what users write in words: that belongs to one of them, and there is no end of it.
    """
    if field.form.is_bound:
        return field.as_field_group()
    render = _render.__wrapped__ if settings.DEBUG else _render
    return render(type(field.form), field.name, field.value())


@lru_cache(FIELDS_KEPT, typed=True)
def _render(form_class: type[Form], name: str, value: float | None) -> SafeString:
    return form_class(initial={name: value})[name].as_field_group()

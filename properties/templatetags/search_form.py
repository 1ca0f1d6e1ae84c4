"""The groups of the search form. It has two hundred controls, and most of them are blank on every page."""

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from properties.search.form import FilterGroup

register = template.Library()

_blank: dict[str, SafeString] = {}


@register.simple_tag
def filter_group(group: FilterGroup) -> SafeString:
    """Render a group of filters; one in which nothing is set looks the same for everybody and is kept."""
    if group.active_count or group.has_errors or settings.DEBUG:
        return _render(group)
    if group.key not in _blank:
        _blank[group.key] = _render(group)
    return _blank[group.key]


def _render(group: FilterGroup) -> SafeString:
    return render_to_string("properties/_filter_group.html", {"group": group})

"""The groups of the search form. It has two hundred controls, and most of them are blank on every page."""

from collections.abc import Callable

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from properties.search.form import FilterControls, FilterGroup

register = template.Library()

_blank: dict[str, SafeString] = {}


@register.simple_tag
def filter_group(group: FilterGroup) -> SafeString:
    """Render a group of filters; one in which nothing is set looks the same for everybody and is kept."""
    is_blank = not (group.active_count or group.has_errors)
    return _keep(f"group {group.key}", lambda: _render(group)) if is_blank else _render(group)


@register.simple_tag
def filter_controls(controls: FilterControls) -> SafeString:
    """Render one filter of a group; one that is not set is kept as a group is."""
    is_blank = not (controls.is_active or controls.has_errors)
    return _keep(f"filter {controls.filter.name}", lambda: _write(controls)) if is_blank else _write(controls)


def _keep(key: str, render: Callable[[], SafeString]) -> SafeString:
    if settings.DEBUG:
        return render()
    if key not in _blank:
        _blank[key] = render()
    return _blank[key]


def _render(group: FilterGroup) -> SafeString:
    return render_to_string("properties/_filter_group.html", {"group": group})


def _write(controls: FilterControls) -> SafeString:
    return render_to_string("properties/_filter.html", {"filter": controls})

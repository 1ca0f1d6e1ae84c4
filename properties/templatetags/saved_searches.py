"""What the search page knows of the saved search that it was opened from."""

from dataclasses import dataclass
from typing import Any

from django import template

from properties.models import SavedSearch
from properties.selectors.searches import find_saved_search

register = template.Library()


@dataclass(frozen=True)
class Opened:
    """The saved search that a page was opened from, if any, and whether the page's search differs from it."""

    search: SavedSearch | None = None
    is_changed: bool = False


@register.simple_tag(takes_context=True)
def opened_search(context: dict[str, Any]) -> Opened:
    """The saved search that the page's address names (?saved=<id>), if it is the reader's own."""
    request, query = context.get("request"), context.get("query")
    search_id = request.GET.get("saved", "") if request else ""
    search = find_saved_search(request.user, search_id) if search_id else None
    if search is None or query is None:
        return Opened()
    return Opened(search, is_changed=query.params() != search.filters)

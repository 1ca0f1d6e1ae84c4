"""Which of the user's saved searches a property is in, and what keeps it out of the others."""

from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from properties.models import PropertyDatasetPermission
from properties.search.form import read_query
from properties.search.why import Reason
from properties.selectors.searches import saved_searches_of
from properties.selectors.why import Why, why_page

MOST_SEARCHES = 20


@dataclass(frozen=True)
class InSearch:
    """One search and what it makes of the property."""

    name: str
    url: str
    why: Why

    @property
    def near_miss(self) -> Reason | None:
        """The one condition that keeps the property out, when it is the only one and a change would let it in."""
        against = [reason for reason in self.why.reasons if not reason.matches]
        return against[0] if len(against) == 1 and against[0].change else None


def list_in_searches(
    *, user: User, permission: PropertyDatasetPermission, today: date, asked: str = ""
) -> list[InSearch]:
    """The newest saved searches of the user with what each makes of an owned property.

    `asked` is the query string of a further search, which comes first. A search that cannot be read any more is left
    out.
    """
    searches = [("The search you came from", f"{reverse('properties:search')}?{asked}", _lists(asked))] if asked else []
    saved = saved_searches_of(user).only("name", "filters")[:MOST_SEARCHES]
    searches += [(each.name, each.get_absolute_url(), each.filters) for each in saved]
    found = [_in_search(user, permission, search, today) for search in searches]
    return [each for each in found if each]


def _in_search(
    user: User, permission: PropertyDatasetPermission, search: tuple[str, str, dict], today: date
) -> InSearch | None:
    name, url, params = search
    try:
        query = read_query(params)
    except ValueError:
        return None
    why = why_page(user, query, permission, today)
    return InSearch(name=name, url=url, why=why) if why else None


def _lists(asked: str) -> dict[str, list[str]]:
    return dict(QueryDict(asked).lists())

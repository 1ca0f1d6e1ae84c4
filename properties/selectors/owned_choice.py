"""Which of a user's properties a list, an export or an action is about."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from accounts.models import User
from atlas_site.mongodb.conditions import Matches
from properties.search.query import SearchQuery
from properties.selectors.owned import matches_among, owned_by
from properties.selectors.owned_orders import Rows

MOST_CHOSEN = 5_000

# Above every character that an address is written with, so that a range holds all that begins alike.
LAST_CHARACTER = "\uffff"


def normalize_address(text: str) -> str:
    """The address as it is looked up: lower case, words and numbers with one space between them."""
    return " ".join(re.findall(r"[\w/#-]+", text.lower()))


@dataclass(frozen=True)
class ListChip:
    """One condition of a list, and the query string of the list without it."""

    label: str
    query: str


@dataclass(frozen=True)
class OwnedChoice:
    """What narrows the list of everything owned: a search, a tag of the user's own, the beginning of an address."""

    query: SearchQuery | None = None
    tag: str = ""
    find: str = ""

    def rows(self, user: User) -> Rows:
        """The user's own rows that fit, newest first."""
        rows = self.rows_beside_query(user)
        return matches_among(rows, self.query) if self.query else rows

    def rows_beside_query(self, user: User) -> Rows:
        """The user's own rows with the tag and at the address, whatever the search asks."""
        rows = owned_by(user)
        if self.tag:
            # The index of tags holds rows with a tag only, and is taken by a condition that says as much.
            rows = rows.filter(Matches({"tags": self.tag}))
        if address := normalize_address(self.find):
            rows = rows.filter(address_key__gte=address, address_key__lt=address + LAST_CHARACTER)
        return rows

    @property
    def area_text(self) -> str:
        """The shape on the map that narrows it, as the URL writes it; "" for none."""
        return self.query.area.text if self.query and self.query.area else ""

    def params(self) -> dict[str, list[str]]:
        """The canonical URL parameters, from which the same choice can be read again."""
        own = {name: [value] for name, value in (("tag", self.tag), ("find", self.find)) if value}
        return {**(self.query.params() if self.query else {}), **own}

    def urlencode(self) -> str:
        """The query string that pages link by."""
        return urlencode(self.params(), doseq=True)

    def chips(self) -> list[ListChip]:
        """What is active, each removable on its own."""
        own = urlencode({name: value for name, value in (("tag", self.tag), ("find", self.find)) if value})
        chips = [
            ListChip(chip.label, "&".join(filter(None, [chip.query, own])))
            for chip in (self.query.chips() if self.query else ())
        ]
        if self.query and (place := self.query.place):
            chips.insert(0, ListChip(place.label, self._without("q")))
        if self.tag:
            chips.append(ListChip(f"Tag: {self.tag}", self._without("tag")))
        if self.find:
            chips.append(ListChip(f"Address begins with {self.find}", self._without("find")))
        return chips

    def _without(self, name: str) -> str:
        return urlencode({key: values for key, values in self.params().items() if key != name}, doseq=True)

    def describe(self) -> str:
        """The choice in a sentence part, for the log of exports."""
        parts = [self.query.describe()] if self.query and self.query.params() else ["Everything owned"]
        parts += [f"tag {self.tag}"] if self.tag else []
        parts += [f"address begins with {self.find}"] if self.find else []
        return "; ".join(parts)


@dataclass(frozen=True)
class Selection:
    """What an export or an action is about: properties that were checked, or all that a choice holds."""

    choice: OwnedChoice
    ids: tuple[str, ...] = ()

    def rows(self, user: User) -> Rows:
        """The user's own rows that are selected, newest first; ids that are not theirs select nothing."""
        return owned_by(user).filter(property_id__in=self.ids) if self.ids else self.choice.rows(user)

    def subject(self) -> dict[str, Any]:
        """What is kept of it, from which it can be made again."""
        return {"ids": list(self.ids)} if self.ids else {"query": self.choice.urlencode()}

    def describe(self) -> str:
        """The selection in a sentence part."""
        if not self.ids:
            return self.choice.describe()
        return f"{len(self.ids):,} chosen propert{'y' if len(self.ids) == 1 else 'ies'}"

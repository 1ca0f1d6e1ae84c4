"""Type-ahead of the search box: places, what the user owns, and addresses and parcels that the vendor knows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from accounts.models import User
from atlas_site.lib.places import AmbiguousPlace, Place, find_places, resolve_place
from atlas_site.vendors import batchdata
from properties.models import PropertyDatasetPermission
from properties.selectors.owned_choice import LAST_CHARACTER, normalize_address
from properties.services.budgets import CountUnavailable, ask_once

TEXT_MAX_LENGTH = 120
PLACES_SHOWN = 6
OWNED_SHOWN = 4
ADDRESSES_SHOWN = 6
SHORTEST_ADDRESS = 3
# An address is asked for by its beginning, first a short one. When that brings fewer than it might, it holds all of
# them, and what is typed from there on asks nobody: a whole address costs one or two questions instead of twenty.
BEGINNINGS = (7, 12, 18)
ADDRESSES_ASKED = 20

A_HOUSE_NUMBER_AND_A_STREET = re.compile(r"\d+[\w/-]*\s+\w{2,}|\d+[\w/-]*\s+[nsew]\s+\w", re.IGNORECASE)
A_PARCEL_NUMBER = re.compile(r"(?=(?:\D*\d){6})[\dA-Za-z]+(?:[-.][\dA-Za-z]+){1,7}|\d{7,20}")


@dataclass(frozen=True)
class Suggestion:
    """One thing that the typed text may mean.

    `params` are the search parameters that choosing it sets, in the place of the place, street and parcel number that
    were there; a `url` leads to a page instead.
    """

    text: str
    hint: str = ""
    params: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def urlencode(self) -> str:
        """The search that it stands for, as a query string."""
        return urlencode(self.params)


@dataclass(frozen=True)
class SuggestionGroup:
    """Suggestions of one kind: "place", "owned", "address" or "apn"."""

    kind: str
    title: str
    suggestions: list[Suggestion]


@dataclass(frozen=True)
class Suggestions:
    """All suggestions for a text, the likeliest kind first; `problem` says why addresses are missing."""

    groups: list[SuggestionGroup]
    problem: str = ""

    @property
    def count(self) -> int:
        return sum(len(group.suggestions) for group in self.groups)


def suggest(*, user: User, text: str, place: str = "", only_mine: bool = False, now: datetime) -> Suggestions:
    """Complete what is typed into the search box; `place` names where a parcel number is looked for.

    The place index and the user's own properties answer first. The vendor is asked only for what reads like an
    address, within the budget of free counts, and its answers serve everybody for some minutes. `only_mine` leaves out
    what the user does not own, and asks nothing of the vendor: places and the user's own properties remain.
    """
    text = " ".join(text.split())[:TEXT_MAX_LENGTH]
    if not text:
        return Suggestions([])
    problem = ""
    addresses: list[Suggestion] = []
    if not only_mine and A_HOUSE_NUMBER_AND_A_STREET.match(text) and len(text) >= BEGINNINGS[0]:
        try:
            addresses = _addresses(user, text, now)
        except CountUnavailable as reason:
            problem = str(reason)
    owned = _owned(user, text)
    groups = [
        SuggestionGroup("place", "Places", [_of_place(each) for each in find_places(text, PLACES_SHOWN)]),
        SuggestionGroup("owned", "Your properties", owned),
        SuggestionGroup("address", "Addresses", addresses),
        SuggestionGroup("apn", "Parcel numbers", [] if only_mine else list(_parcels(text, place))),
    ]
    return Suggestions([group for group in groups if group.suggestions], problem)


def _of_place(place: Place) -> Suggestion:
    return Suggestion(place.label, place.hint, {"q": place.option_text})


def _owned(user: User, text: str) -> list[Suggestion]:
    beginning = normalize_address(text)
    if len(beginning) < SHORTEST_ADDRESS:
        return []
    rows = PropertyDatasetPermission.objects.filter(
        user=user, address_key__gte=beginning, address_key__lt=beginning + LAST_CHARACTER
    )
    found = rows.order_by("-address_key", "-property_id")[:OWNED_SHOWN]
    return [
        Suggestion(row.address or row.property_id, f"{row.city}, {row.state} · yours", url=row.get_absolute_url())
        for row in found
    ]


def _addresses(user: User, text: str, now: datetime) -> list[Suggestion]:
    found: list[dict[str, str]] = []
    for length in (*(length for length in BEGINNINGS if length < len(text)), len(text)):
        found = _ask(user, text[:length].rstrip(), now)
        if len(found) < ADDRESSES_ASKED:
            break
    typed = normalize_address(text)
    fitting = [each for each in found if normalize_address(each["text"]).startswith(typed)]
    return [
        Suggestion(
            each["street"],
            f"{each['city']}, {each['state']} {each['zip']}".strip(),
            {"q": each["place"], "street": each["street"]},
        )
        for each in fitting[:ADDRESSES_SHOWN]
    ]


def _ask(user: User, beginning: str, now: datetime) -> list[dict[str, str]]:
    """Addresses that begin so, each with the place to search in, as the cache can keep them."""

    def ask() -> list[dict[str, str]]:
        answer = batchdata.autocomplete(beginning, take=ADDRESSES_ASKED, user_id=user.pk, now=now)
        return [found for suggestion in answer if (found := _with_place(suggestion))]

    return ask_once(user, ["address", beginning.lower()], ask, now)


def _with_place(suggestion: batchdata.Suggestion) -> dict[str, str] | None:
    """The parts of an address; None for anything that is no house, or lies where Atlas knows no place."""
    address = suggestion.address
    if not address.street:
        return None
    place = _resolve(address.zip or "") or _resolve(f"{address.city}, {address.state}")
    if place is None:
        return None
    return {
        "text": str(address),
        "street": address.street,
        "city": address.city or "",
        "state": address.state or "",
        "zip": address.zip or "",
        "place": place.option_text,
    }


def _parcels(text: str, place: str) -> Iterable[Suggestion]:
    """The text as a parcel number, which means something only in a place."""
    if not A_PARCEL_NUMBER.fullmatch(text):
        return
    if where := _resolve(place):
        params = {"q": where.option_text, "apn": text}
        yield Suggestion(f"Parcel number {text}", f"in {where.label}", params)


def _resolve(text: str) -> Place | None:
    try:
        return resolve_place(text) if text.strip() else None
    except AmbiguousPlace:
        return None

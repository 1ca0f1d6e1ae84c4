"""What a reveal can leave out beyond what the user owns: other apps register their lists here.

An exclusion has a key such as "list:65f0…", which addresses, forms and saved searches name. What it holds is read once,
when the quote is made, and frozen with it.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts.models import User

Choices = Callable[[User], Iterable[tuple[str, str]]]
"""The keys and labels of what this user can leave out."""


@dataclass(frozen=True)
class Excluded:
    """The properties of one or more exclusions, by the vendor's property id or by the hash of the address.

    What is not known to the vendor goes by keys of its place, which its source makes of addresses.
    """

    property_ids: tuple[str, ...] = ()
    address_hashes: tuple[str, ...] = ()
    place_keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.property_ids) + len(self.address_hashes) + len(self.place_keys)


Ids = Callable[[User, str], Excluded]
"""What the exclusion of this key holds; nothing for one that is not this user's."""

PlaceKeys = Callable[[str | None, str | None, str | None, str | None], Iterable[str]]
"""The keys by which a source knows a street, city, state and ZIP code."""


@dataclass(frozen=True)
class _Source:
    choices: Choices
    ids: Ids
    place_keys: PlaceKeys | None


_SOURCES: dict[str, _Source] = {}


def register(prefix: str, *, choices: Choices, ids: Ids, place_keys: PlaceKeys | None = None) -> None:
    """Let the keys that begin with `prefix` and a colon name exclusions; call it when the app is ready.

    `choices` tells which ones a user has, `ids` what one of them holds, the properties that matter most first, and
    `place_keys` by which keys it would know an address.
    """
    _SOURCES[prefix] = _Source(choices, ids, place_keys)


def place_keys_of(street: str | None, city: str | None, state: str | None, zip_code: str | None) -> list[str]:
    """The keys by which exclusions know an address."""
    makers = [source.place_keys for source in _SOURCES.values() if source.place_keys]
    return [key for make in makers for key in make(street, city, state, zip_code)]


def exclusion_choices(user: User) -> list[tuple[str, str]]:
    """The keys and labels of all that a user can leave out of a reveal."""
    return [choice for source in _SOURCES.values() for choice in source.choices(user)]


def excluded_by(user: User, keys: Iterable[str]) -> Excluded:
    """What these exclusions hold together, each property once. Unknown keys hold nothing."""
    property_ids: dict[str, None] = {}
    address_hashes: dict[str, None] = {}
    place_keys: dict[str, None] = {}
    for key in keys:
        source = _SOURCES.get(key.partition(":")[0])
        if source:
            held = source.ids(user, key)
            property_ids |= dict.fromkeys(held.property_ids)
            address_hashes |= dict.fromkeys(held.address_hashes)
            place_keys |= dict.fromkeys(held.place_keys)
    return Excluded(tuple(property_ids), tuple(address_hashes), tuple(place_keys))


# ---------------------------------------------------------------- kept with a quote

# How many of each kind are kept as they are: so many the vendor takes in one condition.
ASKED_FOR = 500
MOST_EXCLUDED = 200_000
# A quote is one document, so what it leaves out is kept as short digests: two of a market of 200 million are alike once
# in a hundred thousand quotes.
DIGEST_BYTES = 8


class TooMuchExcluded(ValueError):
    """What is to be left out holds more than MOST_EXCLUDED properties. Its text is a sentence for the page."""

    def __init__(self) -> None:
        super().__init__(f"A reveal can leave out {MOST_EXCLUDED:,} properties at most. Please choose fewer lists.")


def freeze(excluded: Excluded) -> dict[str, Any]:
    """What is left out, as JSON to be kept with a quote, whatever becomes of the lists. Raises TooMuchExcluded."""
    keys = [*excluded.property_ids, *excluded.address_hashes, *excluded.place_keys]
    if len(keys) > MOST_EXCLUDED:
        raise TooMuchExcluded
    return {
        "property_ids": list(excluded.property_ids[:ASKED_FOR]),
        "address_hashes": list(excluded.address_hashes[:ASKED_FOR]),
        "digests": b64encode(b"".join(_digest(key) for key in keys)).decode(),
    }


class Frozen:
    """What a quote leaves out: the first ids and hashes, which the vendor is asked for, and a test for all of them."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self.property_ids: list[str] = list(kept.get("property_ids", ()))
        self.address_hashes: list[str] = list(kept.get("address_hashes", ()))
        self._packed: str = kept.get("digests", "")

    def __bool__(self) -> bool:
        return bool(self._packed)

    @cached_property
    def _digests(self) -> frozenset[bytes]:
        packed = b64decode(self._packed)
        return frozenset(packed[start : start + DIGEST_BYTES] for start in range(0, len(packed), DIGEST_BYTES))

    def holds(self, *keys: str | None) -> bool:
        """Whether a property is left out that has these keys: its id, the hash of its address, those of its place."""
        return any(_digest(key) in self._digests for key in keys if key)


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=DIGEST_BYTES).digest()

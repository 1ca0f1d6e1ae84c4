"""The user's own words on a property: one note, and tags by which the owned list is narrowed."""

import unicodedata
from collections.abc import Iterable

from bson import ObjectId

from properties.models import PropertyDatasetPermission

LONGEST_NOTE = 10_000
MOST_TAGS = 20
LONGEST_TAG = 40


class TooLong(ValueError):
    """A note is longer than LONGEST_NOTE, or a tag longer than LONGEST_TAG characters."""


class TooManyTags(ValueError):
    """A property has at most MOST_TAGS tags."""


def set_notes(*, user_id: ObjectId, property_id: str, notes: str) -> None:
    """Write the user's note on a property that they own, with spaces at its ends removed; "" removes the note.

    Raises TooLong, and PropertyDatasetPermission.DoesNotExist for a property that the user does not own.
    """
    text = notes.replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > LONGEST_NOTE:
        raise TooLong
    _update(user_id, property_id, notes=text)


def set_tags(*, user_id: ObjectId, property_id: str, tags: Iterable[str]) -> list[str]:
    """Replace the user's tags of a property that they own, and return them as they are kept.

    Raises TooLong, TooManyTags, and PropertyDatasetPermission.DoesNotExist for a property that the user does not own.
    """
    kept = normalize_tags(tags)
    _update(user_id, property_id, tags=kept)
    return kept


def normalize_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they are kept: in lower case, with single spaces, each once, in the order in which they came.

    Raises TooLong and TooManyTags.
    """
    kept = list(dict.fromkeys(filter(None, map(_normalize, tags))))
    if any(len(tag) > LONGEST_TAG for tag in kept):
        raise TooLong
    if len(kept) > MOST_TAGS:
        raise TooManyTags
    return kept


def _normalize(tag: str) -> str:
    visible = "".join(" " if unicodedata.category(each).startswith(("C", "Z")) else each for each in tag)
    return " ".join(unicodedata.normalize("NFC", visible).lower().replace(",", " ").split())


def _update(user_id: ObjectId, property_id: str, **values: object) -> None:
    rows = PropertyDatasetPermission.objects.filter(user_id=user_id, property_id=property_id)
    if not rows.update(**values):
        raise PropertyDatasetPermission.DoesNotExist

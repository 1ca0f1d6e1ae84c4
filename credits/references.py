"""What caused an entry of the ledger, as a link. The apps above this one register their kinds in `ready()`.

A resolver takes the reference's id and returns its label and URL (None when there is no page). It may be asked for ids
of things that are gone, and then returns None.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from credits.models import CreditLog


@dataclass(frozen=True)
class Cause:
    """What a reader is shown of the cause of an entry."""

    label: str
    url: str | None = None


Resolver = Callable[[str], Cause | None]

_resolvers: dict[str, Resolver] = {}


def register(kind: str, resolver: Resolver) -> None:
    """Let entries of this reference kind be explained by `resolver`."""
    _resolvers[kind] = resolver


def cause_of(kind: str | None, reference_id: str | None) -> Cause | None:
    """Return what an entry is linked to, None if it has no reference or nobody knows its kind."""
    if not kind or not reference_id or kind not in _resolvers:
        return None
    return _resolvers[kind](reference_id)


def _cause_of_correction(key: str) -> Cause | None:
    """What an entry corrects: the entry of this key."""
    number = CreditLog.objects.filter(key=key).values_list("sequence", flat=True).first()
    return Cause(f"Entry {number:,}", reverse("credits:show-entry", args=[number])) if number else None


register("adjustment", lambda adjustment_id: Cause("Decided by our staff"))
register("quote", lambda quote_id: Cause("Receipt", reverse("credits:show-quote", args=[quote_id])))
register("entry", _cause_of_correction)

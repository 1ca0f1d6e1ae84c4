"""The user's own do-not-call list, with the record of additions and lifts."""

from dataclasses import dataclass

from bson import ObjectId

from accounts.models import User
from atlas_site.mongodb.conditions import older_than
from leads.models import DoNotCall
from properties.selectors.owned import CappedCount, count_capped

ENTRIES_A_PAGE = 50
FEWEST_DIGITS = 3


@dataclass(frozen=True)
class DoNotCallPage:
    """A page of the list. `following` leads to the next one, "" at the end."""

    entries: list[DoNotCall]
    following: str
    is_first: bool
    find: str
    total: CappedCount


def do_not_call_page(user: User, *, find: str = "", after: str = "") -> DoNotCallPage:
    """The numbers that were added last come first, or those that begin with the digits of `find`."""
    entries = DoNotCall.objects.filter(user_id=user.pk)
    total = count_capped(entries.filter(removed_at=None))
    digits = "".join(character for character in find if character.isdigit())[-10:]
    if len(digits) >= FEWEST_DIGITS:
        found = list(entries.filter(number__gte=digits, number__lt=digits + ":").order_by("number")[:ENTRIES_A_PAGE])
        return DoNotCallPage(found, "", is_first=True, find=find, total=total)
    edge = entries.filter(pk=ObjectId(after)).first() if ObjectId.is_valid(after) else None
    if edge is not None:
        entries = entries.filter(older_than("addedAt", edge.added_at, edge.pk))
    shown = list(entries.order_by("-added_at", "-id")[: ENTRIES_A_PAGE + 1])
    following = str(shown[ENTRIES_A_PAGE - 1].pk) if len(shown) > ENTRIES_A_PAGE else ""
    return DoNotCallPage(shown[:ENTRIES_A_PAGE], following, is_first=edge is None, find=find, total=total)

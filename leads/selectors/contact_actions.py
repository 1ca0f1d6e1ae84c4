"""Actions on the contacts of a list: those that are being carried out, and how far they are."""

from bson import ObjectId

from accounts.models import User
from leads.models import ContactAction, LeadGroup

LATEST = 5


def latest_actions(group: LeadGroup) -> list[ContactAction]:
    """The latest actions on a list, the newest first."""
    return list(ContactAction.objects.filter(lead_group_id=group.pk).order_by("-created_at")[:LATEST])


def open_actions(group: LeadGroup) -> list[ContactAction]:
    """Those of them that workers have still to carry out or to undo."""
    return [action for action in latest_actions(group) if not action.is_over]


def find_action(user: User, action_id: str) -> ContactAction | None:
    """The user's action of this id, or None."""
    if not ObjectId.is_valid(action_id):
        return None
    return ContactAction.objects.filter(pk=ObjectId(action_id), user_id=user.pk).first()


def undone_in_words(action: ContactAction) -> str:
    """What came of undoing an action."""
    left = action.what.get("left", 0)
    if not left:
        return "Undone. What was changed again in the meantime stays as it is."
    are = "contact is" if left == 1 else "contacts are"
    if action.kind == ContactAction.Kind.REMOVE:
        return f"Undone, but {left:,} {are} left out: on this list again already."
    return f"Undone, but {left:,} {are} left there: changed in the meantime."

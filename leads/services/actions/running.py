"""Carrying actions on contacts out, step by step, and undoing them: few in the request, many in workers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from accounts.models import User
from atlas_site.mongodb.counting import count_up_to
from atlas_site.mongodb.documents import collection_of, load
from atlas_site.mongodb.patience import TooSlow, no_longer_than
from leads.models import Contact, ContactAction, ContactActionStep, LeadGroup, RemovedContact
from leads.selectors.contact_actions import latest_actions
from leads.selectors.contacts import ContactSelection, read_choice
from leads.services import workspaces
from leads.services.actions.kinds import KINDS, Row
from properties.selectors.owned import SECONDS_FOR_A_COUNT

CONTACTS_A_STEP = 500
# So many are changed while the user waits.
MOST_AT_ONCE = 1_000
LEASE = timedelta(seconds=60)
STINT = timedelta(seconds=20)
KEPT = timedelta(days=30)
ACTIONS_A_PURGE = 100

State = ContactAction.State
Clock = Callable[[], datetime]


class NothingSelected(Exception):
    """None of the chosen contacts is on the list, or none matches any more."""


class AnotherAction(Exception):
    """Another action on this list is still being carried out."""


class CannotUndo(Exception):
    """The action is not there, is not over, was undone already, or cannot be undone."""


class LeaseLost(Exception):
    """Another worker has taken the action over."""


def start_action(
    *, user: User, group: LeadGroup, kind: str, what: dict[str, Any], selection: ContactSelection, now: Clock
) -> ContactAction:
    """Do something with the selected contacts of a list of the user, and return the action.

    Up to MOST_AT_ONCE are done when it returns; more are carried out by workers, one such action on a list after the
    other. Raises NothingSelected and AnotherAction.
    """
    began = now()
    total = _count(selection, group, began)
    if not total:
        raise NothingSelected
    if total > MOST_AT_ONCE and _is_busy(group):
        raise AnotherAction
    action = ContactAction.objects.create(
        user_id=user.pk,
        lead_group_id=group.pk,
        kind=kind,
        what=what,
        ids=list(selection.ids),
        query="" if selection.ids else selection.choice.urlencode(),
        total=total,
        due_at=began,
        created_at=began,
    )
    return _at_once(action, now)


def _count(selection: ContactSelection, group: LeadGroup, now: datetime) -> int:
    """How many contacts are selected; all of the list, and too many to be done at once, if counting takes too long."""
    try:
        with no_longer_than(SECONDS_FOR_A_COUNT):
            return count_up_to(selection.rows(group, now), group.total_contacts + MOST_AT_ONCE)
    except TooSlow:
        return max(group.total_contacts, MOST_AT_ONCE + 1)


def _is_busy(group: LeadGroup) -> bool:
    """Whether a worker has an action on the list to carry out."""
    return any(not action.is_over for action in latest_actions(group))


def undo_action(*, user: User, action_id: str, now: Clock) -> ContactAction:
    """Make what an action changed as it was, and return the action; what was changed again since stays.

    Undoing twice does it once. Raises CannotUndo.
    """
    began = now()
    if not ObjectId.is_valid(action_id):
        raise CannotUndo
    it = {"_id": ObjectId(action_id), "userId": user.pk}
    undoable = [kind for kind, each in KINDS.items() if each.undo]
    changed = collection_of(ContactAction).find_one_and_update(
        {**it, "state": State.DONE, "kind": {"$in": undoable}},
        {"$set": {"state": State.UNDOING.value, "dueAt": began, "leaseUntil": None}},
        return_document=ReturnDocument.AFTER,
    )
    if changed:
        return _at_once(load(ContactAction, changed), now)
    action = ContactAction.objects.filter(pk=it["_id"], user_id=user.pk).first()
    if action is None or action.state not in {State.UNDOING, State.UNDONE}:
        raise CannotUndo
    return action


def _at_once(action: ContactAction, now: Clock) -> ContactAction:
    if action.total <= MOST_AT_ONCE:
        run_action(action_id=str(action.pk), now=now)
        action.refresh_from_db()
    return action


def due_action_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of actions that are due and that no worker holds, longest waiting first."""
    found: list[str] = []
    for state in (State.RUNNING, State.UNDOING):
        due = {
            "state": state.value,
            "dueAt": {"$lte": now},
            "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}],
        }
        some = collection_of(ContactAction).find(due, {"_id": 1}).sort("dueAt", 1).limit(limit)
        found += [str(each["_id"]) for each in some]
    return found


def run_action(*, action_id: str, now: Clock) -> None:
    """Carry an action on until it is over or the stint is; it is due again then."""
    began = now()
    action = _claim(action_id, began)
    if action is None:
        return
    try:
        step = _undo_step if action.state == State.UNDOING else _step
        while step(action, now()):
            if now() - began >= STINT:
                _save(action, leaseUntil=None, dueAt=now())
                return
    except LeaseLost:
        return


def _claim(action_id: str, now: datetime) -> ContactAction | None:
    due = {
        "_id": ObjectId(action_id),
        "dueAt": {"$lte": now},
        "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}],
    }
    taken = {"$set": {"leaseUntil": now + LEASE}, "$inc": {"attempt": 1}}
    found = collection_of(ContactAction).find_one_and_update(due, taken, return_document=ReturnDocument.AFTER)
    return load(ContactAction, found) if found else None


def _save(action: ContactAction, **values: Any) -> None:
    """Write values of an action, if this worker still holds it. Raises LeaseLost."""
    mine = {"_id": action.pk, "attempt": action.attempt, "state": action.state, "dueAt": {"$ne": None}}
    if not collection_of(ContactAction).update_one(mine, {"$set": values}).matched_count:
        raise LeaseLost


def _step(action: ContactAction, now: datetime) -> bool:
    """Carry the next step out, and say whether there was one. Raises LeaseLost."""
    kind = KINDS[action.kind]
    rows = _rows_of_step(action)
    if not rows:
        _end(action, State.DONE, now)
        return False
    kind.apply(action, rows, now)
    action.steps += 1
    action.seen += len(rows)
    action.changed += sum(1 for row in rows if kind.changes(action, row["was"]))
    action.cursor = rows[-1]["id"]
    done = {"steps": action.steps, "seen": action.seen, "changed": action.changed, "cursor": action.cursor}
    _save(action, **done, leaseUntil=now + LEASE, dueAt=now)
    return True


def _rows_of_step(action: ContactAction) -> list[Row]:
    """The contacts of the next step and how they are: as noted by a worker that was killed in it, or noted now."""
    steps = collection_of(ContactActionStep)
    it = {"actionId": action.pk, "number": action.steps + 1}
    if noted := steps.find_one(it):
        return noted["rows"]
    group = LeadGroup.objects.get(pk=action.lead_group_id)
    selection = ContactSelection(choice=read_choice(action.query), ids=tuple(action.ids))
    contacts = selection.rows(group, action.created_at).order_by("pk")
    if action.cursor:
        contacts = contacts.filter(pk__gt=ObjectId(action.cursor))
    ids = list(contacts.values_list("pk", flat=True)[:CONTACTS_A_STEP])
    kind = KINDS[action.kind]
    found = list(collection_of(Contact).find({"_id": {"$in": ids}}, dict.fromkeys(kind.reads, 1)).sort("_id", 1))
    noted_of = zip(found, kind.was(action, found), strict=True)
    rows = [{"id": str(contact["_id"]), "was": was} for contact, was in noted_of]
    if rows:
        try:
            steps.insert_one({"_id": ObjectId(), **it, "rows": rows})
        except DuplicateKeyError:
            raise LeaseLost from None
    return rows


def _undo_step(action: ContactAction, now: datetime) -> bool:
    """Undo the next step, and say whether there was one. Raises LeaseLost."""
    undo = KINDS[action.kind].undo
    step = collection_of(ContactActionStep).find_one({"actionId": action.pk, "number": action.steps_undone + 1})
    if step is None or undo is None:
        _end(action, State.UNDONE, now)
        return False
    left = action.what.get("left", 0) + undo(action, step["rows"], now)
    action.what["left"] = left
    action.steps_undone += 1
    _save(action, stepsUndone=action.steps_undone, leaseUntil=now + LEASE, dueAt=now, **{"what.left": left})
    return True


def _end(action: ContactAction, state: State, now: datetime) -> None:
    """Count the lists whose contacts it moved, and let the action be over."""
    if KINDS[action.kind].moves_contacts:
        for group_id in {action.lead_group_id, ObjectId(action.what.get("group") or action.lead_group_id)}:
            total = collection_of(Contact).count_documents({"leadsId": group_id})
            LeadGroup.objects.filter(pk=group_id).update(total_contacts=total)
        workspaces.note_change(action.user_id)
    _save(action, state=state.value, dueAt=None, leaseUntil=None, endedAt=now)
    action.state = state


def forget_actions(*, now: datetime) -> int:
    """Forget actions that cannot be undone any more, with the contacts that they removed; return how many."""
    old = ContactAction.objects.filter(created_at__lt=now - KEPT, due_at__isnull=True).order_by("created_at")
    ids = list(old.values_list("pk", flat=True)[:ACTIONS_A_PURGE])
    RemovedContact.objects.filter(action_id__in=ids).delete()
    ContactActionStep.objects.filter(action_id__in=ids).delete()
    ContactAction.objects.filter(pk__in=ids).delete()
    return len(ids)

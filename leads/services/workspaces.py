"""The version of a user's lists: a plan holds for one version, and whatever changes lists makes the next one."""

from collections.abc import Iterable

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.documents import collection_of, current_session
from leads.models import LeadWorkspace


class AnotherImport(Exception):
    """Another import of the user, or a job of their lists, is being carried out."""


class ListsChanged(Exception):
    """The lists are not any more what they were when the plan was made."""


def read_workspace(user_id: ObjectId) -> LeadWorkspace:
    """Return the workspace of a user, which is made when it is first asked for."""
    found = LeadWorkspace.objects.filter(user_id=user_id).first()
    if found is None:
        made = {"userId": user_id, "version": 0, "committing": None}
        try:
            collection_of(LeadWorkspace).update_one({"userId": user_id}, {"$setOnInsert": made}, upsert=True)
        except DuplicateKeyError:
            pass  # another process has just made it
        found = LeadWorkspace.objects.get(user_id=user_id)
    return found


def note_change(user_id: ObjectId, *, to_link: Iterable[ObjectId] = ()) -> None:
    """Say that lists or contacts of a user changed, so that plans made before hold no longer.

    Every service calls it that adds, removes or merges contacts, changes what they are recognized by, or deletes or
    restores lists; inside of its transaction, where there is one. `to_link` are lists of which some contacts are new,
    lie elsewhere now or are not on them any more: they are soon linked to what the user owns (`services.linking`).
    """
    # Within a transaction what is made outside of it could not be seen: the first change makes the workspace.
    change = {"$inc": {"version": 1}, "$setOnInsert": {"committing": None}, **_linking(to_link)}
    collection_of(LeadWorkspace).update_one({"userId": user_id}, change, upsert=True, session=current_session())


def _linking(groups: Iterable[ObjectId]) -> dict[str, dict[str, object]]:
    ids = [str(group) for group in groups]
    return {"$addToSet": {"linkGroups": {"$each": ids}}, "$currentDate": {"linkDueAt": True}} if ids else {}


def take_turn(*, user_id: ObjectId, holder: str) -> None:
    """Let a job alone change the lists of a user, whatever version they are in. Asked twice, it does it once.

    :raises AnotherImport: while an import, or another job, does so
    """
    read_workspace(user_id)
    free = {"userId": user_id, "committing": {"$in": [None, holder]}}
    changed = collection_of(LeadWorkspace).update_one(free, {"$set": {"committing": holder}}, session=current_session())
    if not changed.matched_count:
        raise AnotherImport


def begin_commit(*, user_id: ObjectId, import_id: str, version: int) -> None:
    """Let an import alone change the lists of a user, which must be in this version. Asked twice, it does it once.

    :raises AnotherImport: while another one does so
    :raises ListsChanged: when the version is another one
    """
    free = {"$in": [None, import_id]}
    changed = collection_of(LeadWorkspace).update_one(
        {"userId": user_id, "version": version, "committing": free},
        {"$set": {"committing": import_id}},
        session=current_session(),
    )
    if changed.matched_count:
        return
    if LeadWorkspace.objects.get(user_id=user_id).committing in {None, import_id}:
        raise ListsChanged
    raise AnotherImport


def end_commit(*, user_id: ObjectId, import_id: str, to_link: Iterable[ObjectId] = ()) -> None:
    """Let other imports change the lists again, which are in their next version now; `to_link` as in `note_change`."""
    collection_of(LeadWorkspace).update_one(
        {"userId": user_id, "committing": import_id},
        {"$set": {"committing": None}, "$inc": {"version": 1}, **_linking(to_link)},
        session=current_session(),
    )

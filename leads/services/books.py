"""Checks of imports, for `verify_books`: what must hold between plans, their imports, and the contacts of lists.

Each rule has a number, by which the report names it.
"""

from collections.abc import Callable
from typing import Any

from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, LeadGroup, LeadImport, LeadWorkspace, ListJob
from leads.services.imports.plans import Kind

Check = Callable[[str, bool, object, str | Callable[[], str]], None]
State = LeadImport.State

LEAD_RULES = {
    "B33": "Every row of an import is created, an update, a duplicate, on another list or rejected",
    "B34": "An import that is done has carried its whole plan out, and one alone changes the lists of a user",
    "B35": "A contact belongs to the user whose list it is on",
}
SHOWN = 5

Stages = list[dict[str, Any]]


def verify_imports(*, check: Check) -> None:
    """Check LEAD_RULES over all imports and contacts: `check(rule, holds, subject, found)` notes each."""
    _check_rows(check)
    _check_commits(check)
    _check_owners(check)


def _check_rows(check: Check) -> None:
    planned = [State.PLANNED.value, State.COMMITTING.value, State.DONE.value]
    kinds = [{"$ifNull": [f"$counts.{kind}", 0]} for kind in Kind]
    differs = {"$or": [{"$ne": [{"$sum": kinds}, "$rowsRead"]}, {"$ne": ["$rowsRead", "$table.rows"]}]}
    stages: Stages = [{"$match": {"state": {"$in": planned}, "$expr": differs}}, {"$limit": SHOWN}]
    ids = [str(found["_id"]) for found in collection_of(LeadImport).aggregate(stages)]
    check("B33", not ids, "imports", lambda: f"rows that are in no kind, or in several: {ids}")


def _check_commits(check: Check) -> None:
    unfinished = {"state": State.DONE.value, "$expr": {"$ne": ["$chunksCommitted", "$chunksPlanned"]}}
    ids = [str(found["_id"]) for found in collection_of(LeadImport).find(unfinished, {"_id": 1}).limit(SHOWN)]
    check("B34", not ids, "imports", lambda: f"done before the end of their plans: {ids}")
    stages: Stages = [
        {"$match": {"committing": {"$type": "string"}}},
        {"$set": {"import": {"$toObjectId": "$committing"}}},
        {"$lookup": _from(LeadImport, "import", "imports")},
        {"$lookup": _from(ListJob, "import", "jobs")},
        {
            "$match": {
                "imports.state": {"$ne": State.COMMITTING.value},
                "jobs.state": {"$ne": ListJob.State.MAKING.value},
            }
        },
        {"$limit": SHOWN},
    ]
    users = [str(found["userId"]) for found in collection_of(LeadWorkspace).aggregate(stages)]
    check("B34", not users, "workspaces", lambda: f"held by an import that is not being carried out: {users}")


def _check_owners(check: Check) -> None:
    # Contacts of an earlier Atlas do not name their user; their list does.
    stages: Stages = [
        {"$match": {"userId": {"$ne": None}}},
        {"$group": {"_id": {"list": "$leadsId", "user": "$userId"}}},
        {"$lookup": _from(LeadGroup, "_id.list", "lists")},
        {"$match": {"lists": {"$ne": []}, "$expr": {"$not": {"$in": ["$_id.user", "$lists.userId"]}}}},
        {"$limit": SHOWN},
    ]
    lists = [str(found["_id"]["list"]) for found in collection_of(Contact).aggregate(stages, allowDiskUse=True)]
    check("B35", not lists, "contacts", lambda: f"of other users than their lists: {lists}")


def _from(model: Any, local: str, name: str) -> dict[str, Any]:
    return {"from": model._meta.db_table, "localField": local, "foreignField": "_id", "as": name}

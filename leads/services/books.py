"""Checks of imports, for `verify_books`: what must hold between plans, their imports, and the contacts of lists.

Each rule has a number, by which the report names it.
"""

from collections.abc import Callable
from typing import Any

from atlas_site.mongodb.documents import collection_of
from credits.models import CreditLog
from leads.models import Contact, Identity, LeadGroup, LeadImport, LeadWorkspace, ListJob, TraceRefund
from leads.services.imports.plans import Kind
from leads.services.refunds import REFUNDS

Check = Callable[[str, bool, object, str | Callable[[], str]], None]
State = LeadImport.State

LEAD_RULES = {
    "B33": "Every row of an import is created, an update, a duplicate, on another list or rejected",
    "B34": "An import that is done has carried its whole plan out, and one alone changes the lists of a user",
    "B35": "A contact belongs to the user whose list it is on",
    "B36": "Units of hits whose numbers were all bad come back as their weights say, in whole credits",
    "B37": "Who must not be called is marked so on every list",
}
SHOWN = 5

Stages = list[dict[str, Any]]


def verify_imports(*, check: Check) -> None:
    """Check LEAD_RULES over all imports and contacts: `check(rule, holds, subject, found)` notes each."""
    _check_rows(check)
    _check_commits(check)
    _check_owners(check)
    _check_refunds(check)
    _check_do_not_call(check)


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


def _check_refunds(check: Check) -> None:
    given: Stages = [
        {"$match": {"refundedAt": {"$ne": None}}},
        {"$group": {"_id": "$userId", "sum": {"$sum": {"$toDecimal": "$weight"}}}},
    ]
    for user in collection_of(TraceRefund).aggregate(given):
        begins = f"adjust:{REFUNDS}:{user['_id']}:"
        entries = collection_of(CreditLog).find({"key": {"$gt": begins, "$lt": begins[:-1] + ";"}})
        back = sum(entry["changeAmount"] - (entry.get("debtChange") or 0) for entry in entries)
        due = int(user["sum"].to_decimal())
        check("B36", back == due, user["_id"], f"{back} credits came back of {due}")


def _check_do_not_call(check: Check) -> None:
    stages: Stages = [
        {"$match": {"doNotCallAt": {"$ne": None}}},
        {
            "$lookup": {
                "from": Contact._meta.db_table,
                "let": {"user": "$userId", "key": "$key"},
                "pipeline": [
                    {
                        "$match": {
                            "$expr": {"$and": [{"$eq": ["$userId", "$$user"]}, {"$eq": ["$identityKey", "$$key"]}]}
                        }
                    },
                    {"$match": {"doNotCall": {"$ne": True}}},
                    {"$project": {"_id": 1}},
                ],
                "as": "unmarked",
            }
        },
        {"$match": {"unmarked": {"$ne": []}}},
        {"$limit": SHOWN},
    ]
    keys = [found["key"] for found in collection_of(Identity).aggregate(stages)]
    check("B37", not keys, "contacts", lambda: f"not marked as not to be called, of the identities {keys}")


def _from(model: Any, local: str, name: str) -> dict[str, Any]:
    return {"from": model._meta.db_table, "localField": local, "foreignField": "_id", "as": name}

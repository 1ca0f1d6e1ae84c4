"""Where contacts come from: the rows of files, whose cells come back in exports as they were."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from atlas_site.mongodb.documents import collection_of
from leads.exports.crm import origins_of
from leads.models import Contact, LeadGroup, LeadImport
from leads.services.imports.plans import PlanRow

MOST_EARLIER = 3


def note_imports(group_id: ObjectId, import_ids: Iterable[str]) -> None:
    """Let a list know imports whose contacts are put on it next: its exports have their columns, and look no further.

    Noted before the contacts are there, so that no export misses a column; done twice, it is done once.
    """
    if noted := sorted(set(import_ids)):
        change = {"$addToSet": {"importIds": {"$each": noted}}}
        collection_of(LeadGroup).update_one({"_id": group_id}, change)


def imports_of(contacts: Iterable[Mapping[str, Any]]) -> set[str]:
    """The imports that these contacts, as documents with an `origin`, come from and were brought up to date by."""
    named = (each.get("importId") for contact in contacts for each in origins_of(contact.get("origin") or {}))
    return {each for each in named if each and ObjectId.is_valid(each)}


def origin_of(lead_import: LeadImport, row: PlanRow) -> dict[str, Any]:
    """The origin of a contact that a row makes."""
    return {"importId": str(lead_import.pk), "row": row["n"], "cells": row["cells"]}


def new_origins(lead_import: LeadImport, rows: list[PlanRow]) -> list[UpdateOne]:
    """The changes by which contacts come from the rows that brought them up to date; done twice, they are done once.

    What an earlier file said is kept as far as that file had columns which this one lacks: nobody's record numbers are
    lost when the next list comes from another product.
    """
    if not rows:
        return []
    ids = [ObjectId(row["id"]) for row in rows]
    covered = _covered_imports(lead_import, ids)
    return [_change(lead_import, contact, row, covered) for contact, row in zip(ids, rows, strict=True)]


def _change(lead_import: LeadImport, contact: ObjectId, row: PlanRow, covered: list[str]) -> UpdateOne:
    origin = origin_of(lead_import, row)
    it = {"_id": contact, "userId": lead_import.user_id, "origin.importId": {"$ne": origin["importId"]}}
    last = {"importId": "$origin.importId", "row": "$origin.row", "cells": "$origin.cells"}
    known = {"$concatArrays": [[last], {"$ifNull": ["$origin.earlier", []]}]}
    before = {"$cond": [{"$gt": ["$origin.importId", ""]}, known, []]}
    lacking = {"$filter": {"input": before, "cond": {"$not": [{"$in": ["$$this.importId", covered]}]}}}
    joined = {
        "$let": {
            "vars": {"earlier": {"$slice": [lacking, MOST_EARLIER]}},
            "in": {
                "$mergeObjects": [
                    {"$literal": origin},
                    {"$cond": [{"$eq": ["$$earlier", []]}, {}, {"earlier": "$$earlier"}]},
                ]
            },
        }
    }
    return UpdateOne(it, [{"$set": {"origin": joined}}])


def _covered_imports(lead_import: LeadImport, contacts: list[ObjectId]) -> list[str]:
    """The imports that these contacts come from and whose columns the new file has, all of them."""
    named = {"origin.importId": 1, "origin.earlier.importId": 1}
    ids = imports_of(collection_of(Contact).find({"_id": {"$in": contacts}}, named))
    imports = LeadImport.objects.in_bulk([ObjectId(each) for each in ids])
    headers = set(lead_import.table.get("headers", ()))
    covered = [str(pk) for pk, each in imports.items() if headers.issuperset(each.table.get("headers", ()))]
    return [*covered, str(lead_import.pk)]

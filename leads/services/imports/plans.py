"""The rows of a plan, as they are kept: what becomes of each row of the file, and nothing else is done by the commit.

    {"n", "line", "kind": "create", "doc", "cells", "in"?, "traced"?}
    {"n", "line", "kind": "update", "id", "set", "add", "keys", "cells"?}
    {"n", "line", "kind": "duplicate", "of", "id"?, "add", "keys", "cells"}
    {"n", "line", "kind": "known", "in", "keys", "cells"}
    {"n", "line", "kind": "rejected", "why", "column"?, "cells"}

`n` is the number of the row and `line` its line in the file. `doc` and `set` are keys of the contact's document; `doc`
has the identity by which the user knows the lead already (`leads.services.identities`). `add` holds phones and
emails that the contact lacks. `in` are lists (their ids) on which the lead is already; `id` is the
contact that was there before, and a duplicate without one adds to the contact that the row `of` creates. `cells` of an
update are there when they are not what the contact has as its original ones.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

import bson
from bson import ObjectId

from leads.imports.rows import Lead
from leads.models import Contact

PlanRow = dict[str, Any]

IDS = {"id", "in"}
CAUSES_KEPT = 100
FIRST_ROWS_KEPT = 5
OTHER = "Other reasons"
MOST_LISTS = 5

COLUMNS_OF_LEADS = {
    "firstName": "first_name",
    "middleName": "middle_name",
    "lastName": "last_name",
    "suffix": "suffix",
    "company": "company",
    "linkedin": "linkedin",
    "address": "address",
    "city": "city",
    "state": "state",
    "zip": "zip",
    "county": "county",
    "apn": "apn",
    "mailingAddress": "mailing_address",
    "mailingCity": "mailing_city",
    "mailingState": "mailing_state",
    "mailingZip": "mailing_zip",
}
"""The keys of a contact's document that an import fills, by the attributes of a lead, which are named as fields are."""

LENGTHS = {field.name: field.max_length or 0 for field in Contact._meta.concrete_fields}
FILLED = [(key, name, LENGTHS[name]) for key, name in COLUMNS_OF_LEADS.items()]


class Kind(StrEnum):
    """What becomes of a row."""

    CREATE = "create"
    UPDATE = "update"
    DUPLICATE = "duplicate"
    KNOWN = "known"
    REJECTED = "rejected"


def values_of(lead: Lead) -> dict[str, Any]:
    """The keys of a contact's document that a lead has values for, each as long as the key may be."""
    values: dict[str, Any] = {}
    for key, name, length in FILLED:
        value = getattr(lead, name)
        if value:
            values[key] = value if len(value) <= length else value[:length].rstrip()
    if lead.other_owners:
        values["otherOwners"] = list(lead.other_owners)
    return values


def emails_of(lead: Lead) -> list[str]:
    """The e-mail addresses of a lead that can be kept."""
    return [address for address in lead.emails if len(address) <= LENGTHS["email"]]


def document_of(lead: Lead, match_keys: list[str]) -> dict[str, Any]:
    """A new contact's document, but for what tells whose it is and where it comes from."""
    document = values_of(lead)
    document["phones"] = [{"number": number} for number in lead.phones]
    document["emails"] = [{"address": address} for address in emails_of(lead)]
    if lead.phones:
        document["phone"] = lead.phones[0]
    if document["emails"]:
        document["email"] = document["emails"][0]["address"]
    document["identityKey"] = lead.identity_key
    document["matchKeys"] = match_keys
    document["placeKeyCount"] = lead.place_key_count
    if place_key := lead.place_key:
        document["placeKey"] = place_key
    return document


def changes_of(lead: Lead, contact: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says otherwise than a contact that is there: the row is newer, and what it does not say stays."""
    return {key: value for key, value in values_of(lead).items() if contact.get(key) != value}


def additions_of(lead: Lead, contact: Mapping[str, Any]) -> dict[str, list[str]]:
    """The phones and e-mail addresses of a row that a contact lacks."""
    phones = {phone.get("number") for phone in contact.get("phones") or ()} | {contact.get("phone")}
    emails = {email.get("address") for email in contact.get("emails") or ()} | {contact.get("email")}
    return {
        "phones": [number for number in lead.phones if number not in phones],
        "emails": [address for address in emails_of(lead) if address not in emails],
    }


def contact_id_of(import_id: ObjectId, row: int) -> ObjectId:
    """The id of the contact that a row creates: the same one however often it is asked for, and growing with the rows.

    It begins with the second of the import, as every ObjectId does, and goes on with what stands for the import and the
    number of the row.
    """
    return ObjectId(_start_of_ids(import_id) + row.to_bytes(3, "big"))


@lru_cache(maxsize=16)
def _start_of_ids(import_id: ObjectId) -> bytes:
    return import_id.binary[:4] + hashlib.sha256(import_id.binary).digest()[:5]


def digest_of(rows: list[PlanRow], before: str) -> str:
    """The hash of a plan up to these rows, given that of the rows before. Ids are no part of it."""
    plain = [row if IDS.isdisjoint(row) else {key: row[key] for key in row if key not in IDS} for row in rows]
    return hashlib.sha256(before.encode() + bson.encode({"rows": plain})).hexdigest()


class Tally:
    """How many rows of a plan there are of each kind, and by which causes, each with the first rows.

    `causes` are by kind: [{"why", "count", "first": [[row, chunk]]}]; `why` is a sentence, or the id of a list.
    """

    def __init__(self, counts: Mapping[str, int], causes: Mapping[str, list[dict[str, Any]]]) -> None:
        self.counts = {**dict.fromkeys([*Kind, "elsewhere", "traced", "with_phone"], 0), **counts}
        self._causes = {kind: {cause["why"]: cause for cause in found} for kind, found in causes.items()}

    @property
    def causes(self) -> dict[str, list[dict[str, Any]]]:
        """The causes, the most frequent one first."""
        return {
            kind: sorted(found.values(), key=lambda cause: (-cause["count"], cause["first"]))
            for kind, found in self._causes.items()
        }

    def add(self, row: PlanRow, chunk: int) -> None:
        """Count a row of a chunk."""
        kind = row["kind"]
        self.counts[kind] += 1
        if kind == Kind.CREATE:
            self.counts["with_phone"] += "phone" in row["doc"]
            if "in" not in row:
                self._note(kind, "", row, chunk)
                return
            self.counts["elsewhere"] += 1
            self.counts["traced"] += "traced" in row
        for why in row.get("in") or [row.get("why", "")]:
            self._note(kind, why, row, chunk)

    def _note(self, kind: str, why: str, row: PlanRow, chunk: int) -> None:
        found = self._causes.setdefault(kind, {})
        if why not in found and len(found) >= CAUSES_KEPT:
            why = OTHER
        cause = found.setdefault(why, {"why": why, "count": 0, "first": []})
        cause["count"] += 1
        if len(cause["first"]) < FIRST_ROWS_KEPT:
            cause["first"].append([row["n"], chunk])

"""The keys by which contacts are ordered and found: whoever makes contacts or changes their names fills them."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from atlas_site.mongodb.documents import collection_of, current_session
from leads.imports.lookup import find_keys, name_key
from leads.models import Contact

NAMED_BY = frozenset({"firstName", "middleName", "lastName", "suffix", "company", "address"})
"""The keys of a contact's document that they are made of."""

CONTACTS_A_WRITE = 1_000


def keys_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a contact's document by which it is ordered and found."""
    names = {
        "first": document.get("firstName"),
        "middle": document.get("middleName"),
        "last": document.get("lastName"),
        "company": document.get("company"),
    }
    return {
        "nameKey": name_key(**names, suffix=document.get("suffix")),
        "findKeys": find_keys(**names, address=document.get("address")),
    }


def fill_find_keys(contact_ids: Iterable[ObjectId]) -> None:
    """Make the keys of contacts anew from their names and addresses."""
    ids = list(contact_ids)
    contacts = collection_of(Contact)
    for start in range(0, len(ids), CONTACTS_A_WRITE):
        some = {"_id": {"$in": ids[start : start + CONTACTS_A_WRITE]}}
        found = list(contacts.find(some, dict.fromkeys(NAMED_BY, 1), session=current_session()))
        changes = [UpdateOne({"_id": each["_id"]}, {"$set": keys_of(each)}) for each in found]
        if changes:
            contacts.bulk_write(changes, ordered=False, session=current_session())

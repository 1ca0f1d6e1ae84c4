"""Which person a lead is that comes again: the one rule by which imports and additions tell it.

The same person may come with the ZIP code or without it, which alone would make two identities. Do-not-call, stage and
purchases hold by identity, and outlive contacts and lists.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from atlas_site.mongodb.documents import collection_of
from leads.imports.rows import Lead
from leads.models import Identity
from properties.models import TracePurchase


def has_known_people(user_id: ObjectId) -> bool:
    """Whether anything is known of anybody, so that `known_people` may find something."""
    return any(collection_of(model).find_one({"userId": user_id}, {"_id": 1}) for model in (Identity, TracePurchase))


def known_people(user_id: ObjectId, leads: Iterable[Lead]) -> dict[str, bool]:
    """The identities that these leads may be and of which something is known; of each whether it is not to be called.

    Their contacts may have been taken off their lists, or been removed with them.
    """
    keys = list({key for lead in leads for key in lead.identity_keys})
    of_them = {"userId": user_id, "key": {"$in": keys}}
    known = {found["key"]: False for found in collection_of(TracePurchase).find(of_them, {"key": 1})}
    told = collection_of(Identity).find(of_them, {"key": 1, "doNotCallAt": 1})
    return known | {found["key"]: bool(found.get("doNotCallAt")) for found in told}


def identity_of(lead: Lead, contacts: Iterable[Mapping[str, Any]], known: Mapping[str, bool]) -> str:
    """The identity of a lead, by the user's contacts that are this lead and by `known`, as `known_people` tells it.

    Of several it is the one who is not to be called, else that of the contact that was made first, else one of which
    something is known.
    """
    named = [
        (str(contact["identityKey"]), bool(contact.get("doNotCall")))
        for contact in sorted(contacts, key=lambda contact: contact["_id"])
        if contact.get("identityKey")
    ]
    named += [(key, known[key]) for key in lead.identity_keys if key in known]
    barred = [key for key, is_barred in named if is_barred]
    return next(iter([*barred, *(key for key, _ in named)]), lead.identity_key)

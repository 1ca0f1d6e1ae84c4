"""What the columns of a file are: as the user said for the last file with these headers, or says now."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from leads.imports.fields import Field
from leads.models import ColumnMapping, LeadImport
from leads.services.imports.leases import State, change_state, find_import

TELLING = {
    *(Field.ADDRESS, Field.FULL_ADDRESS, Field.MAILING_ADDRESS),
    *(Field.APN, Field.EMAIL, Field.PHONE, Field.LINKEDIN),
}
"""The fields of which a lead has at least one."""

STARTS_ANEW = {"rows_read": 0, "chunks_planned": 0, "counts": {}, "causes": {}, "plan_hash": ""}


class MappingRefused(Exception):
    """The columns cannot be read so. Its text is a sentence for the page."""


def confirm_mapping(
    *,
    user: User,
    import_id: str,
    mapping: Sequence[str],
    now: datetime,
    skips_known: bool | None = None,
    remembers: bool = True,
) -> LeadImport:
    """Say what the columns are, in their order; the plan is made by it, or made anew.

    It is remembered for the next file with these headers, unless `remembers` is False: then nobody looked at it yet.
    `skips_known`, where given, says whether those who are on other lists already are left out.

    :raises ImportNotFound: when the user has no such import
    :raises WrongState: unless it waits for this, or for the decision about its plan
    :raises MappingRefused: when the fields are not those of a list of leads
    """
    lead_import = find_import(user=user, import_id=import_id)
    fields = check_mapping(mapping, lead_import.table.get("headers", ()))
    skips = lead_import.skips_known if skips_known is None else skips_known
    change_state(
        lead_import,
        states=[State.MAPPING, State.PLANNED],
        state=State.PLANNING,
        mapping=[str(field) for field in fields],
        skips_known=skips,
        due_at=now,
        lease_until=None,
        **STARTS_ANEW,
    )
    if remembers:
        remember_mapping(lead_import, now=now)
    return lead_import


def check_mapping(mapping: Sequence[str], headers: Sequence[str]) -> list[Field]:
    """The fields of the columns. Raises MappingRefused."""
    if len(mapping) != len(headers):
        raise MappingRefused(f"The file has {len(headers)} columns, and fields of {len(mapping)} were given.")
    try:
        fields = [Field(name) for name in mapping]
    except ValueError:
        raise MappingRefused("A column was given a field that Atlas does not know.") from None
    for field in Field:
        if fields.count(field) > 1 and not field.is_repeatable:
            raise MappingRefused(f"Several columns were given the field “{field.label}”. Choose one of them.")
    if not TELLING.intersection(fields):
        raise MappingRefused(
            "No column tells where a lead is found. Choose at least one with a street, a parcel number, an email "
            "address, a phone number or a LinkedIn profile."
        )
    return fields


def remembered_mapping(user_id: ObjectId, headers: Sequence[str]) -> list[str] | None:
    """What the user said of the last file with these headers, or None."""
    found = ColumnMapping.objects.filter(user_id=user_id, header_hash=header_hash(headers)).first()
    return list(found.mapping) if found and len(found.mapping) == len(headers) else None


def remember_mapping(lead_import: LeadImport, *, now: datetime) -> None:
    """Keep the mapping of an import for the next file with the same headers; without headers there is nothing to know.

    Of two at the same moment one stays.
    """
    if not lead_import.table.get("header_row"):
        return
    headers = lead_import.table["headers"]
    key = {"userId": lead_import.user_id, "headerHash": header_hash(headers)}
    said = {"headers": headers, "mapping": lead_import.mapping, "usedAt": now}
    try:
        collection_of(ColumnMapping).update_one(key, {"$set": said}, upsert=True)
    except DuplicateKeyError:
        pass


def header_hash(headers: Sequence[str]) -> str:
    """What headers in their order are known by."""
    return hashlib.sha256("\x1f".join(headers).encode()).hexdigest()

"""A contact as the vendor is asked for it: the person, and the property at whose address they are looked for."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from atlas_site.vendors.batchdata import Address, PersonName, TraceRequest
from leads.imports.fields import Field
from leads.imports.identity import identity_key
from leads.imports.rows import Lead, LeadReader
from leads.services.people import COLUMNS as COLUMNS_OF_PEOPLE
from properties.models import TracePurchase
from properties.services.traces import is_bought, place_key

SHOWN_TO_VENDOR = (
    *("firstName", "lastName", "company", "address", "city", "state", "zip", "county", "apn"),
    *("mailingAddress", "mailingCity", "mailingState", "mailingZip", "suffix"),
)
"""The keys of a contact's document that the question is made of."""

COLUMNS = tuple(each for each in COLUMNS_OF_PEOPLE if each[0] not in {Field.PHONE, Field.EMAIL, Field.LINKEDIN})
READER = LeadReader({index: field for index, (field, _) in enumerate(COLUMNS)}, [key for _, key in COLUMNS])
"""Reads of a contact what is asked by as imports read a row: who was never edited is known by the same key."""

ZIP = re.compile(r"\d{5}")
WORD = re.compile(r"[a-z]+")


def request_of(contact: Mapping[str, Any]) -> TraceRequest:
    """The question for one contact, whose id comes back with the answer.

    A contact without a property's address is looked for at its mailing address. A mailing address is told beside
    another one only, since it helps to tell people of one name apart.
    """
    site = replace(_address(contact, ("address", "city", "state", "zip")), county=_text(contact, "county"))
    mail = _address(contact, ("mailingAddress", "mailingCity", "mailingState", "mailingZip"))
    where, beside = (site, mail) if site.street else (mail, Address())
    if not where.street and contact.get("apn"):
        where = site
    return TraceRequest(
        row_id=str(contact["_id"]),
        address=where,
        name=PersonName(first=_text(contact, "firstName"), last=_text(contact, "lastName")),
        mailing_address=beside,
        apn=_text(contact, "apn"),
    )


def is_traceable(contact: Mapping[str, Any]) -> bool:
    """Whether the contact has an address, or a parcel, by which the vendor can find the property."""
    return request_of(contact).is_traceable


def place_of(contact: Mapping[str, Any]) -> str:
    """The place at which a contact is looked for, as properties are compared by it; "" without street and ZIP code."""
    asked = request_of(contact).address
    return place_key(asked.street, asked.zip)


class AskedAs(NamedTuple):
    """By what a contact is asked for: the key of person and place, and a digest of the person's name, "" for nobody."""

    key: str
    person: str


def trace_key(contact: Mapping[str, Any]) -> str:
    """The key of the person and place that a contact is asked by now. See `asked_as`."""
    return asked_as(contact).key


def asked_as(contact: Mapping[str, Any]) -> AskedAs:
    """The person and place that a contact is asked by now, under which the answer is kept for everybody.

    The key is the contact's identity unless somebody edited it, or it was found to be a person who is written
    otherwise: an identity stays with a contact whatever is written of it.
    """
    last = " ".join(part for key in ("lastName", "suffix") if (part := _text(contact, key)))
    values = {**contact, "lastName": last}
    lead = READER.read([str(values.get(key) or "") for _, key in COLUMNS])
    if isinstance(lead, Lead):
        return AskedAs(lead.identity_key, identity_key(lead.person_key, "") if lead.person_key else "")
    return AskedAs(identity_key("", f"asked:{json.dumps(body_of(request_of(contact)), sort_keys=True)}"), "")


def key_of_row(row: Mapping[str, Any]) -> str:
    """The key of what a row of a batch asks. Rows of before had their contact's identity for it."""
    return row.get("traceKey") or row["key"]


def is_paid(row: Mapping[str, Any], bought: Mapping[str, TracePurchase]) -> bool:
    """Whether the user has bought whom a row asks, otherwise than by the purchase that it renews."""
    purchase = bought.get(key_of_row(row))
    if purchase is None or not is_bought(purchase, row.get("person", "")):
        return False
    return purchase.bought_at.isoformat() != row.get("renews")


def body_of(request: TraceRequest) -> dict[str, Any]:
    """A question as a batch keeps it, from which the very same one is made again after a crash."""
    body = {
        "street": request.address.street,
        "city": request.address.city,
        "county": request.address.county,
        "state": request.address.state,
        "zip": request.address.zip,
        "first": request.name.first,
        "last": request.name.last,
        "apn": request.apn,
        "mail": [getattr(request.mailing_address, part) for part in ("street", "city", "state", "zip")],
    }
    return {key: value for key, value in body.items() if value}


def request_from(row_id: str, body: Mapping[str, Any]) -> TraceRequest:
    """The question that `body_of` kept."""
    street, city, state, zip_code = body.get("mail") or [None] * 4
    return TraceRequest(
        row_id=row_id,
        address=Address(
            street=body.get("street"),
            city=body.get("city"),
            county=body.get("county"),
            state=body.get("state"),
            zip=body.get("zip"),
        ),
        name=PersonName(first=body.get("first"), last=body.get("last")),
        mailing_address=Address(street=street, city=city, state=state, zip=zip_code),
        apn=body.get("apn"),
    )


def is_same_person(contact: Mapping[str, Any], name: str) -> bool:
    """Whether a name may be the contact's: it has the contact's last name, or the words of the company's."""
    known = set(WORD.findall(name.lower()))
    wanted = WORD.findall((_text(contact, "lastName") or _text(contact, "company") or "").lower())
    return bool(wanted) and known.issuperset(wanted)


def _address(contact: Mapping[str, Any], keys: tuple[str, str, str, str]) -> Address:
    street, city, state, zip_code = [_text(contact, key) for key in keys]
    digits = ZIP.match(zip_code or "")
    return Address(street=street, city=city, state=state, zip=digits[0] if digits else None)


def _text(contact: Mapping[str, Any], key: str) -> str | None:
    value = contact.get(key)
    return value.strip() or None if isinstance(value, str) else None

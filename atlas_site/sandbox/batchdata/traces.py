"""Whom a skip trace finds: the owner of a property of the market, or an invented owner of any other US address.

An address that the market does not have is taken for a property of its own, drawn from the address (and from the name,
where the vendor can tie that person to it), so that the same row finds the same people at any time and on any machine.
About one such address in eight is unknown to the vendor, and one owner in seven has neither phone nor e-mail: misses.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atlas_site.sandbox.batchdata.calls import Call
from atlas_site.sandbox.batchdata.lookup import find
from atlas_site.sandbox.market.catalog import Catalog
from atlas_site.sandbox.market.facts import Facts
from atlas_site.sandbox.market.people import Person
from atlas_site.sandbox.market.record import Record, write_record
from atlas_site.sandbox.web import as_dict, as_list

GROUPS = ("address", "general", "owner", "valuation")
BEYOND_THE_MARKET = 1 << 24
"""Where the numbers of invented properties begin; a market is smaller."""
UNKNOWN_SHARE, TIED_SHARE = 0.12, 0.85
STATES_BESIDE_THE_MARKET = frozenset({"PR", "VI", "GU", "AS", "MP"})
ADDRESS_PARTS = ("street", "city", "state", "zip")


@dataclass(frozen=True)
class Trace:
    """What the vendor knows about one requested row: the property's record, or nothing.

    ``names`` are the people found, the one who was asked for first.
    """

    request: dict[str, Any]
    record: Record | None = None
    names: tuple[dict[str, str], ...] = ()
    error: str = ""

    @property
    def address(self) -> dict[str, Any]:
        """The requested address as it was sent."""
        return as_dict(self.request.get("propertyAddress"))

    @property
    def owner(self) -> dict[str, Any]:
        return as_dict(as_dict(self.record).get("owner"))

    @property
    def is_match(self) -> bool:
        """Whether there is anything to tell, which is billed: a phone, an e-mail, or that the person sues callers."""
        return bool(self.owner.get("phoneNumbers") or self.owner.get("emails") or self.owner.get("litigator"))


def trace_rows(call: Call, requests: Sequence[dict[str, Any]]) -> list[Trace]:
    """Trace each row, in the order asked."""
    catalog = call.vendor.catalog
    numbers = [_number_in_market(catalog, request) for request in requests]
    records = catalog.records(sorted({number for number in numbers if number is not None}), call.today, GROUPS)
    traces = []
    for request, number in zip(requests, numbers, strict=True):
        if number in records:
            record = records[number]
            traces.append(Trace(request, record, _names_of(record, request)))
        else:
            traces.append(_invent(call, request))
    return traces


def _number_in_market(catalog: Catalog, request: dict[str, Any]) -> int | None:
    parcel = {key: request.get(key) for key in ("apn", "countyFipsCode")}
    where = {key: request.get(key) for key in ("county", "state")}
    return find(catalog, {**parcel, "address": {**where, **as_dict(request.get("propertyAddress"))}})


def _invent(call: Call, request: dict[str, Any]) -> Trace:
    """Trace a row that is not in the market."""
    address = as_dict(request.get("propertyAddress"))
    is_whole = address.get("street") and (address.get("zip") or (address.get("city") and address.get("state")))
    if not is_whole:
        # A parcel that nobody knows is a miss; a row by which nothing could be found is an error.
        return Trace(request, error="" if request.get("apn") else "Invalid property address")
    if not _is_in_the_country(call.vendor.catalog, address):
        return Trace(request)
    place = "|".join(_plain(address.get(part)) for part in ADDRESS_PARTS)
    catalog = call.vendor.catalog
    if _fraction(catalog.seed, "known", place) < UNKNOWN_SHARE:
        return Trace(request)
    name = _name_asked_for(request)
    person = _plain(f"{name.get('first')} {name.get('last')}") if name else ""
    is_tied = bool(person) and _fraction(catalog.seed, "tied", place, person) < TIED_SHARE
    key = (place, person) if is_tied else (place,)
    facts = catalog.facts(BEYOND_THE_MARKET + int(_fraction(catalog.seed, "owner", *key) * (1 << 31)))
    facts["place"] = catalog.places.by_zip.get(str(address.get("zip"))[:5], facts["place"])
    if is_tied:
        _rename_owner(facts, name)
    record = write_record(facts, call.today, GROUPS)
    record["address"] = {part: address[part] for part in ADDRESS_PARTS if address.get(part)}
    if facts["mail_street"] == facts["street"]:
        record["owner"]["mailingAddress"] = record["address"]
    return Trace(request, record, _names_of(record, request))


def _rename_owner(facts: Facts, name: dict[str, str]) -> None:
    """Let the person who was asked for be the owner."""
    person = Person(name.get("first", ""), "", name["last"], is_woman=False)
    facts.update(
        owner_person=person, first_name=person.first, last_name=person.last, owner_name=person.full,
        owner_status="Individual", co_owner=None,
    )  # fmt: skip


def _names_of(record: Record, request: dict[str, Any]) -> tuple[dict[str, str], ...]:
    """Return the names of the owners; one who bears the last name that was asked for comes first, and as asked for."""
    names = [name for name in as_list(as_dict(record.get("owner")).get("names")) if isinstance(name, dict)]
    asked = _name_asked_for(request)
    kin = [name for name in names if asked and _plain(name.get("last")) == _plain(asked["last"])]
    if not kin:
        return tuple(names)
    same = [name for name in kin if _plain(name.get("first")) == _plain(asked.get("first"))]
    first = same[0] if same else {**asked, "full": " ".join(asked.values())}
    return first, *(name for name in names if name is not (same or kin)[0])


def _name_asked_for(request: dict[str, Any]) -> dict[str, str]:
    """Return the name of a request, or nothing where it has no last name."""
    name = {
        key: str(value) for key, value in as_dict(request.get("name")).items() if key in ("first", "last") and value
    }
    return name if "last" in name else {}


def _is_in_the_country(catalog: Catalog, address: dict[str, Any]) -> bool:
    state, zip_code = str(address.get("state") or ""), str(address.get("zip") or "")
    is_state = not state or state.upper() in catalog.places.states | STATES_BESIDE_THE_MARKET
    return is_state and (not zip_code or zip_code[:5].isdigit())


def _fraction(seed: int, *parts: str) -> float:
    """Return a fraction that is the same for the same texts in every process."""
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=8, key=f"trace-{seed}".encode()).digest()
    return int.from_bytes(digest, "big") / 2**64


def _plain(text: Any) -> str:
    return " ".join(re.findall(r"\w+", str(text or "").lower()))

"""POST ``property/lookup/all-attributes``: known properties by id, address, hash or APN; a miss is not billed."""

from typing import Any

from atlas_site.sandbox.batchdata import datasets
from atlas_site.sandbox.batchdata.calls import Call, answer, deliver, options_of
from atlas_site.sandbox.batchdata.comparables import find_by_address
from atlas_site.sandbox.batchdata.errors import VendorRefusal
from atlas_site.sandbox.market.catalog import Catalog

MAX_REQUESTS = 500


def look_up(call: Call) -> dict[str, Any]:
    """Answer a lookup. A request without a match has no element in the answer. Raises ``VendorRefusal``."""
    body = call.body()
    requests, options = body.get("requests"), options_of(body)
    if not isinstance(requests, list) or not all(isinstance(request, dict) for request in requests):
        raise VendorRefusal(400, "Invalid Request body", ["requests is required"])
    if len(requests) > MAX_REQUESTS:
        raise VendorRefusal(400, "Invalid Request body", [f"no more than {MAX_REQUESTS} requests"])
    found = [(request, find(call.vendor.catalog, request)) for request in requests]
    enabled = datasets.enabled(options.get("datasets"), call.permitted)
    is_traced = options.get("skipTrace") is True
    groups = datasets.groups_of(enabled, with_contact=is_traced)
    numbers = [number for _, number in found if number is not None]
    by_number = call.vendor.catalog.records(numbers, call.today, groups)
    matched = [(request, by_number[number]) for request, number in found if number in by_number]
    properties, traces = deliver(call, [record for _, record in matched], enabled, is_traced=is_traced)
    for record, (request, _) in zip(properties, matched, strict=True):
        name = {"requestId": str(request["requestId"])} if request.get("requestId") is not None else {}
        record["meta"] = {**name, "propertyDateModified": call.date_modified}
    call.vendor.account.note_call(call.request_id, call.endpoint, call.now, is_count=False, results=len(properties))
    meta = call.meta(found=len(properties), returned=len(properties), traces=traces)
    echo = {"requests": requests, "options": options} if options.get("showRequests") else {}
    return answer({"properties": properties, "meta": meta, **echo})


def find(catalog: Catalog, request: dict[str, Any]) -> int | None:
    """Return the number of the property that a lookup request names, or ``None``."""
    address = request.get("address")
    address = address if isinstance(address, dict) else {}
    if request.get("propertyId"):
        return catalog.number_of(str(request["propertyId"]))
    if request.get("apn"):
        return _find_by_apn(catalog, str(request["apn"]), request.get("countyFipsCode"), address)
    return find_by_address(catalog, {**address, **({"hash": request["hash"]} if request.get("hash") else {})})


def _find_by_apn(catalog: Catalog, apn: str, fips: Any, address: dict[str, Any]) -> int | None:
    if fips:
        where, values = "fips = ? AND apn = ?", [str(fips), apn]
    elif address.get("state") and address.get("county"):
        where, values = "state = ? AND county = ? AND apn = ?", [str(address["state"]), str(address["county"]), apn]
    else:
        return None
    row = catalog.connection().execute(f"SELECT i FROM property WHERE {where} LIMIT 1", values).fetchone()  # noqa: S608
    return None if row is None else int(row[0])

"""POST ``property/skip-trace`` in versions 1 and 3: the people of known properties, billed per match.

Version 1 answers with one person per row and drops the numbers of people who sue over calls (TCPA) unless asked to keep
them; version 3 answers with up to three and keeps such numbers, flagged, unless asked to drop them. Phones on
do-not-call lists always come, flagged. Values that the vendor does not know are null or missing, by the last digit of a
number, and e-mails come in three shapes, by the person.
"""

from collections.abc import Iterable
from typing import Any

from atlas_site.sandbox.batchdata.calls import Call, options_of
from atlas_site.sandbox.batchdata.datasets import SKIP_TRACE_PRICE
from atlas_site.sandbox.batchdata.errors import VendorRefusal
from atlas_site.sandbox.batchdata.traces import Trace, trace_rows
from atlas_site.sandbox.web import as_dict, as_list

MAX_ROWS = 100
MOST_PHONES, MOST_EMAILS, MOST_PERSONS = 5, 3, 3
PHONE_KEYS = ("number", "carrier", "type", "tested", "reachable", "score", "dnc", "tcpa", "lastReportedDate")
V3_PHONE_KEYS = ("rank", "number", "type", "carrier", "tested", "reachable", "dnc", "tcpa")
NULL_BY_DIGIT = {"0": "tested", "1": "reachable", "2": "dnc", "3": "score"}
MISSING_BY_DIGIT = {"4": "tested", "5": "lastReportedDate", "6": "carrier", "7": "dnc", "8": "tcpa"}
EMAIL_SHAPES = 3


def trace_v1(call: Call) -> dict[str, Any]:
    """Answer a skip trace of version 1. Raises ``VendorRefusal``."""
    traces, options = _trace(call)
    with_tcpa = options.get("includeTCPABlacklistedPhones") is True
    results = {"persons": [_v1_row(trace, with_tcpa=with_tcpa) for trace in traces], "meta": _bill(call, traces)}
    return {"status": {"code": 200, "text": "OK"}, "results": results}


def trace_v3(call: Call) -> dict[str, Any]:
    """Answer a skip trace of version 3, whose envelope is ``result``. Raises ``VendorRefusal``."""
    traces, options = _trace(call)
    with_tcpa = options.get("includeTCPABlacklistedPhones") is not False
    data = [_v3_row(index, trace, with_tcpa=with_tcpa) for index, trace in enumerate(traces)]
    return {"status": {"code": 200, "text": "OK"}, "result": {"data": data, "meta": _bill(call, traces)}}


def _trace(call: Call) -> tuple[list[Trace], dict[str, Any]]:
    body = call.body()
    requests, options = body.get("requests"), options_of(body)
    if not isinstance(requests, list) or not requests or not all(isinstance(request, dict) for request in requests):
        raise VendorRefusal(400, "Invalid Request body", ["requests is required"])
    if len(requests) > MAX_ROWS:
        raise VendorRefusal(400, "Invalid Request body", [f"no more than {MAX_ROWS} requests"])
    return trace_rows(call, requests), options


def _bill(call: Call, traces: list[Trace]) -> dict[str, Any]:
    """Bill each match and return the meta with its counts. Raises ``VendorRefusal`` (403) for an empty wallet."""
    matched = [trace for trace in traces if trace.is_match]
    errors = sum(bool(trace.error) for trace in traces)
    call.afford(SKIP_TRACE_PRICE * len(matched))
    rows = [(str(trace.request.get("requestId") or ""), as_dict(trace.record)["_id"]) for trace in matched]
    call.vendor.account.bill_traces(call.request_id, call.endpoint, call.now, rows)
    call.vendor.account.note_call(call.request_id, call.endpoint, call.now, is_count=False, results=len(matched))
    meta = call.meta(found=0, returned=0, traces={})
    counts = {
        "requestCount": len(traces), "matchCount": len(matched),
        "noMatchCount": len(traces) - len(matched) - errors, "errorCount": errors,
    }  # fmt: skip
    return {**meta, "results": counts}


# ---------------------------------------------------------------- version 1
def _v1_row(trace: Trace, *, with_tcpa: bool) -> dict[str, Any]:
    named = {"requestId": str(trace.request["requestId"])} if trace.request.get("requestId") is not None else {}
    if not trace.is_match:
        return {**named, "propertyAddress": trace.address, "meta": _outcome(trace)}
    record, owner = as_dict(trace.record), trace.owner
    return {
        "_id": record["_id"], **named, "name": trace.names[0] if trace.names else {"full": owner.get("fullName")},
        "propertyAddress": record["address"], "mailingAddress": owner.get("mailingAddress") or {},
        "phoneNumbers": [_cut(phone, PHONE_KEYS) for phone in phones_of(trace, with_tcpa=with_tcpa)],
        "emails": _v1_emails(owner), "dnc": owner.get("dnc") or {}, "litigator": owner.get("litigator"),
        "bankruptcy": owner.get("bankruptcy") or {}, "death": owner.get("death") or {},
        "involuntaryLien": owner.get("involuntaryLien") or {}, "property": _property(trace), "meta": _outcome(trace),
    }  # fmt: skip


def _v1_emails(owner: dict[str, Any]) -> list[Any]:
    """Return the e-mails as objects with ``tested``, as texts, or as objects with ``address``."""
    emails = _emails_of(owner)
    shape = sum(map(ord, "".join(email["email"] for email in emails))) % EMAIL_SHAPES
    if shape == 1:
        return [email["email"] for email in emails]
    return [{"address": email["email"]} for email in emails] if shape else emails


def _property(trace: Trace) -> dict[str, Any]:
    record = as_dict(trace.record)
    value, owner = as_dict(record.get("valuation")), trace.owner
    known = {
        "equity": value.get("equityCurrentEstimatedBalance"), "equityPercent": value.get("equityPercent"),
        "absenteeOwner": None if owner.get("ownerOccupied") is None else not owner["ownerOccupied"],
        "vacant": as_dict(record.get("general")).get("vacant"),
    }  # fmt: skip
    return {
        "address": record["address"],
        "owner": {"name": {"full": owner.get("fullName")}, "mailingAddress": owner.get("mailingAddress") or {}},
        **{key: found for key, found in known.items() if found is not None},
    }


# ---------------------------------------------------------------- version 3
def _v3_row(index: int, trace: Trace, *, with_tcpa: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"inputIndex": index, "input": trace.request, "persons": [], "meta": _outcome(trace)}
    if not trace.is_match:
        return row
    record, owner = as_dict(trace.record), trace.owner
    mailing_address = owner.get("mailingAddress") or {}
    row["property"] = {
        "id": record["_id"], "address": record["address"], "mailingAddress": mailing_address,
        "owners": owner.get("names") or [],
    }  # fmt: skip
    phones, emails = phones_of(trace, with_tcpa=with_tcpa), _emails_of(owner)
    names = trace.names[:MOST_PERSONS] or ({"full": str(owner.get("fullName"))},)
    for place, name in enumerate(names):
        # The one who was asked for, or the first owner, has the numbers; a co-owner shares the last of them.
        own_phones = phones if place == 0 else phones[-1:]
        row["persons"].append({
            "propertyOwner": True, "name": {**name, "akas": []}, "addresses": [{**mailing_address, "rank": 1}],
            "phones": [
                _cut({**phone, "rank": rank}, V3_PHONE_KEYS) for rank, phone in enumerate(own_phones, start=1)
            ],
            "emails": [{"rank": rank, **email} for rank, email in enumerate(emails, start=1)] if place == 0 else [],
            "litigator": owner.get("litigator") if place == 0 else None,
            "deceased": as_dict(owner.get("death")).get("deceased") if place == 0 else None,
        })  # fmt: skip
    return row


# ---------------------------------------------------------------- both
def phones_of(trace: Trace, *, with_tcpa: bool) -> list[dict[str, Any]]:
    """Return the phones of a match, mobiles first; of a person with a TCPA flag, every other number is on that list."""
    is_flagged = as_dict(trace.owner.get("dnc")).get("tcpa") is True
    phones = [
        {**phone, "tcpa": is_flagged and place % 2 == 0}
        for place, phone in enumerate(as_list(trace.owner.get("phoneNumbers")))
        if isinstance(phone, dict)
    ]
    kept = [_with_gaps(phone) for phone in phones if with_tcpa or not phone["tcpa"]]
    return sorted(kept, key=lambda phone: phone.get("type") != "Mobile")[:MOST_PHONES]


def _with_gaps(phone: dict[str, Any]) -> dict[str, Any]:
    """Return a phone of which something may be unknown; what is flagged stays so."""
    digit = str(phone.get("number"))[-1:]
    null, missing = NULL_BY_DIGIT.get(digit), MISSING_BY_DIGIT.get(digit)
    with_nulls = {key: None if key == null and value is not True else value for key, value in phone.items()}
    return {key: value for key, value in with_nulls.items() if key != missing or value is True}


def _emails_of(owner: dict[str, Any]) -> list[dict[str, Any]]:
    enriched = [email for email in as_list(owner.get("enrichedEmails")) if isinstance(email, dict)]
    return enriched[:MOST_EMAILS]


def _outcome(trace: Trace) -> dict[str, Any]:
    outcome = {"matched": trace.is_match, "error": bool(trace.error)}
    return {**outcome, "errorMessage": trace.error} if trace.error else outcome


def _cut(item: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: item[key] for key in keys if key in item}

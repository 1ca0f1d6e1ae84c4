"""POST ``property/search``: criteria in, a page of records (or only counts) out, one unit billed per record."""

import re
from typing import Any

from atlas_site.sandbox.batchdata import datasets
from atlas_site.sandbox.batchdata.account import SessionLimitReached
from atlas_site.sandbox.batchdata.calls import Call, answer, deliver, options_of
from atlas_site.sandbox.batchdata.criteria import Question, read_criteria
from atlas_site.sandbox.batchdata.errors import VendorRefusal
from atlas_site.sandbox.batchdata.finder import BadCursor, Page, read_order

DEFAULT_TAKE, MAX_TAKE = 25, 500
SESSION_ID = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def search(call: Call) -> dict[str, Any]:
    """Answer a search. Raises ``VendorRefusal``."""
    body = call.body()
    criteria, options = body.get("searchCriteria"), options_of(body)
    if not isinstance(criteria, dict):
        raise VendorRefusal(400, "Invalid Request body", ["searchCriteria is required"])
    skip, take = _number(options, "skip", 0), _number(options, "take", DEFAULT_TAKE)
    if take > MAX_TAKE:
        raise VendorRefusal(400, "Invalid Request body", [f"take must not be above {MAX_TAKE}"])
    question = read_criteria(criteria, options, call.vendor.catalog, call.today)
    if isinstance(options.get("searchSession"), dict) and take:
        results = _search_in_session(call, question, options, take)
    else:
        results = _search(call, question, options, skip, take)
    results |= _extras(call, question, criteria, options, is_count=skip == take == 0)
    return answer(results)


def _search(call: Call, question: Question, options: dict[str, Any], skip: int, take: int) -> dict[str, Any]:
    total = call.vendor.finder.total(question)
    enabled = datasets.enabled(options.get("datasets"), call.permitted)
    if not take:
        _count(call, enabled)
        return {"properties": [], "meta": call.meta(found=total, returned=0, traces=_no_traces())}
    cursor = options.get("pageCursor") if options.get("useCursorPagination") else None
    page = _page(call, question, options, skip=skip, take=take, cursor=cursor)
    results = _results(call, page.numbers, total, enabled, options)
    if options.get("useCursorPagination") and page.next_cursor:
        results["nextPageCursor"] = page.next_cursor
    return results


def _search_in_session(call: Call, question: Question, options: dict[str, Any], take: int) -> dict[str, Any]:
    """Answer with records that this session has not had; a known idempotency key gets its page again, unbilled."""
    account, session = call.vendor.account, options["searchSession"]
    name, key = str(session.get("id", "")), str(session.get("idempotencyKey") or "")
    if not SESSION_ID.fullmatch(name):
        raise VendorRefusal(400, "Invalid Request body", ["searchSession.id is not valid"])
    enabled = datasets.enabled(options.get("datasets"), call.permitted)
    with account.session_lock:
        try:
            is_new = account.open_session(name, call.now)
        except SessionLimitReached as error:
            raise VendorRefusal(400, "Maximum number of search sessions reached") from error
        earlier = account.page(name, key) if key else None
        if earlier:
            results = _results(call, earlier["numbers"], earlier["total"], enabled, options, is_billed=False)
        else:
            total = call.vendor.finder.total(question)
            page = _page(call, question, options, skip=0, take=take, without=account.delivered(name))
            results = _results(call, page.numbers, total, enabled, options)
            account.keep_page(name, key, {"numbers": page.numbers, "total": total}, page.numbers)
        delivered = len(account.delivered(name))
    results["searchSessionMeta"] = {"isNewSession": is_new, "totalDelivered": delivered}
    return results


def _page(call: Call, question: Question, options: dict[str, Any], **limits: Any) -> Page:
    try:
        return call.vendor.finder.page(question, read_order(options, call.request_id), **limits)
    except BadCursor as error:
        raise VendorRefusal(400, "Invalid Request body", ["pageCursor is not valid"]) from error


def _results(
    call: Call, numbers: list[int], total: int, enabled: list[str], options: dict[str, Any], *, is_billed: bool = True
) -> dict[str, Any]:
    is_traced = options.get("skipTrace") is True
    groups = datasets.groups_of(enabled, with_contact=is_traced)
    records = list(call.vendor.catalog.records(numbers, call.today, groups).values())
    properties, traces = deliver(call, records, enabled, is_traced=is_traced, is_billed=is_billed)
    for record in properties:
        record["meta"] = {"propertyDateModified": call.date_modified}
    call.vendor.account.note_call(call.request_id, call.endpoint, call.now, is_count=False, results=len(properties))
    return {"properties": properties, "meta": call.meta(found=total, returned=len(properties), traces=traces)}


def _count(call: Call, enabled: list[str]) -> None:
    account = call.vendor.account
    if account.bills_counts:
        call.afford(datasets.cost(enabled))
        account.bill_count(call.request_id, call.endpoint, call.now, enabled)
    account.note_call(call.request_id, call.endpoint, call.now, is_count=True, results=0)


def _extras(
    call: Call, question: Question, criteria: dict[str, Any], options: dict[str, Any], *, is_count: bool
) -> dict[str, Any]:
    """Return what options add to the results: quicklist counts, the area's outline, the inputs."""
    extras: dict[str, Any] = {}
    if is_count and options.get("quicklistCounts"):
        extras["quicklistCounts"] = call.vendor.finder.quicklist_counts(question)
    if options.get("areaPolygon"):
        extras["areaPolygon"] = _outline(call, question)
    if options.get("showRequests"):
        extras |= {"searchCriteria": criteria, "options": options}
    return extras


def _outline(call: Call, question: Question) -> dict[str, Any]:
    """Return the box around all matches as the area's polygon; GeoJSON order, longitude first."""
    sql = f"SELECT min(lat), max(lat), min(lon), max(lon) FROM property WHERE {question.where}"  # noqa: S608
    south, north, west, east = call.vendor.catalog.connection().execute(sql, question.parameters.values).fetchone()
    if south is None:
        return {"coordinates": []}
    ring = [[west, north], [east, north], [east, south], [west, south], [west, north]]
    corners = {"nw": {"latitude": north, "longitude": west}, "se": {"latitude": south, "longitude": east}}
    return {"boundingBox": corners, "coordinates": [[ring]]}


def _number(options: dict[str, Any], name: str, default: int) -> int:
    value = options.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise VendorRefusal(400, "Invalid Request body", [f"{name} must be a number from 0"])
    return value


def _no_traces() -> dict[str, int]:
    return {"skipTraceRequestCount": 0, "skipTraceMatchCount": 0, "skipTraceNoMatchCount": 0, "skipTraceErrorCount": 0}

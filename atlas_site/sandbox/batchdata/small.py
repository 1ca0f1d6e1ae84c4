"""The small endpoints: address autocomplete, wallet, list of search sessions."""

from datetime import date, datetime, timedelta
from typing import Any

from atlas_site.sandbox.batchdata.calls import Call, answer, iso_moment, options_of
from atlas_site.sandbox.batchdata.errors import VendorRefusal
from atlas_site.sandbox.web import Response, json_response

MAX_REPORT_DAYS = 366
BUCKETS = {"hour": "%Y-%m-%dT%H:00", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}


def autocomplete(call: Call) -> dict[str, Any]:
    """Answer with addresses, cities, counties and ZIP codes that begin with the query; the envelope is ``result``."""
    body = call.body()
    criteria, options = body.get("searchCriteria"), options_of(body)
    text = (criteria if isinstance(criteria, dict) else body).get("query")
    if not isinstance(text, str) or not text.strip():
        raise VendorRefusal(400, "Invalid Request body", ["query is required"])
    take = options.get("take") or body.get("limit") or 10
    suggestions = _suggest(call, text.strip(), min(int(take), 50))
    meta = {"apiVersion": "1.0", "requestId": call.request_id}
    return {"status": {"code": 200, "text": "OK"}, "result": {"suggestions": suggestions, "meta": meta}}


def _suggest(call: Call, text: str, take: int) -> list[dict[str, Any]]:
    start = text.replace("\\", "").replace("%", "").replace("_", "") + "%"
    connection = call.vendor.catalog.connection()
    column = "zip" if text.isdigit() else "city"
    sql = (
        f"SELECT DISTINCT city, state, county, fips{', zip' if column == 'zip' else ''} FROM property "  # noqa: S608
        f"WHERE {column} || ', ' || state LIKE :start OR {column} LIKE :start ORDER BY 1, 2 LIMIT :take"
    )
    places = connection.execute(sql, {"start": start, "take": take}).fetchall()
    found = [
        {**{key: row[key] for key in row.keys() if key != "fips"}, "countyFipsCode": row["fips"]} for row in places
    ]
    sql = (
        "SELECT street, city, state, zip, county, fips AS countyFipsCode, hash, lat AS latitude, lon AS longitude, "
        "id AS propertyId FROM property WHERE street || ', ' || city || ', ' || state LIKE :start "
        "ORDER BY street LIMIT :take"
    )
    if any(character.isdigit() for character in text) and len(found) < take:
        found += [dict(row) for row in connection.execute(sql, {"start": start, "take": take - len(found)})]
    return found


def balance(call: Call) -> dict[str, Any]:
    """Answer with the wallet's balance in dollars."""
    money = round(float(call.vendor.account.balance), 2)
    return answer({"balance": money, "currency": "USD", "asOf": iso_moment(call.now)})


def consumption_report(call: Call) -> dict[str, Any] | Response:
    """Answer with what was billed per endpoint between two days, in buckets of an hour, day, week or month."""
    query = call.request.query
    try:
        today = call.now.date()
        start = date.fromisoformat(query.get("start_date", (today - timedelta(days=30)).isoformat()))
        end = date.fromisoformat(query.get("end_date", today.isoformat()))
        bucket = BUCKETS[query.get("group_by", "day")]
    except (ValueError, KeyError) as error:
        raise VendorRefusal(400, "Invalid request parameters") from error
    if not 0 <= (end - start).days <= MAX_REPORT_DAYS:
        raise VendorRefusal(400, "Invalid request parameters", ["the range must not be above 366 days"])
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for unit in call.vendor.account.bill()["units"]:
        at = datetime.fromisoformat(unit["at"])
        if not start <= at.date() <= end:
            continue
        period = at.strftime(bucket)
        row = rows.setdefault((period, unit["endpoint"]), {
            "period": period, "endpoint": unit["endpoint"], "resultCount": 0, "amount": 0.0,
        })  # fmt: skip
        row["resultCount"] += 1
        row["amount"] = round(row["amount"] + unit["dollars"], 4)
    items = [rows[key] for key in sorted(rows)]
    if query.get("format") == "csv":
        lines = ["period,endpoint,resultCount,amount"]
        lines += [f"{r['period']},{r['endpoint']},{r['resultCount']},{r['amount']}" for r in items]
        return Response(("\n".join(lines) + "\n").encode(), content_type="text/csv")
    return answer({"consumption": items, "currency": "USD", "total": round(sum(r["amount"] for r in items), 4)})


def search_sessions(call: Call) -> dict[str, Any]:
    """Answer with the search sessions of the team (version 2, so its envelope is ``result``)."""
    try:
        skip, take = int(call.request.query.get("skip", 0)), int(call.request.query.get("take", 50))
    except ValueError as error:
        raise VendorRefusal(400, "Invalid request parameters") from error
    if skip < 0 or not 1 <= take <= 100:
        raise VendorRefusal(400, "Invalid request parameters", ["take must be from 1 to 100"])
    sessions = call.vendor.account.sessions()
    result = {"sessions": sessions[skip : skip + take], "total": len(sessions)}
    return {"status": {"code": 200, "text": "OK"}, "result": result}


def as_response(content: dict[str, Any] | Response) -> Response:
    """Return an answer of either kind as a response."""
    return content if isinstance(content, Response) else json_response(content)

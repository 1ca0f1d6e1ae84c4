"""Fetching what a user does not own, page by page: each page is paid for once, and charged for what is new in it."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from atlas_site.lib.transactions import run_txn
from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import Comparables, PropertyRecord, SearchPage
from atlas_site.vendors.errors import VendorRejected
from credits.models import CreditType
from properties.exclusions import Frozen, place_keys_of
from properties.models import Dataset, PropertyDatasetPermission, PropertyJob
from properties.services.allowances import OWNED_ALREADY, open_allowance, owned_records_left, take
from properties.services.cells import add_to_cells
from properties.services.jobs import asks_for_locked, capture_units, end_job, is_under_way, save_progress
from properties.services.records import hold_copies, store_records, values_of_copy

logger = logging.getLogger(__name__)

RECORDS_A_CALL = 100
# How many properties the vendor is asked to leave out, of each kind of key: as many as it takes.
EXCLUDED_IDS = 500
ALREADY_YOURS = "already yours"
ON_YOUR_LIST = "on your list"
UNREADABLE = "without an id"
# True of both ends of a reveal by locked data: no match is left, or too many of those that came were the user's.
NOTHING_NEW = "nothing more that is new was found that day"


def first_page(criteria: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Where a job begins at the top of a search."""
    return {
        **{"criteria": criteria, "page": 1, "next": None, "resumed": False},
        # Records that came although they are owned or left out, and all that came along the way from the top.
        **{"owned": 0, "excluded": 0, "walked": 0},
        **values,
    }


def take_page(
    *,
    job: PropertyJob,
    now: datetime,
    begin: Callable[[PropertyJob], dict[str, Any]],
    at_top: Callable[[PropertyJob], dict[str, Any]] | None = None,
    start_over: Callable[[PropertyJob, SearchPage], dict[str, Any] | None] = lambda _job, _answer: None,
    also: Callable[[list[PropertyRecord]], None] = lambda _records: None,
) -> PropertyJob:
    """Fetch one page of a job's search, and charge for what is new to the user; ends the job when there is no more.

    The page is paid for once: its answer is on record under the job's page number before it is read. `begin` says where
    a job begins; `at_top` where one begins that may not go on where an earlier one came to; `start_over` where one goes
    on once its search has run out, if anywhere; `also` is done with the records of the page in the transaction that
    makes them owned. Raises a VendorError, or LeaseLost.
    """
    if not job.cursor:
        # Kept before anything is asked, so that a worker that takes over asks the very same question.
        job = save_progress(job=job, cursor={**begin(job), "began": now.isoformat()})
    if not owned_records_left(job.user_id, now) and not is_under_way(job):
        return _end_for_owned(job, now)
    try:
        answer = _ask(job, now)
    except VendorRejected:
        if at_top is None or not job.cursor["resumed"] or job.cursor["page"] > 1:
            raise
        # The vendor does not know any more where the earlier job came to. As page 2 the question has another reference.
        logger.warning("Job %s begins at the top: the vendor refused the cursor of an earlier one.", job.pk)
        return save_progress(job=job, cursor={**at_top(job), "began": job.cursor["began"], "page": 2})
    records = [record for record in answer.records if record.property_id]
    store_records(records=records, datasets=[Dataset.BASIC], now=answer.answered_at)
    open_allowance(job.user_id, OWNED_ALREADY, now)

    def settle_page() -> PropertyJob:
        free = _why_free(job, records)
        new = list({record.property_id: record for record in records if record.property_id not in free}.values())
        outcome = capture_units(job=job, step=job.step, units={CreditType.SEARCH: len(new)}, now=now)
        rows = _outcomes(records, free, outcome) + [{"propertyId": "", "outcome": UNREADABLE}] * answer.unreadable_count
        take(job.user_id, OWNED_ALREADY, len(rows) - len(new), now)
        add_to_cells(job.user_id, _give(job, new, now))
        also(records)
        cursor = _count_up(job.cursor, rows)
        hit_count = job.hit_count + len(new)
        following = _following(job, cursor, answer, start_over)
        if hit_count >= job.wanted or following is None:
            ended = {**cursor, "next": answer.next_cursor}
            reasons = _reasons(job, ended, job.wanted - hit_count)
            return end_job(
                job=job, cause="miss", now=now, added_rows=rows, hit_count=hit_count, cursor=ended, not_charged=reasons
            )
        return save_progress(job=job, cursor=following, hit_count=hit_count, failures=0, problem="", added_rows=rows)

    return run_txn(settle_page, lock=job.user_id)


def _end_for_owned(job: PropertyJob, now: datetime) -> PropertyJob:
    """Stop, since the vendor bills what the user owns too, and the house has paid for enough of that today.

    A reveal with conditions on locked data ends as if nothing were left to find: how many of the user's own meet them
    has to be bought. What remains: whoever then reveals something that there must be more of learns that the day's
    records were used up, and so that many of theirs had come; that is one yes or no a day, about hundreds at once.
    """
    if asks_for_locked(job):
        reasons = _reasons(job, job.cursor, job.wanted - job.hit_count)
        return end_job(job=job, cause="miss", now=now, not_charged=reasons)
    return end_job(
        job=job,
        cause="owned",
        problem="The data vendor bills what is yours already as well, and Atlas pays for a limited number of that a "
        "day. Today's is used up, so this stopped early; go on tomorrow, or choose another place.",
        now=now,
        not_charged={},
    )


def _ask(job: PropertyJob, now: datetime) -> SearchPage:
    compared = job.subject.get("comparables")
    return batchdata.search_properties(
        job.cursor["criteria"],
        take=min(RECORDS_A_CALL, job.wanted - job.hit_count),
        cursor=job.cursor["next"] or "",
        sort=job.subject["sort"],
        comparables=Comparables(**compared) if compared else None,
        datasets=[Dataset.BASIC],
        reference=job.reference(job.step),
        user_id=job.user_id,
        now=now,
    )


def _why_free(job: PropertyJob, records: list[PropertyRecord]) -> dict[str | None, str]:
    """Why records cost nothing, by property id: the user owns them, or has left them out."""
    frozen = Frozen(job.subject.get("excluded") or {})
    excluded = {each.property_id: ON_YOUR_LIST for each in records if frozen and frozen.holds(*_keys_of(each))}
    owned = PropertyDatasetPermission.objects.filter(
        user_id=job.user_id,
        property_id__in=[record.property_id for record in records],
        datasets__contains=[Dataset.BASIC],
    )
    return {**excluded, **dict.fromkeys(owned.values_list("property_id", flat=True), ALREADY_YOURS)}


def _keys_of(record: PropertyRecord) -> list[str | None]:
    """What exclusions name a record by: its id, the hash of its address, keys of its place."""
    at = record.address
    return [record.property_id, record.address_hash, *place_keys_of(at.street, at.city, at.state, at.zip)]


def _outcomes(records: list[PropertyRecord], free: dict[str | None, str], outcome: str) -> list[dict[str, str]]:
    """What became of each record of a page. One that comes twice is new once."""
    rows, seen = [], set()
    for record in records:
        became = free.get(record.property_id) or (ALREADY_YOURS if record.property_id in seen else outcome)
        rows.append({"propertyId": record.property_id or "", "outcome": became})
        seen.add(record.property_id)
    return rows


def _give(job: PropertyJob, records: list[PropertyRecord], now: datetime) -> list[tuple[float | None, float | None]]:
    """Make the user own BASIC of these records, with what the search itself proved, and return where they lie.

    The rows are filled from the shared copies, which may be newer than the records. A document of another program may
    hold other datasets of one of them: it keeps those.
    """
    ids = [record.property_id or "" for record in records]
    copies = hold_copies(ids)
    known = PropertyDatasetPermission.objects.filter(user_id=job.user_id, property_id__in=ids)
    permissions = {permission.property_id: permission for permission in known}
    added, points = [], []
    for property_id in ids:
        before = permissions.get(property_id)
        datasets = [*(before.datasets if before else ()), Dataset.BASIC]
        values = {
            "datasets": datasets,
            "unlocked": {**(before.unlocked if before else {}), Dataset.BASIC.value: now.isoformat()},
            "proofs": job.subject["proofs"],
            "revealed_at": now,
            **values_of_copy(copies[property_id], datasets),
        }
        points.append((values["latitude"], values["longitude"]))
        if before:
            PropertyDatasetPermission.objects.filter(pk=before.pk).update(**values)
        else:
            added.append(PropertyDatasetPermission(user_id=job.user_id, property_id=property_id, **values))
    PropertyDatasetPermission.objects.bulk_create(added)
    return points


def _count_up(cursor: dict[str, Any], rows: list[dict[str, str]]) -> dict[str, Any]:
    owned = sum(row["outcome"] == ALREADY_YOURS for row in rows)
    excluded = sum(row["outcome"] == ON_YOUR_LIST for row in rows)
    return {
        **cursor,
        "owned": cursor["owned"] + owned,
        "excluded": cursor["excluded"] + excluded,
        "walked": cursor["walked"] + len(rows),
    }


def _following(
    job: PropertyJob,
    cursor: dict[str, Any],
    answer: SearchPage,
    start_over: Callable[[PropertyJob, SearchPage], dict[str, Any] | None],
) -> dict[str, Any] | None:
    """Where the next page begins, or None after the last one."""
    following = {**cursor, "page": cursor["page"] + 1}
    if answer.records and answer.next_cursor:
        return {**following, "next": answer.next_cursor}
    again = start_over(job, answer)
    return {**following, **again} if again else None


def _reasons(job: PropertyJob, cursor: dict[str, Any], missing: int) -> dict[str, int]:
    """Why units of a finished job were not charged, as far as records that came free account for it.

    How many of the user's own met a condition on locked data is not told: that has to be bought.
    """
    if asks_for_locked(job):
        return {NOTHING_NEW: missing} if missing > 0 else {}
    reasons: dict[str, int] = {}
    for why, count in ((ALREADY_YOURS, cursor["owned"]), (ON_YOUR_LIST, cursor["excluded"])):
        if counted := min(count, missing):
            reasons[why] = counted
            missing -= counted
    return reasons

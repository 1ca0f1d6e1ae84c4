"""Revealing the next n properties of a search that the user does not own yet."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import PropertyRecord, SearchPage
from credits import services as credit_services
from credits.models import CreditType, Quote
from properties.models import Dataset, PropertyDatasetPermission, PropertyJob
from properties.search.query import SearchQuery
from properties.services.jobs import capture_units, end_job, save_progress
from properties.services.records import row_values, store_records

RECORDS_A_CALL = 100
EXCLUDED_IDS = 500
# The vendor bills records that the user owns already, and the user pays nothing for them: a job that meets this many
# more of them than it is to reveal ends, and the next one of the same search goes on behind them.
MOST_OWNED_RECORDS = 200


class NothingToReveal(Exception):
    """The search matches nothing that could be revealed."""


def quote_reveal(
    *, user: User, query: SearchQuery, count: int, total: int | None, back_url: str, now: datetime
) -> Quote:
    """Offer to reveal the next `count` matches that the user does not own; nothing is fetched before acceptance.

    `total` is the number of matches as far as it is known, which the offer never exceeds. Raises NothingToReveal.
    """
    if total is not None:
        count = min(count, total)
    if count < 1:
        raise NothingToReveal
    noun = "property" if count == 1 else "properties"
    return credit_services.make_quote(
        user_id=user.pk,
        kind=PropertyJob.Kind.REVEAL,
        title=f"Reveal the next {count:,} {noun}, {query.describe()}"[:200],
        subject={
            "params": query.params(),
            "criteria": query.criteria(),
            "sort": query.vendor_sort,
            "proofs": query.proofs(),
            "search_hash": query.hash(),
            "count": count,
        },
        units={CreditType.SEARCH: count},
        accept_view="properties:accept-quote",
        back_url=back_url,
        source=credit_services.QuoteSource(
            kind="search",
            id=query.hash(),
            label=query.describe(),
            url=f"{reverse('properties:search')}?{query.urlencode()}",
        ),
        now=now,
    )


def reveal_next_page(*, job: PropertyJob, now: datetime) -> PropertyJob:
    """Fetch one page of the search, and charge for what is new to the user; ends the job when nothing is left to do.

    The page is paid for once: its answer is on record under the job's page number before it is read. Raises a
    VendorError, or LeaseLost.
    """
    if not job.cursor:
        # Kept before anything is asked, so that a worker that takes over asks the very same question.
        job = save_progress(job=job, cursor=start_cursor(job))
    cursor = job.cursor
    answer = _ask(job, cursor, now)
    records = [record for record in answer.records if record.property_id]
    store_records(records=records, datasets=[Dataset.BASIC], now=now)

    def settle_page() -> PropertyJob:
        new = _without_owned(job, records)
        hit_count = job.hit_count + len(new)
        owned = cursor["owned"] + len(records) - len(new)
        step = f"page:{cursor['page']}"
        outcome = capture_units(job=job, step=step, units={CreditType.SEARCH: len(new)}, now=now)
        _give(job, new, now)
        progress: dict[str, Any] = {"hit_count": hit_count, "rows": job.rows + _outcomes(records, new, outcome)}
        following = next_cursor(cursor, answer, owned)
        if hit_count >= job.wanted or following is None or owned >= job.wanted + MOST_OWNED_RECORDS:
            yours = min(owned, job.wanted - hit_count)
            progress["not_charged"] = {"already yours": yours} if yours else {}
            progress["cursor"] = {**cursor, "owned": owned, "next": answer.next_cursor}
            return end_job(job=job, cause="miss", now=now, **progress)
        return save_progress(job=job, cursor=following, failures=0, problem="", **progress)

    return run_txn(settle_page, lock=job.user_id)


def start_cursor(job: PropertyJob) -> dict[str, Any]:
    """Where a reveal begins: after the last one of the same search, or at the top without what the user owns."""
    earlier = (
        PropertyJob.objects.filter(user_id=job.user_id, search_hash=job.search_hash, state=PropertyJob.State.DONE)
        .order_by("-created_at")
        .first()
    )
    fresh_since = job.created_at - settings.RECORD_FRESH_FOR
    if earlier and earlier.cursor.get("next") and earlier.created_at > fresh_since:
        return {**_first_page(earlier.cursor["criteria"]), "next": earlier.cursor["next"], "resumed": True}
    return _first_page(_criteria_without_owned(job))


def next_cursor(cursor: dict[str, Any], answer: SearchPage, owned: int) -> dict[str, Any] | None:
    """Where the next page begins, or None after the last one. A resumed search starts over once it has run out."""
    following = {**cursor, "page": cursor["page"] + 1, "owned": owned}
    if answer.records and answer.next_cursor:
        return {**following, "next": answer.next_cursor}
    if cursor["resumed"]:
        return {**following, "next": None, "resumed": False}
    return None


def _first_page(criteria: dict[str, Any]) -> dict[str, Any]:
    return {"criteria": criteria, "page": 1, "next": None, "resumed": False, "owned": 0}


def _criteria_without_owned(job: PropertyJob) -> dict[str, Any]:
    """The quote's criteria, asking the vendor to leave out what the user owns there: fetching it would be billed."""
    criteria = job.subject["criteria"]
    address = criteria.get("address", {})
    fields = {"state": "state", "city": "city", "county": "county", "zip": "postal_code"}
    place = {fields[key]: condition["equals"] for key, condition in address.items()}
    owned = PropertyDatasetPermission.objects.filter(user_id=job.user_id, datasets__contains=[Dataset.BASIC], **place)
    ids = list(owned.order_by("-revealed_at", "-property_id").values_list("property_id", flat=True)[:EXCLUDED_IDS])
    return {**criteria, "ids": {"propertyId": {"notInList": ids}}} if ids else criteria


def _ask(job: PropertyJob, cursor: dict[str, Any], now: datetime) -> SearchPage:
    return batchdata.search_properties(
        cursor["criteria"],
        take=min(RECORDS_A_CALL, job.wanted - job.hit_count),
        cursor=cursor["next"] or "",
        sort=job.subject["sort"],
        datasets=[Dataset.BASIC],
        reference=job.reference(f"page:{cursor['page']}"),
        user_id=job.user_id,
        now=now,
    )


def _without_owned(job: PropertyJob, records: list[PropertyRecord]) -> list[PropertyRecord]:
    """The records that are new to the user, each once."""
    unique = {record.property_id: record for record in records}
    owned = PropertyDatasetPermission.objects.filter(
        user_id=job.user_id, property_id__in=list(unique), datasets__contains=[Dataset.BASIC]
    )
    for property_id in owned.values_list("property_id", flat=True):
        del unique[property_id]
    return list(unique.values())


def _give(job: PropertyJob, records: list[PropertyRecord], now: datetime) -> None:
    """Make the user own BASIC of these records, with what the search itself proved about them.

    A document of another program may hold other datasets of one of them: it keeps those.
    """
    ids = [record.property_id or "" for record in records]
    known = PropertyDatasetPermission.objects.filter(user_id=job.user_id, property_id__in=ids)
    permissions = {permission.property_id: permission for permission in known}
    added = []
    for property_id, record in zip(ids, records, strict=True):
        before = permissions.get(property_id)
        values = {
            "datasets": [*(before.datasets if before else ()), Dataset.BASIC],
            "unlocked": {**(before.unlocked if before else {}), Dataset.BASIC.value: now.isoformat()},
            "proofs": job.subject["proofs"],
            "revealed_at": now,
            **row_values(record, [Dataset.BASIC]),
        }
        if before:
            PropertyDatasetPermission.objects.filter(pk=before.pk).update(**values)
        else:
            added.append(PropertyDatasetPermission(user_id=job.user_id, property_id=property_id, **values))
    PropertyDatasetPermission.objects.bulk_create(added)


def _outcomes(records: list[PropertyRecord], new: list[PropertyRecord], outcome: str) -> list[dict[str, str]]:
    """What became of each record of a page; `outcome` is that of the new ones."""
    ids = {record.property_id for record in new}
    return [
        {
            "propertyId": record.property_id or "",
            "outcome": outcome if record.property_id in ids else "already yours",
        }
        for record in records
    ]

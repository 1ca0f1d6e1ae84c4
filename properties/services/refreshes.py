"""Asking the vendor again for datasets that a user owns: paid where a listed field changed (the money rule)."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.vendors.batchdata import PropertyRecord
from credits import services as credit_services
from credits.models import Quote
from properties.datasets import DATASET_INFOS
from properties.datasets.changes import LISTED, changed_fields, listed_labels, listed_values
from properties.models import Dataset, Property, PropertyDatasetPermission, PropertyJob
from properties.models.jobs import CHARGED
from properties.services.allowances import UNCHANGED_REFRESH, free_refreshes_left, open_allowance, take
from properties.services.cells import fill_row
from properties.services.jobs import capture_units, end_job, save_progress, source_of
from properties.services.records import values_of_copy
from properties.services.unlocks import WITHHELD, fetch_datasets, units_of

UNCHANGED = "unchanged"
NEWEST_SHOWN = "already owned: the newest copy is shown"
GONE = "nothing on file any more"


class NothingToRefresh(Exception):
    """None of the datasets is owned and can be asked for again now. Its text is a sentence for the page."""


def quote_refresh(
    *,
    user: User,
    permission: PropertyDatasetPermission,
    datasets: Iterable[str],
    back_url: str,
    now: datetime,
    last_look: datetime | None = None,
) -> Quote:
    """Offer to ask the vendor again for datasets that the user owns of a property; nothing is fetched before.

    The quote names the most that it can cost: the unit of every dataset, which is charged where a listed field
    changed, or where nothing did after the free unchanged ones of the month. Left out are datasets that are not owned,
    phones that were bought within 90 days (one purchase) and are less than 30 days old, and those of which Atlas holds
    a copy that is newer than the user's last look and younger than 30 days: it is shown already. `last_look` is now for
    somebody who looks at the property's page, and the moment of the last run for an automatic refresh. Raises
    NothingToRefresh.
    """
    looked_at = last_look or now
    wanted = _wanted(permission, dict.fromkeys(datasets), looked_at, now)
    titles = ", ".join(DATASET_INFOS[dataset].title for dataset in wanted)
    return credit_services.make_quote(
        user_id=user.pk,
        kind=PropertyJob.Kind.REFRESH,
        title=f"Ask again for {titles} of {permission.address or 'a property'}"[:200],
        subject={
            "property_id": permission.property_id,
            "datasets": wanted,
            "looked_at": looked_at.isoformat(),
            "notes": _notes(wanted, free_refreshes_left(user.pk, now)),
        },
        units=units_of(wanted),
        accept_view="properties:accept-quote",
        back_url=back_url,
        source=source_of(permission),
        now=now,
    )


def _wanted(
    permission: PropertyDatasetPermission, named: Iterable[str], looked_at: datetime, now: datetime
) -> list[str]:
    """Those of the named datasets that may be asked for again. Raises NothingToRefresh, which says why none may."""
    held = Property.objects.get(property_id=permission.property_id)
    owned = [each for each in named if each in permission.datasets and each in LISTED]
    if not owned:
        raise NothingToRefresh("None of these is yours. Unlock a dataset first; then you can ask for it again.")
    shown = [each for each in owned if is_newer(held, each, looked_at, now)]
    bought = [each for each in owned if each == Dataset.CONTACT and _waits(permission, held, now)]
    wanted = [each for each in owned if each not in (*shown, *bought)]
    if not wanted:
        raise NothingToRefresh(
            "The newest copy is shown already. Nothing was asked for, and nothing was charged."
            if shown
            else "Phones that you bought within 90 days are one purchase, and can be asked for again once they are 30 "
            "days old. Nothing was asked for, and nothing was charged."
        )
    return wanted


def _notes(datasets: list[str], free_left: int) -> list[str]:
    """What the quote says of this refresh beyond its price: which changes are charged, and what is free."""
    notes = [
        f"{DATASET_INFOS[dataset].title} is charged if this changed: {', '.join(listed_labels(dataset)).lower()}."
        for dataset in datasets
    ]
    if free_left:
        return [*notes, f"What has not changed is free: you have {free_left} of those left this month."]
    return [*notes, "Your free ones of this month are used, so what has not changed costs its unit as well."]


def is_newer(held: Property, dataset: str, looked_at: datetime, now: datetime) -> bool:
    """Whether somebody else fetched this dataset after the user's last look, and lately enough to be shown as new."""
    answer = held.answer_of(dataset)
    return answer is not None and answer.at > looked_at and answer.is_younger_than(settings.RECORD_FRESH_FOR, now)


def _waits(permission: PropertyDatasetPermission, held: Property, now: datetime) -> bool:
    """Whether phones that the user unlocked are one purchase still, and were asked for lately."""
    until = permission.phones_wait_until(held.answer_of(Dataset.CONTACT))
    return until is not None and now < until


def refresh_datasets(*, job: PropertyJob, now: datetime) -> PropertyJob:
    """Ask again for what nobody has asked for meanwhile, charge for what changed, and end the job.

    Raises a VendorError, or LeaseLost.
    """
    property_id, wanted = job.subject["property_id"], job.subject["datasets"]
    held = Property.objects.get(property_id=property_id)
    if not job.cursor:
        # Kept before anything is asked: once the answer is stored, nobody can tell what it changed.
        looked_at = datetime.fromisoformat(job.subject["looked_at"])
        asked = [dataset for dataset in wanted if not is_newer(held, dataset, looked_at, now)]
        before = {dataset: listed_values(held.data, dataset) for dataset in asked}
        job = save_progress(job=job, cursor={"asked": asked, "before": before})
    asked, source = job.cursor["asked"], ""
    if asked:
        source = "vendor" if fetch_datasets(job, property_id, asked, now) else "vendor, unbilled"
    open_allowance(job.user_id, UNCHANGED_REFRESH, now)

    def settle() -> PropertyJob:
        # Read here: a copy that is stored and spread while this is under way makes the transaction run again.
        held = Property.objects.get(property_id=property_id)
        free_left = free_refreshes_left(job.user_id, now)
        rows = []
        for dataset in wanted:
            row = _outcome(job, held, dataset, source, free_left)
            free_left -= row["outcome"] == UNCHANGED
            rows.append(row)
        hits = [row["dataset"] for row in rows if row["outcome"] == CHARGED]
        outcome = capture_units(job=job, step="datasets", units=units_of(hits), now=now)
        unchanged = sum(row["outcome"] == UNCHANGED for row in rows)
        take(job.user_id, UNCHANGED_REFRESH, unchanged, now)
        rows = [{**row, "outcome": outcome} if row["outcome"] == CHARGED else row for row in rows]
        _fill_row(job, held, hits, now)
        free = Counter(row["outcome"] for row in rows if row["dataset"] not in hits)
        return end_job(job=job, cause="miss", now=now, hit_count=len(hits), not_charged=dict(free), rows=rows)

    return run_txn(settle, lock=job.user_id)


def _outcome(job: PropertyJob, held: Property, dataset: str, source: str, free_left: int) -> dict[str, Any]:
    """What became of one dataset, and why: for the receipt and for the vendor's bill."""
    row = {"propertyId": held.property_id, "dataset": dataset}
    if dataset not in job.cursor["asked"]:
        return {**row, "outcome": NEWEST_SHOWN, "source": "copy"}
    if source != "vendor":
        return {**row, "outcome": GONE, "source": source}
    if dataset == Dataset.CONTACT and PropertyRecord(held.data).is_litigator:
        return {**row, "outcome": WITHHELD, "source": source}
    changed = changed_fields(job.cursor["before"][dataset], held.data, dataset)
    if changed:
        return {**row, "outcome": CHARGED, "source": source, "why": f"changed: {', '.join(changed)}"}
    if free_left > 0:
        return {**row, "outcome": UNCHANGED, "source": source}
    why = f"unchanged, and the {settings.FREE_REFRESHES_A_MONTH} free ones of this month are used"
    return {**row, "outcome": CHARGED, "source": source, "why": why}


def _fill_row(job: PropertyJob, held: Property, hits: list[str], now: datetime) -> None:
    """Bring the user's own row up to the copy at once; those of other owners follow by themselves.

    Phones that were charged again are a new purchase, for the next 90 days.
    """
    permission = PropertyDatasetPermission.objects.get(user_id=job.user_id, property_id=held.property_id)
    values = values_of_copy(held, permission.datasets)
    if Dataset.CONTACT in hits:
        values["unlocked"] = {**permission.unlocked, Dataset.CONTACT.value: now.isoformat()}
    fill_row(permission, values)

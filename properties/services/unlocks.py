"""Unlocking datasets of one property by one quote."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import PropertyRecord
from credits import services as credit_services
from credits.models import CreditType, Quote
from properties.datasets import DATASET_INFOS
from properties.models import Dataset, Property, PropertyDatasetPermission, PropertyJob
from properties.services.cells import fill_row
from properties.services.jobs import capture_units, end_job, save_progress, source_of
from properties.services.records import note_nothing_found, store_records, values_of_copy
from properties.services.traces import is_traced_at, place_key

WITHHELD = "known litigator, numbers withheld"
# Phones of a person that the user has traced within 90 days are one purchase: they are given free.
TRACED = "traced by you lately"


class NothingToUnlock(Exception):
    """Every dataset that was asked for is already owned, or known to hold nothing."""


def quote_unlock(
    *, user: User, permission: PropertyDatasetPermission, datasets: Iterable[str], back_url: str, now: datetime
) -> Quote:
    """Offer to unlock datasets of a property that the user owns.

    Each is offered once, however often it is named. Owned ones, and ones that were asked for within the last 30 days
    and held nothing, are left out. Raises NothingToUnlock when none is left.
    """
    held = Property.objects.get(property_id=permission.property_id)
    named = dict.fromkeys(datasets)
    wanted = [each for each in named if each not in permission.datasets and not is_known_empty(held, each, now)]
    if not wanted:
        raise NothingToUnlock
    titles = ", ".join(DATASET_INFOS[dataset].title for dataset in wanted)
    return credit_services.make_quote(
        user_id=user.pk,
        kind=PropertyJob.Kind.UNLOCK,
        title=f"Unlock {titles} of {permission.address or 'a property'}"[:200],
        subject={"property_id": permission.property_id, "datasets": wanted},
        units=units_of(wanted),
        accept_view="properties:accept-quote",
        back_url=back_url,
        source=source_of(permission),
        now=now,
    )


def is_known_empty(held: Property, dataset: str, now: datetime) -> bool:
    """Whether the vendor said within the last 30 days that there is nothing: neither asked nor charged again."""
    answer = held.answer_of(dataset)
    return answer is not None and not answer.hit and answer.is_younger_than(settings.MISS_REMEMBERED_FOR, now)


def unlock_datasets(*, job: PropertyJob, now: datetime) -> PropertyJob:
    """Fetch what Atlas does not hold fresh, unlock what tells something, charge for that alone, and end the job.

    Raises a VendorError, or LeaseLost.
    """
    property_id, wanted = job.subject["property_id"], job.subject["datasets"]
    held = Property.objects.get(property_id=property_id)
    if not job.cursor:
        # Kept before anything is asked: a worker that takes over asks the very same question, and knows what was asked
        # although the copy looks fresh by then.
        stale = [dataset for dataset in wanted if not _is_fresh(held, dataset, now)]
        job = save_progress(job=job, cursor={"asked": stale})
    asked, source = job.cursor["asked"], ""
    if asked:
        source = "vendor" if fetch_datasets(job, property_id, asked, now) else "vendor, unbilled"

    def settle() -> PropertyJob:
        # Read here: a copy that is stored and spread while this is under way makes the transaction run again.
        held = Property.objects.get(property_id=property_id)
        permission = PropertyDatasetPermission.objects.get(user_id=job.user_id, property_id=property_id)
        free = {dataset: why for dataset in wanted if (why := _why_free(permission, held, dataset))}
        hits = [dataset for dataset in wanted if dataset not in free]
        owners = PropertyRecord(held.data or {}).owner_names
        if Dataset.CONTACT in hits and is_traced_at(user_id=job.user_id, place=place_of(held), owners=owners, now=now):
            free[Dataset.CONTACT.value] = TRACED
        charged = [dataset for dataset in hits if dataset not in free]
        outcome = capture_units(job=job, step="datasets", units=units_of(charged), now=now)
        _give(permission, held, hits, now)
        rows = [
            {
                "propertyId": property_id,
                "dataset": dataset,
                "outcome": free.get(dataset, outcome),
                "source": source if dataset in asked else "copy",
            }
            for dataset in wanted
        ]
        not_charged = dict(Counter(free.values()))
        return end_job(job=job, cause="miss", now=now, hit_count=len(charged), not_charged=not_charged, rows=rows)

    return run_txn(settle, lock=job.user_id)


def _is_fresh(held: Property, dataset: str, now: datetime) -> bool:
    answer = held.answer_of(dataset)
    return answer is not None and answer.is_younger_than(settings.RECORD_FRESH_FOR, now)


def fetch_datasets(job: PropertyJob, property_id: str, datasets: list[str], now: datetime) -> bool:
    """Ask the vendor, keep what it says, and return whether it had a record, which is what it bills.

    Raises a VendorError.
    """
    answer = batchdata.lookup_properties(
        [property_id],
        datasets=datasets,
        reference=job.reference("lookup"),
        user_id=job.user_id,
        now=now,
    )
    record = answer.records.get(property_id)
    if record is None:
        note_nothing_found(property_id=property_id, datasets=datasets, now=answer.answered_at)
    else:
        store_records(records=[record], datasets=datasets, now=answer.answered_at)
    return record is not None


def place_of(held: Property) -> str:
    """Where a property is, as traced people are known by it."""
    return place_key(held.address, held.postal_code)


def _why_free(permission: PropertyDatasetPermission, held: Property, dataset: str) -> str | None:
    """Why this dataset costs nothing, or None when it tells something that is new to the user."""
    if dataset in permission.datasets:
        return "already yours"
    answer = held.answer_of(dataset)
    if answer is not None and answer.hit:
        return None
    if dataset == Dataset.CONTACT and PropertyRecord(held.data).is_litigator:
        return WITHHELD
    return "nothing on file"


def _give(permission: PropertyDatasetPermission, held: Property, datasets: list[str], now: datetime) -> None:
    owned = [*permission.datasets, *datasets]
    values = {
        "datasets": owned,
        "unlocked": {**permission.unlocked, **{dataset: now.isoformat() for dataset in datasets}},
        **values_of_copy(held, owned),
    }
    fill_row(permission, values)


def units_of(datasets: Iterable[str]) -> dict[str, int]:
    """How many units of each credit type these datasets cost when all of them are hits."""
    units: dict[str, int] = {}
    for dataset in datasets:
        credit_type = CreditType(DATASET_INFOS[dataset].credit_type)
        units[credit_type] = units.get(credit_type, 0) + 1
    return units

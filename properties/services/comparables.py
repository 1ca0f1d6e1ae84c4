"""Revealing the vendor's comparables of a property that the user owns: at most ten that are new to the user."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of, current_session
from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import Comparables, PropertyRecord
from atlas_site.vendors.lenient import dig
from credits import services as credit_services
from credits.models import CreditType, Quote
from properties.models import Dataset, Property, PropertyDatasetPermission, PropertyJob, PropertySheet
from properties.search.filters.numbers import months_before
from properties.services.budgets import CountBudgetSpent, ask_once, budgets_of_quotes
from properties.services.jobs import source_of
from properties.services.pages import EXCLUDED_IDS, first_page, take_page

MOST_COMPARABLES = 10
# What a user may limit comparables by: names of the fields of the vendor's `Comparables`, and what these do not know,
# which is asked for by conditions as in any other search.
MEASURES = ("miles", "bedrooms", "bathrooms", "stories", "area_percent", "lot_percent", "years", "same_subdivision")
CONDITIONS = ("months", "same_type")
# Sold last first: an old price says little about today's value.
NEWEST_SALES = {"field": "soldDate", "sortOrder": "desc"}


class NothingToCompare(Exception):
    """The vendor knows no property that compares within these limits."""


def quote_comparables(
    *,
    user: User,
    permission: PropertyDatasetPermission,
    limits: Mapping[str, Any],
    back_url: str,
    now: datetime,
    most: int = MOST_COMPARABLES,
) -> Quote:
    """Offer to reveal comparables of a property that the user owns: 1 SEARCH for each that is new, at most ten.

    `limits` are values of MEASURES and CONDITIONS by name: miles around, how far each measure may lie from the
    subject's, within how many months it was sold, and whether it is of the subject's type. Measures that are missing
    have the vendor's defaults, and None is one that does not matter. `most` asks for fewer than ten. How many there are
    is counted free, as long as the day's counts for quotes last.

    Raises NothingToCompare, ValueError for limits out of range, and CountUnavailable.
    """
    record = PropertyRecord(Property.objects.get(property_id=permission.property_id).data)
    chosen = {name: value for name, value in limits.items() if name in MEASURES}
    compared = {**_subject(record), **chosen}
    conditions = _conditions(record, limits, timezone.localdate(now))
    criteria = {**conditions, **_without_owned(user.pk, permission)}
    count = min(MOST_COMPARABLES, most, _count(user, compared, criteria, now))
    if count < 1:
        raise NothingToCompare
    noun = "comparable" if count == 1 else "comparables"
    return credit_services.make_quote(
        user_id=user.pk,
        kind=PropertyJob.Kind.COMPARABLES,
        title=f"Reveal {count} {noun} of {permission.address or 'a property'}"[:200],
        subject={
            "property_id": permission.property_id,
            "comparables": compared,
            "conditions": conditions,
            "limits": {name: value for name, value in limits.items() if name in MEASURES + CONDITIONS},
            "sort": NEWEST_SALES,
            "proofs": [],
            "count": count,
        },
        units={CreditType.SEARCH: count},
        accept_view="properties:accept-quote",
        back_url=back_url,
        source=source_of(permission),
        now=now,
    )


def _count(user: User, compared: dict[str, Any], criteria: dict[str, Any], now: datetime) -> int:
    """How many comparables there are, or as many as are ever offered where the day's counts for quotes are used up."""

    def ask() -> int:
        answer = batchdata.count_properties(criteria, comparables=Comparables(**compared), user_id=user.pk, now=now)
        return answer.total_count or 0

    try:
        with budgets_of_quotes():
            return ask_once(user, ["comparables", compared, criteria], ask, now)
    except CountBudgetSpent:  # an offer needs no figure: what does not come back is not charged
        return MOST_COMPARABLES


def reveal_comparables(*, job: PropertyJob, now: datetime) -> PropertyJob:
    """Fetch comparables, charge for those that are new, note them on the property's sheet, and end the job.

    Raises a VendorError, or LeaseLost.
    """
    property_id = job.subject["property_id"]
    _open_sheet(job.user_id, property_id, now)

    def note(records: list[PropertyRecord]) -> None:
        found = [record.property_id for record in records if record.property_id != property_id]
        collection_of(PropertySheet).update_one(
            {"userId": job.user_id, "propertyId": property_id},
            {"$addToSet": {"foundIds": {"$each": found}}, "$set": {"updatedAt": now}},
            session=current_session(),
        )

    return take_page(job=job, now=now, begin=_start_cursor, also=note)


def _start_cursor(job: PropertyJob) -> dict[str, Any]:
    permission = PropertyDatasetPermission.objects.get(user_id=job.user_id, property_id=job.subject["property_id"])
    return first_page({**job.subject["conditions"], **_without_owned(job.user_id, permission)})


def _conditions(record: PropertyRecord, limits: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The criteria of what the vendor has no limits for; one on what is not known of the subject cannot be kept to."""
    conditions: dict[str, Any] = {}
    if limits.get("same_type") and record.property_type:
        # The record tells the wider class where it has no type.
        is_detail = record.property_type == dig(record.raw, "general.propertyTypeDetail")
        field = "propertyTypeDetail" if is_detail else "propertyTypeCategory"
        conditions["general"] = {field: {"equals": record.property_type}}
    if limits.get("months"):
        conditions["sale"] = {"lastSaleDate": {"minDate": months_before(today, limits["months"]).isoformat()}}
    return conditions


def _without_owned(user_id: ObjectId, permission: PropertyDatasetPermission) -> dict[str, Any]:
    """Ask the vendor to leave out what the user owns around there: it is compared free, and fetching it is billed."""
    owned = PropertyDatasetPermission.objects.filter(
        user_id=user_id, state=permission.state, city=permission.city, datasets__contains=[Dataset.BASIC]
    )
    newest = owned.order_by("-revealed_at", "-property_id").values_list("property_id", flat=True)
    sheet = PropertySheet.objects.filter(user_id=user_id, property_id=permission.property_id).first()
    ids = dict.fromkeys([permission.property_id, *(sheet.found_ids if sheet else ()), *newest[:EXCLUDED_IDS]])
    return {"ids": {"propertyId": {"notInList": list(ids)[:EXCLUDED_IDS]}}}


def _subject(record: PropertyRecord) -> dict[str, Any]:
    """The property as the vendor finds it: by the hash of its address, or else by the address."""
    if record.address_hash:
        return {"address_hash": record.address_hash}
    address = record.address
    parts = {"street": address.street, "city": address.city, "state": address.state, "zip": address.zip}
    return {name: text for name, text in parts.items() if text}


def _open_sheet(user_id: ObjectId, property_id: str, now: datetime) -> None:
    """Make the sheet that comparables are noted on, if there is none; two makers at once do no harm."""
    sheets, key = collection_of(PropertySheet), {"userId": user_id, "propertyId": property_id}
    if sheets.find_one(key, {"_id": 1}) is None:
        fresh = PropertySheet(user_id=user_id, property_id=property_id, updated_at=now)
        try:
            fresh.save(force_insert=True)
        except IntegrityError:  # somebody else made it in the same moment
            return

"""Revealing the next n properties of a search that the user does not own yet."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from atlas_site.vendors.batchdata import SearchPage
from credits import services as credit_services
from credits.models import CreditType, Quote
from properties.exclusions import Frozen, excluded_by, freeze
from properties.models import Dataset, PropertyDatasetPermission, PropertyJob
from properties.models.jobs import MOST_REVEALED
from properties.search.form import read_query
from properties.search.query import SearchQuery
from properties.services.counting import Count, singles_out
from properties.services.pages import EXCLUDED_IDS, first_page, take_page

# How many earlier jobs of the same search are looked at for the place to go on from.
EARLIER_JOBS = 50


class NothingToReveal(Exception):
    """The search matches nothing that could be revealed. Its text is a sentence for the page."""

    def __init__(self) -> None:
        super().__init__("Nothing matches this search, so there is nothing to reveal.")


class TooNarrow(ValueError):
    """The search would tell by what it does not find what has to be bought. Its text is a sentence for the page."""

    def __init__(self) -> None:
        super().__init__(
            f"Without its conditions on locked data this search finds fewer than {settings.SMALL_PLACE} properties, so "
            "a reveal would tell locked values by what it does not find. Take these conditions away, or search a "
            "larger place. Nothing was charged."
        )


def quote_reveal(
    *, user: User, query: SearchQuery, count: int, total: Count | None, back_url: str, now: datetime
) -> Quote:
    """Offer to reveal the next `count` matches that the user does not own; nothing is fetched before acceptance.

    `total` is the number of matches as far as it is told: no more is offered than it can be. What the query's
    exclusions hold at this moment is frozen with it. Raises NothingToReveal, TooNarrow and TooMuchExcluded, and
    CountUnavailable where it cannot be told whether the search is too narrow.
    """
    count = min(count, MOST_REVEALED, total.at_most if total is not None else MOST_REVEALED)
    if count < 1:
        raise NothingToReveal
    if singles_out(user=user, query=query, now=now):
        raise TooNarrow
    excluded = excluded_by(user, query.exclude)
    noun = "property" if count == 1 else "properties"
    return credit_services.make_quote(
        user_id=user.pk,
        kind=PropertyJob.Kind.REVEAL,
        title=f"Reveal the next {count:,} {noun}, {query.describe()}"[:200],
        subject={
            "params": query.params(),
            "criteria": query.criteria(),
            "sort": query.vendor_sort,
            "proofs": query.proofs(now.astimezone(UTC).date()),
            "search_hash": query.hash(),
            "count": count,
            "asks_for_locked": query.asks_for_locked,
            "excluded": freeze(excluded) if excluded else None,
            "notes": [f"Leaves out {len(excluded):,} properties of the lists that you chose."] if excluded else [],
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
    """Fetch one page of the search, charge for what is new, and end the job when nothing is left to do.

    Raises a VendorError, or LeaseLost.
    """
    return take_page(job=job, now=now, begin=start_cursor, at_top=_top_cursor, start_over=_start_over)


def start_cursor(job: PropertyJob) -> dict[str, Any]:
    """Where a reveal begins: after the last one of the same search, however that ended, or else at the top."""
    last = _last_cursor(job)
    if last and last.get("next"):
        return first_page(last["criteria"], next=last["next"], resumed=True, walked=last.get("walked", 0))
    return _top_cursor(job)


def _top_cursor(job: PropertyJob) -> dict[str, Any]:
    return first_page(_criteria_without_owned(job))


def _last_cursor(job: PropertyJob) -> dict[str, Any] | None:
    """How far the reveal of the same search came that was carried out last: not always the one that was accepted last.

    None when there was none in the time for which records are fresh.
    """
    others = PropertyJob.objects.filter(
        user_id=job.user_id, search_hash=job.search_hash, created_at__gt=job.created_at - settings.RECORD_FRESH_FOR
    ).exclude(pk=job.pk)
    newest = others.order_by("-created_at").values_list("cursor", flat=True)[:EARLIER_JOBS]
    return max(
        (cursor for cursor in newest if cursor),
        key=lambda cursor: (cursor.get("began", ""), cursor.get("walked", 0)),
        default=None,
    )


def _start_over(job: PropertyJob, answer: SearchPage) -> dict[str, Any] | None:
    """At the top again, once a search that was gone on with has run out: there may be new matches before that place.

    Not when as many came along the way as match at all: then there are none, and those that came are billed again.
    """
    walked = job.cursor["walked"] + len(answer.records)
    if not job.cursor["resumed"] or (answer.total_count is not None and answer.total_count <= walked):
        return None
    return {"criteria": _criteria_without_owned(job), "next": None, "resumed": False, "walked": 0}


def _criteria_without_owned(job: PropertyJob) -> dict[str, Any]:
    """The quote's criteria, asking the vendor to leave out what the user owns there, or wants left out.

    Fetching it would be billed, and cannot be charged. The vendor takes 500 of a kind: what is excluded comes first,
    to half of them, and then what was revealed last in this place.
    """
    criteria = job.subject["criteria"]
    frozen = Frozen(job.subject.get("excluded") or {})
    query = read_query(job.subject["params"])
    owned = PropertyDatasetPermission.objects.filter(
        SearchQuery(place=query.place, area=query.area).owned_condition(),
        user_id=job.user_id,
        datasets__contains=[Dataset.BASIC],
    )
    newest = owned.order_by("-revealed_at", "-property_id").values_list("property_id", flat=True)
    ids = dict.fromkeys([*frozen.property_ids[: EXCLUDED_IDS // 2], *newest[:EXCLUDED_IDS], *frozen.property_ids])
    left_out = {
        "propertyId": {"notInList": list(ids)[:EXCLUDED_IDS]},
        "addressHash": {"notInList": frozen.address_hashes[:EXCLUDED_IDS]},
    }
    asked = {name: condition for name, condition in left_out.items() if condition["notInList"]}
    return {**criteria, "ids": {**criteria.get("ids", {}), **asked}} if asked else criteria

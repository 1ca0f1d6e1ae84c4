"""The page of all lists, what one list holds in figures, and the pages of work on lists."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django.core.cache import cache

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.patience import TooSlow, no_longer_than
from credits.models import CreditType
from credits.selectors import price_each
from leads.combining import Operation
from leads.models import Contact, Enrichment, LeadGroup, LeadWorkspace, ListJob
from properties.exclusions import MOST_EXCLUDED, Excluded

State = ListJob.State

# How long a deleted list can be brought back.
RESTORED_WITHIN = timedelta(days=30)

# All lists of a user are read for one page: they are few, and short.
MOST_READ = 2_000
GROUPS_A_PAGE = 50
JOBS_SHOWN = 5
TOTALS_KEPT_SECONDS = 60
SECONDS_FOR_TOTALS = 4.0


@dataclass(frozen=True)
class GroupSort:
    """An order of lists. `direction` is how the column says it."""

    label: str
    key: Callable[[LeadGroup], Any]
    reverse: bool = False


SORTS = {
    "newest": GroupSort("Newest first", lambda group: group.pk, reverse=True),
    "oldest": GroupSort("Oldest first", lambda group: group.pk),
    "name": GroupSort("Name", lambda group: group.name.casefold()),
    "most": GroupSort("Most contacts", lambda group: group.total_contacts, reverse=True),
    "fewest": GroupSort("Fewest contacts", lambda group: group.total_contacts),
}


@dataclass(frozen=True)
class GroupsPage:
    """The lists that fit, a page of them, in one order, and what they can be narrowed by."""

    groups: Sequence[LeadGroup]
    found: int
    total: int
    contacts: int
    tags: Sequence[tuple[str, int]]
    find: str
    tag: str
    sort: str
    number: int
    has_more: bool

    @property
    def sorts(self) -> list[tuple[str, str, bool]]:
        """The orders, with whether each is this one."""
        return [(name, sort.label, name == self.sort) for name, sort in SORTS.items()]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.find or self.tag)

    def _query(self, **changes: str) -> str:
        asked = {"find": self.find, "tag": self.tag, "sort": "" if self.sort == "newest" else self.sort, **changes}
        return urlencode({name: value for name, value in asked.items() if value})

    @property
    def without_find(self) -> str:
        return self._query(find="")

    @property
    def without_tag(self) -> str:
        return self._query(tag="")

    @property
    def following(self) -> str:
        """The query string of the next page, "" at the end."""
        return self._query(page=str(self.number + 1)) if self.has_more else ""

    @property
    def preceding(self) -> str:
        """The query string of the page before, "" on the first."""
        return self._query(page=str(self.number - 1)) if self.number > 1 else ""


def groups_page(user: User, *, find: str = "", tag: str = "", sort: str = "", page: str = "") -> GroupsPage:
    """The user's lists whose name or description has these words and that have this tag, in one of SORTS."""
    lists = list(LeadGroup.objects.filter(user_id=user.pk, is_deleted=False).order_by("-created_at")[:MOST_READ])
    find, tag = " ".join(find.split())[:150], " ".join(tag.split())[:50].casefold()
    sort = sort if sort in SORTS else "newest"
    words = find.casefold().split()
    fitting = [
        group
        for group in lists
        if all(word in f"{group.name} {group.description or ''}".casefold() for word in words)
        and (not tag or tag in {each.casefold() for each in group.tags or ()})
    ]
    fitting.sort(key=SORTS[sort].key, reverse=SORTS[sort].reverse)
    last = max(1, -(-len(fitting) // GROUPS_A_PAGE))
    number = min(max(1, int(page)), last) if page.isdecimal() and len(page) < 6 else 1
    tags = Counter(each.casefold() for group in lists for each in set(group.tags or ()))
    return GroupsPage(
        groups=fitting[(number - 1) * GROUPS_A_PAGE : number * GROUPS_A_PAGE],
        found=len(fitting),
        total=len(lists),
        contacts=sum(group.total_contacts for group in fitting),
        tags=sorted(tags.items()),
        find=find,
        tag=tag,
        sort=sort,
        number=number,
        has_more=number < last,
    )


def deleted_groups(user: User, now: datetime) -> list[LeadGroup]:
    """The user's deleted lists that can be brought back, the latest first."""
    deleted = LeadGroup.objects.filter(user_id=user.pk, is_deleted=True).order_by("-created_at")[:MOST_READ]
    recent = [group for group in deleted if group.deleted_at and group.deleted_at > now - RESTORED_WITHIN]
    return sorted(recent, key=lambda group: group.deleted_at or now, reverse=True)


def is_own(user: User, group_id: ObjectId) -> bool:
    """Whether a list of this id is the user's, deleted or not."""
    return LeadGroup.objects.filter(pk=group_id, user_id=user.pk).exists()


def chosen_groups(user: User, ids: Sequence[str]) -> list[LeadGroup]:
    """The user's lists of these ids that are not deleted, in the order of the ids, each once."""
    keys = [ObjectId(each) for each in dict.fromkeys(ids) if ObjectId.is_valid(each)]
    found = LeadGroup.objects.filter(pk__in=keys, user_id=user.pk, is_deleted=False)
    by_key = {group.pk: group for group in found}
    return [by_key[key] for key in keys if key in by_key]


# ---------------------------------------------------------------- what a list holds


@dataclass(frozen=True)
class GroupTotals:
    """How many contacts of a list there are, have a phone number, were traced, and belong to a property of the user."""

    contacts: int
    with_phone: int
    traced: int
    linked: int
    is_known: bool = True


def totals_of(group: LeadGroup) -> GroupTotals:
    """Count what a list holds; the figures are kept for a minute, or until the user's lists change."""
    version = LeadWorkspace.objects.filter(user_id=group.user_id).values_list("version", flat=True).first() or 0
    key = f"leads.totals:{group.pk}:{version}"
    if (kept := cache.get(key)) is not None:
        return GroupTotals(**kept)
    counted = [
        {"$match": {"leadsId": group.pk}},
        {"$group": {"_id": None, "contacts": {"$sum": 1}, **{name: _count(which) for name, which in COUNTED.items()}}},
    ]
    try:
        with no_longer_than(SECONDS_FOR_TOTALS):
            found: dict[str, int] = next(iter(collection_of(Contact).aggregate(counted)), {})
    except TooSlow:
        return GroupTotals(group.total_contacts, 0, 0, 0, is_known=False)
    contacts, with_phone, traced, linked = (found.get(name, 0) for name in ("contacts", *COUNTED))
    totals = GroupTotals(contacts, with_phone, traced, linked)
    cache.set(key, asdict(totals), timeout=TOTALS_KEPT_SECONDS)
    return totals


def _count(key: str) -> dict[str, Any]:
    return {"$sum": {"$cond": [{"$gt": [f"${key}", None]}, 1, 0]}}


COUNTED = {"with_phone": "phone", "traced": "tracedAt", "linked": "propertyId"}

# ---------------------------------------------------------------- work on lists


@dataclass(frozen=True)
class ListJobPage:
    """What the page of a job shows: how far it is, what was counted, or what came of it."""

    job: ListJob
    groups: Sequence[LeadGroup]
    price: int = 0

    @property
    def heading(self) -> str:
        return "Combine lists" if self.job.kind == ListJob.Kind.COMBINE else "Add to a list"

    @property
    def is_at_work(self) -> bool:
        return self.job.state in {State.COUNTING, State.MAKING}

    @property
    def progress(self) -> str:
        """How far a worker is, in words."""
        what = "properties" if self.job.kind == ListJob.Kind.ADD else "contacts"
        return f"{self.job.done:,} of {self.job.total:,} {what}" if self.job.done else "Waiting for its turn"

    @property
    def result(self) -> str:
        """What came of it, in words."""
        return result_in_words(self.job)

    @property
    def waits(self) -> bool:
        """Whether the user is to decide."""
        return self.job.state == State.COUNTED

    @property
    def counts(self) -> dict[str, Any]:
        return self.job.counts

    @property
    def overlap(self) -> list[tuple[LeadGroup, list[tuple[LeadGroup, int]]]]:
        """Each list with how many of its leads are on each list, itself included; none while that is not counted."""
        rows = self.job.counts.get("overlap") or []
        if len(rows) != len(self.groups):
            return []
        return [(group, list(zip(self.groups, row, strict=True))) for group, row in zip(self.groups, rows, strict=True)]

    @property
    def gone(self) -> int:
        """How many leads of the lists are not in the result."""
        return self.job.counts.get("leads", 0) - self.job.counts.get("result", 0)

    @property
    def twice(self) -> int:
        """How many contacts are on the lists more than once."""
        return self.job.counts.get("contacts", 0) - self.job.counts.get("leads", 0)

    @property
    def free_and_why(self) -> list[str]:
        """Those without a phone whose tracing costs nothing, or does not come off, by the cause."""
        causes = {
            "free": "are yours already, and come free",
            "missed": "were asked for within 30 days, with nothing on file",
            "untraceable": "have no address to trace by",
        }
        return [f"{count:,} {words}" for key, words in causes.items() if (count := self.job.counts.get(key, 0))]

    @property
    def words(self) -> str:
        """What is done with the lists, as the page says it."""
        return in_words(self.job.subject)


def in_words(subject: dict[str, Any]) -> str:
    """An operation as the user chose it."""
    operation, at_least = subject.get("operation"), subject.get("at_least", 2)
    return {
        Operation.UNION.value: "everybody who is on any of these lists, once",
        Operation.INTERSECTION.value: "those who are on all of these lists",
        Operation.MINUS.value: "those of the first list who are on none of the others",
        Operation.AT_LEAST.value: f"those who are on at least {at_least} of these lists",
    }.get(operation or "", "")


def result_in_words(job: ListJob) -> str:
    """What came of a job that is done."""
    if job.kind == ListJob.Kind.COMBINE:
        return f"The list “{job.group_name}” is made."
    counts = job.counts
    parts = [f"{counts['created']:,} added to “{job.group_name}”"]
    parts += [f"{counts['known']:,} on it already"] if counts["known"] else []
    unnamed = counts["unreadable"] + counts["gone"]
    parts += [f"{unnamed:,} left out, with neither owner nor address, or not yours"] if unnamed else []
    return ", ".join(parts) + "."


def find_job(user: User, job_id: str) -> ListJob | None:
    """The user's job of this id, or None."""
    return ListJob.objects.filter(pk=ObjectId(job_id), user_id=user.pk).first() if ObjectId.is_valid(job_id) else None


def job_page(user: User, job: ListJob) -> ListJobPage:
    """The page of a job. What tracing costs is counted only when the user is to decide."""
    groups = chosen_groups(user, job.subject.get("groups", ()))
    price = 0
    if job.state == State.COUNTED and (count := job.counts.get("to_trace", 0)):
        price = price_each(user_id=user.pk, offers=[{CreditType.SKIPTRACE: count}])[0]
    return ListJobPage(job=job, groups=groups, price=price)


def open_jobs(user: User) -> list[ListJob]:
    """Work on the user's lists that is not over, the newest first."""
    latest = ListJob.objects.filter(user_id=user.pk).order_by("-created_at")[: 4 * JOBS_SHOWN]
    return [job for job in latest if job.state in {State.COUNTING, State.COUNTED, State.MAKING}][:JOBS_SHOWN]


def open_traces(user: User, *, group: LeadGroup | None = None) -> list[Enrichment]:
    """Skip traces of the user that are not over, of one list or of all, the newest first."""
    jobs = Enrichment.objects.filter(user_id=user.pk, status=Enrichment.Status.PROCESSING)
    if group is not None:
        jobs = jobs.filter(lead_group_id=group.pk)
    return list(jobs.order_by("-created_at")[:JOBS_SHOWN])


# ---------------------------------------------------------------- lists that a reveal leaves out


def exclusion_choices(user: User) -> list[tuple[str, str]]:
    """The keys and names of the user's lists, for `properties.exclusions`."""
    lists = LeadGroup.objects.filter(user_id=user.pk, is_deleted=False).order_by("-created_at")[:MOST_READ]
    return [(f"list:{group.pk}", f"List: {group.name}") for group in lists if group.total_contacts]


def excluded_by_list(user: User, key: str) -> Excluded:
    """The properties of a list of the user: by their ids where they are owned, else by the keys of their places.

    Of more than a reveal can leave out there is one too many, by which it is refused.
    """
    group_id = key.partition(":")[2]
    if not chosen_groups(user, [group_id]):
        return Excluded()
    there = {"leadsId": ObjectId(group_id)}
    contacts = collection_of(Contact).find(there, {"propertyId": 1, "placeKey": 1}, batch_size=5_000)
    ids: dict[str, None] = {}
    places: dict[str, None] = {}
    for contact in contacts:
        if contact.get("propertyId"):
            ids[contact["propertyId"]] = None
        elif contact.get("placeKey"):
            places[contact["placeKey"]] = None
        if len(ids) + len(places) > MOST_EXCLUDED:
            break
    return Excluded(property_ids=tuple(ids), place_keys=tuple(places))

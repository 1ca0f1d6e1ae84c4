"""What the pages of skip traces show: one job from its first batch to its receipt, and the list of all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId

from accounts.models import User
from atlas_site.lib.spreadsheets import csv_lines
from atlas_site.mongodb.conditions import older_than
from atlas_site.mongodb.documents import collection_of
from atlas_site.templatetags.atlas import credits as credits_text
from credits import selectors as credit_selectors
from credits.models import Quote
from leads.models import Contact, Enrichment, LeadGroup
from leads.models.traces import EnrichmentBatch, RowState
from leads.selectors.import_pages import TEMPLATE_HEADERS
from leads.selectors.trace_words import WITH_PHONE, WORDS, StateWords, count_of
from leads.selectors.traces import TraceProgress, progress_of
from properties.models import TraceOutcome

Phase = Enrichment.Phase
TRACES_A_PAGE = 25

DOWNLOADS = (
    *(RowState.MISS, RowState.NO_PHONE, RowState.UNLINKED),
    *(RowState.UNKNOWN, RowState.ERROR, RowState.CANCELLED, RowState.EXPIRED),
)
"""The states whose rows can be downloaded: those that brought no phone number."""

# What the columns of the template hold, in its order: a file of misses can be mended and imported again as it is.
TEMPLATE_ATTRIBUTES = (
    *("first_name", "last_name", "company", "phone", "email", "address", "city", "state", "zip"),
    *("mailing_address", "mailing_city", "mailing_state", "mailing_zip", "apn", "county"),
)
ADDED_COLUMNS = ("Skip trace",)


@dataclass(frozen=True)
class Note:
    """A notice on the page: its level ("info" or "warning"), its title, and its text."""

    level: str
    title: str
    text: str


@dataclass(frozen=True)
class OutcomeLine:
    """How many contacts of a job are in one state, and what that means for them."""

    words: StateWords
    count: int

    @property
    def can_be_downloaded(self) -> bool:
        return self.words.state in DOWNLOADS

    @property
    def traced(self) -> str:
        """The outcome by which the list is filtered for them, "" where contacts do not carry it."""
        if self.words.state in WITH_PHONE:
            return TraceOutcome.HIT.value
        return self.words.state.value if self.words.state in TraceOutcome.values else ""


@dataclass(frozen=True)
class TracePage:
    """A job with what its page shows. `group` is None for a list that was deleted.

    `receipts` are the quotes that pay for it, in the order of their acceptance, each as its own page shows it; none
    before the job is over.
    """

    enrichment: Enrichment
    group: LeadGroup | None
    progress: TraceProgress
    receipts: list[credit_selectors.QuotePage]

    @property
    def name(self) -> str:
        """The name of its list, or what stands for it."""
        return self.group.name if self.group else "A list that was deleted"

    @property
    def is_earlier(self) -> bool:
        """Whether it is of an earlier Atlas, which did not keep what became of each contact."""
        return not self.enrichment.phase

    @property
    def contacts(self) -> int:
        """How many contacts it is about; one that a later quote asks for again is one."""
        return self.enrichment.total_leads if self.is_earlier else self.progress.total

    @property
    def outcomes(self) -> list[OutcomeLine]:
        """The states in which contacts are, those that are not over left out."""
        counts = self.progress.counts
        return [OutcomeLine(words, counts[words.state]) for words in WORDS if counts.get(words.state)]

    @property
    def with_phone(self) -> int:
        """How many contacts have got phone numbers by this job, charged or free."""
        return count_of(self.progress.counts, *WITH_PHONE)

    @property
    def missed(self) -> int:
        """How many contacts were asked for without a phone number in the answer."""
        return count_of(self.progress.counts, RowState.MISS, RowState.NO_PHONE, RowState.LITIGATOR)

    @property
    def failed(self) -> int:
        """How many contacts nobody could tell anything of."""
        return count_of(self.progress.counts, RowState.ERROR, RowState.UNKNOWN, RowState.UNLINKED)

    @property
    def litigators(self) -> int:
        return count_of(self.progress.counts, RowState.LITIGATOR)

    @property
    def is_stopping(self) -> bool:
        return self.enrichment.cancelled_at is not None and not self.enrichment.is_over

    @property
    def was_stopped(self) -> bool:
        return self.enrichment.cancelled_at is not None and self.enrichment.is_over

    @property
    def is_waiting(self) -> bool:
        """Whether all that is left are answers that did not come, which are waited for."""
        left = count_of(self.progress.counts, RowState.QUEUED, RowState.SENT)
        unknown = count_of(self.progress.counts, RowState.UNKNOWN)
        return not self.enrichment.is_over and unknown > 0 and not left

    @property
    def refresh_seconds(self) -> int:
        """After how many seconds the page looks again; 0 for never."""
        if self.enrichment.is_over or self.is_earlier or self.progress.phase == Phase.PAUSED:
            return 0
        if self.is_waiting:
            return 30
        return 5 if self.progress.phase == Phase.DELAYED else 1

    @property
    def heading(self) -> str:
        """What the page is about, in a few words."""
        if self.is_earlier:
            return "Skip trace"
        if self.enrichment.is_over:
            total = self.progress.total
            has = "has" if self.with_phone == 1 else "have"
            return f"{self.with_phone:,} of {total:,} contact{'' if total == 1 else 's'} {has} a phone number"
        if self.is_stopping:
            return "Stopping"
        if self.is_waiting:
            return "Waiting for answers"
        return {Phase.PAUSED: "Paused", Phase.DELAYED: "Delayed"}.get(Phase(self.progress.phase), "Tracing")

    @property
    def progress_text(self) -> str:
        return f"{self.progress.done:,} of {self.progress.total:,} done"

    @property
    def announcement(self) -> str:
        """What is said aloud when the job rests or is over."""
        if self.enrichment.is_over:
            return f"Done: {self.heading}, {credits_text(self.progress.spent)} charged."
        return f"{self.heading}: {self.progress_text}."

    @property
    def note(self) -> Note | None:
        """What has to be said of a job that does not simply go on."""
        if self.is_earlier:
            return Note("info", "Made by an earlier Atlas", "It did not keep what became of each contact.")
        return _note_of_end(self) if self.enrichment.is_over else _note_on_the_way(self)

    @property
    def time_left(self) -> str:
        """How long the rest takes if it goes on as it went, "" while nobody knows."""
        return "" if self.progress.eta_seconds is None else time_left(self.progress.eta_seconds)


def _note_on_the_way(page: TracePage) -> Note | None:
    problem = page.progress.problem
    if page.is_stopping:
        return Note(
            "info",
            "Stopping",
            "What was sent already is finished first. Nothing more is sent, and the rest comes back.",
        )
    if page.progress.phase == Phase.PAUSED:
        said = problem or "Nothing is sent until you go on."
        held = f"{credits_text(page.progress.held)} can be held for three days at most, then they come back."
        return Note("info", "Paused", f"{said} {held}")
    if page.progress.phase == Phase.DELAYED:
        said = problem or "The data vendor does not answer at the moment. It goes on by itself, and nothing is lost."
        return Note("warning", "Delayed, nothing charged", said)
    if page.is_waiting:
        unknown = count_of(page.progress.counts, RowState.UNKNOWN)
        return Note(
            "info",
            "Waiting for answers",
            f"{unknown:,} contact{' was' if unknown == 1 else 's were'} sent, and no answer came. They are not sent "
            "again blindly. After 24 hours at the latest their credits come back, and an answer that turns up later "
            "is delivered free.",
        )
    return None


def _note_of_end(page: TracePage) -> Note | None:
    if page.was_stopped:
        return Note("info", "Stopped by you", "What was found until then is yours. Nothing else was charged.")
    if page.progress.problem:
        return Note("warning", "Not everything could be done", page.progress.problem)
    return None


def find_trace(user: User, enrichment_id: str) -> Enrichment | None:
    """The user's skip-trace job of this id, or None. Jobs of an earlier Atlas belong to who owns their list."""
    try:
        found = Enrichment.objects.filter(pk=ObjectId(enrichment_id)).first()
    except InvalidId:
        return None
    if found is None or found.user_id == user.pk:
        return found
    is_earlier = found.user_id is None and LeadGroup.objects.filter(pk=found.lead_group_id, user_id=user.pk).exists()
    return found if is_earlier else None


def trace_page(user: User, enrichment_id: str, now: datetime) -> TracePage | None:
    """What the page of a job shows now, or None for a job that the user does not have."""
    enrichment = find_trace(user, enrichment_id)
    if enrichment is None:
        return None
    group = LeadGroup.objects.filter(pk=enrichment.lead_group_id, is_deleted=False).first()
    settled = enrichment.quote_ids if enrichment.is_over else []
    receipts = [credit_selectors.quote_page(user=user, quote_id=quote_id, now=now) for quote_id in settled]
    progress = progress_of(enrichment, now=now)
    return TracePage(enrichment=enrichment, group=group, progress=progress, receipts=receipts)


def time_left(seconds: float) -> str:
    """A duration as a sentence: "less than a minute left"."""
    if seconds < 60:
        return "less than a minute left"
    minutes = round(seconds / 60 + 0.5)
    return f"about {minutes} minutes left" if minutes < 120 else f"about {round(minutes / 60)} hours left"


# ---------------------------------------------------------------- all of them


@dataclass(frozen=True)
class TraceRow:
    """One job in the list of all, with how many contacts it is about, and what it has been charged so far."""

    enrichment: Enrichment
    group: LeadGroup | None
    contacts: int
    charged: int


@dataclass(frozen=True)
class TraceList:
    """A page of jobs, the newest first. `older` is the `after` of the next page, "" at the end."""

    rows: list[TraceRow]
    older: str
    is_first: bool


def list_traces(user: User, *, group: LeadGroup | None = None, after: str = "", most: int = TRACES_A_PAGE) -> TraceList:
    """The user's jobs, of one list or of all, those that began before the one named `after`."""
    jobs = Enrichment.objects.filter(user_id=user.pk)
    edge = jobs.filter(pk=ObjectId(after)).first() if ObjectId.is_valid(after) else None
    if group is not None:
        jobs = jobs.filter(lead_group_id=group.pk)
    if edge is not None:
        jobs = jobs.filter(older_than("createdAt", edge.created_at, edge.pk))
    found = list(jobs.order_by("-created_at", "-pk")[: most + 1])
    shown = found[:most]
    groups = LeadGroup.objects.filter(is_deleted=False).in_bulk([job.lead_group_id for job in shown])
    charged = _charged([quote_id for job in shown for quote_id in job.quote_ids])
    again = _asked_again([job.pk for job in shown if len(job.quote_ids) > 1])
    rows = [
        TraceRow(
            job,
            groups.get(job.lead_group_id),
            job.total_leads - again.get(job.pk, 0),
            sum(charged.get(quote_id, 0) for quote_id in job.quote_ids),
        )
        for job in shown
    ]
    older = str(shown[-1].pk) if len(found) > most else ""
    return TraceList(rows=rows, older=older, is_first=edge is None)


def _asked_again(enrichment_ids: list[ObjectId]) -> dict[ObjectId, int]:
    """Of each of these jobs how many of its rows a later quote asks for again."""
    replaced = {"enrichmentId": {"$in": enrichment_ids}, "metadata.askedAgain": {"$gt": 0}}
    summed = {"_id": "$enrichmentId", "count": {"$sum": "$metadata.askedAgain"}}
    found = collection_of(EnrichmentBatch).aggregate([{"$match": replaced}, {"$group": summed}])
    return {each["_id"]: each["count"] for each in found}


def _charged(quote_ids: list[str]) -> dict[str, int]:
    """What each of these quotes has been charged, in credits."""
    return dict(Quote.objects.filter(pk__in=quote_ids).values_list("pk", "captured"))


# ---------------------------------------------------------------- files


def csv_of_rows(enrichment: Enrichment, state: str) -> Iterator[str]:
    """The contacts of a job that are in one state as CSV, a batch at a time: the columns of the template, and a note.

    Contacts that were removed since are left out.
    """
    words = next(each for each in WORDS if each.state == state)
    note = f"{words.title}. {words.meaning}"
    return csv_lines(_lines(enrichment, state, note))


def _lines(enrichment: Enrichment, state: str, note: str) -> Iterator[list[str]]:
    yield [*TEMPLATE_HEADERS, *ADDED_COLUMNS]
    for keys in _batches_of_ids(enrichment, state):
        contacts = Contact.objects.filter(lead_group_id=enrichment.lead_group_id).in_bulk(keys)
        for key in keys:
            if contact := contacts.get(key):
                yield [*(str(getattr(contact, name) or "") for name in TEMPLATE_ATTRIBUTES), note]


def _batches_of_ids(enrichment: Enrichment, state: str) -> Iterator[list[ObjectId]]:
    """The ids of the contacts in a state, batch by batch in their order."""
    # Who was asked for again is told of by the later batch.
    is_so = {"$and": [{"$eq": ["$$this.state", state]}, {"$ne": ["$$this.again", True]}]}
    is_meant: dict[str, Any] = {"$filter": {"input": "$rows", "cond": is_so}}
    found = collection_of(EnrichmentBatch).aggregate(
        [
            {"$match": {"enrichmentId": enrichment.pk, "rows.state": state}},
            {"$sort": {"batchNumber": 1}},
            {"$project": {"rows": is_meant}},
        ],
        batchSize=10,
    )
    for batch in found:
        yield [ObjectId(row["contactId"]) for row in batch["rows"] if ObjectId.is_valid(row["contactId"])]

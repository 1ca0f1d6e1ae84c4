"""Jobs of a user: how far one is, and what became of each of its parts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from bson.errors import InvalidId

from accounts.models import User
from properties.datasets import DATASET_INFOS
from properties.models import PropertyJob
from properties.models.jobs import CHARGED

# Before this much has been done, how long the rest takes is anybody's guess.
SHORTEST_MEASURE = timedelta(seconds=2)


@dataclass(frozen=True)
class Progress:
    """How far a job is, for its page. `time_left` and `waits_for` are sentences, "" for nothing to say."""

    time_left: str
    waits_for: str
    is_stopping: bool


@dataclass(frozen=True)
class DatasetOutcome:
    """What became of one dataset of an unlock or a refresh, in words."""

    title: str
    is_charged: bool
    text: str


def find_job(user: User, job_id: str) -> PropertyJob | None:
    """The user's job of this id, or None. The outcomes of its rows are read when they are looked at."""
    try:
        return PropertyJob.objects.defer("rows").filter(user=user, pk=ObjectId(job_id)).first()
    except InvalidId:
        return None


def latest_receipt_of(user: User, property_id: str) -> PropertyJob | None:
    """The user's newest finished job about this property, whose receipt its page shows."""
    finished = [PropertyJob.State.DONE, PropertyJob.State.FAILED]
    jobs = PropertyJob.objects.filter(user=user, property_id=property_id)
    return jobs.filter(state__in=finished).order_by("-created_at").first()


def progress_of(job: PropertyJob, now: datetime) -> Progress:
    """How far a job is that is not over."""
    return Progress(time_left=_time_left(job, now), waits_for=_waits_for(job), is_stopping=job.cancelled_at is not None)


def dataset_outcomes(job: PropertyJob) -> list[DatasetOutcome]:
    """What became of each dataset of an unlock or a refresh, in the order in which they were asked for."""
    if job.is_paged:
        return []
    return [
        DatasetOutcome(
            title=DATASET_INFOS[row["dataset"]].title,
            is_charged=row["outcome"] == CHARGED,
            text=f"{row['outcome']}: {row['why']}" if row.get("why") else row["outcome"],
        )
        for row in job.rows
    ]


def _time_left(job: PropertyJob, now: datetime) -> str:
    """How long the rest takes if it goes on as it went, rounded up."""
    began = job.cursor.get("began")
    if not began or not 0 < job.hit_count < job.wanted or job.state == PropertyJob.State.DELAYED:
        return ""
    elapsed = now - datetime.fromisoformat(began)
    if elapsed < SHORTEST_MEASURE:
        return ""
    seconds = elapsed.total_seconds() * (job.wanted - job.hit_count) / job.hit_count
    if seconds < 60:
        return "less than a minute left"
    minutes = round(seconds / 60 + 0.5)
    return f"about {minutes} minutes left" if minutes < 120 else f"about {round(minutes / 60)} hours left"


def _waits_for(job: PropertyJob) -> str:
    """Which other job of the user has to end before this one begins."""
    if job.state != PropertyJob.State.QUEUED or job.cursor:
        return ""
    before = PropertyJob.objects.filter(turn=job.turn_key).exclude(pk=job.pk).only("title").first()
    return f"This begins when your other one is over: {before.title}." if before else ""

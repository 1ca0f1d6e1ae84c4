"""Lists whose people the sandbox knows, and skip traces carried on without a worker."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from django.conf import settings as live_settings
from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from credits import services as credit_services
from leads.models import Contact, Enrichment, EnrichmentBatch, LeadGroup
from leads.services import traces
from leads.services.people import values_of_person
from tests.factories import LeadGroupFactory
from tests.leads.lists import PLACES, STREETS, person
from tests.properties.conftest import Sandbox

ENDPOINT = "property/skip-trace"


class TraceSandbox(Sandbox):
    """The vendor sandbox, whose faults here are those of skip traces."""

    def fail(self, mode: str, *, endpoint: str = ENDPOINT, times: int = 1, **options) -> None:
        super().fail(mode, endpoint=endpoint, times=times, **options)

    def slow_down(self, seconds: float) -> None:
        answer = requests.post(
            f"{self.base_url}/_sandbox/latency", json={"endpoint": ENDPOINT, "seconds": seconds}, timeout=10
        )
        answer.raise_for_status()

    def traced(self) -> list[str]:
        """The ids of the rows that the vendor billed, as often as it did."""
        return sorted(unit["rowId"] for unit in self.bill()["units"] if unit["endpoint"] == ENDPOINT)


@pytest.fixture
def sandbox() -> Iterator[TraceSandbox]:
    """The vendor sandbox with an empty bill and no faults, before and after."""
    control = TraceSandbox(live_settings.BATCHDATA_BASE_URL)
    control.reset()
    yield control
    control.reset()


@pytest.fixture(autouse=True)
def _closed_breaker(db) -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def one_lane(settings) -> None:
    """One batch at a time, in the thread of the test."""
    settings.TRACE_LANES = 1


@pytest.fixture
def now() -> datetime:
    """The moment at which the test happens, as MongoDB keeps it."""
    moment = timezone.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)


@pytest.fixture
def fund(now) -> Callable[..., User]:
    """Give a user purchased credits."""

    def give(user: User, amount: int = 1_000) -> User:
        credit_services.grant(
            user_id=user.pk, amount=amount, bucket="purchased", source=f"test:{user.pk}", reason="Test", now=now
        )
        return user

    return give


def make_list(user: User, count: int, *, start: int = 0, name: str = "Probate list") -> LeadGroup:
    """A list of people at addresses of their own, of whom the sandbox knows most."""
    group = LeadGroupFactory.create(user=user, name=name, total_contacts=count)
    documents = []
    for number in range(start, start + count):
        first, last = person(number)
        city, state, code = PLACES[number % len(PLACES)]
        document = {
            "leadsId": group.pk,
            "firstName": first,
            "lastName": last,
            "address": f"{100 + number} {STREETS[number % len(STREETS)]}",
            "city": city,
            "state": state,
            "zip": code.zfill(5),
            "phones": [],
            "emails": [],
            "stage": "new",
            "isEnriched": False,
            "isDivorceLead": False,
            "createdAt": timezone.now(),
        }
        documents.append({**document, **values_of_person(document, user.pk)})
    collection_of(Contact).insert_many(documents)
    return group


def start_trace(user: User, group: LeadGroup, now: datetime, **options) -> Enrichment:
    """Quote and accept, as the pages do."""
    quote = traces.quote_trace(user=user, group=group, now=now, **options)
    return traces.accept_trace(user=user, quote_id=quote.pk, now=now)


def work(job: Enrichment, moment: datetime) -> Enrichment:
    """Let a worker carry the job on at this moment, as far as it gets."""
    traces.run_trace(enrichment_id=str(job.pk), now=lambda: moment)
    return Enrichment.objects.get(pk=job.pk)


def states_of(job: Enrichment) -> Counter:
    """How many rows of a job are in each state."""
    return Counter(row["state"] for batch in EnrichmentBatch.objects.filter(enrichment=job) for row in batch.rows)


def finish(job: Enrichment, moment: datetime) -> Enrichment:
    """Run the sweep with a clock that moves on, until the job is over."""
    for _ in range(40):
        for enrichment_id in traces.due_trace_ids(now=moment):
            traces.run_trace(enrichment_id=enrichment_id, now=lambda moment=moment: moment)
        job = Enrichment.objects.get(pk=job.pk)
        if job.is_over:
            return job
        moment += timedelta(minutes=45)
    pytest.fail("The job never ended.")

"""A funded investor, the sandbox's own account of what it billed, and jobs carried out in the test's process."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from credits import services as credit_services
from properties.models import PropertyJob
from properties.search.form import read_query
from properties.search.query import SearchQuery
from properties.services import jobs, reveals, runner


@pytest.fixture
def now() -> datetime:
    """The moment at which the test happens, as MongoDB keeps it."""
    moment = timezone.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)


class Sandbox:
    """The control side of the vendor sandbox."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def reset(self) -> None:
        requests.post(f"{self.base_url}/_sandbox/reset", json={}, timeout=10).raise_for_status()

    def fail(self, mode: str, *, endpoint: str = "property/search", times: int = 1, **options) -> None:
        """Let the next calls of an endpoint fail in this mode."""
        fault = {"endpoint": endpoint, "mode": mode, "times": times, **options}
        requests.post(f"{self.base_url}/_sandbox/faults", json=fault, timeout=10).raise_for_status()

    def patch(self, property_id: str, patch: dict) -> None:
        """Change a record, or take it off the market with ``{"delete": True}``; a reset takes that back."""
        answer = requests.post(f"{self.base_url}/_sandbox/records/{property_id}", json=patch, timeout=10)
        answer.raise_for_status()

    def bill(self) -> dict:
        """What the vendor has billed since the reset."""
        answer = requests.get(f"{self.base_url}/_sandbox/billing", timeout=10)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The vendor sandbox with an empty bill and no faults, before and after."""
    control = Sandbox(settings.BATCHDATA_BASE_URL)
    control.reset()
    yield control
    control.reset()


@pytest.fixture
def fund(db: None, now: datetime) -> Callable[..., User]:
    """Give a user purchased credits."""

    def give(user: User, amount: int = 1000) -> User:
        credit_services.grant(
            user_id=user.pk, amount=amount, bucket="purchased", source=f"test:{user.pk}", reason="Test credits", now=now
        )
        return user

    return give


@pytest.fixture
def phoenix() -> SearchQuery:
    """A search that matches plenty."""
    return read_query({"q": ["Phoenix, AZ"]})


@pytest.fixture
def reveal(now: datetime) -> Callable[..., PropertyJob]:
    """Quote, accept and carry out a reveal, as page and worker do."""

    def run(user: User, query: SearchQuery, count: int) -> PropertyJob:
        quote = reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url="/search/", now=now)
        job = jobs.accept_quote(user=user, quote_id=quote.pk, now=now)
        return runner.run_job(job_id=str(job.pk), now=timezone.now) or job

    return run

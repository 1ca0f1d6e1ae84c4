"""A random session of everything that spends, under faults of the vendor, dying workers, and second thoughts."""

import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from pymongo.errors import PyMongoError

from accounts.models import User
from atlas_site.vendors.batchdata import DATASETS as WIRE
from properties import exclusions
from properties.models import Dataset, PropertyDatasetPermission, PropertyJob
from properties.search.form import read_query
from properties.services import allowances, comparables, counting, jobs, refreshes, reveals, runner, unlocks
from tests.failpoints import fail_commands

ATLAS_NAMES = {wire.name: name for name, wire in WIRE.items()}
SOLD = [each for each in Dataset.values if each not in {"BASIC", "DIVORCE_INFO"}]
PLACES = ("Phoenix, AZ", "85007", "Tampa, FL")
LOOKUP, SEARCH = "property/lookup/all-attributes", "property/search"
BREAKING = ("insert", "update", "find", "findAndModify", "commitTransaction", "aggregate")
STEPS = ("count", "reveal", "reveal", "unlock", "unlock", "refresh", "refresh", "comparables")
REFUSED = (
    unlocks.NothingToUnlock,
    refreshes.NothingToRefresh,
    comparables.NothingToCompare,
    reveals.NothingToReveal,
    reveals.TooNarrow,
    counting.CountUnavailable,
    allowances.EmptyRevealsSpent,
)


def billed_units(sandbox) -> Counter:
    """The sandbox's own account, as (property, dataset of Atlas)."""
    return Counter(
        (unit["propertyId"], ATLAS_NAMES[name])
        for unit in sandbox.bill()["units"]
        if unit["propertyId"]
        for name in unit["datasets"]
    )


def finish_all_jobs(start: datetime) -> datetime:
    """Run the sweep with a clock that moves on, until nothing is left to do, and return when that was."""
    moment = start
    for _ in range(60):
        for job_id in jobs.due_job_ids(now=moment):
            runner.run_job(job_id=job_id, now=lambda moment=moment: moment)
        if not PropertyJob.objects.filter(state__in=jobs.UNFINISHED).exists():
            return moment
        moment += timedelta(hours=2)
    pytest.fail("A job never ended.")


class SpendingSession:
    """Chooses what to do next. `loses_pages`: searches may lose their answers too, which names no records."""

    def __init__(
        self, *, seed: int, users: list[User], sandbox, now: datetime, most_revealed: int = 8, loses_pages: bool = False
    ) -> None:
        self.chance = random.Random(seed)
        self.users, self.sandbox, self.now = users, sandbox, now
        self.most_revealed, self.loses_pages = most_revealed, loses_pages
        self.broken = 0
        self.gone: set[str] = set()
        exclusions.register("random", choices=lambda user: [], ids=lambda user, key: self._excluded())

    def close(self) -> None:
        """Take the session's exclusions out of the registry."""
        exclusions._SOURCES.pop("random")

    def take_steps(self, count: int) -> None:
        """Do so many random things."""
        for _ in range(count):
            if self.chance.random() < 0.2:
                self._break_the_vendor()
            if self.chance.random() < 0.2:
                self._change_a_record()
            with suppress(*REFUSED):
                self._spend(self.chance.choice(self.users))
            if self.chance.random() < 0.1:
                self._cancel_something()
            if self.chance.random() < 0.6:
                self._work()

    def _excluded(self) -> exclusions.Excluded:
        """Half of what anybody owns: who does not own it meets it as being on the list."""
        ids = set(PropertyDatasetPermission.objects.values_list("property_id", flat=True))
        return exclusions.Excluded(tuple(sorted(ids)[::2]))

    def _break_the_vendor(self) -> None:
        answered = ["500", "wallet-empty", "429"]
        of_search = [*answered, "cut-body", "wrong-schema"] if self.loses_pages else answered
        self.sandbox.fail(self.chance.choice(of_search), endpoint=SEARCH)
        self.sandbox.fail(self.chance.choice(["500", "cut-body", "empty-body", "wallet-empty"]), endpoint=LOOKUP)

    def _change_a_record(self) -> None:
        rows = PropertyDatasetPermission.objects.order_by("property_id")
        owned = [each for each in rows.values_list("property_id", flat=True) if each not in self.gone]
        if not owned:
            return
        property_id = self.chance.choice(owned)
        patch = self.chance.choice(
            [
                {"owner": {"fullName": f"Owner {self.chance.randrange(1000)}"}},
                {"valuation": {"estimatedValue": self.chance.randrange(100_000, 900_000)}},
                {"delete": True},
            ]
        )
        self.sandbox.patch(property_id, patch)
        if "delete" in patch:
            self.gone.add(property_id)

    def _spend(self, user: User) -> None:
        step = self.chance.choice(STEPS)
        params = {"q": [self.chance.choice(PLACES)], "all": self.chance.choice([[], ["absentee-owner"]])}
        query = read_query({**params, "exclude": self.chance.choice([[], [], ["random:1"]])})
        rows = PropertyDatasetPermission.objects.filter(user=user, datasets__contains=["BASIC"])
        owned = list(rows.order_by("property_id")[:50])
        if step == "count":
            counting.count_matches(user=user, query=query, now=self.now)
            return
        common = {"user": user, "back_url": "/", "now": self.now}
        if step == "reveal":
            count = self.chance.randint(1, self.most_revealed)
            quote = reveals.quote_reveal(query=query, count=count, total=None, **common)
        elif not owned:
            return
        elif step == "unlock":
            datasets = self.chance.sample(SOLD, self.chance.randint(1, 4))
            quote = unlocks.quote_unlock(permission=self.chance.choice(owned), datasets=datasets, **common)
        elif step == "refresh":
            permission = self.chance.choice(owned)
            quote = refreshes.quote_refresh(permission=permission, datasets=permission.datasets, **common)
        else:
            limits = {"miles": 10, "bedrooms": None, "area_percent": 50}
            quote = comparables.quote_comparables(permission=self.chance.choice(owned), limits=limits, **common)
        for _ in range(self.chance.choice([1, 1, 2])):  # a double click
            jobs.accept_quote(user=user, quote_id=quote.pk, now=self.now)

    def _cancel_something(self) -> None:
        job = PropertyJob.objects.filter(state__in=jobs.UNFINISHED).order_by("created_at").first()
        if job:
            jobs.cancel_job(user=job.user, job_id=job.pk, now=self.now)

    def _work(self) -> None:
        """Carry out what is due: by a worker that lives, that dies on a broken command, or that is never seen again."""
        for job_id in jobs.due_job_ids(now=self.now):
            fate = self.chance.random()
            if fate < 0.1:
                jobs.claim_job(job_id=job_id, now=self.now)
            elif fate < 0.4:
                command, times = self.chance.choice(BREAKING), self.chance.randint(1, 4)
                with (
                    suppress(DatabaseError, PyMongoError),
                    fail_commands(connection.connection, command, times=times, errorCode=8000) as fault,
                ):
                    runner.run_job(job_id=job_id, now=lambda: self.now)
                self.broken += fault.count
            else:
                runner.run_job(job_id=job_id, now=lambda: self.now)
        # What a dead worker held is free again once its lease is over.
        self.now += timedelta(minutes=self.chance.choice([0, 1, 6]))

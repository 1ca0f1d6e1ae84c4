"""The vendor's bill of skip traces, day by day, after random sessions with faults of the vendor and dying workers."""

import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from atlas_site.mongodb.explain import assert_index_scan
from credits.models import Credit, Quote
from leads.models import Enrichment
from leads.selectors.trace_bill import KIND, QUOTE_KIND, UNLINKED, expect_trace_bill, trace_part_of_day
from leads.services import traces
from leads.services.trace_bills import roll_up_trace_bill
from leads.services.traces import breaker
from properties.models import VendorBillDay
from properties.selectors.vendor_bill import LOST_LOOKUP
from properties.services.bills import BILL_RULES, SETTLED_AFTER
from tests.leads.traces.conftest import make_list, start_trace
from tests.leads.traces.killing import NAMED_STEPS, start_worker, wait_for

pytestmark = pytest.mark.django_db

FAULTS = ("500", "429", "cut-body", "junk-body", "wrong-schema")
A_DAY = timedelta(days=1)


class TraceSession:
    """Users who trace overlapping lists, stop and ask again, while the vendor fails and workers die."""

    def __init__(self, *, seed: int, users: list[User], sandbox, now: datetime) -> None:
        self.chance = random.Random(seed)
        self.users, self.sandbox, self.start, self.now = users, sandbox, now, now
        self.kills = 0

    def take_steps(self, count: int) -> None:
        """Do so many random things, hours apart."""
        for number in range(count):
            breaker.note_answer()  # the pauses of hours pass in no time here
            if self.chance.random() < 0.4:
                self.sandbox.fail(self.chance.choice(FAULTS), times=self.chance.randint(1, 2))
            user = self.users[number % len(self.users)]
            with suppress(traces.NothingToTrace):
                people = make_list(user, self.chance.randint(5, 25), start=self.chance.randint(0, 40))
                self._work(start_trace(user, people, self.now), dies=number % 2 == 0)
            self._change_their_minds()
            self.now += timedelta(hours=self.chance.randint(1, 9))

    def finish(self) -> None:
        """Let the sweep run until every job is over, whatever was lost."""
        for _ in range(40):
            breaker.note_answer()
            for enrichment_id in traces.due_trace_ids(now=self.now):
                traces.run_trace(enrichment_id=enrichment_id, now=lambda: self.now)
            if not Enrichment.objects.filter(status=Enrichment.Status.PROCESSING).exists():
                return
            self.now += timedelta(hours=2)
        pytest.fail("A job never ended.")

    def _work(self, job: Enrichment, *, dies: bool) -> None:
        """One worker, after another one that dies at some step if it gets there."""
        if dies:
            ahead = (self.now - self.start).total_seconds() / 60
            self.kills += wait_for(start_worker(job, minutes_ahead=ahead, steps=[self.chance.choice(NAMED_STEPS)]))
        self.now += timedelta(minutes=5)
        traces.run_trace(enrichment_id=str(job.pk), now=lambda: self.now)

    def _change_their_minds(self) -> None:
        job = Enrichment.objects.order_by("-created_at").first()
        if job is None:
            return
        if self.chance.random() < 0.2:
            traces.cancel_trace(user=job.user, enrichment_id=job.pk, now=self.now)
        elif self.chance.random() < 0.5:
            with suppress(traces.NothingToTrace):
                quote = traces.retry_trace(user=job.user, enrichment_id=job.pk, now=self.now)
                if quote:
                    traces.accept_trace(user=job.user, quote_id=quote.pk, now=self.now)


@pytest.mark.parametrize(
    ("seed", "steps"), [(1, 8), *(pytest.param(seed, 40, marks=pytest.mark.faults) for seed in (2, 3, 4))]
)
def test_the_days_of_the_bill_explain_a_random_session(seed, steps, alice, bob, fund, now, sandbox, settings):
    settings.TRACE_LANES = 1
    session = TraceSession(seed=seed, users=[fund(alice), fund(bob, 2_000)], sandbox=sandbox, now=now)
    session.take_steps(steps)
    session.finish()
    later, day = session.now + SETTLED_AFTER, now
    roll_up_trace_bill(now=now)
    while day <= later + A_DAY:
        roll_up_trace_bill(now=min(day, later))
        day += A_DAY

    days = list(VendorBillDay.objects.filter(kind="traces"))
    whole = expect_trace_bill(since=now - A_DAY, until=later + A_DAY)
    billed = Counter((row_id, KIND) for row_id in sandbox.traced())
    assert session.kills > 0
    assert whole.residual == Counter()
    assert billed - whole.units == Counter(), "billed and not explained"
    lost = whole.by_cause.get(LOST_LOOKUP, Counter()) + whole.by_cause.get(UNLINKED, Counter())
    assert whole.units - billed - lost == Counter(), "explained and not billed"
    assert sum(each.billed for each in days) == whole.units.total() > 0
    quotes = Quote.objects.filter(kind=QUOTE_KIND, status=Quote.Status.SETTLED)
    assert sum(each.job_count for each in days) == quotes.count()
    assert sum(each.captured for each in days) == sum(line["units_hit"] for quote in quotes for line in quote.lines)
    assert [each.unexplained for each in days] == [0] * len(days)
    assert all(each.billed == each.captured - each.from_copy + each.free for each in days)
    assert sum((Counter(each.causes) for each in days), Counter()) == Counter(whole.free_counts)
    assert {wallet.reserved for wallet in Credit.objects.all()} == {0}
    call_command("verify_books", stdout=StringIO())


def test_a_row_that_nobody_explains_is_told_to_staff_and_breaks_the_books(alice, now, sandbox, client, sign_in, sam):
    job = start_trace(alice, make_list(alice, 20), now)
    traces.run_trace(enrichment_id=str(job.pk), now=lambda: now)
    batch = job.batches.get()
    billed = sum(row.get("billed", False) for row in batch.rows)
    first = next(row for row in batch.rows if row.get("billed"))
    batch.rows = [{**row, "billed": row is not first and row.get("billed", False)} for row in batch.rows]
    batch.save(update_fields=["rows"])

    roll_up_trace_bill(now=now + SETTLED_AFTER)
    roll_up_trace_bill(now=now + SETTLED_AFTER)

    page = sign_in(client, sam).get(reverse("admin:properties_vendorbillday_changelist"))
    shown = {day.day: day for day in page.context["cl"].result_list if day.job_count}
    day = shown[now.date().isoformat()]
    assert (day.kind, day.job_count, day.billed, day.unexplained) == ("traces", 1, billed - 1, 1)
    out = StringIO()
    with pytest.raises(CommandError, match="1 breaches"):
        call_command("verify_books", stdout=out)
    assert f"B18 {day}: 1 of {billed - 1} units are unexplained" in out.getvalue()
    assert BILL_RULES["B18"] in out.getvalue()


def test_the_bill_of_a_day_is_read_from_an_index(db, now):
    assert_index_scan(lambda: trace_part_of_day(now.date(), after=now - A_DAY, until=now))

"""The skip traces' side of `verify_books`: each rule holds for real ones and names what breaks it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from atlas_site.vendors.models import VendorCall
from leads.models import Enrichment, EnrichmentBatch
from leads.services import traces
from leads.services.trace_books import TRACE_RULES, verify_traces
from properties.services.bills import BILL_RULES
from tests.leads.traces.conftest import make_list, start_trace, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]


@pytest.fixture
def broken(now):
    def run() -> list[str]:
        found: list[str] = []
        verify_traces(check=lambda rule, holds, subject, text: None if holds else found.append(rule), now=now)
        return found

    return run


@pytest.fixture
def traced(alice, now, sandbox) -> EnrichmentBatch:
    """A batch that is done, of a job that is over; beside it one that is paused, a lost answer, and an offer."""
    done = work(start_trace(alice, make_list(alice, 60), now), now)
    paused = start_trace(alice, make_list(alice, 30, start=100), now)
    traces.pause_trace(user=alice, enrichment_id=paused.pk, now=now)
    sandbox.fail("cut-body")
    work(start_trace(alice, make_list(alice, 30, start=200), now), now)
    traces.quote_trace(user=alice, group=make_list(alice, 30, start=300), now=now)
    return done.batches.get()


def change(batch: EnrichmentBatch, **values) -> None:
    EnrichmentBatch.objects.filter(pk=batch.pk).update(**values)


def test_traces_that_were_really_made_are_sound(traced, broken):
    assert broken() == []
    out = StringIO()
    call_command("verify_books", stdout=out)
    for rule, text in {**TRACE_RULES, **BILL_RULES}.items():
        assert any(line.startswith(rule) and " ok " in line and text in line for line in out.getvalue().splitlines())


def test_a_batch_that_nobody_goes_on_with_breaks_b15(traced, broken, now):
    EnrichmentBatch.objects.filter(phase="queued").update(due_at=None)
    assert broken() == ["B15"]
    with pytest.raises(CommandError, match="breaches"):
        call_command("verify_books", stdout=StringIO())
    EnrichmentBatch.objects.filter(phase="queued").update(due_at=now, lease_until=now + timedelta(hours=1))
    assert broken() == ["B15"]


def test_rows_that_are_not_counted_break_b16(traced, broken):
    change(traced, counts={**traced.counts, "miss": 0})
    assert broken() == ["B16"]


def test_a_row_that_is_gone_breaks_b16(traced, broken):
    Enrichment.objects.filter(pk=traced.enrichment_id).update(total_leads=61)
    assert broken() == ["B16"]


def test_a_hit_that_nobody_paid_for_breaks_b17(traced, broken):
    rows = [{**row, "state": "hit" if row["state"] == "miss" else row["state"]} for row in traced.rows]
    hits = sum(row["state"] == "hit" for row in rows)
    change(traced, rows=rows, counts={**traced.counts, "miss": 0, "hit": hits})
    assert broken() == ["B17"]


def test_other_credits_than_were_charged_break_b17(traced, broken):
    change(traced, spent=traced.spent + 1)
    assert broken() == ["B17"]


def test_an_answer_from_nowhere_breaks_b18(traced, broken):
    VendorCall.objects.filter(reference__contains=str(traced.pk)).delete()
    assert broken() == ["B18"]


def test_a_job_that_ended_before_its_batches_breaks_b20(traced, broken):
    change(traced, phase="settled", status="pending", due_at=traced.ended_at)
    assert broken() == ["B20"]
    change(traced, phase="done", status="pending")
    assert broken() == ["B20", "B20"]

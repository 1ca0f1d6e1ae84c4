"""Answers that are not what they should be: nobody gets a stranger's number, nobody pays for what is not certain."""

from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings as live_settings

from atlas_site.vendors.models import VendorCall
from credits import services as credit_services
from credits.models import Credit, Quote
from leads.models import Contact, Enrichment, RowState
from leads.selectors.trace_bill import KIND, UNLINKED, expect_trace_bill
from leads.selectors.trace_pages import list_traces, trace_page
from leads.services import traces
from properties.models import PersonTrace
from properties.selectors.vendor_bill import LOST_LOOKUP
from tests.leads.traces.conftest import finish, make_list, start_trace, states_of, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]

HARMLESS = ("reordered-rows", "ids-in-meta", "null-misses", "foreign-rows", "rows-without-ids")
HARMFUL = ("null-rows", "missing-rows", "repeated-rows")


def bill_and_books(sandbox, now) -> Counter:
    """What the vendor billed and the batches do not explain; the books are checked on the way."""
    bill = expect_trace_bill(since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert bill.residual == Counter()
    assert bill.captured_count == sum(line["units_hit"] for quote in Quote.objects.all() for line in quote.lines)
    assert credit_services.verify_books().is_sound
    billed = Counter((row_id, KIND) for row_id in sandbox.traced())
    return billed - bill.units


@pytest.fixture
def undamaged(bob, fund, now, sandbox) -> Counter:
    """The states of the same people when nothing is wrong with the answer."""
    job = work(start_trace(fund(bob), make_list(bob, 60), now), now)
    found = states_of(job)
    PersonTrace.objects.all().delete()
    return found


@pytest.mark.parametrize("mode", HARMLESS)
def test_damage_that_leaves_no_doubt_changes_nothing(mode, alice, now, sandbox, undamaged):
    group = make_list(alice, 60)
    sandbox.fail(mode)
    job = work(start_trace(alice, group, now), now)

    assert job.status == Enrichment.Status.COMPLETED
    assert states_of(job) == undamaged
    assert bill_and_books(sandbox, now) == Counter()


@pytest.mark.parametrize("mode", HARMFUL)
def test_what_is_not_certain_is_nobodys_and_free(mode, alice, now, sandbox):
    group = make_list(alice, 60)
    sandbox.fail(mode)
    job = work(start_trace(alice, group, now), now)

    states = states_of(job)
    assert states[RowState.UNLINKED] >= 15
    assert states[RowState.HIT] > 15
    rows = {row["contactId"]: row["state"] for batch in job.batches.all() for row in batch.rows}
    for contact in Contact.objects.filter(lead_group=group):
        assert bool(contact.phones) == (rows[str(contact.pk)] == RowState.HIT)
    unexplained = bill_and_books(sandbox, now)
    # The answer says how many it billed for; of rows that are gone it does not say which.
    bill = expect_trace_bill(since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert unexplained.total() == bill.by_cause[UNLINKED][("", KIND)]
    quote = Quote.objects.get(pk=job.quote_ids[0])
    assert {"why": "the answer could not be matched to the contact", "count": states[RowState.UNLINKED]} in (
        quote.not_charged
    )
    # Nothing was learnt of them, so they can be asked for again.
    assert traces.count_traceable(user=alice, group=group, now=now).to_ask == states[RowState.UNLINKED]


@pytest.mark.parametrize("mode", ["wrong-schema", "junk-body", "empty-body", "status-code"])
def test_junk_is_kept_and_costs_nothing(mode, alice, now, sandbox):
    group = make_list(alice, 20)
    sandbox.fail(mode, times=5)
    job = finish(start_trace(alice, group, now), now)

    assert job.status == Enrichment.Status.FAILED
    assert states_of(job) == {RowState.ERROR: 20}
    assert Credit.objects.get(user=alice).credit_available == 1_000
    assert len(sandbox.traced()) <= 20, "asked once: each answer may have been billed"
    assert VendorCall.objects.filter(operation="skip_trace").exclude(raw_bytes=0).exists() or mode == "empty-body"
    bill = expect_trace_bill(since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert set(sandbox.traced()) <= {row_id for row_id, _ in bill.by_cause.get(LOST_LOOKUP, {})}
    assert credit_services.verify_books().is_sound

    sandbox.reset()
    again = traces.retry_trace(user=alice, enrichment_id=job.pk, now=now)
    assert again is not None
    assert traces.accept_trace(user=alice, quote_id=again.pk, now=now).pk == job.pk
    job = finish(job, now)
    assert states_of(job)[RowState.HIT] > 5
    assert (job.status, len(job.quote_ids)) == (Enrichment.Status.COMPLETED, 2)
    page, (row,) = trace_page(alice, str(job.pk), now), list_traces(alice).rows
    assert (page.contacts, row.contacts, job.total_leads) == (20, 20, 40), "who is asked for again is one contact"
    assert credit_services.verify_books().is_sound


def test_rows_are_told_apart_by_what_was_found(alice, now, sandbox):
    group = make_list(alice, 1_000)
    job = finish(start_trace(alice, group, now), now)

    states = states_of(job)
    assert min(states[each] for each in (RowState.HIT, RowState.MISS)) > 0
    assert states[RowState.LITIGATOR] > 0
    for contact in Contact.objects.filter(lead_group=group, trace_outcome="litigator"):
        assert contact.is_litigator
        assert not contact.phones
    for contact in Contact.objects.filter(lead_group=group, trace_outcome="no_phone"):
        assert contact.emails
        assert not contact.phones
    phones = [phone for contact in Contact.objects.filter(lead_group=group) for phone in contact.phones]
    assert {phone["dnc"] for phone in phones} == {True, False, None}, "null is not false"
    assert not any(phone["tcpa"] for phone in phones), "they are not asked for"
    assert bill_and_books(sandbox, now) == Counter()
    assert live_settings.TRACE_LANES == 1

"""A skip trace from its offer to its receipt: who is asked, what it costs, and what contacts show afterwards."""

import pytest
from django.core import mail

from credits import services as credit_services
from credits.models import Credit, Quote
from leads.models import Contact, Enrichment, RowState
from leads.selectors.traces import trace_progress
from leads.services import traces
from properties.models import PersonTrace, TracePurchase
from tests.leads.traces.conftest import make_list, start_trace, states_of, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]


def test_a_trace_charges_its_hits_and_shows_them_on_the_contacts(alice, now, sandbox):
    group = make_list(alice, 130)
    job = start_trace(alice, group, now)
    assert Credit.objects.get(user=alice).reserved == 65

    job = work(job, now)

    states = states_of(job)
    assert job.status == Enrichment.Status.COMPLETED
    assert set(states) <= {RowState.HIT, RowState.MISS, RowState.NO_PHONE, RowState.LITIGATOR}
    hits = states[RowState.HIT]
    assert hits > 60
    quote = Quote.objects.get(pk=job.quote_ids[0])
    assert (quote.status, quote.captured) == (Quote.Status.SETTLED, -(-hits // 2))
    assert sum(reason["count"] for reason in quote.not_charged) == 130 - hits
    wallet = Credit.objects.get(user=alice)
    assert (wallet.credit_available, wallet.reserved) == (1_000 - quote.captured, 0)
    shown = Contact.objects.filter(lead_group=group, trace_outcome="hit")
    assert shown.count() == hits
    for contact in shown:
        assert contact.phones and contact.phone and contact.is_enriched
        assert all(phone["checkedAt"] and phone["source"] == "trace" for phone in contact.phones)
    assert TracePurchase.objects.filter(user=alice).count() == hits
    assert PersonTrace.objects.count() == 130
    billed = {row["contactId"] for batch in job.batches.all() for row in batch.rows if row.get("billed")}
    assert sandbox.traced() == sorted(billed)
    assert credit_services.verify_books().is_sound
    assert [message.to for message in mail.outbox] == [[alice.email]]
    progress = trace_progress(alice, str(job.pk))
    assert (progress.total, progress.done, progress.spent, progress.held) == (130, 130, quote.captured, 0)


def test_what_was_traced_is_neither_quoted_nor_charged_again(alice, bob, fund, now, sandbox):
    group = make_list(alice, 30)
    first = states_of(work(start_trace(alice, group, now), now))
    billed = sandbox.traced()

    count = traces.count_traceable(user=alice, group=group, now=now)
    assert (count.to_ask, count.from_copy, count.yours) == (0, 0, first[RowState.HIT])
    assert count.missed_lately == 30 - first[RowState.HIT]
    with pytest.raises(traces.NothingToTrace):
        traces.quote_trace(user=alice, group=group, now=now)

    other = make_list(fund(bob), 30)
    count = traces.count_traceable(user=bob, group=other, now=now)
    assert (count.to_ask, count.from_copy) == (0, first[RowState.HIT])
    job = work(start_trace(bob, other, now), now)
    assert states_of(job)[RowState.HIT] == first[RowState.HIT]
    assert sandbox.traced() == billed
    assert Credit.objects.get(user=bob).credit_available == 1_000 - -(-first[RowState.HIT] // 2)
    assert credit_services.verify_books().is_sound

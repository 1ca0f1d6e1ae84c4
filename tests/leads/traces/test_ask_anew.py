"""What a user bought stays free for 90 days; asking the vendor for it anew is a choice of its own, with its price."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from credits import services as credit_services
from credits.models import Credit, Quote
from leads.models import Contact, LeadGroup, RowState
from leads.selectors.trace_bill import expect_trace_bill
from leads.services import trace_choices, traces
from properties.models import PersonTrace, TracePurchase
from properties.models.jobs import CHARGED
from properties.services.allowances import free_refreshes_left
from tests.leads.traces.conftest import make_list, start_trace, states_of, work
from tests.leads.traces.test_trace_pages import read, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]
OLD = timedelta(days=32)


@pytest.fixture
def bought(alice, now, sandbox) -> LeadGroup:
    """A list of which some were found and bought 32 days ago."""
    group = make_list(alice, 12)
    work(start_trace(alice, group, now - OLD), now - OLD)
    PersonTrace.objects.update(answered_at=now - OLD)
    Contact.objects.filter(lead_group=group).exclude(traced_at=None).update(traced_at=now - OLD)
    TracePurchase.objects.update(bought_at=now - OLD)
    sandbox.reset()
    return group


def hits_of(group: LeadGroup) -> list[Contact]:
    return list(Contact.objects.filter(lead_group=group, trace_outcome="hit").order_by("pk"))


def anew(user, group, now, **choice):
    quote = trace_choices.quote_choice(user=user, group=group, scope="anew", selection=None, now=now, **choice)
    return work(traces.accept_trace(user=user, quote_id=quote.pk, now=now), now)


def number_changed(contact: Contact) -> None:
    """Let what was bought of somebody differ from what the vendor says now."""
    PersonTrace.objects.filter(key=contact.identity_key).update(phones=[{"number": "6145550100", "dnc": False}])


def test_nobody_is_asked_anew_unless_that_is_chosen(alice, bought, now, sandbox):
    count = traces.count_traceable(user=alice, group=bought, now=now)
    assert count.old == count.yours == len(hits_of(bought)) > 3
    work(start_trace(alice, bought, now), now)  # those who were missed a month ago
    assert not set(sandbox.traced()) & {str(contact.pk) for contact in hits_of(bought)}
    before = now - timedelta(days=3)
    assert traces.count_traceable(user=alice, group=bought, now=before).old == 0


def test_who_has_not_changed_is_free_and_may_be_dialed_again(alice, bought, now, sandbox):
    hits, left = hits_of(bought), free_refreshes_left(alice.pk, now)
    before = Credit.objects.get(user=alice).credit_available
    number_changed(hits[0])

    job = anew(alice, bought, now)

    assert states_of(job) == {RowState.HIT: 1, RowState.UNCHANGED: len(hits) - 1}
    assert sandbox.traced() == sorted(str(contact.pk) for contact in hits)
    assert free_refreshes_left(alice.pk, now) == left - len(hits) + 1
    bill = expect_trace_bill(since=now - timedelta(minutes=1), until=now + timedelta(minutes=1))
    assert {cause: units.total() for cause, units in bill.by_cause.items()} == {CHARGED: 1, "unchanged": len(hits) - 1}
    assert (
        before - Credit.objects.get(user=alice).credit_available == Quote.objects.get(pk=job.quote_ids[0]).captured == 1
    )
    renewed = TracePurchase.objects.filter(user=alice, bought_at__gt=now - timedelta(days=1))
    assert {purchase.key for purchase in renewed} == {hits[0].identity_key}
    assert all(contact.traced_at > now - timedelta(days=1) for contact in hits_of(bought))
    assert credit_services.verify_books().is_sound
    with pytest.raises(traces.NothingToTrace):
        anew(alice, bought, now)


def test_beyond_the_free_ones_of_the_month_it_costs_its_unit(alice, bought, now, sandbox, settings):
    settings.FREE_REFRESHES_A_MONTH = 2
    hits = len(hits_of(bought))
    job = anew(alice, bought, now)
    assert states_of(job) == {RowState.UNCHANGED: 2, RowState.HIT: hits - 2}
    assert free_refreshes_left(alice.pk, now) == 0


def test_two_quotes_to_ask_anew_charge_once(alice, bought, now, sandbox):
    hits = hits_of(bought)
    for contact in hits:
        number_changed(contact)
    quotes = [traces.quote_trace(user=alice, group=bought, asks_anew=True, now=now) for _ in range(2)]
    jobs = [traces.accept_trace(user=alice, quote_id=quote.pk, now=now) for quote in quotes]
    first, second = [work(job, now) for job in jobs]
    assert states_of(first) == {RowState.HIT: len(hits)}
    assert states_of(second) == {RowState.YOURS: len(hits)}
    assert len(sandbox.traced()) == len(hits)


def test_the_page_offers_it_apart_with_its_price(client, alice, bought, sign_in):
    hers, hits = sign_in(client, alice), hits_of(bought)
    page = read(hers.get(url("choose-trace", bought)))
    title = f"Ask anew for {len(hits)} whose numbers are over 30 days old"
    assert f'value="anew"><strong>{title}</strong> <span>at most {-(-len(hits) // 2)} credits</span>' in page
    assert re.search(rf"Yours, with numbers over 30 days old .*?<dd>{len(hits)}</dd>", page)
    one = hits[0]
    assert "Trace again" in read(hers.get(reverse("leads:show-contact", args=[bought.pk, one.pk])))
    chosen = read(hers.post(url("choose-trace", bought), {"ids": [str(one.pk)]}))
    assert "<strong>Ask anew for 1 whose numbers are over 30 days old</strong>" in chosen
    hers.post(url("quote-trace", bought), {"scope": "anew", "ids": str(one.pk)})
    quote = Quote.objects.latest("created_at")
    assert quote.lines[0]["units"] == 1
    offered = read(hers.get(reverse("credits:show-quote", args=[quote.pk])))
    assert "Somebody is charged whose numbers changed" in offered
    Contact.objects.filter(pk=one.pk).update(traced_at=timezone.now())
    assert "Trace again" not in read(hers.get(reverse("leads:show-contact", args=[bought.pk, one.pk])))

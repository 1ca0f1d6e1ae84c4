"""The unit of a hit comes back when every number of it was wrong or disconnected, to 5 % of the hits."""

from datetime import timedelta

import pytest

from credits import services as credit_services
from credits.models import Credit, CreditLog
from leads.models import Contact, TraceRefund
from leads.services.books import verify_imports
from leads.services.refunds import give_due_refunds
from leads.services.touches import log_touch
from properties.models import TracePurchase
from tests.leads.traces.conftest import make_list, start_trace, work
from tests.leads.work.test_touches import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]


def lose(user, contact, now, outcome="disconnected", *, but=0):
    """Log every traced number of a contact bad, except some."""
    numbers = [phone["number"] for phone in contact.phones if phone.get("source") == "trace"]
    for number in numbers[: len(numbers) - but]:
        log_touch(user=user, contact=contact, outcome=outcome, number=number, key=f"{contact.pk}:{number}", now=now)


@pytest.fixture
def hits(alice, now, sandbox):
    """The contacts of a list of 130 that were traced with a phone number: more than 60."""
    group = make_list(alice, 130)
    work(start_trace(alice, group, now), now)
    return list(Contact.objects.filter(lead_group=group, trace_outcome="hit"))


def broken() -> list[str]:
    found: list[str] = []
    verify_imports(check=lambda rule, holds, subject, text: None if holds else found.append(rule))
    return found


def credits_of(user):
    return Credit.objects.get(user=user).credit_available


def test_two_bad_hits_bring_a_credit_back_once(alice, now, hits):
    before = credits_of(alice)
    later = now + timedelta(days=29)
    lose(alice, hits[0], later)
    assert TraceRefund.objects.get().refunded_at == later
    assert credits_of(alice) == before  # half a credit: it comes with the next one
    lose(alice, hits[1], later, "wrong_number")
    lose(alice, hits[1], later, "wrong_number")
    assert credits_of(alice) == before + 1
    entry = CreditLog.objects.get(kind="adjust")
    assert (entry.change_amount, entry.actor) == (1, "system")
    assert "every number was logged wrong or disconnected" in entry.reason
    assert credit_services.verify_books().is_sound
    assert broken() == []
    TraceRefund.objects.filter(key=hits[0].identity_key).delete()
    assert broken() == ["B36"]


def test_a_hit_with_a_good_number_is_charged(alice, now, hits):
    several = next(contact for contact in hits if len(contact.phones) > 1)
    lose(alice, several, now, but=1)
    assert not TraceRefund.objects.exists()


def test_after_thirty_days_nothing_comes_back(alice, now, hits):
    lose(alice, hits[0], now + timedelta(days=30, minutes=1))
    assert not TraceRefund.objects.exists()


def test_no_more_than_five_percent_come_back_until_there_are_more_hits(alice, now, hits):
    most = len(hits) // 20
    for contact in hits[: most + 2]:
        lose(alice, contact, now)
    given = TraceRefund.objects.filter(refunded_at__isnull=False).count()
    assert (given, TraceRefund.objects.count()) == (most, most + 2)
    assert give_due_refunds(now=now) == 0
    TracePurchase.objects.bulk_create(TracePurchase(user=alice, key=f"x{n}", bought_at=now) for n in range(40))
    before = credits_of(alice)
    assert give_due_refunds(now=now) in {0, 1}
    assert TraceRefund.objects.filter(refunded_at__isnull=False).count() == most + 2
    assert credits_of(alice) - before == (most + 2) // 2 - most // 2
    assert credit_services.verify_books().is_sound


def test_a_purchase_by_two_keys_is_one_of_the_hits(alice, now, hits):
    TracePurchase.objects.filter(user=alice).exclude(key=hits[0].identity_key).delete()
    TracePurchase.objects.bulk_create(TracePurchase(user=alice, key=f"x{n}", bought_at=now) for n in range(18))
    TracePurchase.objects.create(user=alice, key="known as", same_as="x1", bought_at=now)
    lose(alice, hits[0], now)
    assert TraceRefund.objects.get().refunded_at is None  # 5 % of 19 hits is none
    TracePurchase.objects.create(user=alice, key="another", bought_at=now)
    give_due_refunds(now=now)
    assert TraceRefund.objects.get().refunded_at == now


def test_what_was_not_charged_does_not_come_back(alice, bob, fund, now, hits):
    """Numbers of another user's list, and a hit that was attached free."""
    key = hits[0].identity_key
    TracePurchase.objects.filter(user=alice, key=key).delete()
    lose(alice, hits[0], now)
    assert not TraceRefund.objects.exists()


def test_refunds_at_once_are_given_once(alice, now, hits):
    first, second = hits[:2]
    before = credits_of(alice)
    at_once(
        [lambda contact=contact: lose(alice, Contact.objects.get(pk=contact.pk), now) for contact in (first, second)]
        * 2
    )
    assert TraceRefund.objects.filter(refunded_at__isnull=False).count() == 2
    assert credits_of(alice) == before + 1
    assert credit_services.verify_books().is_sound

"""The part of an offer that the user's credits pay for, as an offer of its own."""

import pytest
from django.utils import timezone

from credits.models import Credit, Quote
from properties.models import Dataset, PropertyDatasetPermission
from properties.services import parts, reveals, unlocks

pytestmark = pytest.mark.django_db


def test_a_reveal_asks_for_fewer_of_the_same_search(carol, fund, phoenix, sandbox, now):
    fund(carol, 7)
    whole = reveals.quote_reveal(user=carol, query=phoenix, count=25, total=None, back_url="/search/?q=x", now=now)

    part = parts.quote_what_fits(user=carol, quote_id=whole.pk, now=now)

    assert (part.subject["count"], part.max_cost, part.back_url) == (7, 7, "/search/?q=x")
    assert {**part.subject, "count": 25} == whole.subject
    assert sandbox.bill()["results_billed"] == 0


def test_an_unlock_asks_for_the_first_datasets_that_fit(carol, fund, phoenix, reveal, now):
    fund(carol, 3)
    reveal(carol, phoenix, 1)
    permission = PropertyDatasetPermission.objects.get(user=carol)
    wanted = [Dataset.QUICKLIST, Dataset.CONTACT, Dataset.FORECLOSURE, Dataset.LISTING]
    whole = unlocks.quote_unlock(user=carol, permission=permission, datasets=wanted, back_url="/", now=now)

    part = parts.quote_what_fits(user=carol, quote_id=whole.pk, now=now)

    assert part.subject["datasets"] == wanted[:1] + wanted[2:3]
    assert part.max_cost == Credit.objects.get(user=carol).credit_available == 2


def test_with_nothing_to_spend_no_part_fits(carol, phoenix, now):
    whole = reveals.quote_reveal(user=carol, query=phoenix, count=5, total=None, back_url="/", now=now)
    with pytest.raises(parts.NothingToOffer):
        parts.quote_what_fits(user=carol, quote_id=whole.pk, now=now)


def test_the_part_of_somebody_elses_offer_does_not_exist(client, carol, alice, phoenix, fund):
    whole = reveals.quote_reveal(user=carol, query=phoenix, count=5, total=None, back_url="/", now=timezone.now())
    client.force_login(alice)
    assert client.post(f"/quotes/{whole.pk}/part/").status_code == 404
    assert Quote.objects.count() == 1


def test_asking_for_a_part_when_nothing_fits_leads_back_to_the_offer(client, carol, phoenix):
    whole = reveals.quote_reveal(user=carol, query=phoenix, count=5, total=None, back_url="/", now=timezone.now())
    client.force_login(carol)
    answer = client.post(f"/quotes/{whole.pk}/part/")
    assert answer.headers["Location"] == f"/quotes/{whole.pk}/"
    assert Quote.objects.count() == 1

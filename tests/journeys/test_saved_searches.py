"""From a search to a saved one, its runs, what changed, other criteria and the pause, without JavaScript."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from properties.models import PropertyDatasetPermission, SavedSearch
from properties.services import follow_ups
from tests.factories import PropertyDatasetPermissionFactory

pytestmark = pytest.mark.django_db
PHOENIX = {"q": "Phoenix, AZ"}


def test_a_saved_search_from_its_first_run_to_its_pause(carol, sign_in):
    for number in range(3):
        PropertyDatasetPermissionFactory(
            user=carol, property_id=f"p-{number}", address=f"{number} Main St", owner_name="Ann Able"
        )
    hers = sign_in(Client(), carol)

    first = hers.post("/search/save/", {**PHOENIX, "name": "My market"}, follow=True)
    assert "Had you saved this 30 days ago" in first.content.decode()
    search = SavedSearch.objects.get(user=carol)
    page = search.get_absolute_url()

    PropertyDatasetPermission.objects.filter(property_id="p-0").update(owner_name="Bea Best")
    PropertyDatasetPermission.objects.filter(property_id="p-1").update(city="Tempe")
    PropertyDatasetPermissionFactory(user=carol, property_id="p-9", address="9 Oak St", owner_name="Cy Cole")
    second = hers.post(f"{page}run/", follow=True)
    text = plain(second)
    assert "Since run 1" in text
    assert "Owner Ann Able → Bea Best" in text
    assert "9 Oak St" in text
    assert re.search(r"1 Main St.*Tempe", text)
    assert "/properties/p-9/" in second.content.decode()
    assert plain(hers.get(f"{page}runs/2/?against=1")).count("Ann Able") == 1
    for run_id in follow_ups.due_run_ids(now=timezone.now() + timedelta(seconds=1)):
        follow_ups.follow_up(run_id=run_id, now=timezone.now() + timedelta(seconds=1))
    assert PropertyDatasetPermission.objects.get(property_id="p-9").stacked == {"searches": 1}

    unchanged = hers.get("/search/", {**PHOENIX, "saved": str(search.pk)})
    assert "Saved as" in plain(unchanged)
    assert f'name="saved" value="{search.pk}"' in unchanged.content.decode()  # the form keeps it while filters change
    changed = hers.get("/search/", {"q": "Tempe, AZ", "saved": str(search.pk)})
    assert "Unsaved changes" in plain(changed)
    third = hers.post(f"{page}update/", {"q": "Tempe, AZ"}, follow=True)
    assert "The criteria were changed in between" in plain(third)
    hers.post("/search/save/", {"q": "Mesa, AZ", "name": "The other one"})
    assert SavedSearch.objects.filter(user=carol).count() == 2

    hers.post(f"{page}rename/", {"name": "Tempe"})
    hers.post(f"{page}cadence/", {"cadence": "weekly"})
    assert "Every week" in plain(hers.get("/searches/"))
    hers.post(f"{page}pause/")
    assert "Paused" in plain(hers.get("/searches/"))
    hers.post(f"{page}resume/")
    assert SavedSearch.objects.get(pk=search.pk).state == "active"

    assert "Delete Tempe?" in plain(hers.get(f"{page}delete/"))
    assert "Deleted “Tempe”" in plain(hers.post(f"{page}delete/", follow=True))
    assert hers.get(page).status_code == 404
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 4


def plain(answer) -> str:
    """The words of a page, with single spaces."""
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())

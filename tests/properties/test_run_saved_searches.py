"""Runs of a saved search: what is new and gone among the properties that the user owns."""

import pytest

from properties.models import PropertyDatasetPermission, SavedSearchRun
from properties.services import searches

pytestmark = pytest.mark.django_db


def test_a_run_names_what_is_gone_and_nothing_that_only_grew_old(
    carol, fund, phoenix, reveal, now, sandbox, monkeypatch
):
    monkeypatch.setattr(searches, "COMPARED_UP_TO", 3)
    fund(carol, 100)
    reveal(carol, phoenix, 3)
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    reveal(carol, phoenix, 3)  # the first three are beyond the newest three now
    moved = PropertyDatasetPermission.objects.filter(user=carol).order_by("revealed_at").first()
    PropertyDatasetPermission.objects.filter(pk=moved.pk).update(city="Tempe")

    run = searches.run_saved_search(search=search, now=now)

    assert SavedSearchRun.objects.get(saved_search=search, number=1).gone_ids == []
    assert run.gone_ids == [moved.property_id]
    assert len(run.new_ids) == 3

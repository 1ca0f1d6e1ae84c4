"""What a reveal leaves out because it is on a list."""

import pytest

from leads.selectors import lists as selectors
from tests.factories import ContactFactory, LeadGroupFactory


@pytest.mark.parametrize("places", [["a", "a", "a", "a", "b"], ["a", "b", "c", "d"]])
def test_places_that_a_list_names_again_and_again_push_no_other_out(alice, places, monkeypatch):
    monkeypatch.setattr(selectors, "MOST_EXCLUDED", 2)
    group = LeadGroupFactory.create(user=alice)
    for place in places:
        ContactFactory.create(user=alice, lead_group=group, place_key=place)
    excluded = selectors.excluded_by_list(alice, f"list:{group.pk}")
    # More than may be left out are one too many, by which they are refused.
    assert excluded.place_keys == tuple(dict.fromkeys(places))[:3]

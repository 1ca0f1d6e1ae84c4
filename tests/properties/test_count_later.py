"""Who owns more than is counted at once gets the page first, and the figures of what was filtered after it."""

import pytest

from properties.models import OwnedCell
from properties.selectors.owned import COUNTED_UP_TO
from tests.factories import NOON, OwnedCellFactory, PropertyDatasetPermissionFactory, SavedSearchFactory

PHOENIX = "q=Phoenix%2C+AZ"
FROM_HTMX = {"HTTP_HX_REQUEST": "true"}
ROWS = 30


@pytest.fixture
def hers(client, sign_in, alice):
    """The pages of somebody who owns thirty houses in Phoenix, and by her counter very much else."""
    for number in range(ROWS):
        PropertyDatasetPermissionFactory.create(
            user=alice, property_id=f"p{number}", state="AZ", city="Phoenix", bedroom_count=3, revealed_at=NOON
        )
    everything = {"zoom": OwnedCell.EVERYTHING, "x": 0, "y": 0}
    OwnedCell.objects.filter(user=alice, **everything).delete()
    OwnedCellFactory.create(user=alice, count=COUNTED_UP_TO + 1, **everything)
    return sign_in(client, alice)


def test_a_filtered_list_is_shown_before_it_is_counted(hers):
    page = hers.get(f"/properties/?{PHOENIX}&beds_min=3").content.decode()
    assert f"{ROWS} in all" not in page
    assert "Select all that match" in page
    assert 'hx-get="/properties/count/?' in page

    count = hers.get(f"/properties/count/?{PHOENIX}&beds_min=3").content.decode()
    assert f"{ROWS} in all" in count


def test_without_scripts_the_list_is_counted_on_request(hers):
    page = hers.get(f"/properties/?{PHOENIX}&beds_min=3&count=now").content.decode()
    assert f"{ROWS} in all" in page
    assert f"Select all {ROWS} matching" in page


def test_the_list_of_everything_has_its_figure_at_once(hers):
    assert "10,000+ in all" in hers.get("/properties/").content.decode()


def test_what_cannot_be_counted_is_refused(hers):
    assert hers.get("/properties/count/?beds_min=many").status_code == 400


def test_what_is_owned_of_a_search_is_counted_after_its_page(hers, sandbox):
    address = f"/search/?{PHOENIX}&beds_min=3"
    page = hers.get(address)
    assert page.context["preview"].owned.is_pending
    assert page.context["preview"].choices
    assert 'hx-trigger="load" hx-target="#results"' in page.content.decode()

    for answer in (hers.get(address, **FROM_HTMX), hers.get(f"{address}&count=now")):
        assert answer.context["preview"].owned.number == ROWS
        assert 'hx-trigger="load" hx-target="#results"' not in answer.content.decode()


def test_what_is_nearly_in_a_saved_search_is_looked_for_after_its_page(hers, alice, bob, client, sign_in):
    search = SavedSearchFactory.create(user=alice, filters={"q": ["Phoenix, AZ"], "beds_min": ["4"]})
    address = f"/searches/{search.pk}/near/"
    assert f'hx-get="{address}"' in hers.get(f"/searches/{search.pk}/").content.decode()
    assert f"{ROWS} kept out by" in hers.get(address, **FROM_HTMX).content.decode()
    whole = hers.get(address).content.decode()
    assert f"{ROWS} kept out by" in whole
    assert "<html" in whole

    assert sign_in(client, bob).get(address).status_code == 404


def test_who_owns_little_has_every_figure_at_once(client, sign_in, bob):
    PropertyDatasetPermissionFactory.create(user=bob, property_id="b", state="AZ", city="Phoenix", revealed_at=NOON)
    page = sign_in(client, bob).get(f"/properties/?{PHOENIX}").content.decode()
    assert "1 in all" in page
    assert "/properties/count/" not in page

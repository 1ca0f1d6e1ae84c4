"""What stands where there is nothing: why, and a next step that is really there, another one for each reason."""

import re

import pytest
from django.conf import settings
from django.test import Client

from properties.models import PropertyDatasetPermission
from tests.factories import PropertyDatasetPermissionFactory
from tests.properties.conftest import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def hers(carol, sign_in) -> Client:
    return sign_in(Client(), carol)


def step_of(client: Client, address: str, text: str, *, title: str) -> str:
    """The link of this text after the words `title` of a page; it leads somewhere."""
    page = client.get(address).content.decode()
    page = page[page.index(title) :]
    (href,) = {*re.findall(rf'<a[^>]* href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?{re.escape(text)}</a>', page, re.DOTALL)}
    href = href.replace("&amp;", "&")
    assert client.get(href).status_code == 200
    return href


@pytest.mark.parametrize(
    ("address", "title", "step", "leads_to"),
    [
        ("/properties/", "Nothing yet", "Search a market", "/search/"),
        ("/searches/", "No saved searches yet", "Search a market", "/search/"),
        ("/exports/", "No export yet", "My properties", "/properties/"),
        ("/credits/", "Nothing here yet", "Search properties", "/search/"),
    ],
)
def test_who_has_nothing_yet_is_told_where_to_begin(hers, address, title, step, leads_to):
    assert step_of(hers, address, step, title=title) == leads_to


def test_too_tight_a_list_says_which_condition_to_take_away(hers, carol):
    PropertyDatasetPermissionFactory(user=carol, bedroom_count=3.0)
    page = hers.get("/properties/", {"beds_min": "40", "tag": "hot"}).content.decode()

    assert "Nothing of yours fits" in page
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 1
    for rest in ("tag=hot", "beds_min=40"):
        assert f'href="/properties/?{rest}"' in page
    assert (
        step_of(hers, "/properties/?beds_min=40", "Show all of mine", title="Nothing of yours fits") == "/properties/"
    )


def test_what_failed_is_said_to_have_failed_and_can_be_tried_again(hers, client):
    sandbox = Sandbox(settings.BATCHDATA_BASE_URL)
    sandbox.fail("500", times=100)
    try:
        again = step_of(hers, "/search/?q=Tucson%2C+AZ", "Try again", title="No count at the moment")
        assert "fits. Take a condition away" not in hers.get(again).content.decode()
    finally:
        sandbox.reset()
    assert "No count at the moment" not in hers.get(again).content.decode()


def test_who_may_not_see_a_page_is_told_so_and_whom_it_takes_them_for(uma, sign_in):
    hers = sign_in(Client(), uma)
    answer = hers.get("/admin/credits/creditweight/")

    assert answer.status_code == 403
    assert "You may not see this page" in answer.content.decode()
    assert uma.email in answer.content.decode()

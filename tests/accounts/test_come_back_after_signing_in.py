"""Whoever is signed out in the middle of something comes back to the page they saw."""

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.django_db

ACCEPT = "/quotes/0123456789abcdef0123456789abcdef/accept/"
QUOTE = "http://testserver/quotes/0123456789abcdef0123456789abcdef/?from=search"


def page_after_login(url: str) -> str:
    """The page that a redirect to the sign-in page names."""
    assert urlsplit(url).path == "/accounts/login/"
    return parse_qs(urlsplit(url).query)["next"][0]


def test_a_page_is_come_back_to_with_its_search(client):
    assert page_after_login(client.get("/search/?q=85007").url) == "/search/?q=85007"


def test_a_form_leads_back_to_its_page_and_not_to_an_address_that_only_takes_forms(client):
    assert (
        page_after_login(client.post(ACCEPT, headers={"Referer": QUOTE}).url)
        == urlsplit(QUOTE)._replace(scheme="", netloc="").geturl()
    )


@pytest.mark.parametrize("referer", ["", "https://elsewhere.example/quotes/1/", "//elsewhere.example/"])
def test_a_form_of_nowhere_leads_to_the_search(referer, client):
    assert page_after_login(client.post(ACCEPT, headers={"Referer": referer}).url) == "/search/"


def test_a_fragment_loads_the_sign_in_page_in_place_of_the_whole_page(client):
    answer = client.get(
        "/search/?q=85007&all=vacant",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/search/?q=85007"},
    )

    assert answer.content == b""
    assert page_after_login(answer["HX-Redirect"]) == "/search/?q=85007"


@pytest.mark.parametrize(
    "page", ["http://[", "", "/search/?q=85007", "https://elsewhere.example/search/", "javascript:1"]
)
def test_a_fragment_of_nowhere_leads_to_the_search(page, client):
    answer = client.get("/properties/", headers={"HX-Request": "true", "HX-Current-URL": page})

    assert page_after_login(answer["HX-Redirect"]) == "/search/"

"""Type-ahead: the place index and the user's own properties first, then the vendor within the budget of counts."""

import re
from urllib.parse import parse_qs, urlencode

import pytest

from atlas_site.lib.places import resolve_place
from atlas_site.mongodb.explain import assert_index_scan
from atlas_site.vendors import batchdata
from atlas_site.vendors.models import VendorCall
from properties.models import PropertyDatasetPermission
from properties.services import suggestions
from tests.factories import PropertyDatasetPermissionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(phoenix, sandbox):
    """A house of Phoenix that the vendor knows and nobody owns."""
    return batchdata.search_properties(phoenix.criteria(), take=1, datasets=["BASIC"], reference=None).records[0]


@pytest.fixture
def suggest(now, sandbox):
    """What is suggested, by kind."""

    def ask(user, text: str, place: str = "") -> dict[str, list[suggestions.Suggestion]]:
        found = suggestions.suggest(user=user, text=text, place=place, now=now)
        return {group.kind: group.suggestions for group in found.groups}

    return ask


def calls() -> int:
    return VendorCall.objects.filter(operation="autocomplete").count()


@pytest.mark.parametrize(
    ("text", "first"),
    [("phoeni", "Phoenix, AZ"), ("maricopa county", "Maricopa County, AZ"), ("8500", "85001"), ("arizona", "Arizona")],
)
def test_places_come_from_the_index_without_a_vendor(text, first, suggest, alice):
    found = suggest(alice, text)

    assert list(found) == ["place"]
    assert first in [each.text for each in found["place"]]
    assert all(resolve_place(each.params["q"]).label == each.text for each in found["place"])
    assert calls() == 0


def test_an_address_of_the_vendor_fills_place_and_street(suggest, alice, house):
    address = house.address

    found = suggest(alice, f"{address.street}, {address.city}"[:-2])["address"]

    chosen = next(each for each in found if each.text == address.street)
    assert chosen.params == {"q": address.zip, "street": address.street}
    assert parse_qs(chosen.urlencode()) == {"q": [address.zip], "street": [address.street]}


def test_typing_a_whole_address_asks_the_vendor_a_few_times_and_others_not_at_all(suggest, alice, bob, house):
    text = f"{house.address.street}, {house.address.city}"
    for end in range(1, len(text) + 1):
        suggest(alice, text[:end])
    asked = calls()

    assert 1 <= asked <= 4
    assert suggest(bob, text)["address"]
    assert calls() == asked


def test_what_a_user_owns_is_suggested_to_them_alone_and_leads_to_its_page(suggest, alice, bob):
    row = PropertyDatasetPermissionFactory(user=alice, address="77 Sunset Blvd")
    PropertyDatasetPermission.objects.filter(pk=row.pk).update(address_key="77 sunset blvd phoenix az 85007")

    mine, his = suggest(alice, "77 suns"), suggest(bob, "77 suns")

    assert [(each.text, each.url) for each in mine["owned"]] == [("77 Sunset Blvd", row.get_absolute_url())]
    assert "owned" not in his


def test_the_beginning_of_an_address_is_looked_up_by_an_index(alice):
    for number in range(30):
        PropertyDatasetPermissionFactory(user=alice, address=f"{number} Sunset Blvd")

    assert_index_scan(lambda: suggestions._owned(alice, "77 suns"))


@pytest.mark.parametrize("text", ["123-45-678", "1234567", "12-345-678A"])
def test_a_parcel_number_is_offered_in_the_place_at_hand(text, suggest, alice):
    found = suggest(alice, text, "Phoenix, AZ")["apn"]

    assert [each.params for each in found] == [{"q": "Phoenix, AZ", "apn": text}]
    assert found[0].text == f"Parcel number {text}"
    assert "apn" not in suggest(alice, text), "it means nothing without a place"


@pytest.mark.parametrize("text", ["", "   ", "%", "(", "x" * 5000, "\x00", "85007-", "1420 W"])
def test_any_text_is_answered(text, suggest, alice):
    assert isinstance(suggest(alice, text, "Springfield"), dict)


def test_addresses_wait_when_the_budget_is_spent_and_places_do_not(alice, house, now, settings):
    settings.FRESH_COUNTS_A_DAY = 0

    found = suggestions.suggest(user=alice, text=house.address.street, now=now)

    assert "used all free counts" in found.problem
    assert [group.kind for group in found.groups] in ([], ["place"])
    assert calls() == 0


def test_a_vendor_that_is_down_is_said_in_a_line(alice, house, now, sandbox):
    sandbox.fail("500", endpoint="address/autocomplete", times=5)

    assert "does not answer" in suggestions.suggest(user=alice, text=house.address.street, now=now).problem


def test_above_what_is_owned_places_and_owned_properties_are_suggested_and_nobody_is_asked(
    client, alice, sign_in, house, sandbox
):
    row = PropertyDatasetPermissionFactory(user=alice, address="77 Sunset Blvd")
    PropertyDatasetPermission.objects.filter(pk=row.pk).update(address_key="77 sunset blvd phoenix az 85007")
    hers = sign_in(client, alice)
    [url] = re.findall(r'data-combobox data-url="([^"]+)"', hers.get("/properties/").content.decode())

    def see(text: str) -> str:
        return hers.get(f"{url}&{urlencode({'q': text, 'in': 'Phoenix, AZ'})}").content.decode()

    assert "Phoenix, AZ" in see("phoenix")
    assert row.get_absolute_url() in see("77 suns")
    for text in (house.address.street, "123-45-678"):
        assert 'role="option"' not in see(text)
    assert calls() == 0


def test_every_example_of_a_place_is_one_that_the_index_knows(client, alice, sign_in, sandbox):
    hers = sign_in(client, alice)
    page = hers.get("/search/", {"q": "Nowhereville, ZZ"}).content.decode()
    examples = re.findall(r'id="id_q"[^>]* placeholder="([^"]+)"', page) + re.findall(r"its state \(([^)]+)\)", page)

    assert len(examples) >= 2
    assert all(resolve_place(example) for example in examples)


def test_the_endpoint_answers_options_and_escapes_what_was_typed(client, alice, sign_in, sandbox):
    hers = sign_in(client, alice)

    page = hers.get("/search/suggest/", {"q": "phoenix"}).content.decode()
    odd = hers.get("/search/suggest/", {"q": "<script>1234567", "in": '"><b>'}).content.decode()

    assert 'role="option"' in page and "Phoenix, AZ" in page
    assert "<script>" not in odd and "<b>" not in odd
    assert client.__class__().get("/search/suggest/", {"q": "phoenix"}).status_code == 302, "not for visitors"

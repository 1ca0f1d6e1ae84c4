"""Photos of listings: for those who unlocked the listing, from named hosts alone, and only by the operator's switch."""

from collections.abc import Iterator

import pytest
from django.template import engines
from django.urls import reverse

from properties.models import Dataset, Property
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory
from tests.vendors.scripted import Reply, ScriptedVendor

pytestmark = pytest.mark.django_db

JPEG, PNG = b"\xff\xd8\xff\xe0" + b"." * 50, b"\x89PNG\r\n\x1a\n" + b"." * 50


@pytest.fixture
def host(settings) -> Iterator[ScriptedVendor]:
    """A host of photos on this machine, named by the operator."""
    scripted = ScriptedVendor()
    settings.SHOW_LISTING_PHOTOS, settings.LISTING_PHOTO_HOSTS = True, ["127.0.0.1"]
    yield scripted
    scripted.close()


def own(user, urls, *, datasets=(Dataset.BASIC, Dataset.LISTING)) -> Property:
    held = PropertyFactory(data={"images": {"imageCount": 1, "imageUrls": urls}, "listing": {"status": "Active"}})
    PropertyDatasetPermissionFactory(user=user, property_id=held.property_id, datasets=list(datasets))
    return held


def photo_url(held: Property, number: int = 0) -> str:
    return reverse("properties:listing-photo", args=[held.property_id, number])


def shown(held: Property) -> str:
    """What a page shows of the photos of a property."""
    return engines["django"].get_template("properties/_photos.html").render({"held": held})


@pytest.mark.parametrize(("body", "kind"), [(JPEG, "image/jpeg"), (PNG, "image/png")])
def test_a_photo_comes_through_atlas(alice, client, sign_in, host, body, kind):
    held = own(alice, [f"{host.url}/1.jpg", f"{host.url}/2.jpg"])
    host.will_answer(Reply(body=body, headers={"Content-Type": "text/html"}))

    answer = sign_in(client, alice).get(photo_url(held, 1))

    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, kind, body)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert [request.path for request in host.requests] == ["/2.jpg"]
    assert shown(held).count("<img") == 2
    assert "2 photos of the listing" in shown(held)


def test_the_page_of_a_property_shows_its_photos_once(alice, client, sign_in, host):
    held = own(alice, [f"{host.url}/1.jpg", f"{host.url}/2.jpg"])

    page = sign_in(client, alice).get(reverse("properties:show-property", args=[held.property_id])).content.decode()

    assert page.count("2 photos of the listing") == 1
    assert [page.count(photo_url(held, number)) for number in range(2)] == [1, 1]


def test_while_the_switch_is_off_there_are_no_photos(alice, client, sign_in, host, settings):
    settings.SHOW_LISTING_PHOTOS = False
    held = own(alice, [f"{host.url}/1.jpg"])

    assert sign_in(client, alice).get(photo_url(held)).status_code == 404
    assert "<img" not in shown(held)
    assert host.requests == []


def test_who_has_not_unlocked_the_listing_sees_none_and_nobody_sees_those_of_others(alice, bob, client, sign_in, host):
    held = own(alice, [f"{host.url}/1.jpg"], datasets=[Dataset.BASIC])
    hers = own(alice, [f"{host.url}/1.jpg"])

    assert sign_in(client, alice).get(photo_url(held)).status_code == 404
    assert client.get(photo_url(hers, 1)).status_code == 404
    assert sign_in(client, bob).get(photo_url(hers)).status_code == 404
    assert host.requests == []


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.1/1.jpg", "http://169.254.169.254/latest/meta-data/", "http://localhost:27017/", "file:///etc/passwd",
     "https://photos.example.com/1.jpg", "//127.0.0.1/1.jpg", "", "http://[::1]/1.jpg"],
)  # fmt: skip
def test_an_address_that_leads_elsewhere_is_never_asked(alice, client, sign_in, host, url):
    answer = sign_in(client, alice).get(photo_url(own(alice, [url])))

    assert (answer.status_code, answer["Content-Type"]) == (503, "text/plain; charset=utf-8")
    assert host.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<script>alert(1)</script>"),
        Reply(status=404),
        Reply(status=500, body=JPEG),
        Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        Reply(hang_up=True),
        Reply(body=JPEG + bytes(6 * 1024 * 1024)),
    ],
)
def test_what_is_no_photo_is_shown_to_nobody(alice, client, sign_in, host, reply):
    host.will_answer(reply)

    answer = sign_in(client, alice).get(photo_url(own(alice, [f"{host.url}/1.jpg"])))

    assert answer.status_code == 503
    assert b"script" not in answer.content
    assert len(host.requests) == 1


@pytest.mark.parametrize("images", [None, [], {}, {"imageUrls": "x"}, {"imageUrls": [1, None, {}]}])
def test_a_record_of_any_shape_has_no_photos_rather_than_an_error(alice, client, sign_in, host, images):
    held = PropertyFactory(data={"images": images})
    PropertyDatasetPermissionFactory(user=alice, property_id=held.property_id, datasets=["BASIC", "LISTING"])

    assert sign_in(client, alice).get(photo_url(held)).status_code == 404
    assert "<img" not in shown(held)

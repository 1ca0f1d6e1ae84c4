"""Pictures of the street: asked for once, paid for within limits, kept only where that may be, shown to owners only."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.urls import reverse

from atlas_site.sandbox.streetview import status_at
from atlas_site.vendors import streetview
from atlas_site.vendors.models import VendorCall
from atlas_site.vendors.storage import ALIAS, load_picture, private_storage
from properties.models import Allowance, Property
from properties.services import pictures
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory

pytestmark = pytest.mark.django_db

JPEG = b"\xff\xd8\xff"


@pytest.fixture(autouse=True)
def keep_pictures(settings, tmp_path):
    """A folder of this test's own for pictures that are kept."""
    entry = private_storage(folder=tmp_path, bucket="", region="", endpoint_url="", access_key="", secret_key="")
    settings.STORAGES = {**settings.STORAGES, ALIAS: entry}


@pytest.fixture
def places() -> dict[str, tuple[float, float]]:
    """A place with a picture and one without, as the sandbox has them."""
    found: dict[str, tuple[float, float]] = {}
    candidates = ((33.0 + number / 100, -112.0) for number in range(200))
    while {"OK", "ZERO_RESULTS"} - found.keys():
        latitude, longitude = next(candidates)
        found.setdefault(status_at(f"{latitude:.6f},{longitude:.6f}"), (latitude, longitude))
    return found


def own(user, place, **columns) -> Property:
    """A property at a place, owned by the user."""
    address = {"latitude": place[0], "longitude": place[1]} if place else {}
    held = PropertyFactory(data={"address": address}, **columns)
    PropertyDatasetPermissionFactory(user=user, property_id=held.property_id)
    return held


def look(user, held, now):
    return pictures.look_for_panorama(user=user, property_id=held.property_id, now=now)


def fetch(user, held, now):
    return pictures.picture_of(user=user, property_id=held.property_id, now=now)


def calls(operation: str) -> int:
    return VendorCall.objects.filter(vendor="streetview", operation=operation).count()


# ---------------------------------------------------------------- what there is
def test_what_google_has_is_noted_and_asked_for_once(alice, now, places, sandbox):
    held = own(alice, places["OK"])

    first, second = look(alice, held, now), look(alice, held, now + timedelta(days=90))

    assert first == second
    assert (first.is_there, first.copyright, first.taken_on.day) == (True, "© Google", 1)
    held.refresh_from_db()
    assert held.has_image_searched
    assert held.street_view["status"] == "OK"
    assert held.street_view["panoId"] == first.panorama_id != ""
    assert held.street_view["date"] == f"{first.taken_on:%Y-%m}"
    assert held.street_view["at"] == now.isoformat()
    assert calls("metadata") == 1
    assert calls("image") == 0


@pytest.mark.parametrize("status", ["ZERO_RESULTS", "NOT_FOUND"])
def test_a_miss_is_definite_and_not_asked_for_again(alice, now, places, sandbox, status):
    place, address = (places[status], "1 Main St") if status in places else (None, "1 Nowhere Ln")
    held = own(alice, place, address=address)

    assert not look(alice, held, now).is_there
    assert not look(alice, held, now).is_there

    held.refresh_from_db()
    assert (held.has_image_searched, held.street_view["status"]) == (True, status)
    assert calls("metadata") == 1
    with pytest.raises(pictures.NoPicture):
        fetch(alice, held, now)
    assert calls("image") == 0


@pytest.mark.parametrize("mode", ["over-query-limit", "unknown-error", "request-denied", "500", "cut-body"])
def test_trouble_leaves_the_property_as_never_asked_about(alice, now, places, sandbox, mode):
    held = own(alice, places["OK"])
    sandbox.fail(mode, endpoint="streetview/metadata")

    with pytest.raises(pictures.PictureUnavailable) as caught:
        look(alice, held, now)

    assert str(caught.value).endswith(".")
    held.refresh_from_db()
    assert (held.has_image_searched, held.street_view) == (False, {})
    assert look(alice, held, now).is_there


def test_a_property_of_an_earlier_atlas_that_only_says_searched_is_asked_about(alice, now, places, sandbox):
    held = own(alice, places["OK"], has_image_searched=True, google_images=["old/key.jpg"])

    assert look(alice, held, now).is_there


@pytest.mark.parametrize("record", [{}, {"address": None}, {"address": {"latitude": "x", "longitude": True}}, "text"])
def test_a_property_without_a_place_has_no_picture_and_costs_no_call(alice, now, record):
    held = PropertyFactory(data=record, address=None)
    PropertyDatasetPermissionFactory(user=alice, property_id=held.property_id)

    assert not look(alice, held, now).is_there
    assert calls("metadata") == 0


# ---------------------------------------------------------------- the picture
def test_a_picture_is_kept_and_not_paid_for_twice_where_that_may_be(alice, bob, now, places, sandbox, settings):
    settings.STORE_STREET_VIEW_IMAGES = True
    held = own(alice, places["OK"])
    PropertyDatasetPermissionFactory(user=bob, property_id=held.property_id)

    first, again, his = fetch(alice, held, now), fetch(alice, held, now), fetch(bob, held, now)

    assert first == again == his
    assert (first.content[:3], first.content_type) == (JPEG, "image/jpeg")
    held.refresh_from_db()
    (key,) = held.google_images
    assert load_picture(key) == first.content
    assert calls("image") == 1


def test_nothing_is_kept_where_that_may_not_be(alice, now, places, sandbox, settings, tmp_path):
    settings.STORE_STREET_VIEW_IMAGES = False
    held = own(alice, places["OK"])

    fetch(alice, held, now)
    fetch(alice, held, now)

    held.refresh_from_db()
    assert held.google_images == []
    assert list(tmp_path.rglob("*.jpg")) == []
    assert calls("image") == 2


def test_a_picture_that_was_lost_or_is_out_of_reach_is_fetched_again(alice, now, places, sandbox, settings, tmp_path):
    settings.STORE_STREET_VIEW_IMAGES = True
    held = own(alice, places["OK"])
    first = fetch(alice, held, now)
    for path in tmp_path.rglob("*.jpg"):
        path.unlink()

    assert fetch(alice, held, now) == first

    settings.STORAGES = {
        **settings.STORAGES,
        ALIAS: private_storage(
            folder=tmp_path, bucket="not-there", region="us-east-1", access_key="sandbox-x", secret_key="x",
            endpoint_url=f"{settings.STREETVIEW_BASE_URL}/s3",
        ),
    }  # fmt: skip
    assert fetch(alice, held, now) == first
    assert calls("image") == 3


def test_the_days_pictures_are_limited_for_each_user(alice, bob, now, places, sandbox, settings):
    settings.STORE_STREET_VIEW_IMAGES = False
    settings.STREET_VIEW_IMAGES_A_DAY = 2
    held = own(alice, places["OK"])
    PropertyDatasetPermissionFactory(user=bob, property_id=held.property_id)
    fetch(alice, held, now)
    assert pictures.pictures_left(user=alice, now=now) == 1
    fetch(alice, held, now)

    with pytest.raises(pictures.PictureBudgetSpent):
        fetch(alice, held, now)

    with pytest.raises(pictures.PictureBudgetSpent):
        look(alice, held, now)
    assert calls("image") == 2
    assert Allowance.objects.get(user=alice, cause=pictures.PICTURE_FETCHED).used == 2
    assert fetch(bob, held, now).content[:3] == JPEG
    assert fetch(alice, held, now + timedelta(days=1)).content[:3] == JPEG


def test_a_kept_picture_is_shown_when_the_days_pictures_are_spent(alice, now, places, sandbox, settings):
    settings.STORE_STREET_VIEW_IMAGES, settings.STREET_VIEW_IMAGES_A_DAY = True, 1
    held = own(alice, places["OK"])
    first = fetch(alice, held, now)

    assert pictures.pictures_left(user=alice, now=now) == 0
    assert look(alice, held, now).is_there
    assert fetch(alice, held, now) == first


def test_pictures_asked_for_at_once_stay_within_the_limit(alice, now, places, sandbox, settings):
    settings.STORE_STREET_VIEW_IMAGES, settings.STREET_VIEW_IMAGES_A_DAY = False, 3
    held = own(alice, places["OK"])
    look(alice, held, now)

    def ask(_) -> bool:
        try:
            return bool(fetch(alice, held, now))
        except pictures.PictureBudgetSpent:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 3
    assert calls("image") == 3


def test_a_panorama_that_has_gone_is_asked_about_anew(alice, now, places, sandbox):
    held = own(alice, places["ZERO_RESULTS"], has_image_searched=True, street_view={"status": "OK", "panoId": "old"})

    with pytest.raises(pictures.NoPicture):
        fetch(alice, held, now)

    held.refresh_from_db()
    assert (held.has_image_searched, held.street_view) == (False, {})
    assert not look(alice, held, now).is_there


@pytest.mark.parametrize("mode", ["500", "429", "not-an-image", "too-large", "empty-body"])
def test_what_is_no_picture_is_neither_shown_nor_kept(alice, now, places, sandbox, mode):
    held = own(alice, places["OK"])
    look(alice, held, now)
    sandbox.fail(mode, endpoint="streetview")

    with pytest.raises(pictures.PictureUnavailable):
        fetch(alice, held, now)

    held.refresh_from_db()
    assert held.google_images == []
    assert fetch(alice, held, now).content[:3] == JPEG


# ---------------------------------------------------------------- whose it is
def test_what_is_not_owned_looks_like_what_does_not_exist(alice, bob, now, places, client, sign_in):
    held = own(alice, places["OK"])
    without_basic = PropertyFactory()
    PropertyDatasetPermissionFactory(user=bob, property_id=without_basic.property_id, datasets=[])
    sign_in(client, bob)

    for name in ("show-street-view", "street-view-image"):
        answers = [
            client.get(reverse(f"properties:{name}", args=[property_id]))
            for property_id in (held.property_id, without_basic.property_id, "no-such-property")
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
    for ask in (look, fetch):
        with pytest.raises(Property.DoesNotExist):
            ask(bob, held, now)
    assert not VendorCall.objects.exists()


def test_a_visitor_is_sent_to_sign_in(client, db):
    answer = client.get(reverse("properties:street-view-image", args=["p"]))

    assert (answer.status_code, answer.url.startswith(reverse("account_login"))) == (302, True)


# ---------------------------------------------------------------- pages
def test_the_street_is_a_part_for_htmx_and_a_page_without(alice, places, client, sign_in, sandbox):
    held = own(alice, places["OK"])
    url = reverse("properties:show-street-view", args=[held.property_id])
    image_url = reverse("properties:street-view-image", args=[held.property_id])
    sign_in(client, alice)

    page = client.get(url)
    part = client.get(url, headers={"HX-Request": "true"})

    assert "<html" in page.content.decode()
    assert "<html" not in part.content.decode()
    held.refresh_from_db()
    for answer in (page, part):
        text = answer.content.decode()
        assert f'src="{image_url}"' in text
        assert "© Google" in text
        assert f'<time datetime="{held.street_view["date"]}">' in text
        assert "HX-Request" in answer["Vary"]
    assert calls("image") == 0
    picture = client.get(image_url)
    assert (picture["Content-Type"], picture.content[:3]) == ("image/jpeg", JPEG)
    assert "private" in picture["Cache-Control"]


def test_a_street_without_a_picture_says_so_and_its_picture_is_not_there(alice, places, client, sign_in, sandbox):
    held = own(alice, places["ZERO_RESULTS"])
    sign_in(client, alice)

    page = client.get(reverse("properties:show-street-view", args=[held.property_id]))

    assert "No picture on file" in page.content.decode()
    assert client.get(reverse("properties:street-view-image", args=[held.property_id])).status_code == 404


def test_trouble_is_said_with_a_way_to_try_again(alice, places, client, sign_in, sandbox):
    held = own(alice, places["OK"])
    url = reverse("properties:show-street-view", args=[held.property_id])
    sandbox.fail("500", endpoint="streetview/metadata")
    sign_in(client, alice)

    troubled = client.get(url, headers={"HX-Request": "true"}).content.decode()
    again = client.get(url, headers={"HX-Request": "true"}).content.decode()

    assert "temporarily unavailable" in troubled
    assert f'href="{url}"' in troubled
    assert "Try again" in troubled
    assert "© Google" in again


def test_a_picture_that_cannot_come_now_says_so_by_its_status(alice, places, client, sign_in, sandbox, settings):
    settings.STORE_STREET_VIEW_IMAGES = False
    held = own(alice, places["OK"])
    url = reverse("properties:street-view-image", args=[held.property_id])
    sign_in(client, alice)
    sandbox.fail("500", endpoint="streetview")

    failed = client.get(url)
    settings.STREET_VIEW_IMAGES_A_DAY = 0
    spent = client.get(url)

    assert (failed.status_code, failed["Retry-After"]) == (503, "60")
    assert (spent.status_code, spent["Content-Type"]) == (429, "text/plain; charset=utf-8")


def test_without_a_key_the_street_is_not_there(alice, places, client, sign_in, settings):
    settings.STREETVIEW_KEY = ""
    held = own(alice, places["OK"])
    sign_in(client, alice)

    for name in ("show-street-view", "street-view-image"):
        assert client.get(reverse(f"properties:{name}", args=[held.property_id])).status_code == 404
    told = run_checks(tags=["vendors"], include_deployment_checks=True)
    assert [(each.id, each.is_serious()) for each in told] == [("atlas.I001", False)]
    assert not streetview.is_configured()


def test_with_a_key_the_check_has_nothing_to_say():
    assert run_checks(tags=["vendors"], include_deployment_checks=True) == []


def test_no_key_is_in_any_record_or_log(alice, now, places, sandbox, settings, caplog):
    caplog.set_level("INFO")
    held = own(alice, places["OK"])
    sandbox.fail("request-denied", endpoint="streetview/metadata")
    with pytest.raises(pictures.PictureUnavailable):
        look(alice, held, now)
    fetch(alice, held, now)

    held.refresh_from_db()
    kept = json.dumps([held.street_view, held.google_images]) + str(list(VendorCall.objects.values())) + caplog.text
    assert "streetview metadata" in caplog.text
    assert settings.STREETVIEW_KEY not in kept
    assert "signature" not in kept

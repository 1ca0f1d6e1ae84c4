"""The gateway to Street View over real HTTP: every status, every failure, and no key where it could be read."""

import json
import logging
import traceback
from datetime import UTC, datetime

import pytest
import requests
from django.conf import settings as live_settings

from atlas_site.lib import http
from atlas_site.sandbox.streetview import secret_of
from atlas_site.vendors import streetview
from atlas_site.vendors.errors import (
    NotFound,
    VendorBadAnswer,
    VendorError,
    VendorMisconfigured,
    VendorRejected,
    VendorUnavailable,
)
from atlas_site.vendors.models import CallState, VendorCall
from tests.vendors.scripted import Reply, ScriptedVendor, reply_json

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HERE = {"latitude": 33.451234, "longitude": -112.073456}
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 50


def find(**place):
    return streetview.find_panorama(**(place or HERE), now=NOW)


def fetch(**more):
    return streetview.fetch_image(**{**HERE, "now": NOW, **more})


@pytest.fixture
def queue():
    """Let the next call of an endpoint of the sandbox fail in a mode."""
    url = f"{live_settings.STREETVIEW_BASE_URL}/_sandbox/faults"

    def add(mode: str, endpoint: str) -> None:
        requests.post(url, json={"endpoint": endpoint, "mode": mode}, timeout=10).raise_for_status()

    yield add
    requests.delete(url, timeout=10).raise_for_status()


@pytest.fixture
def google(settings):
    """Street View, played by a vendor that follows a script."""
    scripted = ScriptedVendor()
    settings.STREETVIEW_BASE_URL = scripted.url
    settings.STREETVIEW_TIMEOUT_SECONDS = 1
    yield scripted
    scripted.close()


# ---------------------------------------------------------------- against the sandbox
def test_a_panorama_is_found_and_its_picture_fetched():
    panorama = find()
    assert panorama.is_there
    assert (len(panorama.panorama_id), len(panorama.date), panorama.copyright) == (22, 7, "© Google")
    assert abs(panorama.latitude - HERE["latitude"]) < 0.001
    image = fetch()
    assert (image.content[:3], image.content_type) == (b"\xff\xd8\xff", "image/jpeg")


def test_that_there_is_nothing_is_an_answer():
    nothing = next(
        place for n in range(60) if (place := find(latitude=33.0 + n / 100, longitude=-112.0)).status != "OK"
    )
    assert nothing == streetview.Panorama("ZERO_RESULTS")
    assert find(address="1 Nowhere Ln, Nowhere, AZ") == streetview.Panorama("NOT_FOUND")
    assert find(address="12 Main St, Phoenix, AZ 85007").status in {"OK", "ZERO_RESULTS"}


def test_a_place_without_a_picture_is_not_found_and_not_billed():
    with pytest.raises(NotFound):
        streetview.fetch_image(address="1 Nowhere Ln", now=NOW)
    call = VendorCall.objects.get()
    assert (call.state, call.http_status, call.result_count) == (CallState.FAILED, 404, None)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("over-query-limit", VendorUnavailable),
        ("unknown-error", VendorUnavailable),
        ("request-denied", VendorMisconfigured),
        ("unheard-of", VendorBadAnswer),
        ("500", VendorUnavailable),
        ("429", VendorUnavailable),
        ("empty-body", VendorBadAnswer),
        ("cut-body", VendorUnavailable),
    ],
)
def test_trouble_with_metadata_is_sorted_by_who_has_to_act(mode, kind, queue):
    queue(mode, "streetview/metadata")
    with pytest.raises(VendorError) as caught:
        find()
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("500", VendorUnavailable),
        ("429", VendorUnavailable),
        ("empty-body", VendorBadAnswer),
        ("not-an-image", VendorBadAnswer),
        ("too-large", VendorUnavailable),
        ("cut-body", VendorUnavailable),
    ],
)
def test_a_body_that_is_no_whole_picture_reaches_nobody(mode, kind, queue):
    queue(mode, "streetview")
    with pytest.raises(VendorError) as caught:
        fetch()
    assert type(caught.value) is kind
    assert b"\xff\xd8" not in (VendorCall.objects.get().raw_answer or b"")


def test_a_place_out_of_this_world_is_rejected():
    with pytest.raises(VendorRejected):
        find(latitude=97.0, longitude=-112.0)


@pytest.mark.parametrize("wrong", [{"STREETVIEW_KEY": "stolen"}, {"STREETVIEW_SECRET": secret_of("sandbox-another")}])
def test_a_wrong_key_or_secret_is_for_the_operator(wrong, settings):
    for name, value in wrong.items():
        setattr(settings, name, value)
    with pytest.raises(VendorMisconfigured):
        find()
    with pytest.raises(VendorMisconfigured):
        fetch()


# ---------------------------------------------------------------- what is sent, kept and told
def test_what_is_sent_is_what_the_reference_asks_for(google):
    google.will_answer(reply_json({"status": "ZERO_RESULTS"}), Reply(body=JPEG))
    find()
    fetch(width=600, height=300)
    metadata, image = (request.path for request in google.requests)
    assert metadata.startswith("/maps/api/streetview/metadata?location=33.451234%2C-112.073456&source=outdoor&key=")
    assert image.startswith("/maps/api/streetview?size=600x300&location=33.451234%2C-112.073456&source=outdoor")
    assert "&return_error_code=true&key=" in image
    assert image.rsplit("&", 1)[1].startswith("signature=")


def test_a_signature_is_googles():
    """The example of Google's own page about signing."""
    signed = streetview.sign("/maps/api/geocode/json?address=New+York&client=clientID", "vNIXE0xscrmjlyV-12Nj_BvUPaw=")
    assert signed == "chaRF2hTJKOScPr-RQCEhZbSzIE="


def test_records_hold_the_place_and_neither_picture_nor_key(google, settings):
    google.will_answer(Reply(body=JPEG))
    fetch()
    call = VendorCall.objects.get()
    assert (call.vendor, call.operation, call.state, call.result_count) == (
        "streetview",
        "image",
        CallState.ANSWERED,
        1,
    )
    assert json.loads(call.raw_answer) == {"content_type": "image/jpeg", "bytes": len(JPEG)}
    assert set(call.request) == {"size", "location", "source", "return_error_code"}
    assert settings.STREETVIEW_KEY not in str(VendorCall.objects.values())


@pytest.mark.parametrize("reply", [Reply(hang_up=True), Reply(seconds=3), Reply(status=403, body=b"refused"), None])
def test_no_key_and_no_signature_is_told_by_an_error_or_a_log(google, settings, caplog, reply):
    if reply:
        google.will_answer(reply)
    else:
        settings.STREETVIEW_BASE_URL = "http://127.0.0.1:1"  # nobody listens
    caplog.set_level(logging.INFO)
    with pytest.raises(VendorError) as caught:
        fetch()
    logging.getLogger("tests").error("It failed.", exc_info=caught.value)
    told = caplog.text + "".join(traceback.format_exception(caught.value))
    assert "It failed." in told
    assert "Traceback" in told
    assert settings.STREETVIEW_KEY not in told
    assert "signature=" not in told


def test_a_slow_street_view_is_given_up_in_time(google):
    google.will_answer(Reply(body=JPEG, trickle_seconds=0.5))
    started = datetime.now(UTC)
    with pytest.raises(VendorUnavailable):
        fetch()
    assert (datetime.now(UTC) - started).total_seconds() < 5


def test_whether_there_is_a_picture_is_asked_for_five_seconds_at_most(google, settings, monkeypatch):
    assert http.INTERACTIVE_SECONDS == 5
    monkeypatch.setattr(http, "INTERACTIVE_SECONDS", 1)
    settings.STREETVIEW_TIMEOUT_SECONDS = 30
    google.will_answer(Reply(body=b"{}", seconds=60))
    started = datetime.now(UTC)
    with pytest.raises(VendorUnavailable):
        find()
    assert (datetime.now(UTC) - started).total_seconds() < 6
    assert google.count_requests(1) == 1


@pytest.mark.parametrize("asked", [{"width": 641}, {"height": 0}, {"latitude": None}])
def test_what_cannot_be_asked_for_is_refused_before_anything_is_sent(google, asked):
    with pytest.raises(ValueError):
        fetch(**asked)
    assert google.requests == []
    assert not VendorCall.objects.exists()


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "OK"},
        {"status": "OK", "location": [1, 2], "date": None, "pano_id": 7, "copyright": None},
        {"status": "OK", "location": {"lat": "x", "lng": None}},
    ],
)
def test_an_answer_that_lacks_things_is_read_as_far_as_it_goes(google, answer):
    google.will_answer(reply_json(answer))
    panorama = find()
    assert panorama.is_there
    assert (panorama.latitude, panorama.longitude) == (None, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'"OK"', b"<html>"])
def test_an_answer_that_is_no_metadata_is_a_bad_answer(google, body):
    google.will_answer(Reply(body=body))
    with pytest.raises(VendorBadAnswer):
        find()

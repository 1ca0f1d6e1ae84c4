"""Street View of the sandbox: signatures as Google checks them, statuses that a place always has, real pictures."""

from urllib.parse import urlencode

import pytest
import requests

from atlas_site.sandbox.streetview import secret_of, sign
from tests.sandbox.conftest import Api

KEY = "sandbox-street-view"


def ask(api: Api, path: str = "/metadata", *, key: str = KEY, secret: str | None = None, **query: str):
    """Call Street View, signed with the key's own secret or another one."""
    whole = f"/maps/api/streetview{path}?{urlencode({**query, 'key': key})}"
    return requests.get(f"{api.url}{whole}&signature={sign(whole, secret or secret_of(key))}", timeout=10)


def places(api: Api) -> list[str]:
    return [f"{record['address']['latitude']},{record['address']['longitude']}" for record in api.market[:60]]


def test_a_place_has_the_same_status_and_panorama_each_time(api: Api) -> None:
    first = [ask(api, location=place).json() for place in places(api)]
    second = [ask(api, location=place).json() for place in places(api)]
    assert first == second
    statuses = [answer["status"] for answer in first]
    assert 2 <= statuses.count("ZERO_RESULTS") <= 20
    assert statuses.count("OK") + statuses.count("ZERO_RESULTS") == 60
    found = next(answer for answer in first if answer["status"] == "OK")
    assert set(found) == {"status", "pano_id", "location", "date", "copyright"}
    assert len(found["pano_id"]) == 22


@pytest.mark.parametrize(
    ("place", "status"),
    [("", "INVALID_REQUEST"), ("97.0,12.0", "INVALID_REQUEST"), ("1 Nowhere Ln, Nowhere, AZ", "NOT_FOUND")],
)
def test_a_place_that_cannot_be_found_says_why(api: Api, place: str, status: str) -> None:
    answer = ask(api, location=place)
    assert (answer.status_code, answer.json()["status"]) == (200, status)


@pytest.mark.parametrize(("key", "secret"), [("stolen", None), (KEY, secret_of("sandbox-another"))])
def test_a_wrong_key_or_signature_is_refused(api: Api, key: str, secret: str | None) -> None:
    place = places(api)[0]
    assert ask(api, key=key, secret=secret, location=place).json()["status"] == "REQUEST_DENIED"
    assert ask(api, "", key=key, secret=secret, location=place, size="100x80").status_code == 403


def test_an_unsigned_request_is_refused(api: Api) -> None:
    answer = requests.get(f"{api.url}/maps/api/streetview/metadata?location=1,2&key={KEY}", timeout=10)
    assert answer.json()["status"] == "REQUEST_DENIED"


def test_a_picture_is_a_jpeg_of_the_size_that_was_asked_for(api: Api) -> None:
    place = next(each for each in places(api) if ask(api, location=each).json()["status"] == "OK")
    answer = ask(api, "", location=place, size="320x9000", return_error_code="true")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    frame = answer.content.index(b"\xff\xc0")
    height, width = (int.from_bytes(answer.content[frame + at : frame + at + 2], "big") for at in (5, 7))
    assert (width, height) == (320, 640)
    assert answer.content.endswith(b"\xff\xd9")


def test_a_place_without_a_panorama_is_404_or_a_grey_picture_as_asked(api: Api) -> None:
    place = next(each for each in places(api) if ask(api, location=each).json()["status"] == "ZERO_RESULTS")
    assert ask(api, "", location=place, size="64x64", return_error_code="true").status_code == 404
    assert ask(api, "", location=place, size="64x64").headers["Content-Type"] == "image/jpeg"
    assert ask(api, "", location=place).status_code == 400


def test_faults_come_as_queued(api: Api) -> None:
    api.control("faults", {"endpoint": "streetview/metadata", "mode": "over-query-limit"})
    api.control("faults", {"endpoint": "streetview", "mode": "500"})
    place = places(api)[0]
    assert ask(api, location=place).json()["status"] == "OVER_QUERY_LIMIT"
    assert ask(api, location=place).json()["status"] in {"OK", "ZERO_RESULTS"}
    assert ask(api, "", location=place, size="64x64").status_code == 500

"""The gateway to Google's Street View Static API: first what there is, which is free, then the picture, which costs.

Every request is signed. Key and signature stand in the address, so no address is ever logged, recorded or part of an
error: what the record of a call keeps is the place that was asked for and what was answered, without the picture.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from bson import ObjectId
from django.conf import settings

from atlas_site.lib import http
from atlas_site.vendors.errors import (
    NotFound,
    VendorBadAnswer,
    VendorError,
    VendorMisconfigured,
    VendorRejected,
    VendorUnavailable,
)
from atlas_site.vendors.photos import IMAGE_LIMIT_BYTES, Image, read_image
from atlas_site.vendors.recording import Reading, recorded_call

VENDOR = "streetview"
PATH = "/maps/api/streetview"
LARGEST_SIDE = 640
METADATA_LIMIT_BYTES = 64 * 1024
LONGEST_ADDRESS = 300
DEFINITIVE = ("OK", "ZERO_RESULTS", "NOT_FOUND")
"""The statuses after which a place need not be asked about again."""


@dataclass(frozen=True, slots=True)
class Panorama:
    """What Google has of a place. Only with the status ``OK`` there is a picture, and the rest is known.

    ``date`` is the month of the drive, as in "2023-05"; ``panorama_id`` changes from time to time, so a picture is
    always asked for by its place.
    """

    status: str
    panorama_id: str = ""
    date: str = ""
    latitude: float | None = None
    longitude: float | None = None
    copyright: str = ""

    @property
    def is_there(self) -> bool:
        return self.status == "OK"


def is_configured() -> bool:
    """Say whether the operator has given Atlas a key for Street View."""
    return bool(settings.STREETVIEW_KEY)


def find_panorama(
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    address: str = "",
    now: datetime,
    user_id: ObjectId | None = None,
) -> Panorama:
    """Ask what Google has of the street at a place, given by coordinates or else by address. Free of charge.

    That there is nothing is an answer, with the status ``ZERO_RESULTS``, or ``NOT_FOUND`` for an address that Google
    does not know. Raises ``ValueError`` without a place, and a ``VendorError``.
    """
    asked = {"location": _location(latitude, longitude, address), "source": "outdoor"}
    recorded = recorded_call(
        vendor=VENDOR,
        operation="metadata",
        reference=None,
        body=asked,
        send=lambda: _send(f"{PATH}/metadata", asked, size_limit=METADATA_LIMIT_BYTES, limits=_metadata_limits()),
        read=_read_metadata,
        now=now,
        user_id=user_id,
        repeatable=True,
    )
    return recorded.result


def fetch_image(
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    address: str = "",
    width: int = LARGEST_SIDE,
    height: int = 400,
    now: datetime,
    user_id: ObjectId | None = None,
) -> Image:
    """Fetch a picture of the place, seen from the street. Google bills each one.

    Raises ``ValueError`` without a place or for a side beyond 640 pixels; ``NotFound`` when there is no picture; and
    other kinds of ``VendorError``, ``VendorBadAnswer`` for a body that is no picture or too large for one.
    """
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise ValueError(f"A picture is 1 to {LARGEST_SIDE} pixels wide and high.")
    asked = {
        "size": f"{width}x{height}",
        "location": _location(latitude, longitude, address),
        "source": "outdoor",
        # Without it a place that has no picture answers with a gray one, which is billed.
        "return_error_code": "true",
    }
    received: list[Image] = []

    def send() -> http.Answer:
        answer = _send(PATH, asked, size_limit=IMAGE_LIMIT_BYTES, limits=_picture_limits())
        return _without_picture(answer, received.append)

    recorded = recorded_call(
        vendor=VENDOR,
        operation="image",
        reference=None,
        body=asked,
        send=send,
        read=lambda answer: _read_image(answer, received),
        now=now,
        user_id=user_id,
        repeatable=True,
    )
    return recorded.result


def sign(path_and_query: str, secret: str) -> str:
    """Return Google's signature of a path with its query: HMAC-SHA1 with the decoded secret, in URL-safe base64."""
    digest = hmac.new(base64.urlsafe_b64decode(secret), path_and_query.encode(), hashlib.sha1).digest()
    return base64.urlsafe_b64encode(digest).decode()


# ---------------------------------------------------------------- one call
def _location(latitude: float | None, longitude: float | None, address: str) -> str:
    if latitude is not None and longitude is not None:
        return f"{latitude:.6f},{longitude:.6f}"
    words = " ".join(address.split())[:LONGEST_ADDRESS]
    if not words:
        raise ValueError("A place is given by coordinates or by an address.")
    return words


def _metadata_limits() -> http.TimeLimits:
    """Somebody is waiting for the page that tells whether there is a picture."""
    return http.limits_within(min(float(settings.STREETVIEW_TIMEOUT_SECONDS), http.INTERACTIVE_SECONDS))


def _picture_limits() -> http.TimeLimits:
    seconds = float(settings.STREETVIEW_TIMEOUT_SECONDS)
    return http.TimeLimits(connect_seconds=min(5.0, seconds), read_seconds=seconds, total_seconds=2 * seconds)


def _send(path: str, asked: Mapping[str, str], *, size_limit: int, limits: http.TimeLimits) -> http.Answer:
    """Send one signed request. Errors of the transport lose their causes, which hold the address with the key.

    Raises ``VendorMisconfigured`` when there is no key, ``NotSent`` and ``NoAnswer``.
    """
    query = urlencode({**asked, "key": settings.STREETVIEW_KEY})
    signature = sign(f"{path}?{query}", settings.STREETVIEW_SECRET)
    url = f"{settings.STREETVIEW_BASE_URL}{path}?{query}&signature={signature}"
    try:
        return http.send("GET", url, limits=limits, size_limit=size_limit)
    except http.NotSent as error:
        raise http.NotSent(str(error)) from None
    except http.NoAnswer as error:
        raise http.NoAnswer(str(error), status=error.status) from None


def _without_picture(answer: http.Answer, keep: Callable[[Image], None]) -> http.Answer:
    """Return the answer as it is recorded, without the picture, which goes to ``keep``."""
    if answer.status != 200:
        return http.Answer(answer.status, {}, answer.body[:1000])
    image = read_image(answer.body)
    if image:
        keep(image)
    summary = {"content_type": image.content_type if image else "", "bytes": len(answer.body)}
    return http.Answer(answer.status, {}, json.dumps(summary).encode())


def _read_image(answer: http.Answer, received: list[Image]) -> Reading[Image]:
    _check_status(answer.status)
    if not received:
        raise VendorBadAnswer("The answer is no picture.", status=answer.status, may_be_billed=True)
    return Reading(received[0], result_count=1)


def _read_metadata(answer: http.Answer) -> Reading[Panorama]:
    """Read the status of the body: Google answers 200 whatever it says."""
    try:
        found = json.loads(answer.body)
        status = found["status"]
    except (ValueError, KeyError, TypeError):
        _check_status(answer.status)
        raise VendorBadAnswer("The answer is no metadata.", status=answer.status) from None
    if status in DEFINITIVE:
        return Reading(_panorama(found))
    raise _STATUSES.get(status, VendorBadAnswer)("Street View could not tell.", status=answer.status)


def _panorama(found: Mapping[str, object]) -> Panorama:
    status = str(found["status"])
    if status != "OK":
        return Panorama(status)
    place = found.get("location")
    latitude, longitude = (place.get("lat"), place.get("lng")) if isinstance(place, Mapping) else (None, None)
    return Panorama(
        status=status,
        panorama_id=str(found.get("pano_id") or "")[:100],
        date=str(found.get("date") or "")[:10],
        latitude=latitude if isinstance(latitude, int | float) else None,
        longitude=longitude if isinstance(longitude, int | float) else None,
        copyright=str(found.get("copyright") or "")[:100],
    )


_STATUSES: dict[str, type[VendorError]] = {
    "OVER_QUERY_LIMIT": VendorUnavailable,
    "UNKNOWN_ERROR": VendorUnavailable,
    "REQUEST_DENIED": VendorMisconfigured,
    "INVALID_REQUEST": VendorRejected,
}


def _check_status(status: int) -> None:
    """Raise the ``VendorError`` that an HTTP status stands for; nothing for 200."""
    if status == 200:
        return
    if status == 404:
        raise NotFound("There is no picture of this place.", status=status)
    if status in {401, 403}:
        raise VendorMisconfigured("Street View refused key or signature.", status=status)
    if status == 429 or status >= 500:
        raise VendorUnavailable("Street View cannot answer now.", status=status)
    if status == 400:
        raise VendorRejected("Street View did not understand the request.", status=status)
    raise VendorBadAnswer("Street View answered in an unknown way.", status=status)

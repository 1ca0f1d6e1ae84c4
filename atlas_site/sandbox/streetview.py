"""Street View Static: metadata and pictures of streets that nobody has driven through.

A key begins with ``sandbox-``, and its URL-signing secret follows from it (``secret_of``), so that signatures are
verified as Google does. What a place has depends on the place alone: about one in eight has no panorama, an address
that says "nowhere" is not found, and all others have a drawn picture.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from random import Random

from atlas_site.sandbox.faults import Fault, Faults
from atlas_site.sandbox.jpeg import Color, draw_jpeg
from atlas_site.sandbox.web import Handler, Request, Response, json_response

PREFIX = "/maps/api/streetview/"
PATH = PREFIX.rstrip("/")
LARGEST = 640
SECRET_BYTES = 20
COPYRIGHT = "© Google"
_COORDINATES = re.compile(r"(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)")
_SIZE = re.compile(r"(\d{1,4})x(\d{1,4})")


def secret_of(key: str) -> str:
    """Return the URL-signing secret of a sandbox key, in URL-safe base64 as Google hands it out."""
    digest = hashlib.sha256(f"street view:{key}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:SECRET_BYTES]).decode()


def sign(path_and_query: str, secret: str) -> str:
    """Return the signature of a path with its query, which does not hold a signature yet."""
    digest = hmac.new(base64.urlsafe_b64decode(secret), path_and_query.encode(), hashlib.sha1).digest()
    return base64.urlsafe_b64encode(digest).decode()


class StreetView:
    """Answers metadata and picture calls. In faults they are ``streetview/metadata`` and ``streetview``."""

    def __init__(self, queued: Faults) -> None:
        self._faults = queued

    def __call__(self, request: Request) -> Response:
        """Answer one call."""
        endpoints: dict[str, Handler] = {PATH: _picture, f"{PATH}/metadata": _metadata}
        path = request.path.rstrip("/")
        if path not in endpoints:
            return Response(b"Not Found", 404, "text/plain")
        if request.method != "GET":
            return Response(b"Method Not Allowed", 405, "text/plain", {"Allow": "GET"})
        fault = self._faults.take(path.removeprefix("/maps/api/"))
        handler = endpoints[path]
        return MODES.get(fault.mode, _server_error)(fault, handler, request) if fault else handler(request)


def _metadata(request: Request) -> Response:
    if not _is_signed(request):
        return _status("REQUEST_DENIED", error_message="The provided API key or signature is invalid.")
    place = request.query.get("location", "") or request.query.get("pano", "")
    status = status_at(place)
    if status != "OK":
        return _status(status)
    random = Random(place)  # noqa: S311 -- a drawing, the same at each look
    found = _COORDINATES.fullmatch(place)
    latitude, longitude = (float(found[1]), float(found[2])) if found else (33.4484, -112.074)
    return _status(
        "OK",
        copyright=COPYRIGHT,
        date=f"{random.randint(2012, 2025)}-{random.randint(1, 12):02}",
        location={"lat": round(latitude + 0.00004, 7), "lng": round(longitude - 0.00006, 7)},
        pano_id=_panorama_id(place),
    )


def _picture(request: Request) -> Response:
    if not _is_signed(request):
        return Response(b"The Google Maps Platform server rejected your request.", 403, "text/plain")
    place = request.query.get("location", "") or request.query.get("pano", "")
    size = _SIZE.fullmatch(request.query.get("size", ""))
    status = status_at(place)
    if not size or status == "INVALID_REQUEST":
        return Response(b"Invalid request. Missing or malformed parameter.", 400, "text/plain")
    if status != "OK" and request.query.get("return_error_code") == "true":
        return Response(b"Not Found", 404, "text/plain")
    width, height = (max(1, min(int(side), LARGEST)) for side in size.groups())
    drawn = _draw_gray if status != "OK" else _draw_street(place, -(-width // 8), -(-height // 8))
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(draw_jpeg(width, height, drawn), 200, "image/jpeg", headers)


def _is_signed(request: Request) -> bool:
    key = request.query.get("key", "")
    unsigned, separator, signature = request.raw_query.rpartition("&signature=")
    if not key.startswith("sandbox-") or not separator:
        return False
    return hmac.compare_digest(sign(f"{request.path}?{unsigned}", secret_of(key)), signature.replace("%3D", "="))


def status_at(place: str) -> str:
    """Return what the metadata of a place say: the same each time."""
    if not place.strip():
        return "INVALID_REQUEST"
    found = _COORDINATES.fullmatch(place)
    if found and (abs(float(found[1])) > 90 or abs(float(found[2])) > 180):
        return "INVALID_REQUEST"
    if not found and "nowhere" in place.lower():
        return "NOT_FOUND"
    return "ZERO_RESULTS" if hashlib.sha256(place.encode()).digest()[0] % 8 == 0 else "OK"


def _panorama_id(place: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(place.encode()).digest())[:22].decode()


def _status(status: str, **more: object) -> Response:
    """Return a metadata answer; Google says 200 whatever the status."""
    return json_response({**more, "status": status})


# ---------------------------------------------------------------- pictures
def _draw_gray(_column: int, _row: int) -> Color:
    return (228, 227, 223)


def _draw_street(place: str, columns: int, rows: int) -> Callable[[int, int], Color]:
    """Return the colors of a street with a house in its place, in squares."""
    random = Random(place)  # noqa: S311 -- a drawing, the same at each look
    wall = random.choice(((214, 196, 168), (186, 120, 98), (201, 205, 208), (222, 214, 192), (150, 170, 160)))
    roof = random.choice(((94, 64, 52), (80, 84, 92), (122, 72, 58)))
    grass = random.choice(((112, 140, 72), (146, 150, 92), (96, 128, 84)))
    left, right = int(columns * random.uniform(0.2, 0.3)), int(columns * random.uniform(0.7, 0.8))
    eaves, ground, curb = int(rows * 0.42), int(rows * 0.66), int(rows * 0.8)
    middle, reach = (left + right) / 2, (right - left) / 2 + 2
    doors = {int(middle) + offset for offset in (-1, 0, 1)}

    def color_at(column: int, row: int) -> Color:
        if row >= curb:
            dashed = row == (curb + rows) // 2 and column // 4 % 2 == 0
            return (232, 220, 160) if dashed else (98, 99, 103)
        if row >= ground:
            return (178, 174, 166) if column in doors or row == curb - 1 else grass
        if row >= eaves and left <= column < right:
            if column in doors and row >= ground - (ground - eaves) // 2:
                return (84, 58, 44)
            is_window = (column - left) % 9 in (3, 4, 5) and (row - eaves) % 7 in (2, 3, 4)
            return (120, 148, 168) if is_window else wall
        slope = (row - eaves * 0.5) / (eaves * 0.5)
        if eaves * 0.5 <= row < eaves and abs(column - middle) <= reach * slope:
            return roof
        shade = int(60 * row / max(1, ground))
        return (140 + shade, 178 + shade // 2, 214 + shade // 4)

    return color_at


# ---------------------------------------------------------------- faults
def _slow(fault: Fault, handler: Handler, request: Request) -> Response:
    time.sleep(fault.seconds)
    return handler(request)


def _cut_body(_fault: Fault, handler: Handler, request: Request) -> Response:
    response = handler(request)
    response.cut_at = len(response.body) // 2
    return response


def _server_error(*_: object) -> Response:
    return Response(b"Internal Server Error", 500, "text/plain")


MODES: dict[str, Callable[[Fault, Handler, Request], Response]] = {
    "slow": _slow,
    "cut-body": _cut_body,
    "empty-body": lambda *_: Response(b"", 200, "image/jpeg"),
    "not-an-image": lambda *_: Response(b"<html><body>Sign in to the network</body></html>", 200, "image/jpeg"),
    "too-large": lambda *_: Response(b"\xff\xd8\xff" + bytes(6 * 1024 * 1024), 200, "image/jpeg"),
    "429": lambda *_: Response(b"Too Many Requests", 429, "text/plain"),
    "over-query-limit": lambda *_: _status("OVER_QUERY_LIMIT"),
    "unknown-error": lambda *_: _status("UNKNOWN_ERROR"),
    "request-denied": lambda *_: _status("REQUEST_DENIED"),
    "unheard-of": lambda *_: _status("SOMETHING_NEW"),
    "zero-results": lambda *_: _status("ZERO_RESULTS"),
    "500": _server_error,
}
"""What each mode answers; any other mode of the sandbox is a 500."""

"""Pictures as they come from outside, and photos of listings, whose addresses come with a record."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from atlas_site.lib import http
from atlas_site.vendors.errors import NotFound, VendorBadAnswer, VendorRejected, VendorUnavailable

IMAGE_LIMIT_BYTES = 5 * 1024 * 1024
LIMITS = http.TimeLimits(connect_seconds=3.0, read_seconds=5.0, total_seconds=10.0)
# What the first bytes of a picture say that it is; whatever else comes is not shown to anyone.
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as it came; ``content_type`` is told from its bytes."""

    content: bytes
    content_type: str


def read_image(content: bytes) -> Image | None:
    """Return a picture with the kind that its first bytes name, or None where they name none that is shown."""
    kind = next((name for start, name in _KINDS.items() if content.startswith(start)), None)
    return Image(content, kind) if kind else None


def fetch_photo(url: str) -> Image:
    """Fetch a photo from one of LISTING_PHOTO_HOSTS. No redirect is followed, and no inner network is ever asked.

    Raises ``VendorRejected`` for an address that is not asked, ``NotFound``, ``VendorUnavailable``, and
    ``VendorBadAnswer`` for a body that is no picture.
    """
    try:
        http.check_foreign_url(url, hosts=settings.LISTING_PHOTO_HOSTS)
        answer = http.send("GET", url, limits=LIMITS, size_limit=IMAGE_LIMIT_BYTES)
    except http.UrlRefused as error:
        raise VendorRejected(str(error)) from None
    except (http.NotSent, http.NoAnswer) as error:
        raise VendorUnavailable("The host of the photo does not answer.") from error
    if answer.status in {404, 410}:
        raise NotFound("There is no such photo any more.", status=answer.status)
    image = read_image(answer.body) if answer.status == 200 else None
    if image is None:
        raise VendorBadAnswer("The answer is no picture.", status=answer.status)
    return image

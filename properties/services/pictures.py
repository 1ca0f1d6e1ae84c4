"""Pictures of the street and of listings: looked up when somebody asks, and kept only where that may be."""

import logging
from dataclasses import dataclass
from datetime import date, datetime

from bson import ObjectId
from django.conf import settings

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors import photos, storage, streetview
from atlas_site.vendors.errors import NotFound, VendorError, VendorRejected
from atlas_site.vendors.photos import Image, read_image
from properties.models import Dataset, Property
from properties.selectors.pictures import find_owned, photo_addresses, place_of
from properties.services.allowances import open_allowance, take, used

PICTURE_FETCHED = "street picture"
"""The cause under which pictures are counted that the house pays Google for."""

GOOGLE = "© Google"
logger = logging.getLogger(__name__)


class NotOffered(Exception):
    """The operator has no key for Street View."""


class NoPicture(Exception):
    """Google has no picture of this street, so far as it says today."""


class PictureUnavailable(Exception):
    """There is no answer now. Its text is a sentence for the page."""


class PictureBudgetSpent(PictureUnavailable):
    """The user has had all pictures that the operator pays for in a day."""

    def __init__(self) -> None:
        super().__init__(
            "You have looked at all the pictures of today. They are free, and limited; come back tomorrow."
        )


@dataclass(frozen=True)
class StreetView:
    """What Google has of the street before a property. `taken_on` is the first day of the month of the drive."""

    is_there: bool
    taken_on: date | None = None
    copyright: str = ""
    panorama_id: str = ""


def look_for_panorama(*, user: User, property_id: str, now: datetime) -> StreetView:
    """Say what Google has of the street before a property that this user owns; no picture is fetched, nothing is paid.

    What Google said is kept with the property, and a definite answer is not asked for again, a miss included; trouble
    on the way leaves the property as one that was never asked about. Raises `Property.DoesNotExist` for a property
    that is not owned, NotOffered, PictureUnavailable, and PictureBudgetSpent when there is a picture that this user
    could not have today.
    """
    held = _owned(user, property_id)
    found = _look(held, user, now)
    if found.is_there and not _is_kept(held, found) and not pictures_left(user=user, now=now):
        raise PictureBudgetSpent
    return found


def picture_of(*, user: User, property_id: str, now: datetime) -> Image:
    """Fetch the picture of the street before a property that this user owns.

    Each fetched picture costs the operator, so STREET_VIEW_IMAGES_A_DAY limits them for each user. It is kept, and
    found again, only while STORE_STREET_VIEW_IMAGES is on. Raises `Property.DoesNotExist` for a property that is not
    owned, NotOffered, NoPicture, PictureBudgetSpent and PictureUnavailable.
    """
    held = _owned(user, property_id)
    found = _look(held, user, now)
    if not found.is_there:
        raise NoPicture
    key = _key_of(held, found)
    if _is_kept(held, found):
        kept = _load(key)
        if kept is not None:
            return kept
    place = place_of(held)
    open_allowance(user.pk, PICTURE_FETCHED, now)
    if not take(user.pk, PICTURE_FETCHED, 1, now, limit=settings.STREET_VIEW_IMAGES_A_DAY):
        raise PictureBudgetSpent
    try:
        image = streetview.fetch_image(
            latitude=place.latitude, longitude=place.longitude, address=place.address, now=now, user_id=user.pk
        )
    except NotFound:
        # The panorama has gone since: the next look asks anew.
        Property.objects.filter(pk=held.pk).update(street_view={}, has_image_searched=False)
        raise NoPicture from None
    except VendorError as error:
        raise PictureUnavailable(error.public_message) from error
    if settings.STORE_STREET_VIEW_IMAGES:
        _keep(held, key, image)
    return image


def listing_photo(*, user: User, property_id: str, number: int) -> Image:
    """Fetch one photo of the listing of a property whose listing this user has unlocked, counted from 0; it is free.

    Raises `Property.DoesNotExist` where there is no such photo for this user, and always while SHOW_LISTING_PHOTOS is
    off; and PictureUnavailable.
    """
    held = find_owned(user, property_id, Dataset.LISTING) if settings.SHOW_LISTING_PHOTOS else None
    addresses = photo_addresses(held) if held else []
    if not 0 <= number < len(addresses):
        raise Property.DoesNotExist
    try:
        return photos.fetch_photo(addresses[number])
    except VendorError as error:
        logger.info("A photo of a listing did not come: %s", error)
        raise PictureUnavailable("This photo cannot be had at the moment.") from error


def pictures_left(*, user: User, now: datetime) -> int:
    """How many pictures the operator still pays for on this day (UTC)."""
    return max(0, settings.STREET_VIEW_IMAGES_A_DAY - used(user.pk, PICTURE_FETCHED, now))


def _owned(user: User, property_id: str) -> Property:
    held = find_owned(user, property_id)
    if held is None:
        raise Property.DoesNotExist
    return held


def _look(held: Property, user: User, now: datetime) -> StreetView:
    if not streetview.is_configured():
        raise NotOffered
    noted = held.street_view or {}
    if not (held.has_image_searched and noted.get("status")):
        place = place_of(held)
        if not place.is_known:
            return StreetView(is_there=False)
        try:
            found = streetview.find_panorama(
                latitude=place.latitude, longitude=place.longitude, address=place.address, now=now, user_id=user.pk
            )
        except VendorRejected:
            return StreetView(is_there=False)  # a place that Google cannot read, such as coordinates out of range
        except VendorError as error:
            raise PictureUnavailable(error.public_message) from error
        noted = {
            "status": found.status,
            "date": found.date,
            "panoId": found.panorama_id,
            "copyright": found.copyright,
            "at": now.isoformat(),
        }
        Property.objects.filter(pk=held.pk).update(street_view=noted, has_image_searched=True)
    return _read(noted)


def _read(noted: dict) -> StreetView:
    """What is noted of a panorama, also by another writer, who may have left any of it out."""
    try:
        taken_on = date.fromisoformat(f"{noted.get('date')}-01")
    except ValueError:
        taken_on = None
    is_there = noted.get("status") == "OK"
    return StreetView(
        is_there=is_there,
        taken_on=taken_on,
        copyright=noted.get("copyright") or GOOGLE,
        panorama_id=noted.get("panoId") or "",
    )


def _key_of(held: Property, found: StreetView) -> str:
    return storage.picture_key(held.property_id, found.panorama_id)


def _is_kept(held: Property, found: StreetView) -> bool:
    """Whether the picture of this panorama was kept, and may still be."""
    return settings.STORE_STREET_VIEW_IMAGES and _key_of(held, found) in (held.google_images or [])


def _load(key: str) -> Image | None:
    """A kept picture, or None: one that is lost or cannot be reached now is fetched again."""
    try:
        content = storage.load_picture(key)
    except VendorError as error:
        logger.warning("A kept picture cannot be read: %s", error)
        return None
    return read_image(content) if content else None


def _keep(held: Property, key: str, image: Image) -> None:
    """Keep a picture, then note where; when it cannot be kept now, it is fetched again the next time."""
    try:
        storage.save_picture(key, image.content)
    except VendorError as error:
        logger.warning("A picture was not kept: %s", error)
        return
    collection_of(Property).update_one({"_id": ObjectId(held.pk)}, {"$addToSet": {"googleImages": key}})

"""Which picture belongs to a property, for those who own it."""

from dataclasses import dataclass

from accounts.models import User
from properties.models import Dataset, Property, PropertyDatasetPermission

MOST_PHOTOS = 24


@dataclass(frozen=True)
class Place:
    """Where a property is, as far as its record tells: coordinates, or else the address in words."""

    latitude: float | None
    longitude: float | None
    address: str

    @property
    def is_known(self) -> bool:
        return bool(self.address) or (self.latitude is not None and self.longitude is not None)


def find_owned(user: User, property_id: str, dataset: str = Dataset.BASIC) -> Property | None:
    """The copy of a property of which this user owns a dataset, or None: the rest looks like what does not exist."""
    owned = PropertyDatasetPermission.objects.filter(user=user, property_id=property_id)
    datasets = owned.values_list("datasets", flat=True).first()
    if dataset not in (datasets or []):
        return None
    return Property.objects.filter(property_id=property_id).first()


def photo_addresses(held: Property) -> list[str]:
    """Where the record says that photos of its listing are; of what another program wrote, what is text."""
    images = held.data.get("images") if isinstance(held.data, dict) else None
    addresses = images.get("imageUrls") if isinstance(images, dict) else None
    texts = [each for each in addresses if isinstance(each, str)] if isinstance(addresses, list) else []
    return texts[:MOST_PHOTOS]


def place_of(held: Property) -> Place:
    """Where a property is."""
    group = held.data.get("address") if isinstance(held.data, dict) else None
    found = group if isinstance(group, dict) else {}
    latitude, longitude = (_coordinate(found.get(name)) for name in ("latitude", "longitude"))
    town = " ".join(part for part in (held.state, held.postal_code) if part)
    words = [part for part in (held.address, held.city, town) if part] if held.address else []
    return Place(latitude=latitude, longitude=longitude, address=", ".join(words))


def _coordinate(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

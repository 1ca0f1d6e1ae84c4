"""Which picture belongs to a property, for those who own it."""

from dataclasses import dataclass

from accounts.models import User
from properties.models import Dataset, Property, PropertyDatasetPermission


@dataclass(frozen=True)
class Place:
    """Where a property is, as far as its record tells: coordinates, or else the address in words."""

    latitude: float | None
    longitude: float | None
    address: str

    @property
    def is_known(self) -> bool:
        return bool(self.address) or (self.latitude is not None and self.longitude is not None)


def find_owned(user: User, property_id: str) -> Property | None:
    """The copy of a property that this user owns, or None: what is not owned looks like what does not exist."""
    owned = PropertyDatasetPermission.objects.filter(user=user, property_id=property_id)
    datasets = owned.values_list("datasets", flat=True).first()
    if not datasets or Dataset.BASIC not in datasets:
        return None
    return Property.objects.filter(property_id=property_id).first()


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

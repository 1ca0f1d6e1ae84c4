"""The keys that tell whether two rows are one lead. They are stored: their values must not change."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256


def identity_key(person: str, place: str) -> str:
    """Return 32 hexadecimal digits (16 bytes) for a person's key and the best of the row's addresses.

    `place` is a street with its ZIP code or city; where a row has none, an e-mail address, phone number or parcel.
    """
    return sha256(f"{person}|{place}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def match_key(kind: str, person: str, value: str) -> str:
    """Return twelve characters (72 bits) for a person and one value of a kind."""
    return urlsafe_b64encode(sha256(f"{kind}|{person}|{value}".encode("utf-8", "surrogatepass")).digest()[:9]).decode(
        "ascii"
    )


def place_key(value: str) -> str:
    """Return twelve characters for an address alone, whoever is there."""
    return match_key("place", "", value)


def match_keys(
    person: str,
    *,
    addresses: Iterable[str],
    emails: Iterable[str],
    phones: Iterable[str],
    parcels: Iterable[str],
    profiles: Iterable[str] = (),
) -> list[str]:
    """Return the keys of a row, by which later rows of the same lead find it.

    Each joins the person (a company; "" for nobody) with one value: a street and its ZIP code, a street and its city,
    a parcel and its county or state, an e-mail address, a phone number, a LinkedIn profile, in this order.
    """
    return [
        *[match_key("street", person, value) for value in addresses],
        *[match_key("parcel", person, value) for value in parcels],
        *[match_key("email", person, value) for value in emails],
        *[match_key("phone", person, value) for value in phones],
        *[match_key("profile", person, value) for value in profiles],
    ]

"""Settings from the environment, complaining by name when a value is missing or malformed."""

import os
from base64 import b64decode
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Return the variable as text; without a default it must be set and not empty."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. Atlas cannot start without it.")
    return default


def number(name: str, default: int, *, minimum: int = 0) -> int:
    """Return the variable as a whole number, which must not be below ``minimum``."""
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        found = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if found < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {found}.")
    return found


def decimal(name: str, default: str) -> Decimal:
    """Return the variable as an exact decimal above zero."""
    value = text(name, default)
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found <= 0:
        raise ImproperlyConfigured(f"{name} must be a decimal number above zero, not {value!r}.")
    return found


def address(name: str, default: str | None = None, *, schemes: Collection[str]) -> str:
    """Return the variable as an address with one of these schemes and a host.

    An address may hold a password, so errors do not repeat it.
    """
    value = text(name, default)
    try:
        is_whole = urlsplit(value).scheme in schemes and bool(urlsplit(value).hostname)
    except ValueError:
        is_whole = False
    if not is_whole:
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ImproperlyConfigured(f"{name} must be a full address that begins with {wanted}.")
    return value


def base64(name: str) -> str:
    """Return the variable as text, which must be whole in URL-safe base64. The error does not repeat the value."""
    value = text(name)
    try:
        decoded = b64decode(value, altchars=b"-_", validate=True)
    except ValueError:
        decoded = b""
    if not decoded:
        raise ImproperlyConfigured(f"{name} must be URL-safe base64, as its owner handed it out.")
    return value


def switch(name: str, default: bool) -> bool:
    """Return the variable as a truth value: 1, true, yes, on against 0, false, no, off."""
    value = os.environ.get(name, "").lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be on or off, not {value!r}.")


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list without blanks."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]

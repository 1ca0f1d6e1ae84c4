"""E-mail addresses of a cell."""

import re

EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}",
    re.ASCII,
)
EMAIL_MAX_LENGTH = 254
TEXT_MAX_LENGTH = 2000
"""A longer text is a remark, of which the beginning is searched."""
NOBODY = frozenset(
    {"none", "noemail", "no-email", "no.email", "na", "n/a", "null", "unknown", "notprovided", "noreply"}
)


def read_email(text: str) -> str | None:
    """Return the first e-mail address of a cell in small letters, or None if it holds none. See `read_emails`."""
    emails = read_emails(text)
    return emails[0] if emails else None


def read_emails(text: str) -> tuple[str, ...]:
    """Return the e-mail addresses of a cell in small letters, in their order, without repetitions.

    "Jane Doe <jane@example.com>; j.doe@example.org" holds two. What stands for no address ("none@none.com",
    "noemail@example.com") is none.
    """
    if "@" not in text:
        return ()
    text = text[:TEXT_MAX_LENGTH].lower()
    if EMAIL.fullmatch(text) and is_somebody(text):
        return (text,)
    return find_emails(text)


def find_emails(text: str) -> tuple[str, ...]:
    """Return the addresses that a text in small letters holds anywhere."""
    found = (match.strip("'") for match in EMAIL.findall(text.replace("mailto:", " ")))
    return tuple(dict.fromkeys(address for address in found if is_somebody(address)))


def is_somebody(address: str) -> bool:
    """True if an address is not one of those that people write to fill a field that must be filled."""
    return len(address) <= EMAIL_MAX_LENGTH and address.partition("@")[0] not in NOBODY

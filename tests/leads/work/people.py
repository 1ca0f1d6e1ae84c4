"""Contacts for tests of the working week."""

from datetime import datetime
from typing import Any

from accounts.models import User
from leads.models import Contact
from tests.factories import NOON, ContactFactory, LeadGroupFactory

ADA = "a" * 32


def make_contact(user: User, key: str | None = ADA, **values) -> Contact:
    """A contact of an identity on a list of its own."""
    group = values.pop("lead_group", None) or LeadGroupFactory.create(user=user)
    values = {"phone": None, "email": None, "phones": [], "emails": [], **values}
    return ContactFactory.create(user=user, lead_group=group, identity_key=key, **values)


def checked(
    number: str, *, at: datetime = NOON, dnc: bool | None = False, tcpa: bool | None = False, **values
) -> dict[str, Any]:
    """A phone as a trace brings it."""
    return {"number": number, "dnc": dnc, "tcpa": tcpa, "checkedAt": at.isoformat(), "source": "trace", **values}

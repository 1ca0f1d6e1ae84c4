"""Imports as `leads.services.leases` has them carried on."""

from datetime import datetime

from accounts.models import User
from leads.models import LeadImport
from leads.selectors import imports as selectors
from leads.services.leases import LeaseLost, WrongState, change_state, claim, due_ids, hand_on, save_progress

__all__ = [
    "ImportNotFound",
    "LeaseLost",
    "State",
    "WrongState",
    "change_state",
    "claim_import",
    "due_import_ids",
    "find_import",
    "hand_on",
    "save_progress",
]

State = LeadImport.State


class ImportNotFound(Exception):
    """The user has no such import."""


def find_import(*, user: User, import_id: str) -> LeadImport:
    """The user's import of this id. Raises ImportNotFound."""
    found = selectors.find_import(user, import_id)
    if found is None:
        raise ImportNotFound(import_id)
    return found


def claim_import(*, import_id: str, now: datetime) -> LeadImport | None:
    """Take the lease of an import that is due, or return None when there is nothing to do or another worker does it."""
    return claim(LeadImport, import_id, now)


def due_import_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of imports that are due and that no worker holds, longest waiting first."""
    return due_ids(LeadImport, now, limit)

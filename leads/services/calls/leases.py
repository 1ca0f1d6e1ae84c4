"""Dialers' files as `leads.services.leases` has them carried on."""

from datetime import datetime

from accounts.models import User
from leads.models import DialerFile
from leads.selectors import calls as selectors
from leads.services.leases import LeaseLost, WrongState, change_state, claim, due_ids, hand_on, save_progress

__all__ = [
    "CallsNotFound",
    "LeaseLost",
    "State",
    "WrongState",
    "change_state",
    "claim_file",
    "due_file_ids",
    "find_file",
    "hand_on",
    "save_progress",
]

State = DialerFile.State


class CallsNotFound(Exception):
    """The user has no such file."""


def find_file(*, user: User, file_id: str) -> DialerFile:
    """The user's file of this id. Raises CallsNotFound."""
    found = selectors.find_file(user, file_id)
    if found is None:
        raise CallsNotFound(file_id)
    return found


def claim_file(*, file_id: str, now: datetime) -> DialerFile | None:
    """Take the lease of a file that is due, or return None when there is nothing to do or another worker does it."""
    return claim(DialerFile, file_id, now)


def due_file_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of files that are due and that no worker holds, longest waiting first."""
    return due_ids(DialerFile, now, limit)

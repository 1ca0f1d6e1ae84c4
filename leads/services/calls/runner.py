"""Carrying a dialer's file on, state by state, until it is over or waits for its user."""

import logging
from collections.abc import Callable
from datetime import timedelta

from atlas_site.vendors.errors import VendorError
from leads.imports.problems import FileRefused
from leads.models import DialerFile
from leads.services.calls.committing import carry_out
from leads.services.calls.leases import LeaseLost, State, claim_file, hand_on
from leads.services.calls.planning import plan_calls
from leads.services.calls.reading import Clock, read_file
from leads.services.calls.uploads import clear_up, let_wait_end

logger = logging.getLogger(__name__)

ATTEMPTS_BEFORE_GIVING_UP = 50
STORAGE_WAIT = timedelta(seconds=30)
BEFORE_A_PLAN = {State.RECEIVED, State.READING, State.PLANNING}

STEPS: dict[str, Callable[[DialerFile, Clock], None]] = {
    State.RECEIVED: read_file,
    State.READING: read_file,
    State.PLANNING: plan_calls,
    State.COMMITTING: carry_out,
    State.ASKING: lambda dialer_file, clock: let_wait_end(dialer_file, now=clock()),
    State.PLANNED: lambda dialer_file, clock: let_wait_end(dialer_file, now=clock()),
    State.DONE: lambda dialer_file, clock: clear_up(dialer_file, now=clock()),
    State.REFUSED: lambda dialer_file, clock: clear_up(dialer_file, now=clock()),
    State.CANCELLED: lambda dialer_file, clock: clear_up(dialer_file, now=clock()),
}


def run_calls(*, file_id: str, now: Clock) -> DialerFile | None:
    """Carry a due file on as far as it gets in one stint, and return it; None when it is not due or not ours.

    Killed at any line, it goes on under the next lease, and ends as it would have ended without that.
    """
    dialer_file = claim_file(file_id=file_id, now=now())
    if dialer_file is None:
        return None
    try:
        _go_on(dialer_file, now)
    except LeaseLost:
        return None
    return dialer_file


def _go_on(dialer_file: DialerFile, clock: Clock) -> None:
    try:
        if dialer_file.attempt > ATTEMPTS_BEFORE_GIVING_UP and dialer_file.state in BEFORE_A_PLAN:
            logger.error("Dialer's file %s was given up after %d attempts.", dialer_file.pk, dialer_file.attempt)
            raise FileRefused(f"Atlas could not read {dialer_file.file_name}. Save it as CSV and upload that.")
        while dialer_file.lease_until:
            STEPS[dialer_file.state](dialer_file, clock)
    except FileRefused as refusal:
        _refuse(dialer_file, str(refusal), clock)
    except FileNotFoundError:
        _refuse(dialer_file, f"{dialer_file.file_name} is no longer kept. Upload it again.", clock)
    except VendorError as error:
        logger.warning("Dialer's file %s: the storage of uploads failed: %s", dialer_file.pk, error)
        now = clock()
        hand_on(dialer_file, now=now, due_at=now + STORAGE_WAIT)


def _refuse(dialer_file: DialerFile, problem: str, clock: Clock) -> None:
    now = clock()
    limit = DialerFile._meta.get_field("problem").max_length
    hand_on(dialer_file, now=now, state=State.REFUSED, problem=problem[:limit], due_at=now, ended_at=now)

"""Carrying an import on, state by state, until it is over or waits for its user."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from atlas_site.vendors.errors import VendorError
from leads.imports.problems import FileRefused
from leads.models import LeadImport
from leads.services.imports.committing import carry_out
from leads.services.imports.leases import LeaseLost, State, claim_import, hand_on
from leads.services.imports.planning import plan_import
from leads.services.imports.reading import Clock, read_upload
from leads.services.imports.uploads import clear_up, let_wait_end

logger = logging.getLogger(__name__)

# A file that kills its workers, or meets an error that nobody foresaw, is not tried for ever.
ATTEMPTS_BEFORE_GIVING_UP = 50
STORAGE_WAIT = timedelta(seconds=30)

STEPS: dict[str, Callable[[LeadImport, Clock], None]] = {
    State.RECEIVED: read_upload,
    State.READING: read_upload,
    State.PLANNING: plan_import,
    State.COMMITTING: carry_out,
    State.MAPPING: lambda lead_import, clock: let_wait_end(lead_import, now=clock()),
    State.PLANNED: lambda lead_import, clock: let_wait_end(lead_import, now=clock()),
    State.DONE: lambda lead_import, clock: clear_up(lead_import, now=clock()),
    State.REFUSED: lambda lead_import, clock: clear_up(lead_import, now=clock()),
    State.CANCELLED: lambda lead_import, clock: clear_up(lead_import, now=clock()),
}
BEFORE_A_PLAN = {State.RECEIVED, State.READING, State.PLANNING}


def run_import(*, import_id: str, now: Clock) -> LeadImport | None:
    """Carry a due import on as far as it gets in one stint, and return it; None when it is not due or not ours.

    `now` is a clock. Killed at any line, the import goes on from its last chunk under the next lease, and ends as it
    would have ended without that.
    """
    lead_import = claim_import(import_id=import_id, now=now())
    if lead_import is None:
        return None
    try:
        _go_on(lead_import, now)
    except LeaseLost:
        return None
    return lead_import


def _go_on(lead_import: LeadImport, clock: Clock) -> None:
    """Take steps while the import is held. Raises LeaseLost."""
    try:
        if lead_import.attempt > ATTEMPTS_BEFORE_GIVING_UP and lead_import.state in BEFORE_A_PLAN:
            logger.error("Import %s was given up after %d attempts.", lead_import.pk, lead_import.attempt)
            raise FileRefused(f"Atlas could not read {lead_import.file_name}. Save it as CSV and upload that.")
        while lead_import.lease_until:
            STEPS[lead_import.state](lead_import, clock)
    except FileRefused as refusal:
        _refuse(lead_import, str(refusal), clock())
    except FileNotFoundError:
        _refuse(lead_import, f"{lead_import.file_name} is no longer kept. Upload it again.", clock())
    except VendorError as error:
        logger.warning("Import %s: the storage of uploads failed: %s", lead_import.pk, error)
        now = clock()
        hand_on(lead_import, now=now, due_at=now + STORAGE_WAIT)


def _refuse(lead_import: LeadImport, problem: str, now: datetime) -> None:
    limit = LeadImport._meta.get_field("problem").max_length
    hand_on(lead_import, now=now, state=State.REFUSED, problem=problem[:limit], due_at=now, ended_at=now)

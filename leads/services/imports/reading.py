"""Finding out what a file is: its form, how many rows it has, and what its columns seem to be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from atlas_site.vendors.uploads import local_copy
from leads.dialers.columns import is_result_file
from leads.imports.columns import ColumnGuess, guess_columns
from leads.imports.problems import FileRefused
from leads.imports.tables import Table, open_table
from leads.models import LeadImport
from leads.selectors.import_pages import REMEMBERED
from leads.services.imports.leases import State, hand_on, save_progress
from leads.services.imports.mapping import MappingRefused, check_mapping, remembered_mapping
from leads.services.imports.uploads import waits_until

HEADER_CHARACTERS = 200_000
SAMPLE_CHARACTERS = 100
ROWS_A_LOOK = 50_000

Clock = Callable[[], datetime]


def read_upload(lead_import: LeadImport, clock: Clock) -> None:
    """Read a file once from end to end, and guess its columns.

    The plan is made at once when there is nothing to ask: every column is sure and it is no file of calls, or the user
    has said it before.
    Raises FileRefused and LeaseLost.
    """
    save_progress(lead_import, now=clock(), state=State.READING)
    with opened_table(lead_import, clock) as table:
        if sum(map(len, table.headers)) > HEADER_CHARACTERS:
            raise FileRefused(f"The names of the columns of {lead_import.file_name} are too long to be names.")
        guesses = guess_columns(table.headers, table.sample_rows)
        count = _count_rows(table, lead_import, clock)
        found: dict[str, Any] = {
            "encoding": table.encoding,
            "delimiter": table.delimiter,
            "header_row": table.header_row,
            "headers": table.headers,
            "sheet": table.sheet,
            "rows": count,
            "calls": is_result_file(table.headers, table.sample_rows),
        }
    remembered = remembered_mapping(lead_import.user_id, found["headers"]) if found["header_row"] else None
    mapping = remembered or [str(guess.field) for guess in guesses]
    is_sure = bool(remembered) or all(guess.sureness == "sure" for guess in guesses)
    values: dict[str, Any] = {
        "table": found,
        "guesses": [
            _as_document(guess, field, bool(remembered)) for guess, field in zip(guesses, mapping, strict=True)
        ],
        "mapping": mapping,
        "rows_read": 0,
    }
    now = clock()
    # What looks like the calls of a dialer is asked about, because those make touches and no contacts.
    if is_sure and _is_enough(mapping) and (remembered or not found["calls"]):
        save_progress(lead_import, now=now, state=State.PLANNING, **values)
    else:
        hand_on(lead_import, now=now, state=State.MAPPING, due_at=waits_until(now), **values)


@contextmanager
def opened_table(lead_import: LeadImport, clock: Clock) -> Iterator[Table]:
    """The table of an import's file, for the block. Raises FileRefused, FileNotFoundError and LeaseLost."""

    def hold_on() -> None:
        save_progress(lead_import, now=clock())

    with (
        local_copy(lead_import.stored_name) as path,
        open_table(path, name=lead_import.file_name, on_wait=hold_on) as table,
    ):
        hold_on()
        yield table


def _count_rows(table: Table, lead_import: LeadImport, clock: Clock) -> int:
    """Count the rows, so that progress has an end, and a file that breaks off is refused at once."""
    count = 0
    for row in table.rows():
        count = row.number
        if count % ROWS_A_LOOK == 0:
            save_progress(lead_import, now=clock(), rows_read=count)
    return count


def _is_enough(mapping: list[str]) -> bool:
    try:
        check_mapping(mapping, mapping)
    except MappingRefused:
        return False
    return True


def _as_document(guess: ColumnGuess, field: str, is_remembered: bool) -> dict[str, Any]:
    return {
        "header": guess.header,
        "field": field,
        "sureness": "sure" if is_remembered else guess.sureness,
        "samples": [sample[:SAMPLE_CHARACTERS] for sample in guess.samples],
        "why": REMEMBERED if is_remembered else guess.why,
    }

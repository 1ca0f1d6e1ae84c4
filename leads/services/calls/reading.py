"""Finding out what the columns of a dialer's file are and what its dispositions mean, and asking where nobody knows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from accounts.middleware import zone_of
from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors.uploads import local_copy
from leads.dialers.calls import CallReader
from leads.dialers.columns import ResultField, guess_fields
from leads.dialers.wordings import IGNORED, plain_wording
from leads.imports.problems import FileRefused
from leads.imports.tables import Table, open_table
from leads.models import DialerFile, DialerMemory, Outcome
from leads.services.calls.leases import State, change_state, find_file, hand_on, save_progress
from leads.services.imports.mapping import header_hash
from leads.services.imports.uploads import waits_until

MOST_ROWS = 200_000
MOST_WORDINGS = 200
WORDING_CHARACTERS = 80
SAMPLES = 3
SAMPLE_CHARACTERS = 100
ROWS_A_LOOK = 20_000
COLUMNS_REMEMBERED = 100
WORDINGS_REMEMBERED = 1_000
NEEDED = {ResultField.NUMBER, ResultField.DISPOSITION}

Clock = Callable[[], datetime]


class AnswersRefused(Exception):
    """The file cannot be read so. Its text is a sentence for the page."""


def read_file(dialer_file: DialerFile, clock: Clock) -> None:
    """Read a file once from end to end: its columns, and its dispositions with how often each is there.

    Contacts are looked for at once when there is nothing to ask. Raises FileRefused and LeaseLost.
    """
    save_progress(dialer_file, now=clock(), state=State.READING)
    memory = memory_of(dialer_file.user_id)
    with opened_table(dialer_file, clock) as table:
        fields = _fields(dialer_file, table, memory)
        said = dict(memory.wordings)
        reader = CallReader(fields, table.headers, said, ZoneInfo("UTC"))
        found, rows = _wordings(reader, table, dialer_file, clock)
        about = {
            "headers": table.headers,
            "header_row": table.header_row,
            "rows": rows,
            "samples": [
                _samples(row[at] for row in table.sample_rows if at < len(row)) for at in range(len(table.headers))
            ],
        }
    values: dict[str, Any] = {"table": about, "mapping": [str(field) for field in fields], "wordings": found}
    now = clock()
    is_clear = set(fields) >= NEEDED and found and all(each["outcome"] for each in found)
    if is_clear:
        save_progress(dialer_file, now=now, state=State.PLANNING, rows_read=0, **values)
    else:
        hand_on(dialer_file, now=now, state=State.ASKING, due_at=waits_until(now), rows_read=0, **values)


def answer(
    *, user: User, file_id: str, mapping: Sequence[str], outcomes: Mapping[str, str], now: datetime
) -> DialerFile:
    """Say what the columns are and what each disposition means (by its plain wording); both are remembered.

    Other columns have other dispositions: then the file is read again, and asked about where something new comes up.

    :raises CallsNotFound: when the user has no such file
    :raises WrongState: unless it waits for this, or for the decision about its plan
    :raises AnswersRefused: without a number or a disposition, or with one that nobody explains
    """
    dialer_file = find_file(user=user, file_id=file_id)
    fields = _checked(mapping, dialer_file.table.get("headers", ()))
    states = [State.ASKING, State.PLANNED]
    if [str(field) for field in fields] != dialer_file.mapping:
        _remember(user.pk, dialer_file, [str(field) for field in fields], outcomes)
        change_state(
            dialer_file, states=states, state=State.RECEIVED, mapping=[str(field) for field in fields], due_at=now,
            lease_until=None,
        )  # fmt: skip
        return dialer_file
    wordings = [{**each, "outcome": outcomes.get(each["plain"]) or each["outcome"]} for each in dialer_file.wordings]
    allowed = {*Outcome.values, IGNORED}
    if unclear := [each["text"] for each in wordings if each["outcome"] not in allowed]:
        raise AnswersRefused(f"Say what “{unclear[0]}” means, or leave its calls out.")
    _remember(user.pk, dialer_file, dialer_file.mapping, outcomes)
    change_state(
        dialer_file, states=states, state=State.PLANNING, wordings=wordings, due_at=now, lease_until=None, rows_read=0
    )
    return dialer_file


def reader_of(dialer_file: DialerFile, user: User) -> CallReader:
    """What reads the rows of a file that needs no more asking. Times that say no offset are in the user's time zone."""
    said = {each["plain"]: each["outcome"] for each in dialer_file.wordings if each["outcome"]}
    fields = [ResultField(name) for name in dialer_file.mapping]
    return CallReader(fields, dialer_file.table["headers"], said, zone_of(user) or ZoneInfo("UTC"))


def memory_of(user_id: ObjectId) -> DialerMemory:
    """What the user has said of files before."""
    return DialerMemory.objects.filter(user_id=user_id).first() or DialerMemory(user_id=user_id)


@contextmanager
def opened_table(dialer_file: DialerFile, clock: Clock) -> Iterator[Table]:
    """The table of a file, for the block. Raises FileRefused, FileNotFoundError and LeaseLost."""

    def hold_on() -> None:
        save_progress(dialer_file, now=clock())

    with (
        local_copy(dialer_file.stored_name) as path,
        open_table(path, name=dialer_file.file_name, on_wait=hold_on) as table,
    ):
        hold_on()
        yield table


def _fields(dialer_file: DialerFile, table: Table, memory: DialerMemory) -> list[ResultField]:
    """As the user says now, as he said for the last file with these headers, or as they look."""
    known = dict(memory.columns).get(header_hash(table.headers), []) if table.header_row else []
    for names in (dialer_file.mapping, known):
        if len(names) == len(table.headers):
            return [ResultField(name) for name in names]
    return guess_fields(table.headers, table.sample_rows)


def _wordings(
    reader: CallReader, table: Table, dialer_file: DialerFile, clock: Clock
) -> tuple[list[dict[str, Any]], int]:
    """The dispositions of all rows, the most frequent first, and how many rows there are."""
    found: dict[str, dict[str, Any]] = {}
    count = 0
    for row in table.rows():
        count = row.number
        if count > MOST_ROWS:
            raise FileRefused(
                f"{dialer_file.file_name} has more than {MOST_ROWS:,} calls. Split it into several files."
            )
        if count % ROWS_A_LOOK == 0:
            save_progress(dialer_file, now=clock(), rows_read=count)
        for text in reader.wordings(row.cells):
            plain = plain_wording(text)
            if plain not in found and len(found) >= MOST_WORDINGS:
                continue
            first = {"plain": plain, "text": text[:WORDING_CHARACTERS], "count": 0, "outcome": reader.outcome(text)}
            found.setdefault(plain, first)["count"] += 1
    return sorted(found.values(), key=lambda each: (-each["count"], each["plain"])), count


def _samples(cells: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for cell in cells:
        if cell.strip():
            found.setdefault(cell.strip()[:SAMPLE_CHARACTERS])
        if len(found) == SAMPLES:
            break
    return list(found)


def _checked(mapping: Sequence[str], headers: Sequence[str]) -> list[ResultField]:
    if len(mapping) != len(headers):
        raise AnswersRefused("The file has other columns than these.")
    try:
        fields = [ResultField(name) for name in mapping]
    except ValueError:
        raise AnswersRefused("One of the columns was given something that no column is.") from None
    if ResultField.NUMBER not in fields:
        raise AnswersRefused("Say which column has the number that was called.")
    if ResultField.DISPOSITION not in fields:
        raise AnswersRefused("Say which column tells how each call ended.")
    for field in set(fields):
        if not field.is_repeatable and fields.count(field) > 1:
            raise AnswersRefused(f"Several columns were given “{field.label}”. Choose one of them.")
    return fields


def _remember(user_id: ObjectId, dialer_file: DialerFile, mapping: Sequence[str], outcomes: Mapping[str, str]) -> None:
    """Keep what the user said for the next file. Of two at the same moment one stays."""
    memory = memory_of(user_id)
    columns = dict(memory.columns)
    if dialer_file.table.get("header_row"):
        key = header_hash(dialer_file.table["headers"])
        columns.pop(key, None)
        columns[key] = list(mapping)
    said = {plain: outcome for plain, outcome in outcomes.items() if outcome}
    wordings = {**{key: value for key, value in memory.wordings if key not in said}, **said}
    kept = {
        "columns": [[key, value] for key, value in columns.items()][-COLUMNS_REMEMBERED:],
        "wordings": [[key, value] for key, value in wordings.items()][-WORDINGS_REMEMBERED:],
    }
    try:
        collection_of(DialerMemory).update_one({"userId": user_id}, {"$set": kept}, upsert=True)
    except DuplicateKeyError:
        pass

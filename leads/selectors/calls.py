"""Dialers' files as their pages show them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from accounts.models import User
from atlas_site.lib.spreadsheets import csv_parts
from atlas_site.mongodb.documents import collection_of
from leads.dialers.columns import ResultField
from leads.models import DialerChunk, DialerFile, Outcome
from leads.selectors.imports import Progress

State = DialerFile.State
FILES_SHOWN = 50
NOT_LOGGED = {"unmatched", "faulty", "barred"}
BARRED = "No contact of yours has this number. It is on your do-not-call list."

HEADINGS = {
    State.RECEIVED: "Waiting to be read",
    State.READING: "Reading the calls",
    State.ASKING: "What is what?",
    State.PLANNING: "Finding the contacts",
    State.PLANNED: "Check the calls",
    State.COMMITTING: "Logging the calls",
    State.DONE: "Calls logged",
    State.REFUSED: "This file cannot be read",
    State.CANCELLED: "Cancelled",
}


@dataclass(frozen=True)
class CallsPage:
    """A dialer's file with what its state needs."""

    file: DialerFile
    progress: Progress | None

    @property
    def state(self) -> str:
        return self.file.state

    @property
    def heading(self) -> str:
        """What the page is about, in a few words."""
        return HEADINGS[State(self.state)]

    @property
    def new(self) -> int:
        """How many touches are new: the others were logged before."""
        return self.file.counts.get("touches", 0) - self.file.counts.get("known", 0)

    @property
    def outcomes(self) -> list[tuple[str, int]]:
        """The touches by their outcomes, the most frequent first."""
        found = sorted(self.file.outcomes.items(), key=lambda pair: -pair[1])
        return [(str(Outcome(name).label), count) for name, count in found]

    @property
    def causes(self) -> list[tuple[str, int]]:
        """Why rows make no touch, the most frequent reason first."""
        return [(why, count) for why, count in self.file.causes.get("why", ())]

    @property
    def left_out(self) -> int:
        """How many rows are not logged, and can be downloaded."""
        return sum(self.file.counts.get(kind, 0) for kind in NOT_LOGGED)

    @property
    def has_rows(self) -> bool:
        return has_rows(self.file)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """What is read of which column."""
        pairs = zip(self.file.table.get("headers", ()), self.file.mapping, strict=False)
        return [(header, ResultField(name).label) for header, name in pairs if name != ResultField.IGNORE]

    @property
    def can_be_cancelled(self) -> bool:
        return not self.file.is_over and self.state != State.COMMITTING


def page_of(dialer_file: DialerFile) -> CallsPage:
    """What the page of a file shows now."""
    return CallsPage(file=dialer_file, progress=_progress(dialer_file))


def list_files(user: User) -> list[DialerFile]:
    """The user's latest files, the newest first."""
    files = DialerFile.objects.filter(user_id=user.pk).order_by("-created_at")
    return list(files.defer("table", "wordings", "mapping")[:FILES_SHOWN])


def find_file(user: User, file_id: str) -> DialerFile | None:
    """The user's file of this id, or None."""
    if not ObjectId.is_valid(file_id):
        return None
    return DialerFile.objects.filter(pk=ObjectId(file_id), user_id=user.pk).first()


def has_rows(dialer_file: DialerFile) -> bool:
    """Whether the rows of the plan are still kept."""
    is_kept = dialer_file.state == State.DONE and dialer_file.due_at is not None
    return dialer_file.state in {State.PLANNED, State.COMMITTING} or is_kept


def csv_of_unlogged(dialer_file: DialerFile) -> Iterator[str]:
    """The rows that make no touch, each with its number, its line and the reason, and behind these its own cells."""
    return csv_parts(_table(dialer_file))


def _table(dialer_file: DialerFile) -> Iterator[list[object]]:
    yield ["Row", "Line in the file", "Reason", *dialer_file.table.get("headers", ())]
    chunks = collection_of(DialerChunk).find({"fileId": dialer_file.pk}, batch_size=4).sort("number", 1)
    for chunk in chunks:
        for row in chunk["rows"]:
            if row["kind"] in NOT_LOGGED:
                yield [row["n"], row["line"], _reason(row), *row["cells"]]


def _reason(row: dict[str, Any]) -> str:
    return BARRED if row["kind"] == "barred" else str(row.get("why", ""))


def _progress(dialer_file: DialerFile) -> Progress | None:
    rows = dialer_file.table.get("rows", 0)
    if dialer_file.state in {State.RECEIVED, State.READING}:
        return Progress(dialer_file.rows_read, 0, f"{dialer_file.rows_read:,} rows read so far")
    if dialer_file.state == State.PLANNING:
        return Progress(dialer_file.rows_read, rows, f"{dialer_file.rows_read:,} of {rows:,} rows")
    if dialer_file.state == State.COMMITTING:
        done = rows * dialer_file.chunks_committed // max(1, dialer_file.chunks_planned)
        return Progress(done, rows, f"{done:,} of {rows:,} rows")
    return None

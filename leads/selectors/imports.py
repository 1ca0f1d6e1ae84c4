"""Imports of a user, as their pages show them: how far one is, its columns, and its plan grouped by cause."""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId

from accounts.models import User
from leads.imports.fields import Field
from leads.models import LeadGroup, LeadImport
from leads.selectors.import_rows import find_rows, reason_of

State = LeadImport.State
SHOWN_CELLS = 8
SHOWN_CHARACTERS = 60

KEPT_TEXTS = (
    "firstName", "middleName", "lastName", "suffix", "company", "address", "city", "state", "zip", "county", "apn",
    "mailingAddress", "mailingCity", "mailingState", "mailingZip", "linkedin",
)  # fmt: skip
"""The keys of a contact that a row fills with one text each, in the order in which they are shown."""

TITLES = {
    "create": "New contacts",
    "update": "Brought up to date: on this list already",
    "duplicate": "Duplicates of an earlier row: one contact each, and no number or address is lost",
    "known": "Left out: on another list already",
    "rejected": "Rejected",
}
"""What the kinds of rows are called, in the order in which they are shown."""


@dataclass(frozen=True)
class Progress:
    """How far the step is that is being done. `total` is 0 while nobody knows it; `text` is a sentence."""

    done: int
    total: int
    text: str

    @property
    def percent(self) -> int | None:
        """A whole number up to 100, or None while nobody knows."""
        return min(100, 100 * self.done // self.total) if self.total else None


@dataclass(frozen=True)
class MappedColumn:
    """A column on the page that asks what the columns are. `sureness` is "sure", "likely" or "unsure"."""

    number: int
    header: str
    field: Field
    sureness: str
    samples: list[str]
    why: str


@dataclass(frozen=True)
class PlannedRow:
    """A row as an example on the page of a plan: its first cells that are not blank, each shortened.

    `read_as` are the values that are kept of it and that no cell says so: "01109" of a cell "1109".
    """

    number: int
    line: int
    cells: list[str]
    read_as: list[str]
    reason: str


@dataclass(frozen=True)
class Cause:
    """Rows of one kind for one reason, which is a sentence ("" where the kind says all), with the first of them."""

    text: str
    count: int
    rows: list[PlannedRow]


@dataclass(frozen=True)
class PlanGroup:
    """Rows of one kind, by their causes. `kind` is the word by which they are downloaded."""

    kind: str
    title: str
    count: int
    causes: list[Cause]


def find_import(user: User, import_id: str) -> LeadImport | None:
    """The user's import of this id, or None."""
    try:
        return LeadImport.objects.filter(pk=ObjectId(import_id), user_id=user.pk).first()
    except InvalidId:
        return None


def list_imports(user: User, limit: int = 50) -> list[LeadImport]:
    """The user's latest imports, the newest first, without their columns."""
    imports = LeadImport.objects.filter(user_id=user.pk).order_by("-created_at")
    return list(imports.defer("guesses", "mapping", "causes")[:limit])


def progress_of(lead_import: LeadImport) -> Progress | None:
    """How far an import is that a worker carries on; None when it waits for its user or is over."""
    rows = lead_import.table.get("rows", 0)
    if lead_import.state in {State.RECEIVED, State.READING}:
        return Progress(lead_import.rows_read, 0, f"{lead_import.rows_read:,} rows read so far")
    if lead_import.state == State.PLANNING:
        return Progress(lead_import.rows_read, rows, f"{lead_import.rows_read:,} of {rows:,} rows compared")
    if lead_import.state == State.COMMITTING:
        done = rows * lead_import.chunks_committed // max(1, lead_import.chunks_planned)
        return Progress(done, rows, f"{done:,} of {rows:,} rows imported")
    return None


def columns_of(lead_import: LeadImport) -> list[MappedColumn]:
    """The columns with what they are, or seem to be, three samples each, and how sure that is."""
    return [
        MappedColumn(
            number=number,
            header=guess["header"],
            field=Field(field),
            sureness=guess["sureness"],
            samples=guess["samples"],
            why=guess["why"],
        )
        for number, (guess, field) in enumerate(zip(lead_import.guesses, lead_import.mapping, strict=True), start=1)
    ]


def plan_groups(lead_import: LeadImport) -> list[PlanGroup]:
    """The plan by kind and cause, with the first rows of each; kinds without a row are left out."""
    causes: dict[str, list[dict[str, Any]]] = lead_import.causes
    rows = find_rows(lead_import, [place for found in causes.values() for cause in found for place in cause["first"]])
    lists = _list_names(lead_import, [cause["why"] for kind in ("create", "known") for cause in causes.get(kind, ())])
    return [
        PlanGroup(
            kind=kind,
            title=title,
            count=lead_import.counts[kind],
            causes=[
                Cause(
                    text=lists.get(cause["why"], cause["why"]),
                    count=cause["count"],
                    rows=[_shown(rows[number]) for number, _ in cause["first"] if number in rows],
                )
                for cause in causes.get(kind, ())
            ],
        )
        for kind, title in TITLES.items()
        if lead_import.counts.get(kind)
    ]


def _list_names(lead_import: LeadImport, ids: list[str]) -> dict[str, str]:
    """A sentence for each of these lists, by its id."""
    keys = [ObjectId(key) for key in ids if ObjectId.is_valid(key)]
    lists = LeadGroup.objects.filter(user_id=lead_import.user_id).in_bulk(keys)
    return {str(key): f"Already on the list “{group.name}”" for key, group in lists.items()}


def _shown(row: dict[str, Any]) -> PlannedRow:
    cells = [cell.strip() for cell in row.get("cells", ()) if cell.strip()]
    return PlannedRow(
        number=row["n"],
        line=row["line"],
        cells=[_shortened(cell) for cell in cells[:SHOWN_CELLS]],
        read_as=[_shortened(value) for value in _kept_of(row) if value not in cells],
        reason=reason_of(row),
    )


def _kept_of(row: dict[str, Any]) -> list[str]:
    """The values that the import writes for a row: those of a new contact, or those that change one or come to it."""
    kept, added = row.get("doc") or row.get("set") or {}, row.get("add") or {}
    phones = [phone["number"] for phone in kept.get("phones", ())]
    emails = [email["address"] for email in kept.get("emails", ())]
    ways = [*phones, *emails, *added.get("phones", ()), *added.get("emails", ())]
    return [kept[key] for key in KEPT_TEXTS if kept.get(key)] + ways


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"

"""Exports of owned properties: each download is written down with who took what and how many rows went out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from bson import ObjectId
from django.utils import timezone

from accounts.models import User
from properties.exports import csv_file, xlsx_file
from properties.forms import read_choice
from properties.models import Export
from properties.selectors.owned import read_batches
from properties.selectors.owned_choice import OwnedChoice, Selection
from properties.selectors.owned_columns import COLUMNS, known_columns
from properties.selectors.owned_rows import OwnedRow
from properties.services.preferences import set_export_view

KIND = "properties"
Writer = Callable[..., Iterator[str] | Iterator[bytes]]
FILES: Mapping[str, Writer] = {"csv": csv_file, "xlsx": xlsx_file}


# A workbook is whole before its first byte is sent: so many rows take about five seconds. CSV goes out as it is read.
MOST_IN_A_WORKBOOK = 25_000


class CannotRepeat(Exception):
    """What an earlier export was about cannot be read any more."""


class TooManyForWorkbook(Exception):
    """More than MOST_IN_A_WORKBOOK properties were to go into a workbook. Its text is a sentence for the page."""

    def __init__(self) -> None:
        super().__init__(
            f"A workbook takes at most {MOST_IN_A_WORKBOOK:,} properties. Take CSV, which has no limit and opens in "
            "Excel too, or narrow the list."
        )


def start_export(
    *, user: User, selection: Selection, columns: Sequence[str], file_format: str, now: datetime
) -> Export:
    """Write down that the user takes these properties away, and keep columns and format for the next time.

    Raises TooManyForWorkbook.
    """
    _check_size(selection, user, file_format)
    set_export_view(user_id=user.pk, columns=columns, file_format=file_format)
    return Export.objects.create(
        user=user,
        kind=KIND,
        label=selection.describe()[:200],
        format=file_format,
        columns=list(columns),
        subject=selection.subject(),
        created_at=now,
    )


def repeat_export(*, export: Export, now: datetime) -> Export:
    """Write down that the user takes the same selection again: with what it holds today.

    Raises CannotRepeat and TooManyForWorkbook.
    """
    _check_size(_selection_of(export), export.user, export.format)
    return Export.objects.create(
        user_id=export.user_id,
        kind=export.kind,
        label=export.label,
        format=export.format,
        columns=export.columns,
        subject=export.subject,
        created_at=now,
    )


def write_export(*, export: Export, user: User, zone: tzinfo) -> Iterator[str] | Iterator[bytes]:
    """The file of an export, to be sent as it is made; at its end, or where it breaks off, the rows are noted."""
    rows = _selection_of(export).rows(user)
    columns = [COLUMNS[name] for name in known_columns(export.columns, ())]
    batches = read_batches(rows, with_facts=any(column.is_fact for column in columns))
    return FILES[export.format](_counted(export.pk, batches), columns, zone)


def _counted(export_id: ObjectId, batches: Iterator[list[OwnedRow]]) -> Iterator[OwnedRow]:
    """The rows one by one. When they are through the export has ended; if nobody wants more it has its count alone."""
    count = 0
    noted: dict[str, object] = {}
    try:
        for batch in batches:
            for row in batch:
                count += 1
                yield row
        noted["ended_at"] = timezone.now()
    finally:
        Export.objects.filter(pk=export_id).update(row_count=count, **noted)


def _check_size(selection: Selection, user: User, file_format: str) -> None:
    rows = selection.rows(user).values_list("pk")
    if file_format == "xlsx" and rows[MOST_IN_A_WORKBOOK : MOST_IN_A_WORKBOOK + 1]:
        raise TooManyForWorkbook


def _selection_of(export: Export) -> Selection:
    subject = export.subject or {}
    if ids := subject.get("ids"):
        return Selection(choice=OwnedChoice(), ids=tuple(ids))
    try:
        return Selection(choice=read_choice(subject.get("query") or ""))
    except ValueError:
        raise CannotRepeat from None

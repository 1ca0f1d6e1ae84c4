"""Exports of owned properties: each download is written down with who took what and how many rows went out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from bson import ObjectId
from django.utils import timezone

from accounts.models import User
from properties.exports import csv_file, xlsx_file
from properties.forms import read_choice
from properties.models import Export, PropertyDatasetPermission
from properties.selectors.owned import read_batches
from properties.selectors.owned_choice import OwnedChoice, Selection
from properties.selectors.owned_columns import COLUMNS, known_columns
from properties.services.preferences import set_export_view

KIND = "properties"
Writer = Callable[..., Iterator[str] | Iterator[bytes]]
FILES: Mapping[str, Writer] = {"csv": csv_file, "xlsx": xlsx_file}


class CannotRepeat(Exception):
    """What an earlier export was about cannot be read any more."""


def start_export(
    *, user: User, selection: Selection, columns: Sequence[str], file_format: str, now: datetime
) -> Export:
    """Write down that the user takes these properties away, and keep columns and format for the next time."""
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
    """Write down that the user takes the same selection again: with what it holds today. Raises CannotRepeat."""
    _selection_of(export)
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
    return FILES[export.format](_counted(export.pk, read_batches(rows)), columns, zone)


def _counted(
    export_id: ObjectId, batches: Iterator[list[PropertyDatasetPermission]]
) -> Iterator[PropertyDatasetPermission]:
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


def _selection_of(export: Export) -> Selection:
    subject = export.subject or {}
    if ids := subject.get("ids"):
        return Selection(choice=OwnedChoice(), ids=tuple(ids))
    try:
        return Selection(choice=read_choice(subject.get("query") or ""))
    except ValueError:
        raise CannotRepeat from None

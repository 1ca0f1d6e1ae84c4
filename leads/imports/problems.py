"""Why a file cannot be read."""

from leads.imports.limits import CSV_ROWS, WORKBOOK_ROWS


class FileRefused(Exception):
    """The file cannot be imported. The text is for the page: full sentences that say why and what to do about it."""


def too_many_rows(name: str) -> FileRefused:
    """The refusal of a text with more rows than Atlas reads."""
    return FileRefused(
        f"{name} has more than {CSV_ROWS:,} rows, which is what Atlas reads. Split it into several files."
    )


def too_many_rows_in_workbook(name: str, count: int) -> FileRefused:
    """The refusal of a workbook with `count` rows."""
    return FileRefused(
        f"{name} has {count:,} rows in a workbook; Atlas reads {WORKBOOK_ROWS:,}. "
        f"Save it as CSV, which may have {CSV_ROWS:,}."
    )

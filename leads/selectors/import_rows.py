"""The rows of a plan, read from its chunks, and those of them that are no leads as a file."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from atlas_site.lib.spreadsheets import csv_parts
from atlas_site.mongodb.documents import collection_of
from leads.models import ImportChunk, LeadImport

ADDED_COLUMNS = ("Row", "Line in the file", "Column", "Reason")


def read_rows(lead_import: LeadImport, kind: str) -> Iterator[dict[str, Any]]:
    """The rows of a kind in their order, chunk by chunk. See `leads.services.imports.plans` for what is in a row."""
    is_of_kind = {"$filter": {"input": "$rows", "cond": {"$eq": ["$$this.kind", kind]}}}
    found = collection_of(ImportChunk).aggregate(
        [
            {
                "$match": {
                    "importId": lead_import.pk,
                    "number": {"$gte": 1, "$lte": lead_import.chunks_planned},
                    "rows.kind": kind,
                }
            },
            {"$sort": {"number": 1}},
            {"$project": {"rows": is_of_kind}},
        ],
        batchSize=2,
    )
    return chain.from_iterable(chunk["rows"] for chunk in found)


def find_rows(lead_import: LeadImport, places: Iterable[tuple[int, int]]) -> dict[int, dict[str, Any]]:
    """Rows by their numbers, each from the chunk that holds it: `places` are pairs of a row and a chunk."""
    wanted = {(row, chunk) for row, chunk in places}
    if not wanted:
        return {}
    numbers = [row for row, _ in wanted]
    found = collection_of(ImportChunk).find(
        {"importId": lead_import.pk, "number": {"$in": sorted({chunk for _, chunk in wanted})}},
        {"rows": {"$filter": {"input": "$rows", "cond": {"$in": ["$$this.n", numbers]}}}},
    )
    return {row["n"]: row for chunk in found for row in chunk["rows"]}


def csv_of_rows(lead_import: LeadImport, kind: str) -> Iterator[str]:
    """The rows of a kind ("rejected", "duplicate" or "known") as CSV, many lines at a time.

    Each has its number, its line in the file, the column where a single one is to blame, and the reason; behind these
    its original cells, so that it can be mended and uploaded again.
    """
    return csv_parts(_table(lead_import, kind))


def _table(lead_import: LeadImport, kind: str) -> Iterator[list[object]]:
    headers: list[str] = lead_import.table["headers"]
    yield [*ADDED_COLUMNS, *headers]
    for row in read_rows(lead_import, kind):
        yield [row["n"], row["line"], _column(row, headers), reason_of(row), *row["cells"]]


def reason_of(row: dict[str, Any]) -> str:
    """Why a row makes no contact, as a sentence; "" for one that does."""
    if "why" in row:
        return str(row["why"])
    if "of" in row:
        return f"The same lead as row {row['of']}"
    return "On another list already" if row["kind"] == "known" else ""


def _column(row: dict[str, Any], headers: list[str]) -> str:
    """The name of the column that is to blame, where it is a single one; those beyond the header have numbers."""
    column = row.get("column")
    if column is None:
        return ""
    return headers[column] if column < len(headers) else f"[column {column + 1}]"

"""Whose row is whose in the answer of a skip trace: by the echoed id, then by the echoed address, never by position.

The vendor may leave rows out, null them, repeat or reorder them. A person linked to the wrong row would be called
under a stranger's name, so what is not certain is left alone, and nobody pays for it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atlas_site.vendors.batchdata.records import Address
from atlas_site.vendors.batchdata.skiptrace import TraceAnswer, TraceRequest, TraceRow


@dataclass(frozen=True, slots=True)
class TraceLinks:
    """The rows of an answer by the id of the request that they answer.

    Each requested row is either in ``rows`` or in ``unanswered_ids``, each row of the answer either in ``rows`` or in
    ``unlinked``: foreign, repeated, or ambiguous. ``unlinked_match_count`` is how many billed matches belong to no
    requested row; when it is zero, rows without an answer were not billed, and so are misses.
    """

    rows: Mapping[str, TraceRow]
    unanswered_ids: tuple[str, ...]
    unlinked: tuple[TraceRow, ...]
    unlinked_match_count: int


def link_rows(requested: Sequence[TraceRequest], answer: TraceAnswer) -> TraceLinks:
    """Link the rows of an answer to the requested rows, whose ids differ from each other.

    A row that echoes an id belongs to the request of that id and to no other; an id that comes twice links neither row.
    A row without an id belongs to the one requested row at its address that has no answer yet, if no other requested
    row and no other such row of the answer is at that address. The order of either side changes nothing.
    """
    wanted = {request.row_id: request for request in requested}
    times_echoed = Counter(row.request_id for row in answer.rows)
    linked = {
        row.request_id: row for row in answer.rows if row.request_id in wanted and times_echoed[row.request_id] == 1
    }
    linked |= _link_by_address(requested, answer, {request_id for request_id in times_echoed if request_id})
    # By identity: a repeated row equals the one that it repeats.
    linked_objects = {id(row) for row in linked.values()}
    linked_matches = sum(row.matched for row in linked.values())
    return TraceLinks(
        rows={row_id: linked[row_id] for row_id in wanted if row_id in linked},
        unanswered_ids=tuple(row_id for row_id in wanted if row_id not in linked),
        unlinked=tuple(row for row in answer.rows if id(row) not in linked_objects),
        unlinked_match_count=max(0, answer.billed_count - linked_matches),
    )


def _link_by_address(
    requested: Sequence[TraceRequest], answer: TraceAnswer, echoed_ids: set[str]
) -> dict[str, TraceRow]:
    """Link the rows without an id whose address only one requested row and only one of them has.

    A requested row whose id was echoed, even twice, is never answered by an address.
    """
    at_street: dict[str, list[TraceRequest]] = defaultdict(list)
    for request in requested:
        at_street[_plain(request.address.street)].append(request)
    found: dict[str, list[TraceRow]] = defaultdict(list)
    for row in answer.rows:
        street = _plain(row.address.street)
        if row.request_id is None and street:
            at_same_place = [request for request in at_street[street] if _is_same_place(request.address, row.address)]
            if len(at_same_place) == 1:
                found[at_same_place[0].row_id].append(row)
    return {row_id: rows[0] for row_id, rows in found.items() if len(rows) == 1 and row_id not in echoed_ids}


def _is_same_place(asked: Address, echoed: Address) -> bool:
    """Compare what lies around a street: the ZIP codes, or city and state where one side has no ZIP code."""
    if asked.zip and echoed.zip:
        return asked.zip == echoed.zip
    pairs = ((asked.city, echoed.city), (asked.state, echoed.state))
    return all(one and _plain(one) == _plain(other) for one, other in pairs)


def _plain(text: str | None) -> str:
    """Return the words of a text, lower-cased; a dash parts words, since 12-3 Main St is not 123 Main St."""
    return " ".join(re.findall(r"\w+", (text or "").lower()))

"""What an answer of the vendor says of each row of a batch: whom it found, and what the vendor bills for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atlas_site.vendors.batchdata import TraceAnswer, TracedPerson, TraceRequest, TraceRow, link_rows
from leads.models import RowState
from leads.services.traces.requests import key_of_row
from properties.models import TraceOutcome
from properties.services.traces import Traced, email_as_kept, outcome_of, phone_as_kept

STATES = {
    TraceOutcome.HIT: RowState.HIT,
    TraceOutcome.NO_PHONE: RowState.NO_PHONE,
    TraceOutcome.LITIGATOR: RowState.LITIGATOR,
    TraceOutcome.MISS: RowState.MISS,
}
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class TraceReading:
    """The states of the rows that were asked, by their ids; a hit is charged unless it is the user's already.

    `billed` are the rows whose match the vendor bills, `unlinked` the matches of the answer that are nobody's for
    certain, by the ids under which the call's record has them.
    """

    traces: Sequence[Traced]
    states: Mapping[str, RowState]
    billed: frozenset[str]
    unlinked: Sequence[str]


def read_answer(
    rows: Sequence[Mapping[str, Any]], requests: Sequence[TraceRequest], answer: TraceAnswer
) -> TraceReading:
    """Read an answer; reading it twice says the same.

    A row of which nothing came is a miss when every match that the vendor bills belongs to another row. When one does
    not, it may be this row's: then nobody is given it, and nobody pays.
    """
    links = link_rows(requests, answer)
    by_id = {row["contactId"]: row for row in rows}
    asked = {request.row_id: request for request in requests}
    traces: list[Traced] = []
    states: dict[str, RowState] = {}
    for row_id, found in links.rows.items():
        if found.failed:
            states[row_id] = RowState.ERROR
            continue
        trace = _trace_of(by_id[row_id], asked[row_id], found, answer)
        traces.append(trace)
        states[row_id] = STATES[TraceOutcome(trace.outcome)]
    for row_id in links.unanswered_ids:
        if links.unlinked_match_count:
            states[row_id] = RowState.UNLINKED
        else:
            traces.append(_trace_of(by_id[row_id], asked[row_id], None, answer))
            states[row_id] = RowState.MISS
    billed = frozenset(row_id for row_id, found in links.rows.items() if found.matched)
    named = [row.request_id or row.vendor_id or f"row {row.position}" for row in links.unlinked if row.matched]
    nameless = max(0, answer.billed_count - len(billed) - len(named))
    return TraceReading(traces, states, billed, [*named, *[""] * nameless])


def _trace_of(row: Mapping[str, Any], request: TraceRequest, found: TraceRow | None, answer: TraceAnswer) -> Traced:
    person = person_meant(request, found.persons if found else ())
    if person is None:
        outcome, phones, emails = TraceOutcome.MISS, [], []
    else:
        outcome = outcome_of(
            has_phone=bool(person.phones), has_email=bool(person.emails), is_litigator=person.is_litigator
        )
        numbers = () if outcome == TraceOutcome.LITIGATOR else person.phones
        phones = [phone_as_kept(phone, answer.answered_at) for phone in numbers]
        emails = [email_as_kept(email) for email in person.emails]
    return Traced(
        key=key_of_row(row),
        place_key=row.get("place", ""),
        outcome=outcome,
        answered_at=answer.answered_at,
        phones=phones,
        emails=emails,
        person=_facts_of(person) if person else {},
        call_id=answer.call_id,
    )


def _facts_of(person: TracedPerson) -> dict[str, Any]:
    return {
        "name": str(person.name),
        "mailingAddress": str(person.mailing_address),
        "isDeceased": person.is_deceased,
        "isLitigator": person.is_litigator,
        "isBankrupt": person.is_bankrupt,
        "tcpa": person.dnc_tcpa,
    }


def person_meant(request: TraceRequest, persons: Sequence[TracedPerson]) -> TracedPerson | None:
    """Of up to three people of a property, the one who was asked for by name, else the first; never a mix of them.

    Without a name the first one with a phone number.
    """
    if not persons:
        return None
    last, first = _words(request.name.last), _words(request.name.first)
    if not last:
        return next((person for person in persons if person.phones), persons[0])
    kin = [person for person in persons if last <= _words(person.name.last or person.name.full)]
    same = [person for person in kin if first and first <= _words(person.name.first or person.name.full)]
    return (same or kin or list(persons))[0]


def _words(text: str | None) -> set[str]:
    return set(WORD.findall((text or "").lower()))

"""Which column of a dialer's file is what: by its header and by its values, in any order."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from leads.dialers.moments import is_clock, read_moment
from leads.dialers.wordings import IGNORED, outcome_of
from leads.imports.values.phones import read_phone

MOST_ROWS = 300
MOST_LOOKED_AT = 60
MOST_DISPOSITIONS = 100
LONGEST_HEADER = 120


class ResultField(StrEnum):
    """What a column of a dialer's file holds. Several may be NUMBER or DISPOSITION; see `leads.dialers.calls`."""

    NUMBER = "number"
    CALLER = "caller"
    DISPOSITION = "disposition"
    CALLED_AT = "calledAt"
    CALLED_TIME = "calledTime"
    CALL_BACK_ON = "callBackOn"
    NOTE = "note"
    CONTACT_ID = "contactId"
    DIRECTION = "direction"
    IGNORE = "ignore"

    @property
    def label(self) -> str:
        """The field's name for people."""
        return LABELS[self]

    @property
    def is_repeatable(self) -> bool:
        """True when several columns of one file may have this field."""
        return self in {ResultField.NUMBER, ResultField.DISPOSITION, ResultField.NOTE, ResultField.IGNORE}


LABELS = {
    ResultField.NUMBER: "Number of the contact",
    ResultField.CALLER: "Number of the caller, which is the contact's in inbound calls",
    ResultField.DISPOSITION: "Disposition: how the call ended",
    ResultField.CALLED_AT: "Date of the call, with or without its time",
    ResultField.CALLED_TIME: "Time of the call",
    ResultField.CALL_BACK_ON: "Call back on",
    ResultField.NOTE: "Note",
    ResultField.CONTACT_ID: "Atlas ID, from an export of Atlas",
    ResultField.DIRECTION: "Direction: inbound or outbound",
    ResultField.IGNORE: "Ignore",
}

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_WORD = re.compile(r"[^\W_]+")
_REPEATED = re.compile(r"\s*\[(\d+)\]$")
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")

PHONE_WORDS = frozenset(
    "phone phones number telephone tel mobile cell landline ph dialed dialled callee dnis msisdn".split()
)
CALLED_WORDS = frozenset("dialed dialled called callee dnis destination to recipient".split())
CALLER_WORDS = frozenset(
    "from caller ani cid callerid agent user rep campaign tracking source did local presence outgoing display our my "
    "company office transfer".split()
)
RESULT_WORDS = frozenset("disposition dispositions dispo outcome result results wrap wrapup dispositioned".split())
STATUS_WORDS = frozenset("status response code tag label state term reason answer".split())
NOT_RESULTS = frozenset(
    "email mail lead list contact deal property dnc marital occupancy foreclosure listing mls text sms recording id "
    "date time at by count duration type line vacancy loan opportunity import".split()
)
OF_PEOPLE = frozenset(
    "name first last middle agent user rep owner company city state county zip address street caller assigned".split()
)
CALL_WORDS = frozenset("call calls called dial dialed dialled dialing phone attempt contacted attempted".split())
NOTE_WORDS = frozenset("note notes comment comments remark remarks memo summary".split())
BACK_WORDS = frozenset("callback back followup follow appointment appt recall reminder next scheduled schedule".split())
MOMENT_WORDS = frozenset("date time timestamp datetime when at on started start begin day".split())
TOLD_WITH_BACK = (BACK_WORDS - {"next", "scheduled"}) | CALL_WORDS | {"date", "time", "on", "at"}
OTHER_MOMENTS = frozenset(
    "birth dob sale sold purchase purchased import imported added assigned upload uploaded ended end recorded filing "
    "listed updated modified".split()
)
LENGTH_WORDS = frozenset("duration length talk seconds secs minutes wait hold ring billed elapsed".split())
DIRECTIONS = {
    **dict.fromkeys("inbound incoming in received".split(), "in"),
    **dict.fromkeys("outbound outgoing out dialed manual predictive".split(), "out"),
}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column with what its header says and what share of its values looks like what."""

    at: int
    words: tuple[str, ...]
    count: int
    distinct: int
    phones: float
    results: float
    calls: float
    """The results that are those of a call, and not that there was none."""

    is_wordy: bool
    moments: float
    clocks: float
    ids: float
    directions: float
    length: float
    number: int

    def has(self, words: Iterable[str]) -> bool:
        return not set(words).isdisjoint(self.words)


def words_of(header: str) -> tuple[str, ...]:
    """The words of a header in small letters; "Phone#1" is phone, number, 1."""
    text = _REPEATED.sub(r" \1", header[:LONGEST_HEADER]).replace("#", " number ").replace("Call-back", "Callback")
    return tuple(word.lower() for word in _WORD.findall(_CAMEL.sub(" ", text)))


def guess_fields(headers: Sequence[str], sample_rows: Sequence[Sequence[str]]) -> list[ResultField]:
    """The field of every column, in order. Without a NUMBER or a DISPOSITION among them it is no dialer's file."""
    rows = sample_rows[:MOST_ROWS]
    columns = [_look_at(at, header, [row[at] for row in rows if at < len(row)]) for at, header in enumerate(headers)]
    fields = [ResultField.IGNORE] * len(columns)
    free = list(columns)

    def take(found: Iterable[_Column], field: ResultField) -> None:
        for column in found:
            if column in free:
                fields[column.at] = field
                free.remove(column)

    ids = (each for each in columns if each.ids >= 0.9 and (each.has({"atlas"}) or not each.words))
    take(islice(ids, 1), ResultField.CONTACT_ID)
    ways = [each for each in columns if each.directions >= 0.9 and each.has({"direction", "type", "call"})][:1]
    take(ways, ResultField.DIRECTION)
    numbers = _numbers(free)
    take(numbers, ResultField.NUMBER)
    if ways:
        callers = [each for each in free if each.phones >= 0.6 and each.has(CALLER_WORDS)]
        take(callers[:1], ResultField.CALLER)
    take(_results(free, numbers), ResultField.DISPOSITION)
    take(_best_moment(free), ResultField.CALLED_AT)
    clocks = [each for each in free if each.clocks >= 0.6 and each.has(MOMENT_WORDS | CALL_WORDS)]
    take([each for each in clocks if not each.has(LENGTH_WORDS)][:1], ResultField.CALLED_TIME)
    take([each for each in free if _says_when_to_call_back(each)][:1], ResultField.CALL_BACK_ON)
    notes = [each for each in free if each.has(NOTE_WORDS) and not each.has({"property", "list"})]
    take(notes[:3], ResultField.NOTE)
    return fields


def is_result_file(headers: Sequence[str], sample_rows: Sequence[Sequence[str]]) -> bool:
    """Whether a file tells how calls ended, and is no list of leads: numbers, and a column that says so by its header
    or that has nothing but dispositions."""
    if not any(_is_phone(cell.strip()) for row in sample_rows[:MOST_LOOKED_AT] for cell in row):
        return False  # at once: every list that is imported is asked this
    fields = guess_fields(headers, sample_rows)
    if not {ResultField.NUMBER, ResultField.DISPOSITION} <= set(fields):
        return False
    rows = sample_rows[:MOST_ROWS]
    is_dated = any(
        field is ResultField.CALLED_AT and not CALL_WORDS.isdisjoint(words_of(header))
        for field, header in zip(fields, headers, strict=True)
    )
    columns = (
        _look_at(at, headers[at], [row[at] for row in rows if at < len(row)])
        for at, field in enumerate(fields)
        if field is ResultField.DISPOSITION
    )
    return any(_tells_calls(column, len(rows), is_dated=is_dated) for column in columns)


def _tells_calls(column: _Column, rows: int, *, is_dated: bool) -> bool:
    """Whether a column tells how calls ended, and not how a lead stands."""
    if column.has(RESULT_WORDS) or (column.has(STATUS_WORDS) and column.has(CALL_WORDS)):
        return column.calls >= 0.3
    is_sure = column.calls >= 0.5 and column.results >= 0.9 and column.count >= max(3, rows // 2)
    return is_sure and (is_dated or not column.has({"lead", "contact"}))


def _look_at(at: int, header: str, cells: Iterable[str]) -> _Column:
    """Judge a column by its values, each different one once, and without what cannot be: a thousand columns of long
    texts take no longer than a page may."""
    values = Counter(text for cell in cells if (text := cell.strip()))
    count = values.total()
    repetition = _REPEATED.search(header)
    words = words_of(header)
    numbers = [int(word) for word in words if word.isdecimal() and len(word) < 3]
    first = dict(islice(values.items(), MOST_LOOKED_AT))
    looked_at = sum(first.values())

    def share(is_so: Callable[[str], object]) -> float:
        return sum(times for value, times in first.items() if is_so(value)) / looked_at if looked_at else 0.0

    # Nobody tells how a call ended in a hundred different ways.
    may_be_results = len(values) <= MOST_DISPOSITIONS
    results = {value: outcome_of(value) if may_be_results and len(value) <= 60 else None for value in first}
    return _Column(
        at=at,
        words=words,
        count=count,
        distinct=len(values),
        phones=share(_is_phone),
        results=share(results.get),
        calls=share(lambda value: results[value] not in {None, IGNORED}),
        is_wordy=any(len(value) > 3 for value in first),
        moments=share(lambda value: any(map(str.isdigit, value)) and read_moment(value)),
        clocks=share(lambda value: any(map(str.isdigit, value)) and is_clock(value)),
        ids=share(_OBJECT_ID.fullmatch),
        directions=share(direction_of),
        length=sum(len(value) * times for value, times in first.items()) / looked_at if looked_at else 0.0,
        number=int(repetition[1]) if repetition else (numbers[-1] if numbers else 0),
    )


def _is_phone(value: str) -> bool:
    return len(value) <= 40 and sum(map(str.isdigit, value)) >= 10 and read_phone(value) is not None


def direction_of(text: str) -> str:
    """ "in", "out", or "" for a text that names no direction."""
    return DIRECTIONS.get(text.strip().lower().split(" ")[0].split("_")[0], "") if text.strip() else ""


def _numbers(columns: Sequence[_Column]) -> list[_Column]:
    """The columns with the number that was called; several where a row has all numbers of a person."""
    phones = [each for each in columns if each.phones >= 0.6 or (not each.count and each.has(PHONE_WORDS))]
    phones = [each for each in phones if not each.has({"fax", "email", "license", "duration", "status"})]
    filled = [each for each in phones if each.count]
    called = [each for each in filled if each.has(CALLED_WORDS) and not each.has(CALLER_WORDS - {"outgoing"})]
    if called:
        return called[:1]
    plain = [each for each in filled if not each.has(CALLER_WORDS)]
    # The number that a campaign calls from is the same in every row.
    plain = [each for each in plain if each.distinct > 1 or each.count < 3] or plain
    named = [each for each in plain if each.has(PHONE_WORDS)]
    return named or plain[:1] or filled[:1]


def _results(columns: Sequence[_Column], numbers: Sequence[_Column]) -> list[_Column]:
    """The columns that say how calls ended: one of each number, or one and a second for where it is blank."""
    ranked = [(rank, each) for each in columns if (rank := _result_rank(each))]
    if len(numbers) > 1:
        paired = [each for _, each in ranked if each.number and each.number in {number.number for number in numbers}]
        if len(paired) > 1:
            return sorted(paired, key=lambda each: each.number)
    ranked.sort(key=lambda found: (-found[0], -found[1].results, found[1].at))
    best = [each for _, each in ranked]
    first = best[:1]
    # A second one fills the gaps of the first: "Disposition" is what somebody chose, "Call Status" what the line said.
    second = [each for rank, each in ranked[1:] if rank >= 2 and each.results >= 0.3 and first[0].count < each.count]
    return first + second[:1]


def _result_rank(column: _Column) -> int:
    if column.phones >= 0.5 or column.moments >= 0.5 or column.has(NOTE_WORDS) or column.length > 60:
        return 0
    if (column.directions >= 0.9 and not column.has(RESULT_WORDS)) or column.has({"agent", "user", "rep"}):
        return 0
    says_result = column.has(RESULT_WORDS)
    if says_result and not column.has({"date", "time", "id", "email", "text", "sms", "by", "at"}):
        return 4 if column.has({"disposition", "dispo", "outcome"}) else 3
    says_status = column.has(STATUS_WORDS)
    if says_status and column.has(CALL_WORDS) and not column.has(NOT_RESULTS - {"contact", "code", "lead"}):
        return 3 if column.results >= 0.3 else 2 if not column.count else 0
    if says_status and column.results >= 0.5 and not column.has(NOT_RESULTS - {"lead", "contact", "list"}):
        return 2
    is_told = column.results >= 0.6 and column.count >= 2 and column.is_wordy
    return 1 if is_told and not column.has(OF_PEOPLE | NOT_RESULTS - {"lead", "contact", "type", "list"}) else 0


def _best_moment(columns: Sequence[_Column]) -> list[_Column]:
    found = [
        each
        for each in columns
        if each.moments >= 0.6
        and not each.has(OTHER_MOMENTS | LENGTH_WORDS)
        and not (each.has(BACK_WORDS) and not each.has({"last"}))
    ]
    return sorted(found, key=lambda each: (-_moment_rank(each), each.at))[:1]


def _moment_rank(column: _Column) -> int:
    is_of_record = column.has({"created", "create"})
    return 4 * column.has(CALL_WORDS) + 2 * column.has(MOMENT_WORDS) + column.has({"last"}) - 3 * is_of_record


def _says_when_to_call_back(column: _Column) -> bool:
    is_moment = column.moments >= 0.6 or not column.count
    return is_moment and column.has(BACK_WORDS) and column.has(TOLD_WITH_BACK)

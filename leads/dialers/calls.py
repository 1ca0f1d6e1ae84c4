"""The rows of a dialer's file as calls: which number, how it ended, when, and what was noted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from leads.dialers.columns import ResultField, direction_of, words_of
from leads.dialers.moments import read_clock, read_moment
from leads.dialers.wordings import IGNORED, NOTHING, outcome_of, plain_wording
from leads.imports.values.phones import read_phones

ABOUT_NUMBERS = frozenset({"wrong_number", "disconnected"})
"""Outcomes that say something of the number itself: with several numbers in a row, nobody knows of which."""

LONGEST_NOTE = 2_000

NO_NUMBER = "The row has no phone number."
NO_RESULT = "The row does not say how the call ended."
UNCLEAR_NUMBER = "The row has several numbers and does not say which of them was called."
NOT_CALLED = "The row says that no call was made."


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `numbers` has one number, or all of a person where the file does not say which was called."""

    numbers: tuple[str, ...]
    outcome: str
    wording: str
    """As the dialer wrote it."""

    note: str
    moment: datetime | None
    """With an offset; None when the row does not say when it was."""

    when: str
    """The cells that say when, as they are written: two calls are one when all that they say is the same."""

    call_back_on: date | None
    contact_id: str


@dataclass(frozen=True, slots=True)
class NoCall:
    """A row, or one number of it, that makes no touch, and why; `is_fault` is False where nothing is wrong with it."""

    why: str
    is_fault: bool = True


class CallReader:
    """Reads rows of one file by the fields of its columns.

    :param outcomes: what the user said that wordings mean, by `plain_wording`: an outcome or IGNORED
    :param zone: of times that say no offset
    """

    def __init__(
        self, fields: Sequence[ResultField], headers: Sequence[str], outcomes: Mapping[str, str], zone: ZoneInfo
    ) -> None:
        self.columns = {field: [at for at, each in enumerate(fields) if each is field] for field in ResultField}
        self.pairs = pairs_of(fields, headers)
        self.outcomes, self.zone = outcomes, zone

    def read(self, cells: Sequence[str]) -> list[Call | NoCall]:
        """The calls of a row: one, or one for each number that has a disposition of its own."""
        if self.pairs:
            pairs = [(_cell(cells, number), _cell(cells, result)) for number, result in self.pairs]
            told = [(number, result) for number, result in pairs if _is_said(result)]
            return [self._call(cells, read_phones(number)[:1], (result,)) for number, result in told] or [
                NoCall(NO_RESULT)
            ]
        results = [_cell(cells, at) for at in self.columns[ResultField.DISPOSITION]]
        return [self._call(cells, self._numbers(cells), [result for result in results if _is_said(result)])]

    def wordings(self, cells: Sequence[str]) -> Iterator[str]:
        """The dispositions of a row, which are to be understood: the first one that is understood, or the first."""
        if self.pairs:
            yield from (cell for _, at in self.pairs if _is_said(cell := _cell(cells, at)))
            return
        found = [cell for at in self.columns[ResultField.DISPOSITION] if _is_said(cell := _cell(cells, at))]
        if found:
            yield next((cell for cell in found if self.outcome(cell)), found[0])

    def outcome(self, wording: str) -> str | None:
        """What a wording means: as the user said, or else by its words."""
        return self.outcomes.get(plain_wording(wording)) or outcome_of(wording)

    def _numbers(self, cells: Sequence[str]) -> tuple[str, ...]:
        ways = [direction_of(_cell(cells, at)) for at in self.columns[ResultField.DIRECTION]]
        callers = self.columns[ResultField.CALLER]
        columns = callers if callers and ways == ["in"] else self.columns[ResultField.NUMBER]
        return tuple(dict.fromkeys(number for at in columns for number in read_phones(_cell(cells, at))))

    def _call(self, cells: Sequence[str], numbers: tuple[str, ...], results: Sequence[str]) -> Call | NoCall:
        if not results:
            return NoCall(NO_RESULT)
        wording = next((result for result in results if self.outcome(result)), results[0])
        outcome = self.outcome(wording)
        if outcome is None:
            return NoCall(f"Nobody has said what “{wording[:60]}” means.")
        if outcome == IGNORED:
            return NoCall(NOT_CALLED, is_fault=False)
        if not numbers:
            return NoCall(NO_NUMBER)
        if len(numbers) > 1 and outcome in ABOUT_NUMBERS:
            return NoCall(UNCLEAR_NUMBER)
        back = read_moment(self._first(cells, ResultField.CALL_BACK_ON))
        when = [self._first(cells, field) for field in (ResultField.CALLED_AT, ResultField.CALLED_TIME)]
        return Call(
            numbers=numbers,
            outcome=outcome,
            wording=wording.strip(),
            note=self._note(cells),
            moment=_moment_of(*when, self.zone),
            when=" ".join(part for part in when if part),
            call_back_on=back.date() if isinstance(back, datetime) else back,
            contact_id=self._first(cells, ResultField.CONTACT_ID),
        )

    def _first(self, cells: Sequence[str], field: ResultField) -> str:
        columns = self.columns[field]
        return _cell(cells, columns[0]) if columns else ""

    def _note(self, cells: Sequence[str]) -> str:
        notes = (_cell(cells, at) for at in self.columns[ResultField.NOTE])
        return " ".join(dict.fromkeys(note for note in notes if note))[:LONGEST_NOTE]


def pairs_of(fields: Sequence[ResultField], headers: Sequence[str]) -> list[tuple[int, int]]:
    """Which disposition belongs to which number, where a row has several of both: by the numbers in their headers,
    else in their order. Empty when there is one of either."""
    numbers = [at for at, field in enumerate(fields) if field is ResultField.NUMBER]
    results = [at for at, field in enumerate(fields) if field is ResultField.DISPOSITION]
    if len(numbers) < 2 or len(results) < 2:
        return []
    by_index = {_index_of(headers[at]): at for at in results}
    paired = [(at, by_index[index]) for at in numbers if (index := _index_of(headers[at])) and index in by_index]
    if len(paired) == len(results):
        return paired
    return list(zip(numbers, results, strict=False)) if len(numbers) == len(results) else []


def _index_of(header: str) -> str:
    return next((word for word in reversed(words_of(header)) if word.isdecimal()), "")


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at].strip() if at < len(cells) else ""


def _is_said(text: str) -> bool:
    plain = plain_wording(text)
    return bool(plain) and (plain not in NOTHING or plain == "other")


@lru_cache(maxsize=1024)
def _moment_of(day: str, clock: str, zone: ZoneInfo) -> datetime | None:
    """When a call was: at noon of a day without a time."""
    found = read_moment(day)
    if found is None:
        return None
    if not isinstance(found, datetime):
        found = datetime.combine(found, read_clock(clock) or NOON)
    return found if found.tzinfo else found.replace(tzinfo=zone)


NOON = datetime(2000, 1, 1, 12).time()

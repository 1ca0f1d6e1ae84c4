"""Files for dialers: callable numbers alone, in the order in which to call them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from leads.calling import Number
from leads.exports.people import Person
from leads.exports.seen import Seen
from leads.exports.tally import Tally
from leads.hours import hours_of

Called = tuple[Person, Sequence[Number]]
"""A person with all of their numbers in the order of calling, each with why it may not be called."""

MOST_NUMBERS = 10
"""A dialer takes hardly more numbers of one person."""

NO_NUMBER = "no phone number"
NOT_CALLABLE = "no number that may be called"
BEYOND = f"beyond the {MOST_NUMBERS}th number of a person"
REPEATED = "on another row already"

PERSON_COLUMNS = (
    "Atlas ID", "First Name", "Last Name", "Company",
    "Property Address", "Property City", "Property State", "Property ZIP",
    "Mailing Address", "Mailing City", "Mailing State", "Mailing ZIP", "Email", "Stage",
    "Time Zone", "Time Zone From", "Checked On",
)  # fmt: skip


def rows_per_person(people: Iterable[Called], tally: Tally, zone: tzinfo, width: int) -> Iterator[list[object]]:
    """The heading, and a row for each person with a callable number: `width` pairs of columns hold the numbers."""
    width = min(max(width, 1), MOST_NUMBERS)
    numbers = [text for number in range(1, width + 1) for text in (f"Phone {number}", f"Phone {number} Type")]
    yield [*PERSON_COLUMNS[:4], *numbers, *PERSON_COLUMNS[4:]]
    for person, callables in callable_people(people, tally):
        out = callables[:width]
        if len(out) < len(callables):
            tally.left_numbers[BEYOND] += len(callables) - len(out)
        tally.numbers_out += len(out)
        tally.contacts_out += 1
        tally.rows += 1
        phones = [text for each in out for text in (each.number, each.kind)]
        phones += [""] * (2 * width - len(phones))
        who, rest = _cells(person, out, zone)
        yield [*who, *phones, *rest]


def rows_per_number(people: Iterable[Called], tally: Tally, zone: tzinfo) -> Iterator[list[object]]:
    """The heading, and a row for each callable number: one that several people share is called once."""
    yield [*PERSON_COLUMNS[:4], "Phone", "Phone Type", "Call Order", *PERSON_COLUMNS[4:]]
    with Seen() as seen:
        for person, callables in callable_people(people, tally):
            fresh = [each for each in callables if seen.is_new(each.number)]
            if len(fresh) < len(callables):
                tally.left_numbers[REPEATED] += len(callables) - len(fresh)
            if not fresh:
                tally.leave("every number is on another row already")
                continue
            tally.contacts_out += 1
            for place, number in enumerate(fresh, start=1):
                tally.numbers_out += 1
                tally.rows += 1
                who, rest = _cells(person, [number], zone)
                yield [*who, number.number, number.kind, place, *rest]


def callable_people(people: Iterable[Called], tally: Tally) -> Iterator[tuple[Person, list[Number]]]:
    """Those who have a callable number, with these alone; the others are counted by why not."""
    for person, numbers in people:
        tally.contacts += 1
        callables = []
        for number in numbers:
            if number.why_not is None:
                callables.append(number)
            else:
                tally.left_numbers[str(number.why_not)] += 1
        tally.widest = max(tally.widest, len(callables))
        if callables:
            yield person, callables
        else:
            tally.leave(NOT_CALLABLE if numbers else NO_NUMBER)


def _cells(person: Person, numbers: Sequence[Number], zone: tzinfo) -> tuple[list[object], list[object]]:
    """The cells before the numbers and those behind them. A check is as old as the oldest one of the row."""
    hours = hours_of(person)
    checks = [each.checked_at for each in numbers if each.checked_at]
    who: list[object] = [person.id, person.first_name, person.last_name, person.company]
    rest: list[object] = [
        *(person.address, person.city, person.state, person.zip),
        *(person.mailing_address, person.mailing_city, person.mailing_state, person.mailing_zip),
        *(person.email, person.stage, " or ".join(hours.zones), hours.told_by),
        _day(min(checks), zone) if checks else "",
    ]
    return who, rest


def _day(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).date().isoformat()

"""The file for another CRM: the original columns as they were, and behind them what Atlas knows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from leads.calling import Number
from leads.exports.dialers import Called
from leads.exports.people import Person
from leads.exports.tally import Tally
from leads.hours import hours_of

NUMBERS = 5
EMAILS = 3

Headers = Mapping[str, Sequence[str]]
"""The names of the columns of each file, by the id of its import, as tables give them: unique within one file."""


def rows_per_contact(people: Iterable[Called], tally: Tally, zone: tzinfo, headers: Headers) -> Iterator[list[object]]:
    """The heading, and a row for each contact; nothing is left out.

    The original columns of several files are joined by their names: those of the first file, then what others add.
    A contact that a later file brought up to date has what that file says, and in columns that it lacks what the
    earlier one said.
    """
    original = list(dict.fromkeys(header for names in headers.values() for header in names))
    columns = {import_id: {header: at for at, header in enumerate(names)} for import_id, names in headers.items()}
    yield [*original, *heading()]
    for person, numbers in people:
        tally.contacts += 1
        tally.contacts_out += 1
        tally.rows += 1
        tally.numbers_out += len(numbers)
        yield [*original_cells(person, original, columns), *_cells(person, numbers, zone)]


def original_cells(person: Person, names: Sequence[str], columns: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What the files of a contact said in each column, the newest one first."""
    origin = person.origin or {}
    files = [(columns.get(each.get("importId", ""), {}), each.get("cells") or ()) for each in origins_of(origin)]
    if len(files) == 1 and len(files[0][0]) == len(names):  # the plain case: one file, its columns are all there are
        cells = files[0][1]
        return [*cells[: len(names)], *[""] * (len(names) - len(cells))]
    found = []
    for name in names:
        cell = ""
        for places, cells in files:
            at = places.get(name)
            if at is not None:
                cell = cells[at] if at < len(cells) else ""
                break
        found.append(cell)
    return found


def origins_of(origin: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of files that a contact was made and brought up to date of, the newest one first."""
    if not origin:
        return []
    earlier = origin.get("earlier") or []
    return [origin, *(each for each in earlier if isinstance(each, Mapping))] if isinstance(earlier, list) else [origin]


def heading() -> list[str]:
    """The names of the columns of Atlas: told from original ones, which often have the same names."""
    phones = [
        f"Atlas Phone {number}{part}"
        for number in range(1, NUMBERS + 1)
        for part in ("", " Type", " May Be Called", " Checked On")
    ]
    return [
        *("Atlas ID", "Atlas First Name", "Atlas Last Name", "Atlas Company"),
        *("Atlas Property Address", "Atlas Property City", "Atlas Property State", "Atlas Property ZIP"),
        *("Atlas County", "Atlas APN"),
        *("Atlas Mailing Address", "Atlas Mailing City", "Atlas Mailing State", "Atlas Mailing ZIP"),
        *phones,
        "Atlas More Phones",
        *(f"Atlas Email {number}" for number in range(1, EMAILS + 1)),
        *("Atlas Stage", "Atlas Dead Reason", "Atlas Score", "Atlas Next Touch", "Atlas Last Outcome"),
        *("Atlas Last Touched", "Atlas Do Not Call", "Atlas Do Not Mail", "Atlas Litigator", "Atlas Deceased"),
        *("Atlas Trace Result", "Atlas Traced On", "Atlas Time Zone"),
    ]


def _cells(person: Person, numbers: Sequence[Number], zone: tzinfo) -> list[object]:
    phones: list[object] = []
    for each in numbers[:NUMBERS]:
        may = "yes" if each.why_not is None else f"no: {each.why_not}"
        phones += [each.number, each.kind, may, _day(each.checked_at, zone)]
    phones += [""] * (4 * NUMBERS - len(phones))
    more = "; ".join(
        each.number if each.why_not is None else f"{each.number} (no: {each.why_not})" for each in numbers[NUMBERS:]
    )
    emails = [str(email.get("address") or "") for email in person.emails[:EMAILS]]
    return [
        *(person.id, _joined(person.first_name, person.middle_name), _joined(person.last_name, person.suffix)),
        person.company,
        *(person.address, person.city, person.state, person.zip, person.county, person.apn),
        *(person.mailing_address, person.mailing_city, person.mailing_state, person.mailing_zip),
        *phones,
        more,
        *emails,
        *[""] * (EMAILS - len(emails)),
        *(person.stage, person.dead_reason, person.engagement_score, _plain_day(person.next_touch_on)),
        *(person.last_outcome, _day(person.last_touched_at, zone)),
        *(_yes_no(person.do_not_call), _yes_no(person.do_not_mail)),
        *(_known(person.is_litigator), _known(person.is_deceased)),
        *(person.trace_outcome, _day(person.traced_at, zone), " or ".join(hours_of(person).zones)),
    ]


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _day(moment: datetime | None, zone: tzinfo) -> str:
    return moment.astimezone(zone).date().isoformat() if moment else ""


def _plain_day(day: datetime | date | None) -> str:
    """A day without a time is that day in every zone."""
    if day is None:
        return ""
    return (day.date() if isinstance(day, datetime) else day).isoformat()


def _yes_no(value: bool | None) -> str:
    return "yes" if value else "no"


def _known(value: bool | None) -> str:
    """Unknown is not "no"."""
    return "" if value is None else _yes_no(value)

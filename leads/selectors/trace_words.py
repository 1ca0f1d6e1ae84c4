"""What the states of traced contacts mean for their user: one table, from which pages, files and mails are written."""

from collections.abc import Mapping
from dataclasses import dataclass

from leads.models.traces import RowState


@dataclass(frozen=True)
class StateWords:
    """What a state is called, what it means in a sentence, and whether its rows are charged."""

    state: RowState
    title: str
    meaning: str
    is_charged: bool = False


WORDS = (
    StateWords(RowState.HIT, "Phone found", "Their numbers and e-mails are with the contacts.", is_charged=True),
    StateWords(
        RowState.YOURS,
        "Yours already",
        "You bought them within the last 90 days: what was found then is attached, and nobody was asked.",
    ),
    StateWords(
        RowState.UNCHANGED,
        "Asked anew, nothing changed",
        "Their numbers are those that you bought, and were checked again. It is one of your free ones of this month.",
    ),
    StateWords(RowState.LATE, "Phone found, delivered free", "The answer came after the credits had gone back to you."),
    StateWords(RowState.NO_PHONE, "E-mail only", "E-mails are with the contacts. Only a phone number is charged."),
    StateWords(RowState.LITIGATOR, "Known litigator", "Numbers withheld, nothing charged."),
    StateWords(RowState.MISS, "Nothing on file", "They are neither asked nor charged again for 30 days."),
    StateWords(
        RowState.UNLINKED,
        "Answer could not be matched",
        "What came fitted nobody for certain, so nobody was given it.",
    ),
    StateWords(
        RowState.UNKNOWN,
        "Sent, and no answer came",
        "They are not sent again blindly. Their credits come back after 24 hours at the latest; an answer that turns "
        "up after that is delivered free.",
    ),
    StateWords(RowState.ERROR, "The data vendor could not answer", "You can have them asked again."),
    StateWords(RowState.CANCELLED, "Stopped by you", "They were not asked."),
    StateWords(
        RowState.EXPIRED,
        "Not done in time",
        "They were not asked: credits are held for 72 hours at most, and never past the end of your period.",
    ),
)
"""Every state in which a row can end, in the order in which a reader cares."""

WITH_PHONE = (RowState.HIT, RowState.YOURS, RowState.UNCHANGED, RowState.LATE)
"""The states of contacts that have got phone numbers. What was bought before may hold e-mails alone."""


def count_of(counts: Mapping[str, int], *states: RowState) -> int:
    """How many rows are in one of these states."""
    return sum(counts.get(state, 0) for state in states)

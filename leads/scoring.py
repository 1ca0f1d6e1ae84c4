"""Whom to call first: points that add up, each with what it is for. Pure, and documented by its own receipt.

The engagement score orders calls and nothing else. It knows what can be dialed, how earlier calls ended and where the
lead stands. Religion, sex, marital status (so divorce filings too), children, age and surnames are never part of it.
The formula has a version: a change of it is a new one.
"""

from dataclasses import dataclass

VERSION = 1

CALLABLE = 30
SECOND_CALLABLE = 5
MOBILE = 5
UNCHECKED = 5
VENDOR_SCORE_SHARE = 10  # of a hundred
EMAIL = 2
MAILING_ADDRESS = 3
OWN_PROPERTY = 5
UNANSWERED, UNANSWERED_MOST = -3, -15

OUTCOMES = {
    "interested": ("Last said to be interested", 25),
    "call_back": ("Asked to be called back", 20),
    "not_interested": ("Last said not to be interested", -25),
}
STAGES = {
    "talking": ("Talking already", 10),
    "offer_made": ("Offer made", 15),
    "under_contract": ("Under contract", 5),
    "closed": ("Closed", -40),
    "nurture": ("To be kept warm", -5),
    "dead": ("Dead", -40),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a contact that counts."""

    callable_count: int = 0
    has_phone: bool = False
    best_score: int | None = None
    best_is_mobile: bool = False
    has_email: bool = False
    has_mailing_address: bool = False
    has_property: bool = False
    touches: int = 0
    last_outcome: str | None = None
    stage: str = "new"
    must_not_be_called: bool = False
    """Who is on a do-not-call list as a person, a known litigator, or deceased."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one fact adds to a score."""

    label: str
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """A score and its receipt: the points of the parts come to the total, which is never below zero."""

    total: int
    version: int
    parts: tuple[Part, ...]


def score(facts: Facts) -> Score:
    """The score of a contact, at most 100."""
    parts = [Part(label, points) for label, points in _parts(facts) if points]
    total = sum(part.points for part in parts)
    if facts.must_not_be_called and total:
        parts.append(Part("Not to be called", -total))
        total = 0
    elif total < 0:
        parts.append(Part("No score is below zero", -total))
        total = 0
    return Score(total=total, version=VERSION, parts=tuple(parts))


def _parts(facts: Facts) -> list[tuple[str, int]]:
    parts = []
    if facts.callable_count:
        parts = [("A number that may be dialed", CALLABLE)]
        if facts.callable_count > 1:
            parts.append(("A second one", SECOND_CALLABLE))
        if facts.best_score:
            parts.append((f"Vendor's score of the best number, {facts.best_score}", _share(facts.best_score)))
        if facts.best_is_mobile:
            parts.append(("The best number is a mobile", MOBILE))
    elif facts.has_phone:
        parts = [("A number that must be checked first", UNCHECKED)]
    if facts.has_email:
        parts.append(("An e-mail address", EMAIL))
    if facts.has_mailing_address:
        parts.append(("A mailing address", MAILING_ADDRESS))
    if facts.has_property:
        parts.append(("You own the property's data", OWN_PROPERTY))
    if facts.last_outcome in OUTCOMES:
        parts.append(OUTCOMES[facts.last_outcome])
    elif facts.touches:
        label = f"{facts.touches} attempt{'' if facts.touches == 1 else 's'} so far"
        parts.append((label, max(UNANSWERED * facts.touches, UNANSWERED_MOST)))
    if facts.stage in STAGES:
        parts.append(STAGES[facts.stage])
    return parts


def _share(vendor_score: int) -> int:
    return max(0, min(vendor_score, 100)) * VENDOR_SCORE_SHARE // 100

"""Whom of a list can be traced, with what each choice costs at most and whom it leaves out, and its quote."""

from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from accounts.models import User
from credits import selectors as credit_selectors
from credits.models import CreditType, Quote
from leads.models import LeadGroup
from leads.selectors.contacts import ContactSelection
from leads.selectors.groups import find_group
from leads.selectors.trace_pages import find_trace
from leads.services.traces import MOST_TRACED, NothingToTrace, TraceCount, count_traceable, quote_trace
from leads.services.traces.quotes import KIND

FIRST_FEW = 10
"""How many are traced to see what comes."""

COUNTED_AT_ONCE = 5_000
"""Of a longer list the page is shown before its contacts are counted, which takes seconds."""

CHOSEN, MATCHING, FIRST, REST, ALL, ANEW = "chosen", "matching", "first", "rest", "all", "anew"


@dataclass(frozen=True)
class FreeLine:
    """Contacts that cost nothing: how many, what they are, and what becomes of them."""

    count: int
    title: str
    meaning: str


@dataclass(frozen=True)
class Choice:
    """One answer to whom to trace. `cost` is the most that it can cost, in credits, and `left` the balance after it."""

    scope: str
    title: str
    counts: TraceCount
    cost: int
    left: int

    @property
    def units(self) -> int:
        """How many contacts can be charged."""
        return self.counts.units

    @property
    def free(self) -> list[FreeLine]:
        return free_lines(self.counts)


@dataclass(frozen=True)
class ChoicesPage:
    """What the page shows that asks whom to trace, `selection` those who were selected on the list."""

    group: LeadGroup
    choices: list[Choice]
    selection: ContactSelection | None
    balance: int
    # The choice whose free contacts are told: the selected ones, or those without a number.
    told: Choice

    @property
    def offers_anew(self) -> bool:
        """Whether some are the user's with numbers over 30 days old, for whom the vendor can be asked again."""
        return bool(self.told.counts.old)

    @property
    def has_too_few(self) -> bool:
        return any(choice.left < 0 for choice in self.choices)


def free_lines(counts: TraceCount) -> list[FreeLine]:
    """Those of a choice that are not charged, and why; nobody is named twice."""
    lines = (
        FreeLine(counts.left_out, "Have a phone number already", "They are left alone, unless you trace them as well."),
        FreeLine(
            counts.yours - counts.old,
            "Yours already",
            "You bought them within the last 90 days: what was found then is attached, free.",
        ),
        FreeLine(
            counts.old,
            "Yours, with numbers over 30 days old",
            "You bought them within the last 90 days. They are asked for anew only if you choose so.",
        ),
        FreeLine(
            counts.missed_lately,
            "Nothing on file lately",
            "They were asked for within the last 30 days, and are neither asked nor charged again yet.",
        ),
        FreeLine(
            counts.duplicates,
            "The same person again",
            "A person at an address is traced once, and every contact of that person gets the result.",
        ),
        FreeLine(counts.under_way, "Being traced", "A skip trace of yours that runs is about them."),
        FreeLine(
            counts.untraceable,
            "Cannot be traced",
            "They have no address, or too little of one. Mend it on the list, or in the file.",
        ),
    )
    return [line for line in lines if line.count]


def why_nobody(counts: TraceCount) -> str:
    """Why nobody of a choice is left to trace, in a sentence."""
    lines = "; ".join(f"{line.title.lower()}: {line.count:,}" for line in free_lines(counts))
    return f"There is nobody to trace{f' ({lines})' if lines else ''}. Nothing was charged."


def is_counted_later(group: LeadGroup, selection: ContactSelection | None) -> bool:
    """Whether so many contacts are to be counted that the page is shown before. Selected ids are few."""
    return group.total_contacts > COUNTED_AT_ONCE and not (selection and selection.ids)


def choices_page(*, user: User, group: LeadGroup, selection: ContactSelection | None, now: datetime) -> ChoicesPage:
    """Return what can be chosen: the selected contacts, if there are any, else those without a number, or some.

    Of a list that is longer than what one quote takes, only so many are counted.
    """
    if selection:
        ids = _ids_of(selection, group, now)
        counts = count_traceable(user=user, group=group, contact_ids=ids, now=now)
        found = [(CHOSEN if selection.ids else MATCHING, counts)]
    else:
        everybody = count_traceable(user=user, group=group, most=MOST_TRACED, now=now)
        rest = everybody.skipping_phones()
        found = [(REST, rest)]
        if _most_units(rest) > FIRST_FEW:
            found.insert(0, (FIRST, TraceCount(to_ask=FIRST_FEW)))
        if rest.left_out:
            found.append((ALL, everybody))
    if old := found[-1][1].old:
        found.append((ANEW, TraceCount(to_ask=old)))
    costs = credit_selectors.price_each(
        user_id=user.pk, offers=[{CreditType.SKIPTRACE.value: _most_units(counts)} for _, counts in found]
    )
    balance = credit_selectors.header_balance(user)
    choices = [
        Choice(scope, _title(scope, counts), counts, cost, balance - cost)
        for (scope, counts), cost in zip(found, costs, strict=True)
    ]
    told = next(choice for choice in choices if choice.scope in {CHOSEN, MATCHING, REST})
    shown = [choice for choice in choices if _most_units(choice.counts)]
    return ChoicesPage(group=group, choices=shown, selection=selection, balance=balance, told=told)


def _ids_of(selection: ContactSelection, group: LeadGroup, now: datetime) -> list[ObjectId]:
    """The selected contacts, up to what one quote takes."""
    return list(selection.rows(group, now).values_list("pk", flat=True)[:MOST_TRACED])


def _most_units(counts: TraceCount) -> int:
    """How many a quote would be about at most: where the counting stopped, nobody knows of more than its limit."""
    return counts.units if counts.is_whole else MOST_TRACED


def _title(scope: str, counts: TraceCount) -> str:
    number = f"{_most_units(counts):,}"
    if scope == FIRST:
        return f"The first {number}"
    if scope in {CHOSEN, MATCHING}:
        return f"The {number} selected"
    if scope == ANEW:
        return f"Ask anew for {number} whose numbers are over 30 days old"
    number = f"All {number}" if counts.is_whole else f"Up to {number}"
    if scope == ALL:
        return f"{number}, also with a number"
    return f"{number} without a number" if counts.left_out else number


def quote_choice(
    *, user: User, group: LeadGroup, scope: str, selection: ContactSelection | None, now: datetime
) -> Quote:
    """Offer to trace those of a choice; nothing is asked or held. Raises `traces.NothingToTrace`."""
    ids = _ids_of(selection, group, now) if selection else None
    if scope == ANEW:
        return quote_trace(user=user, group=group, contact_ids=ids, asks_anew=True, now=now)
    if scope in {CHOSEN, MATCHING} and selection:
        return quote_trace(user=user, group=group, contact_ids=ids, now=now)
    if scope == FIRST:
        return quote_trace(user=user, group=group, skips_with_phone=True, most=FIRST_FEW, now=now)
    return quote_trace(user=user, group=group, skips_with_phone=scope != ALL, now=now)


def quote_again(*, user: User, quote_id: str, now: datetime) -> Quote:
    """Offer the same as an offer that is over, at today's price, without those who were traced since.

    Raises Quote.DoesNotExist (for another user's too), and `traces.NothingToTrace`.
    """
    quote = Quote.objects.get(pk=quote_id, user_id=user.pk, kind=KIND)
    subject = quote.subject
    group = find_group(user, subject["group"])
    if group is None:
        raise NothingToTrace(TraceCount())
    return quote_trace(
        user=user,
        group=group,
        contact_ids=subject["contact_ids"],
        joins=find_trace(user, subject["enrichment"]),
        most=sum(line["units"] for line in quote.lines),
        skips_with_phone=subject["skips_with_phone"],
        asks_anew=subject.get("asks_anew", False),
        now=now,
    )

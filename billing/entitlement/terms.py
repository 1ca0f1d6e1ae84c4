"""The terms of a subscription that were billed, with the changes of plan inside each, and their months."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from atlas_site.vendors.chargebee.objects import Customer, CustomerAccount, InvoiceLine, Subscription
from billing.entitlement.money import InvoiceMoney, moment_of_version
from billing.entitlement.results import OfferLike, Period

PLAN_LINE = "plan_item_price"
YEAR = "year"
DAYS_A_YEAR = 365.25

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)
OVER = {"cancelled", "transferred"}
RUNNING = {"active", "in_trial", "non_renewing", "paused"}


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A line that bills a plan for a span. `offer` is None where nobody knows its item price."""

    line: InvoiceLine
    money: InvoiceMoney
    subscription_id: str
    start: datetime
    end: datetime
    offer: OfferLike | None

    @property
    def credits(self) -> int:
        """The credits that the plan brings each month."""
        return self.offer.credits * max(self.line.quantity, 1) if self.offer else 0

    @property
    def first_paid(self) -> datetime:
        """When it was paid for the first time, the end of time if it never was."""
        return self.money.paid_from(LONG_AGO) or NEVER

    @property
    def order(self) -> tuple[datetime, datetime, int, str, str]:
        """When it began; of lines of one second, which invoice was made first. Ids that are numbers count as such."""
        invoice = self.money.invoice
        return self.start, invoice.date, len(invoice.id), invoice.id, self.line.id


@dataclass(slots=True)
class Term:
    """A term that was billed as a whole, and the changes of plan within it.

    `cut` is where a term of another length began before this one was over, such as a year within a month.
    """

    base: PlanLine
    changes: list[PlanLine] = field(default_factory=list)
    cut: datetime | None = None

    @property
    def start(self) -> datetime:
        return self.base.start

    @property
    def end(self) -> datetime:
        """When it is over: at its end, or where it was cut."""
        return self.cut or self.base.end

    def has_change(self, line: PlanLine) -> bool:
        """Whether this line changes the plan within the term: it runs to the same end and begins no earlier."""
        return self.start <= line.start < self.base.end == line.end

    def periods(self) -> Iterator[Period]:
        """Yield the spans that are granted for one by one: the term of a monthly plan, each month of a yearly one.

        The months of a year begin on the day of the month of its start, or on the last day of a shorter month, always
        counted from the start. The last one ends with the term.
        """
        base = self.base
        if base.offer is None:
            return
        months = 1
        if base.offer.period_unit == YEAR:
            years = max(1, round((base.end - base.start).total_seconds() / 86_400 / DAYS_A_YEAR))
            months = 12 * years
        for number in range(months):
            start = add_months(base.start, number)
            if start >= base.end:
                return
            is_last = number == months - 1
            end = base.end if is_last else min(add_months(base.start, number + 1), base.end)
            yield Period(base.subscription_id, start, end)


@dataclass(frozen=True, slots=True)
class Life:
    """How a subscription stands: `over_at` is when it ended for good or until it is reactivated, None while it lives.

    `paused_at` is since when it is paused, None if it is not. `began_at` is when it was made.
    """

    subscription_id: str
    began_at: datetime
    over_at: datetime | None = None
    paused_at: datetime | None = None

    def is_live_at(self, moment: datetime) -> bool:
        """Whether it was there and not over at this moment, as far as its present state tells."""
        return self.began_at <= moment and (self.over_at is None or moment < self.over_at)


def plan_lines(
    account: CustomerAccount, money: Mapping[str, InvoiceMoney], offers: Mapping[str, OfferLike]
) -> list[PlanLine]:
    """Return all lines that bill a plan for a span of time, in order."""
    found = []
    for invoice in account.invoices:
        if not money[invoice.id].bills:
            continue
        for line in invoice.lines:
            subscription_id = line.subscription_id or invoice.subscription_id
            if line.entity_type != PLAN_LINE or not subscription_id or line.amount_cents < 0:
                continue
            if line.date_from is None or line.date_to is None or line.date_to <= line.date_from:
                continue
            offer = offers.get(line.entity_id or "")
            offer = offer if offer is not None and offer.kind == "plan" else None
            found.append(PlanLine(line, money[invoice.id], subscription_id, line.date_from, line.date_to, offer))
    return sorted(found, key=lambda line: line.order)


def read_terms(lines: list[PlanLine]) -> dict[str, list[Term]]:
    """Return the billed terms of each subscription in order, changes of plan within a term put to it.

    A line is a change when it runs to the end of the term before; one that runs to another end (from monthly to
    yearly, or a term that was started anew) is a new term, which cuts the one before. Of lines for the same span, such
    as one that was never paid and one that was billed in its place, the term is that which was paid first.
    """
    terms: dict[str, list[Term]] = {}
    for line in lines:
        own = terms.setdefault(line.subscription_id, [])
        running = own[-1] if own else None
        if running is not None and running.has_change(line):
            running.changes.append(line)
            if line.start == running.start and line.first_paid < running.base.first_paid:
                running.base, running.changes[-1] = line, running.base
            continue
        if running is not None and line.start < running.end:
            running.cut = line.start
        own.append(Term(line))
    return terms


def read_life(subscription: Subscription | None, subscription_id: str, customer: Customer | None) -> Life:
    """Return since when a subscription is over or paused.

    `cancelled_at` also says when one will be cancelled, and a deleted one keeps its status (Chargebee API reference).
    One that Chargebee does not tell of is over, as far as credits go.
    """
    if subscription is None:
        return Life(subscription_id, LONG_AGO, over_at=LONG_AGO)
    began = subscription.created_at or subscription.started_at or subscription.current_term_start or LONG_AGO
    over = None
    is_gone = subscription.deleted or (customer is not None and customer.deleted)
    if subscription.status in OVER or is_gone:
        changed = moment_of_version(subscription.resource_version)
        over = subscription.cancelled_at if subscription.status in OVER else changed
        over = over or changed or subscription.current_term_end or began
    paused = None
    if over is None and subscription.status == "paused":
        paused = subscription.pause_date or moment_of_version(subscription.resource_version) or began
    return Life(subscription_id, began, over_at=over, paused_at=paused)


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day and time so many months later, or the last day of a month that is too short for it."""
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))

"""The price table of Atlas. Price page, help article, quote, receipt and ledger all render from here.

What is charged is the money rule: credits are whole numbers, each operation has a unit type, and staff may adjust what
a unit of a type costs (`CreditWeight`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from credits.models import CreditType, CreditWeight
from credits.money import price, weight_of

DEFAULT_WEIGHTS = {CreditType.SEARCH: Decimal(1), CreditType.SKIPTRACE: Decimal("0.5")}


@dataclass(frozen=True)
class Operation:
    """One thing that credits are spent on."""

    key: str
    name: str
    credit_type: CreditType
    unit: str
    a_hit: str


@dataclass(frozen=True)
class PricedOperation:
    """A row of the price table at today's weights. `hundred` is what 100 hits cost, in credits.

    A raise that is announced is in `next_weight`, which holds from `next_weight_from` on.
    """

    operation: Operation
    weight: Decimal
    one: int
    hundred: int
    next_weight: Decimal | None = None
    next_weight_from: datetime | None = None


@dataclass(frozen=True)
class PriceChange:
    """What a typical job costs before and after a change of its weight, in credits."""

    job: str
    before: int
    after: int


@dataclass(frozen=True)
class PriceTable:
    """The whole table: what costs something, and what never does."""

    rows: tuple[PricedOperation, ...]
    free: tuple[str, ...]


OPERATIONS = (
    Operation(
        "reveal",
        "Reveal a property from a search",
        CreditType.SEARCH,
        "a property",
        "The property's record came back. Basic facts are unlocked, and what the search itself proved is kept.",
    ),
    Operation(
        "unlock",
        "Unlock a dataset of a property",
        CreditType.SEARCH,
        "a dataset",
        "At least one value that we show. Ids, codes, check dates, zeros and “Unknown” are not values.",
    ),
    Operation(
        "unlock_contact",
        "Unlock phones and e-mails of a property",
        CreditType.SKIPTRACE,
        "a property",
        "At least one phone number. E-mail addresses alone are delivered free.",
    ),
    Operation(
        "comparables",
        "Reveal comparable properties",
        CreditType.SEARCH,
        "a property that is new to you, at most 10",
        "The property's record came back.",
    ),
    Operation(
        "skiptrace",
        "Skip-trace a contact",
        CreditType.SKIPTRACE,
        "a contact",
        "A match with at least one phone number. E-mail only is free; a litigator's numbers are withheld, free.",
    ),
    Operation(
        "divorce",
        "Open a divorce lead",
        CreditType.SEARCH,
        "a lead",
        "The lead opens. ZIP, grade and days in case are seen before, free.",
    ),
    Operation(
        "refresh",
        "Ask again for data that you own",
        CreditType.SEARCH,
        "a dataset",
        "Owner, sale, lien, status or listing price changed, or an estimate by more than 5%. "
        "50 refreshes a month that bring nothing new are free.",
    ),
    Operation(
        "refresh_contact",
        "Ask again for phones that you own",
        CreditType.SKIPTRACE,
        "a property or contact",
        "A number came, went, or is to be called no more. For 90 days after you bought them, they are one purchase, "
        "attached free; once they are over 30 days old they are asked for anew if you choose so.",
    ),
)

# What quotes are for, by their kind, as lists of receipts and of usage call it.
KIND_NAMES = {
    "reveal": "Revealed properties",
    "unlock": "Unlocked datasets",
    "refresh": "Refreshed data",
    "comparables": "Comparable properties",
    "skiptrace": "Skip traces",
    "divorce": "Divorce leads",
}

ALWAYS_FREE = (
    "Counts, previews and quotes",
    "Misses, and anything the data provider failed to deliver",
    "Anything you already own, however you came by it",
    "Runs of a saved search",
    "A person that you traced or unlocked within the last 90 days",
    "Asking again, within 30 days, for what was not found",
)


# What a change of a weight is judged by, with the units of each job.
TYPICAL_JOBS = {
    CreditType.SEARCH: (
        ("Reveal 1 property", 1),
        ("Reveal 100 properties", 100),
        ("Reveal 1,000 properties", 1_000),
        ("Unlock 3 datasets of a property", 3),
    ),
    CreditType.SKIPTRACE: (
        ("Trace 1 contact", 1),
        ("Trace 100 contacts", 100),
        ("Trace 1,000 contacts", 1_000),
        ("Trace a list of 2,500", 2_500),
    ),
}


def typical_prices(credit_type: str, before: Decimal, after: Decimal) -> tuple[PriceChange, ...]:
    """Return what typical jobs of a type cost at two weights, in credits, with nothing prepaid."""
    return tuple(
        PriceChange(job, price(units, before), price(units, after))
        for job, units in TYPICAL_JOBS[CreditType(credit_type)]
    )


def operation_of(kind: str, credit_type: str) -> Operation:
    """Return the row of the price table that a line of a quote of this kind is about."""
    of_type = [operation for operation in OPERATIONS if operation.credit_type == credit_type]
    return next((operation for operation in of_type if operation.key.startswith(kind)), of_type[0])


def weight_at(row: CreditWeight, moment: datetime) -> Decimal:
    """Return the weight that is in force at a moment: the announced one from its day on.

    A document of another writer may lack its weight, which then is the default.
    """
    is_due = row.next_weight_from is not None and row.next_weight_from <= moment
    number = row.next_weight if is_due and row.next_weight is not None else row.weight
    return weight_of(number) if number is not None else DEFAULT_WEIGHTS.get(CreditType(row.credit_type), Decimal(1))


def current_weights(now: datetime | None = None) -> dict[str, Decimal]:
    """Return what a unit of each type costs at `now`, in credits, as exact decimals of at most four places."""
    moment = now or timezone.now()
    stored = {row.credit_type: weight_at(row, moment) for row in CreditWeight.objects.all()}
    return {str(name): stored.get(name, default) for name, default in DEFAULT_WEIGHTS.items()}


def price_table(weights: Mapping[str, Decimal] | None = None) -> PriceTable:
    """Return the price table at these weights, which are today's if none are given."""
    moment = timezone.now()
    announced: dict[str, tuple[Decimal, datetime | None]] = {}
    if weights is None:
        weights = current_weights(moment)
        raises = CreditWeight.objects.filter(next_weight_from__gt=moment)
        announced = {
            row.credit_type: (weight_of(row.next_weight), row.next_weight_from)
            for row in raises
            if row.next_weight is not None
        }
    rows = tuple(
        PricedOperation(
            operation=operation,
            weight=weights[operation.credit_type],
            one=price(1, weights[operation.credit_type]),
            hundred=price(100, weights[operation.credit_type]),
            next_weight=announced.get(operation.credit_type, (None, None))[0],
            next_weight_from=announced.get(operation.credit_type, (None, None))[1],
        )
        for operation in OPERATIONS
    )
    return PriceTable(rows=rows, free=ALWAYS_FREE)

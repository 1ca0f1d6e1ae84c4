"""The arithmetic of the money rule: pure functions of exact decimals and whole credits, without a database."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

WEIGHT_PLACES = Decimal("0.0001")
LARGEST_FRACTION = Decimal("0.9999")


def weight_of(number: float | str | Decimal) -> Decimal:
    """Return a stored weight as the decimal that people read (0.1 is one tenth), with at most four places."""
    exact = Decimal(str(number)).quantize(WEIGHT_PLACES)
    return Decimal(f"{exact.normalize():f}")  # 10, where normalize alone says 1E+1


def price(units: int, weight: Decimal, prepaid: Decimal = Decimal(0)) -> int:
    """Return what `units` of an operation cost in whole credits: max(0, ceil(units × weight − prepaid)).

    `prepaid` is the fraction of a credit that earlier roundings of the same operation left over, so splitting work into
    parts never costs more than doing it at once.
    """
    return max(0, int((units * weight - prepaid).to_integral_value(rounding=ROUND_CEILING)))


def left_over(units: int, weight: Decimal, prepaid: Decimal) -> Decimal:
    """Return the fraction of a credit that is left after `units` were paid by `price`: prepaid + cost − units × weight.

    It is never negative and, as long as `prepaid` is below 1, below 1 itself.
    """
    return prepaid + price(units, weight, prepaid) - units * weight


def least_price(units: int, weight: Decimal) -> int:
    """Return the least that `units` can cost whatever fraction is prepaid."""
    return price(units, weight, LARGEST_FRACTION)


def units_that_fit(available: int, weight: Decimal, prepaid: Decimal = Decimal(0)) -> int:
    """Return how many units `available` credits pay for; a weight of zero has no limit and counts as none."""
    return int((available + prepaid) // weight) if weight > 0 else 0


@dataclass(frozen=True)
class Parts:
    """An amount of credits by the bucket it belongs to."""

    subscription: int = 0
    purchased: int = 0

    @property
    def total(self) -> int:
        return self.subscription + self.purchased


def split_spend(amount: int, buckets: Parts) -> Parts:
    """Split a spend over the buckets: subscription credits first, then purchased. `amount` must not exceed both."""
    from_subscription = min(amount, buckets.subscription)
    return Parts(from_subscription, amount - from_subscription)


def split_rest(held: Parts, captured: int) -> Parts:
    """Return what is left of a hold after `captured` credits were charged, which use up its subscription part first."""
    charged = split_spend(captured, held)
    return Parts(held.subscription - charged.subscription, held.purchased - charged.purchased)


def coming_back(back: Parts, rejoined: int, *, held: Parts) -> Parts:
    """Return what a settled hold brings in by bucket: what comes `back` of it, and credits made of fractions.

    A credit made of fractions goes where the credits of the hold came from, subscription credits first.
    """
    if held.purchased and not held.subscription:
        return Parts(back.subscription, back.purchased + rejoined)
    return Parts(back.subscription + rejoined, back.purchased)


def returnable(*, grant: int, already_returned: int, share: Decimal) -> int:
    """Return how many more credits of an ended period may come back into the present one: a share of its grant."""
    return max(0, int(grant * share) - already_returned)

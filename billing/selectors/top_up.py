"""The standing order of a user to buy a pack when few credits are left, and what it has bought."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from billing.models import AutoTopUp, Offer, TopUp
from billing.selectors.offers import offers, packs
from credits.selectors import wallet_of


@dataclass(frozen=True)
class AutoTopUpSection:
    """What the billing page says of auto top-up. `rule` is None for a user who never ordered one.

    `spent_cents` is what this month's purchases cost, with the one that is `pending`: sent and not confirmed yet.
    """

    rule: AutoTopUp | None
    packs: tuple[Offer, ...]
    spent_cents: int
    is_stopped_by_switch: bool
    pending: TopUp | None

    @property
    def is_on(self) -> bool:
        return self.rule is not None and self.rule.is_enabled

    @property
    def fits_cap(self) -> bool:
        """Whether another purchase fits what the user allowed this month."""
        return self.rule is not None and self.spent_cents + self.rule.agreed_price_cents <= self.rule.monthly_cap_cents


def auto_top_up_section(*, user: User, now: datetime) -> AutoTopUpSection:
    """Return the section of the billing page about auto top-up."""
    rule = AutoTopUp.objects.filter(user_id=user.pk).first()
    top_ups = list(TopUp.objects.filter(user_id=user.pk))
    return AutoTopUpSection(
        rule=rule,
        packs=tuple(packs(offers())),
        spent_cents=cost_of_month(top_ups, month_of(now)),
        is_stopped_by_switch=wallet_of(user).automatic_spending_stopped,
        pending=next((top_up for top_up in top_ups if top_up.state in {TopUp.State.DUE, TopUp.State.SENT}), None),
    )


def month_of(moment: datetime) -> str:
    """Return the month that a purchase counts for, in UTC: 2026-11."""
    return f"{moment:%Y-%m}"


def month_after(moment: datetime) -> datetime:
    """Return the moment at which the next month begins, in UTC as `month_of`."""
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def cost_of_month(top_ups: Iterable[TopUp], month: str) -> int:
    """Return what these top-ups cost in a month, in cents: paid ones, and those of which nobody knows yet."""
    return sum(
        top_up.amount_cents for top_up in top_ups if top_up.month == month and top_up.state != TopUp.State.FAILED
    )

"""What can be bought, from the local copy of Chargebee's prices, and what choosing it would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from accounts.models import User
from billing.entitlement.grants import credits_for_the_rest
from billing.models import Billing, Offer
from billing.selectors.accounts import billing_of, is_to_end
from billing.selectors.payments import is_settling
from credits.models import Credit
from credits.selectors import wallet_of

StepKind = Literal[
    "new_plan",
    "pack",
    "upgrade",
    "to_yearly",
    "at_renewal",
    "present_plan",
    "planned",
    "paused",
    "ending",
    "overdue",
    "settling",
]
ORDER_OF_UNITS = {Offer.Unit.MONTH: 0, Offer.Unit.YEAR: 1, None: 2}


def offers() -> list[Offer]:
    """Return all that is sold now: monthly plans, yearly plans, packs, each the cheapest first."""
    sold = Offer.objects.filter(is_sold=True)
    return sorted(sold, key=lambda offer: (ORDER_OF_UNITS.get(offer.period_unit, 2), offer.price_cents, offer.pk))


def find_offer(offer_id: str) -> Offer | None:
    """Return an offer that is sold now, None for any other id."""
    return Offer.objects.filter(pk=offer_id, is_sold=True).first()


def offer_by_id(offer_id: str | None) -> Offer | None:
    """Return an offer whether or not it is still sold: the plan of a user may be an old one."""
    return Offer.objects.filter(pk=offer_id).first() if offer_id else None


def title_of(offer: Offer) -> str:
    """Return the name by which an offer is told from all others: a yearly plan often bears that of the monthly one."""
    return f"{offer.name}, paid yearly" if offer.period_unit == Offer.Unit.YEAR else offer.name


def takes_effect_now(*, present: Offer | None, chosen: Offer) -> bool:
    """Whether a change of plan happens at once (and is paid at once), or at the end of what is paid already.

    More credits a month, or the same for a higher price, begin at once; fewer begin at the renewal (the money rule).
    A monthly plan becomes a yearly one at once. A paid year is never cut short, and an unknown plan neither.
    """
    if present is None:
        return False
    if present.period_unit == Offer.Unit.YEAR and chosen.period_unit != Offer.Unit.YEAR:
        return False
    if chosen.credits != present.credits:
        return chosen.credits > present.credits
    if chosen.period_unit != present.period_unit:
        return True
    return chosen.price_cents > present.price_cents


# ---------------------------------------------------------------- the list of plans and packs


@dataclass(frozen=True)
class OfferCard:
    """An offer as the list shows it. `is_planned` is the plan that a scheduled change leads to."""

    offer: Offer
    is_present: bool
    is_planned: bool


@dataclass(frozen=True)
class PlansPage:
    """The list of plans and packs. `has_plan` says whether choosing a plan means to change the present one."""

    monthly: tuple[OfferCard, ...]
    yearly: tuple[OfferCard, ...]
    packs: tuple[OfferCard, ...]
    billing: Billing | None
    has_plan: bool

    @property
    def is_empty(self) -> bool:
        return not (self.monthly or self.yearly or self.packs)


def plans_page(*, user: User | None) -> PlansPage:
    """Return what is sold, seen by this user; None is a visitor."""
    billing = billing_of(user) if user else None
    live = billing if billing and billing.is_live else None
    cards = [_card(offer, live) for offer in offers()]

    def of(kind: Offer.Kind, unit: Offer.Unit | None = None) -> tuple[OfferCard, ...]:
        return tuple(
            card for card in cards if card.offer.kind == kind and (unit is None or card.offer.period_unit == unit)
        )

    return PlansPage(
        monthly=of(Offer.Kind.PLAN, Offer.Unit.MONTH),
        yearly=of(Offer.Kind.PLAN, Offer.Unit.YEAR),
        packs=of(Offer.Kind.PACK),
        billing=billing,
        has_plan=live is not None,
    )


def _card(offer: Offer, live: Billing | None) -> OfferCard:
    return OfferCard(
        offer=offer,
        is_present=live is not None and live.subscription_plan_id == offer.pk,
        is_planned=live is not None and live.scheduled_plan_id == offer.pk,
    )


# ---------------------------------------------------------------- one offer, before the click


@dataclass(frozen=True)
class OfferPage:
    """What choosing an offer does, for the page that says it before the click. Amounts are credits.

    `kind` is new_plan, pack, upgrade, to_yearly or at_renewal where there is a click to make; for all others there is
    none, and the page says why. `credits_now` come once it is paid, of which `debt_paid` go to what is owed, and
    `lapsing` of the subscription bucket lapse then; `welcome` says that these are welcome credits. `needs_estimate`
    says that the price of today depends on what is paid already: ask `services.quote_change`.
    """

    offer: Offer
    kind: StepKind
    present: Offer | None
    billing: Billing | None
    credits_now: int
    lapsing: int
    welcome: bool
    subscription: int
    purchased: int
    debt: int
    effective_at: datetime | None
    was_cancelled: bool

    @property
    def title(self) -> str:
        return title_of(self.offer)

    @property
    def needs_estimate(self) -> bool:
        return self.kind in {"upgrade", "to_yearly"}

    @property
    def has_click(self) -> bool:
        return self.kind in {"new_plan", "pack", "upgrade", "to_yearly", "at_renewal"}

    @property
    def more_a_month(self) -> int:
        """Credits that the plan brings beyond the present one each month."""
        return max(0, self.offer.credits - (self.present.credits if self.present else 0))

    @property
    def debt_paid(self) -> int:
        """How much of a debt these credits pay before anything else (the money rule)."""
        return min(self.debt, self.credits_now)

    @property
    def credits_kept(self) -> int:
        """What of the credits that come is the user's to spend."""
        return self.credits_now - self.debt_paid


def offer_page(*, user: User, offer_id: str, now: datetime) -> OfferPage:
    """Return what choosing this offer does for this user. Raises Offer.DoesNotExist unless it is sold now."""
    offer = Offer.objects.get(pk=offer_id, is_sold=True)
    billing, wallet = billing_of(user), wallet_of(user)
    live = billing if billing and billing.is_live else None
    present = offer_by_id(live.subscription_plan_id) if live else None
    kind = _kind_of_step(offer=offer, live=live, present=present)
    starts_anew = kind in {"new_plan", "to_yearly"}
    credits_now = {
        "new_plan": offer.credits,
        "to_yearly": offer.credits,
        "pack": offer.credits,
        "upgrade": _credits_of_upgrade(offer, present, wallet, now),
    }.get(kind, 0)
    return OfferPage(
        offer=offer,
        kind=kind,
        present=present,
        billing=billing,
        credits_now=credits_now,
        lapsing=wallet.subscription_credits if starts_anew else 0,
        welcome=wallet.lapses_at is not None,
        subscription=wallet.subscription_credits,
        purchased=wallet.purchased_credits,
        debt=wallet.debt,
        effective_at=live.current_term_end if live else None,
        was_cancelled=billing is not None and billing.subscription_status == Billing.Status.CANCELLED,
    )


def _credits_of_upgrade(offer: Offer, present: Offer | None, wallet: Credit, now: datetime) -> int:
    """Return what an upgrade brings for the rest of the running period; nothing where none was granted yet."""
    if present is None or wallet.period_started_at is None or wallet.period_ends_at is None:
        return 0
    return credits_for_the_rest(
        offer.credits - present.credits,
        at=now,
        period_start=wallet.period_started_at,
        period_end=wallet.period_ends_at,
    )


def _kind_of_step(*, offer: Offer, live: Billing | None, present: Offer | None) -> StepKind:
    if offer.kind == Offer.Kind.PACK:
        return "pack"
    if live is None:
        return "new_plan"
    if live.subscription_plan_id == offer.pk:
        return "present_plan"
    if reason := reason_against_change(live):
        return reason
    if not takes_effect_now(present=present, chosen=offer):
        return "at_renewal"
    return "upgrade" if present and present.period_unit == offer.period_unit else "to_yearly"


def reason_against_change(live: Billing) -> Literal["paused", "ending", "overdue", "settling", "planned"] | None:
    """Return why a plan that is live cannot be changed now, None if it can.

    While the bank has not settled what is to be paid for it, a change would be charged in full, and on top.
    """
    if live.subscription_status == Billing.Status.PAUSED:
        return "paused"
    if is_to_end(live):
        return "ending"
    if live.due_invoices_count:
        return "overdue"
    if is_settling(live.user_id):
        return "settling"
    return "planned" if live.scheduled_plan_id else None


def packs(sold: Sequence[Offer] | None = None) -> list[Offer]:
    """Return the credit packs that are sold now, the smallest first."""
    return [offer for offer in (offers() if sold is None else sold) if offer.kind == Offer.Kind.PACK]

"""The billing page of one user: the plan as it stands, what comes next, and what has to be done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from accounts.models import User
from billing.models import Billing, Offer
from billing.selectors.accounts import billing_of, is_in_term, is_to_end, payments_after_end
from billing.selectors.offers import offer_by_id, offers, packs, title_of
from billing.selectors.payments import PaymentPage, is_settling, last_failure, payment_page
from credits.models import Credit
from credits.selectors import wallet_of

PlanState = Literal["none", "active", "ending", "paused", "ended"]
STATES: dict[str, PlanState] = {
    Billing.Status.ACTIVE: "active",
    Billing.Status.NON_RENEWING: "ending",
    Billing.Status.PAUSED: "paused",
    Billing.Status.CANCELLED: "ended",
}


@dataclass(frozen=True)
class Dunning:
    """A payment that has not come through: what is due in cents, since when, and when it is tried again."""

    due_cents: int
    since: datetime | None
    failed_at: datetime | None
    bank_said: str
    next_try_at: datetime | None


@dataclass(frozen=True)
class BillingPage:
    """All that the billing page shows. `plan` is None for a plan whose price Atlas does not know."""

    state: PlanState
    billing: Billing | None
    plan: Offer | None
    planned: Offer | None
    dunning: Dunning | None
    wallet: Credit
    packs: tuple[Offer, ...]
    payments: PaymentPage
    now: datetime
    is_settling: bool

    @property
    def plan_name(self) -> str:
        if self.plan:
            return title_of(self.plan)
        return (self.billing.subscription_plan_id if self.billing else None) or "Your plan"

    @property
    def planned_name(self) -> str:
        """The plan that a scheduled change leads to."""
        return title_of(self.planned) if self.planned else (self.billing and self.billing.scheduled_plan_id) or ""

    @property
    def is_yearly(self) -> bool:
        return self.plan is not None and self.plan.period_unit == Offer.Unit.YEAR

    @property
    def next_payment(self) -> Offer | None:
        """The plan that the next payment is for, None when none is coming or its price is not known."""
        if self.state != "active" or self.billing is None or self.billing.next_billing_at is None:
            return None
        return self.planned or (None if self.billing.scheduled_plan_id else self.plan)

    @property
    def is_ending(self) -> bool:
        """Whether the end is planned, of a paused plan too."""
        return self.state == "ending" or (
            self.state == "paused" and self.billing is not None and is_to_end(self.billing)
        )

    @property
    def payments_after_end(self) -> str:
        """Which payments come although the plan ends, in words."""
        return payments_after_end(self.billing) if self.billing else ""

    @property
    def resumes_in_term(self) -> bool:
        """Whether the term that was paid before the pause still runs, so that resuming costs nothing."""
        return self.billing is not None and is_in_term(self.billing, now=self.now)

    @property
    def resume_cents(self) -> int | None:
        """What resuming costs now, in cents: a new term unless the paid one still runs. None if it is not known."""
        if self.resumes_in_term:
            return 0
        return self.plan.price_cents if self.plan else None

    @property
    def has_welcome_credits(self) -> bool:
        return self.wallet.lapses_at is not None and self.wallet.subscription_credits > 0


def billing_page(
    *, user: User, now: datetime, page_number: int = 1, invoice_id: str = "", transaction_id: str = ""
) -> BillingPage:
    """Return the billing page of a user from what Atlas holds, so that it shows while Chargebee is away too."""
    billing, wallet = billing_of(user), wallet_of(user)
    state: PlanState = STATES.get(billing.subscription_status or "", "none") if billing else "none"
    return BillingPage(
        state=state,
        billing=billing,
        plan=offer_by_id(billing.subscription_plan_id) if billing else None,
        planned=offer_by_id(billing.scheduled_plan_id) if billing else None,
        dunning=_dunning(user, billing) if billing else None,
        wallet=wallet,
        packs=tuple(packs(offers())),
        payments=payment_page(user=user, number=page_number, invoice_id=invoice_id, transaction_id=transaction_id),
        now=now,
        is_settling=billing is not None and billing.is_live and is_settling(user.pk),
    )


def _dunning(user: User, billing: Billing) -> Dunning | None:
    """Return what is overdue; an invoice that stays open after the plan's end is none that is tried again."""
    if not (billing.is_live and billing.due_invoices_count):
        return None
    failure = last_failure(user)
    return Dunning(
        due_cents=billing.total_dues_cents,
        since=billing.due_since,
        failed_at=failure.transaction_date if failure else billing.due_since,
        bank_said=failure.error_text if failure else "",
        next_try_at=billing.next_retry_at,
    )

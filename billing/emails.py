"""What the mails about billing say. Amounts come in cents, credits as whole numbers, and dates may be unknown."""

from datetime import datetime

from atlas_site.lib.mail import Mail
from billing.models import AutoTopUp, TopUp

BILLING = "/billing/"
PLANS = "/billing/plans/"
KEPT = "You can still sign in, and everything you unlocked, your exports and your purchased credits stay."


def plan_started_mail(*, plan_name: str, credit_count: int, renews_at: datetime | None = None) -> Mail:
    """Return the mail that says that a plan has begun and its first payment is there."""
    paragraphs = [
        f"{_plan(plan_name)} has begun, and your payment is there. It brings {_credits(credit_count)} each month.",
        "Credits of a plan are used before purchased ones. What is left of them ends with each month of the plan.",
    ]
    if renews_at:
        paragraphs.append(f"The plan renews on {_day(renews_at)}. You can cancel it before then in two clicks.")
    return _mail(f"{_plan(plan_name)} has begun", paragraphs)


def payment_failed_mail(
    *, amount_cents: int, bank_said: str = "", next_try_at: datetime | None = None, is_plan: bool = True
) -> Mail:
    """Return the mail that says that a payment did not come through, what to do, and what stays."""
    said = f" The bank said: “{bank_said}”" if bank_said else ""
    paragraphs = [f"A payment of {_money(amount_cents)} did not come through.{said}"]
    if next_try_at:
        paragraphs.append(
            f"It is tried again on {_day(next_try_at)}. Until then, check the card or choose another one; you need not "
            "pay by other means."
        )
    elif is_plan:
        paragraphs.append("It is not tried again by itself. Choose another card on the billing page to keep your plan.")
    else:
        paragraphs.append("Nothing was charged, and nothing is tried again by itself.")
    if is_plan:
        paragraphs.append(f"The credits of the new period come as soon as it is paid, not before. {KEPT}")
    return _mail(f"Your payment of {_money(amount_cents)} did not come through", paragraphs, "See what to do")


def plan_ends_mail(*, plan_name: str, ends_at: datetime | None = None, overdue_cents: int = 0) -> Mail:
    """Return the mail that confirms a cancellation at the end of what is paid, and says what is due all the same."""
    payments = "No further payment is taken."
    if overdue_cents:
        payments = f"The {_money(overdue_cents)} that is overdue stays due, and no payment comes after it."
    when = f"on {_day(ends_at)}" if ends_at else "at the end of the period that is paid"
    return _mail(
        f"{_plan(plan_name)} ends {when}",
        [
            f"{_plan(plan_name)} is cancelled and ends {when}. {payments} Its credits can be used until then.",
            f"{KEPT} Until the plan ends you can keep it with one click.",
        ],
    )


def plan_ended_mail(*, plan_name: str, was_unpaid: bool = False) -> Mail:
    """Return the mail that says that a plan is over."""
    why = " because its payment did not come through" if was_unpaid else ""
    return _mail(
        f"{_plan(plan_name)} has ended",
        [
            f"{_plan(plan_name)} has ended{why}. No further payment is taken. Its unused credits ended too.",
            KEPT,
        ],
        "Plans and credit packs",
        PLANS,
    )


def refund_mail(*, amount_cents: int, credits_taken: int, debt: int = 0) -> Mail:
    """Return the mail that says that money went back, which credits went with it, and what is still owed."""
    paragraphs = [f"{_money(amount_cents)} went back to the card or account that paid."]
    if credits_taken:
        paragraphs.append(f"The {_credits(credits_taken)} that this payment had brought were taken back.")
    if debt:
        paragraphs.append(
            f"You had used some of them already, so {_credits(debt)} are owed. The next purchase pays them; until "
            "then credits cannot be spent. Everything you own stays open."
        )
    return _mail(f"{_money(amount_cents)} were refunded", paragraphs)


def top_up_paid_mail(*, top_up: TopUp, rule: AutoTopUp | None, spent_cents: int) -> Mail:
    """Return the notice of an automatic purchase. `spent_cents` is what the month has cost, this one included."""
    paragraphs = [
        f"As you had ordered, your card was charged {_money(top_up.amount_cents)} for {_credits(top_up.credits)}, "
        "because few credits were left."
    ]
    if rule:
        paragraphs.append(
            f"This month auto top-up has spent {_money(spent_cents)} of the {_money(rule.monthly_cap_cents)} that you "
            "allowed."
        )
    paragraphs.append("Turn it off at any time on the billing page, or with the one switch on the credits page.")
    return _mail(f"Auto top-up: {_credits(top_up.credits)} for {_money(top_up.amount_cents)}", paragraphs)


def top_up_stopped_mail(*, reason: str) -> Mail:
    """Return the mail that says that auto top-up was turned off, and why. `reason` is whole sentences."""
    return _mail(
        "Auto top-up was turned off",
        [
            f"Auto top-up was turned off and nothing was charged. {reason}",
            "To go on, check the card and the pack on the billing page, and turn it on again there.",
        ],
    )


def _mail(subject: str, paragraphs: list[str], link_label: str = "Your billing page", link_path: str = BILLING) -> Mail:
    return Mail(subject=subject, paragraphs=paragraphs, link_label=link_label, link_path=link_path)


def _plan(name: str) -> str:
    return f"Your plan {name}" if name else "Your plan"


def _credits(credit_count: int) -> str:
    return f"{credit_count:,} credit{'' if credit_count == 1 else 's'}"


def _money(cents: int) -> str:
    return f"${cents / 100:,.2f}"


def _day(moment: datetime) -> str:
    return f"{moment:%B} {moment.day}, {moment.year}"

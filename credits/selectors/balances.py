"""Reads of a wallet: what can be spent, what is held, and what there was at a past moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bson import ObjectId
from django.conf import settings

from accounts.models import User
from credits.models import Credit, CreditLog, CreditType, CreditUsage
from credits.money import price
from credits.pricing import current_weights

FRACTIONS = {Decimal("0.5"): "half a credit", Decimal("0.25"): "a quarter of a credit"}


def header_balance(user: User) -> int:
    """Return what the user can spend, in credits: one indexed read of four keys, for the header of every page."""
    wallets = Credit.objects.filter(user_id=user.pk)
    wallet = wallets.only("credit_available", "purchased_credits", "subscription_frozen", "debt").first()
    return wallet.spendable if wallet else 0


def wallet_of(user: User) -> Credit:
    """Return the user's wallet, or an empty one that is not saved."""
    return Credit.objects.filter(user_id=user.pk).first() or Credit(user=user)


def may_spend_automatically(user_id: ObjectId) -> bool:
    """Whether standing quotes and auto top-up may act for this user: not banned, and their one switch not turned off.

    A user without a wallet has stopped nothing.
    """
    off = Credit.objects.filter(user_id=user_id).values_list("automatic_spending_stopped", "banned").first()
    return not any(off or ())


def prepaid_fractions(*, user_id: ObjectId) -> dict[str, Decimal]:
    """Return the fraction of a credit that is prepaid, by credit type; nothing for a user without a wallet."""
    wallet_id = Credit.objects.filter(user_id=user_id).values_list("id", flat=True).first()
    if wallet_id is None:
        return {}
    usages = CreditUsage.objects.filter(credit_id=wallet_id)
    return {usage.credit_type: usage.prepaid for usage in usages}


def price_each(*, user_id: ObjectId, offers: Sequence[Mapping[str, int]]) -> list[int]:
    """Return what each of these offers of units costs by itself, in credits, at today's weights.

    The fractions of a credit that are prepaid count for each of them.
    """
    weights, fractions = current_weights(), prepaid_fractions(user_id=user_id)
    return [
        sum(price(count, weights[name], fractions.get(name, Decimal(0))) for name, count in units.items())
        for units in offers
    ]


@dataclass(frozen=True)
class WalletSummary:
    """What the wallet holds, in credits; `fractions` says in words what is prepaid.

    `subscription_note` is what becomes of the subscription credits: welcome (they lapse), frozen, period or none.
    """

    wallet: Credit
    spendable: int
    fractions: tuple[str, ...]

    @property
    def low_percent(self) -> int:
        """From which share of what last came in few credits are left, in percent."""
        return int(settings.LOW_CREDITS_SHARE * 100)

    @property
    def subscription_note(self) -> str:
        if self.wallet.subscription_frozen:
            return "frozen"
        if self.wallet.lapses_at:
            return "welcome"
        return "period" if self.wallet.period_ends_at else "none"


def wallet_summary(*, user: User) -> WalletSummary:
    """Return the wallet with what stands beside its balances on the page of credits."""
    wallet = wallet_of(user)
    prepaid = prepaid_fractions(user_id=user.pk)
    return WalletSummary(
        wallet=wallet,
        spendable=wallet.spendable,
        fractions=tuple(
            f"{CreditType(name).label}: {fraction_in_words(fraction)} is left over and pays for what comes next"
            for name, fraction in prepaid.items()
            if fraction
        ),
    )


@dataclass(frozen=True)
class PastBalance:
    """What a wallet held at a moment: the balances after the last entry until then, zeros before the first."""

    at: datetime
    is_now: bool
    entry: CreditLog | None

    @property
    def available(self) -> int:
        return self.entry.credit_after if self.entry else 0

    @property
    def subscription(self) -> int:
        return self.entry.subscription_after if self.entry else 0

    @property
    def purchased(self) -> int:
        return self.entry.purchased_after if self.entry else 0

    @property
    def reserved(self) -> int:
        return self.entry.reserved_after if self.entry else 0

    @property
    def debt(self) -> int:
        return self.entry.debt_after if self.entry else 0


def balance_at(*, wallet_id: ObjectId, at: datetime, now: datetime) -> PastBalance:
    """Return what a wallet held at a moment, in credits. A moment to come is answered as `now`.

    Of entries that share the moment the last one counts. Entries of an earlier Atlas, which have no number, do not.
    """
    moment = min(at, now)
    entries = CreditLog.objects.filter(credit_id=wallet_id, timestamp__lte=moment, sequence__gte=1)
    return PastBalance(at=moment, is_now=at >= now, entry=entries.order_by("-timestamp", "-sequence").first())


def fraction_in_words(fraction: Decimal) -> str:
    """Write a fraction of a credit as people say it: "half a credit", "0.75 credits", "" for none."""
    return FRACTIONS.get(fraction.normalize(), f"{fraction.normalize():f} credits") if fraction else ""

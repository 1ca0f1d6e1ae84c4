"""Reads of credits: balances, the statement, and a quote from offer to receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from bson import ObjectId
from django.urls import reverse

from accounts.models import User
from credits.models import Credit, CreditLog, CreditType, CreditUsage, Quote
from credits.money import price, units_that_fit, weight_of
from credits.pricing import Operation, current_weights, operation_of
from credits.references import Cause, cause_of

STATEMENT_PAGE = 25
FRACTIONS = {Decimal("0.5"): "half a credit", Decimal("0.25"): "a quarter of a credit"}


def header_balance(user: User) -> int:
    """Return what the user can spend, in credits: one indexed read of one key, for the header of every page."""
    return Credit.objects.filter(user_id=user.pk).values_list("credit_available", flat=True).first() or 0


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


# ---------------------------------------------------------------- the statement


@dataclass(frozen=True)
class StatementLine:
    """One entry as its owner reads it; `balance` is what could be spent after it."""

    sequence: int
    at: datetime
    kind: str
    label: str
    reason: str
    cause: Cause | None
    change: int
    held: int
    charged: int
    balance: int


@dataclass(frozen=True)
class Statement:
    """A page of entries, newest first. `older` and `newer` are the `before` of the pages beside it, None at an end."""

    lines: tuple[StatementLine, ...]
    total: int
    older: int | None
    newer: int | None


@dataclass(frozen=True)
class WalletPage:
    """What the credits page shows. All amounts are credits; `fractions` says in words what is prepaid."""

    available: int
    subscription: int
    purchased: int
    reserved: int
    debt: int
    lapses_at: datetime | None
    period_ends_at: datetime | None
    fractions: tuple[str, ...]
    statement: Statement


def wallet_page(*, user: User, before: int | None = None) -> WalletPage:
    """Return both buckets, what is held, and the page of the statement with the entries numbered below `before`."""
    wallet = Credit.objects.filter(user_id=user.pk).first() or Credit(user=user)
    prepaid = prepaid_fractions(user_id=user.pk)
    return WalletPage(
        available=wallet.credit_available,
        subscription=wallet.subscription_credits,
        purchased=wallet.purchased_credits,
        reserved=wallet.reserved,
        debt=wallet.debt,
        lapses_at=wallet.lapses_at,
        period_ends_at=wallet.period_ends_at,
        fractions=tuple(
            f"{CreditType(name).label}: {fraction_in_words(fraction)} is left over and pays for what comes next"
            for name, fraction in prepaid.items()
            if fraction
        ),
        statement=statement_page(wallet=wallet, before=before),
    )


def statement_page(*, wallet: Credit, before: int | None = None) -> Statement:
    """Return a page of the wallet's statement. Entries are numbered without gaps, so pages are found by number."""
    top = min(before or wallet.sequence + 1, wallet.sequence + 1)
    entries = CreditLog.objects.filter(credit_id=wallet.pk, sequence__lt=top).order_by("-sequence")[:STATEMENT_PAGE]
    lines = tuple(statement_line(entry) for entry in entries)
    return Statement(
        lines=lines,
        total=wallet.sequence,
        older=lines[-1].sequence if lines and lines[-1].sequence > 1 else None,
        newer=min(top + STATEMENT_PAGE, wallet.sequence + 1) if top <= wallet.sequence else None,
    )


def statement_line(entry: CreditLog) -> StatementLine:
    """Return an entry as its owner reads it."""
    return StatementLine(
        sequence=entry.sequence or 0,
        at=entry.timestamp,
        kind=entry.kind,
        label=entry.get_kind_display(),
        reason=entry.reason,
        cause=cause_of(entry.reference_kind, entry.reference_id),
        change=entry.change_amount,
        held=entry.reserved_after,
        charged=-entry.reserved_change if entry.kind == CreditLog.Kind.CAPTURE else 0,
        balance=entry.credit_after,
    )


# ---------------------------------------------------------------- a quote and its receipt

QuoteState = Literal["offered", "too_few", "blocked", "expired", "running", "settled"]


@dataclass(frozen=True)
class QuoteLine:
    """One line of the offer: so many units at so much, with what was prepaid. `prepaid` is in words, "" for nothing."""

    operation: Operation
    units: int
    weight: Decimal
    prepaid: str
    cost: int


@dataclass(frozen=True)
class QuotePage:
    """A quote as its owner sees it, in one of six states. Amounts are credits, `fits` are units.

    Before: what it costs at most, and what would be left. With too few credits: what is missing and what would fit.
    After: the receipt with the entries of the ledger that belong to it, and the balance after the last of them.
    """

    quote: Quote
    state: QuoteState
    lines: tuple[QuoteLine, ...]
    available: int
    balance_after: int
    missing: int
    fits: int
    debt: int
    not_charged: int
    reasons: tuple[dict[str, object], ...]
    entries: tuple[StatementLine, ...]
    leftovers: tuple[str, ...]
    accept_url: str


def quote_page(*, user: User, quote_id: str, now: datetime) -> QuotePage:
    """Return a quote of this user for its page. Raises Quote.DoesNotExist, for another user's too."""
    quote = Quote.objects.get(pk=quote_id, user_id=user.pk)
    wallet = Credit.objects.filter(user_id=user.pk).first() or Credit(user=user)
    entries = CreditLog.objects.filter(reference_kind="quote", reference_id=quote.pk)
    available = wallet.credit_available
    state = state_of_quote(quote=quote, wallet=wallet, now=now)
    ledger = tuple(statement_line(entry) for entry in sorted(entries, key=lambda entry: entry.sequence or 0))
    return QuotePage(
        quote=quote,
        state=state,
        lines=tuple(
            QuoteLine(
                operation=operation_of(quote.kind, line["type"]),
                units=line["units"],
                weight=weight_of(line["weight"]),
                prepaid=fraction_in_words(weight_of(line["prepaid"])),
                cost=line["cost"],
            )
            for line in quote.lines
        ),
        available=available,
        balance_after=ledger[-1].balance if ledger else available - quote.max_cost,
        missing=max(0, quote.max_cost - available),
        fits=sum(fitting_units(quote.lines, available).values()),
        debt=wallet.debt,
        not_charged=quote.max_cost - quote.captured,
        reasons=tuple({"label": reason["why"], "count": reason["count"]} for reason in quote.not_charged),
        entries=ledger,
        leftovers=tuple(
            f"{fraction_in_words(weight_of(line['leftover']))} is kept and pays for what comes next"
            for line in quote.lines
            if weight_of(line.get("leftover", 0)) and not line.get("rejoined")
        ),
        accept_url=reverse(quote.accept_view, args=[quote.pk]) if state == "offered" else "",
    )


def state_of_quote(*, quote: Quote, wallet: Credit, now: datetime) -> QuoteState:
    """Return which of its pages a quote shows.

    An offer whose time is over is expired before a sweep says so, and so is one that would cost more by now.
    """
    if quote.status == Quote.Status.SETTLED:
        return "settled"
    if quote.status == Quote.Status.ACCEPTED:
        return "running"
    if quote.status == Quote.Status.EXPIRED or quote.expires_at <= now:
        return "expired"
    if wallet.banned or wallet.debt:
        return "blocked"
    if _costs_more_now(quote):
        return "expired"
    return "offered" if quote.max_cost <= wallet.credit_available else "too_few"


def _costs_more_now(quote: Quote) -> bool:
    """Whether the fraction of a credit that an offer counted on pays for something else meanwhile."""
    if not any(weight_of(line["prepaid"]) for line in quote.lines):
        return False
    fractions = prepaid_fractions(user_id=quote.user_id)
    return any(
        price(line["units"], weight_of(line["weight"]), fractions.get(line["type"], Decimal(0))) > line["cost"]
        for line in quote.lines
    )


def fitting_units(lines: Sequence[dict], available: int) -> dict[str, int]:
    """Return how many units of each line `available` credits pay for, the first lines first."""
    fits, left = {}, available
    for line in lines:
        weight, prepaid = weight_of(line["weight"]), weight_of(line["prepaid"])
        count = line["units"] if line["cost"] <= left else min(line["units"], units_that_fit(left, weight, prepaid))
        fits[line["type"]] = count
        left -= price(count, weight, prepaid)
    return fits


def fraction_in_words(fraction: Decimal) -> str:
    """Write a fraction of a credit as people say it: "half a credit", "0.75 credits", "" for none."""
    return FRACTIONS.get(fraction.normalize(), f"{fraction.normalize():f} credits") if fraction else ""

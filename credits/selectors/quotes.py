"""Reads of quotes: one from offer to receipt, and the list of receipts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from credits.models import Credit, CreditLog, Quote
from credits.money import price, units_that_fit, weight_of
from credits.pricing import Operation, operation_of
from credits.selectors.balances import fraction_in_words, prepaid_fractions, wallet_of
from credits.selectors.statement import StatementLine, statement_lines

QuoteState = Literal["offered", "too_few", "blocked", "expired", "running", "settled"]


@dataclass(frozen=True)
class OtherViews:
    """The views of a domain beside its accept view, by URL name: its job's page, the part that fits, the same again."""

    job: str
    part: str
    again: str


VIEWS_BESIDE = {
    "properties:accept-quote": OtherViews("properties:show-job", "properties:quote-part", "properties:quote-again"),
    "leads:accept-trace": OtherViews("leads:show-trace", "leads:quote-trace-part", "leads:quote-trace-again"),
}


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

    Before: what it costs at most, and what would be left. With too few credits: what is missing, what would fit, and
    how many are there but frozen.
    After: the receipt with the entries of the ledger that belong to it, and the balance after the last of them.
    """

    quote: Quote
    state: QuoteState
    lines: tuple[QuoteLine, ...]
    available: int
    balance_after: int
    missing: int
    fits: int
    frozen: int
    debt: int
    not_charged: int
    reasons: tuple[dict[str, object], ...]
    entries: tuple[StatementLine, ...]
    leftovers: tuple[str, ...]
    accept_url: str

    @property
    def job_url(self) -> str:
        """The page of the job that carries the quote out, or "" while there is none."""
        return self._beside("job", self.quote.job_id)

    @property
    def part_url(self) -> str:
        """Where the part that fits is offered, or "" where nobody offers parts."""
        return self._beside("part", self.quote.pk)

    @property
    def again_url(self) -> str:
        """Where the same is offered once more, or ""."""
        return self._beside("again", self.quote.pk)

    def _beside(self, kind: Literal["job", "part", "again"], key: str | None) -> str:
        views = VIEWS_BESIDE.get(self.quote.accept_view)
        return reverse(getattr(views, kind), args=[key]) if views and key else ""


def quote_page(*, user: User, quote_id: str, now: datetime) -> QuotePage:
    """Return a quote of this user for its page. Raises Quote.DoesNotExist, for another user's too."""
    quote = Quote.objects.get(pk=quote_id, user_id=user.pk)
    wallet = wallet_of(user)
    entries = CreditLog.objects.filter(reference_kind="quote", reference_id=quote.pk)
    available = wallet.spendable
    state = state_of_quote(quote=quote, wallet=wallet, now=now)
    ledger = statement_lines(sorted(entries, key=lambda entry: entry.sequence or 0))
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
        frozen=wallet.subscription_credits if wallet.subscription_frozen else 0,
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
    return "offered" if quote.max_cost <= wallet.spendable else "too_few"


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


# ---------------------------------------------------------------- receipts

RECEIPTS_PAGE = 25


@dataclass(frozen=True)
class Receipts:
    """A page of settled quotes, the last one settled first. `older` is the `after` of the next page, "" at the end."""

    quotes: tuple[Quote, ...]
    older: str


def list_receipts(*, user: User, kind: str = "", after: str = "") -> Receipts:
    """Return the settled quotes of a user, of one kind or of all, that were settled before the one named `after`.

    An id that is not one of the user's receipts starts at the top.
    """
    settled = Quote.objects.filter(user_id=user.pk, status=Quote.Status.SETTLED)
    last = settled.filter(pk=after).first() if after else None
    if kind:
        settled = settled.filter(kind=kind)
    if last:
        settled = settled.filter(Q(ended_at__lt=last.ended_at) | Q(ended_at=last.ended_at, pk__lt=last.pk))
    found = list(settled.order_by("-ended_at", "-id")[: RECEIPTS_PAGE + 1])
    shown = tuple(found[:RECEIPTS_PAGE])
    return Receipts(quotes=shown, older=shown[-1].pk if len(found) > RECEIPTS_PAGE else "")

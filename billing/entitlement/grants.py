"""What was granted for which payment, what its refunds take back, and when the rest of a plan lapses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from atlas_site.vendors.chargebee.objects import CustomerAccount, InvoiceLine
from billing.entitlement.money import InvoiceMoney, Taking
from billing.entitlement.results import Bucket, Effect, OfferLike, Period, Problem
from billing.entitlement.terms import LONG_AGO, Life, PlanLine, Term
from credits.services import period_name

CHARGE_LINES = {"charge_item_price", "addon_item_price"}


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a grant that one invoice line paid for, in credits: of the whole line, and what the grant brought.

    They differ where some of the money had gone back before a later month of a year was granted. `of_cents` are the
    cents that paid for it: the invoice's total, of an upgrade without what was credited for the plan before.
    """

    money: InvoiceMoney
    line: InvoiceLine
    credits: int
    left: int
    of_cents: int


def part_at(moment: datetime, *, money: InvoiceMoney, line: InvoiceLine, whole: int, of_cents: int) -> Part:
    """Return what a line brings at a moment at which its invoice is paid, after the refunds before it."""
    refunded = sum(taking.cents for taking in money.takings if taking.at < moment and not taking.is_failure)
    return Part(money, line, whole, whole - share_taken(whole, refunded, of_cents), of_cents)


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits that a payment brought for the first time, with the parts that paid for them and the plan's period."""

    key: str
    at: datetime
    amount: int
    bucket: Bucket
    reason: str
    parts: tuple[Part, ...]
    period: Period | None = None
    term: Term | None = None

    @property
    def effect(self) -> Effect:
        """The effect that grants it. A new period sets the bucket, everything else adds to it."""
        return Effect(
            kind="reset" if self.key.startswith("reset:") else "grant",
            key=self.key,
            at=self.at,
            amount=self.amount,
            bucket=self.bucket,
            reason=self.reason,
            period=self.period,
            payment=f"invoice:{self.parts[0].money.invoice.id}",
            of=self.key,
        )


def share_taken(whole: int, cents: int, of_cents: int) -> int:
    """Return what of a grant goes back with so many of the cents that paid for it, rounded down, never more than all.

    The cents are those of all refunds so far, so that many small ones take as much as one.
    """
    return whole * min(cents, of_cents) // of_cents if of_cents > 0 else 0


def credits_for_the_rest(difference: int, *, at: datetime, period_start: datetime, period_end: datetime) -> int:
    """Return what an upgrade at a moment brings of the difference of two plans' credits, to the nearest credit.

    Chargebee charges it for the rest of the term only, so it brings the share of the period that is left: else all of
    the difference could be had for cents on the last day of each month.
    """
    whole = (period_end - period_start) // timedelta(seconds=1)
    rest = min(max(0, (period_end - at) // timedelta(seconds=1)), whole)
    return (2 * max(0, difference) * rest + whole) // (2 * whole) if whole > 0 else 0


# ---------------------------------------------------------------- grants


def pack_grants(
    account: CustomerAccount,
    money: Mapping[str, InvoiceMoney],
    offers: Mapping[str, OfferLike],
    granted: Mapping[str, int],
) -> Iterator[Grant]:
    """Yield a grant of purchased credits for each paid line of a pack: its credits, as many times as were bought."""
    for invoice in account.invoices:
        if not money[invoice.id].bills:
            continue
        paid = money[invoice.id].paid_from(LONG_AGO)
        for line in invoice.lines:
            offer = offers.get(line.entity_id or "")
            if line.entity_type not in CHARGE_LINES or offer is None or offer.kind != "pack" or paid is None:
                continue
            key = f"grant:{invoice.id}:{line.id}"
            amount = granted.get(key, offer.credits * max(line.quantity, 1))
            if amount > 0:
                part = Part(money[invoice.id], line, amount, amount, invoice.total_cents)
                yield Grant(key, paid, amount, "purchased", f"Credit pack: {offer.name}", (part,))


def plan_grants(terms: Iterable[Term], life: Life, granted: Mapping[str, int]) -> Iterator[Grant]:
    """Yield what the terms of a subscription grant: each period once its term is paid, and upgrades within it.

    A period that was paid only after its end is left out: a later one has begun. So are the months of a year that
    begin after the plan was ended. Those that begin while it is paused were paid for too: they are granted, and frozen.
    """
    for term in terms:
        for period in term.periods():
            begins_later = period.start > term.start
            if period.start >= term.end and begins_later:
                break
            if begins_later and life.over_at is not None and period.start >= life.over_at:
                break
            begun = term.base.money.paid_from(period.start)
            if begun is None or begun >= period.end:
                continue
            yield from _grants_of_period(term, period, begun, granted)


def _grants_of_period(term: Term, period: Period, begun: datetime, granted: Mapping[str, int]) -> Iterator[Grant]:
    """Yield the grant of a period, and for each upgrade within it what its plan brings beyond the highest so far.

    So the difference of the grants comes once a period, however often plans go up and down in it, and for the rest of
    the period, which is what was paid (`credits_for_the_rest`). A later month of a year is granted by the plan in force
    when it begins. What an upgrade adds was paid by an invoice of its own, whose refund takes back no more than that.
    """
    base = term.base
    before, within = _changes(term, period, begun)
    plan = next((change for change in reversed(before) if change.money.was_paid_at(begun)), base)
    shared = min(base.credits, plan.credits)
    base_cents = base.money.invoice.total_cents
    parts = [part_at(begun, money=base.money, line=base.line, whole=shared, of_cents=base_cents)]
    if plan.credits > shared:
        more, cents = plan.credits - shared, plan.money.cash_cents_at(begun)
        parts.append(part_at(begun, money=plan.money, line=plan.line, whole=more, of_cents=cents))
    key, computed = f"reset:{period.name}", sum(part.left for part in parts)
    amount = granted.get(key, computed)
    if amount != computed:  # the offer says something else by now: what was granted stands
        parts = [Part(base.money, base.line, amount, amount, base_cents)]
    if amount > 0 and plan.offer is not None:
        reason = f"New period of your plan: {plan.offer.name}"
        yield Grant(key, begun, amount, "subscription", reason, tuple(parts), period, term)
    highest = max(plan.credits, amount)
    for at, change in within:
        key = f"grant:{change.money.invoice.id}:{change.line.id}"
        computed = credits_for_the_rest(
            change.credits - highest, at=change.start, period_start=period.start, period_end=period.end
        )
        amount = granted.get(key, computed)
        highest = max(highest, change.credits)
        if amount > 0 and change.offer is not None:
            part = Part(change.money, change.line, amount, amount, change.money.cash_cents_at(at))
            yield Grant(key, at, amount, "subscription", f"Upgrade to {change.offer.name}", (part,), period, term)


def _changes(term: Term, period: Period, begun: datetime) -> tuple[list[PlanLine], list[tuple[datetime, PlanLine]]]:
    """Return the changes of plan that a period begins with, and those within it with the moment at which each counts.

    A change counts from when it is paid. The first period of a term always begins with the plan that the term was
    billed for, so that an upgrade adds an entry and never changes one.
    """
    before: list[PlanLine] = []
    within: list[tuple[datetime, PlanLine]] = []
    is_first = period.start == term.start
    for change in term.changes:
        paid = change.money.paid_from(change.start)
        if change.offer is None or paid is None:
            continue
        if paid < begun and not is_first:
            before.append(change)
        elif max(paid, begun) < period.end:
            within.append((max(paid, begun), change))
    return before, sorted(within, key=lambda found: (found[0], found[1].order))


# ---------------------------------------------------------------- what goes back, and what is paid again


def later_effects(grants: Iterable[Grant]) -> list[Effect]:
    """Return the clawbacks of these grants, and what payments after a late failure or a chargeback bring again.

    A refund takes back in proportion to what paid for the grant, over all refunds so far; of a year, from each month
    that was granted by then. One transaction or one line that touches several grants has an entry for each: the first
    one has the plain key, the others a number behind it.
    """
    found: list[Effect] = []
    for grant in grants:
        for part in grant.parts:
            found += _effects_of_part(grant, part)
    found.sort(key=lambda effect: (effect.key, effect.at, effect.of))
    numbered: list[Effect] = []
    renamed: dict[tuple[str, str], str] = {}
    same = 0
    for number, effect in enumerate(found):
        same = same + 1 if number and found[number - 1].key == effect.key else 1
        key = effect.key if same == 1 else f"{effect.key}:{same}"
        renamed[effect.key, effect.of] = key
        numbered.append(replace(effect, key=key))
    return [
        replace(effect, restores=tuple(renamed.get((key, effect.of), key) for key in effect.restores))
        for effect in numbered
    ]


def _effects_of_part(grant: Grant, part: Part) -> Iterator[Effect]:
    """Yield what happens to a part of a grant after it: each change of what its invoice still pays for."""
    money, left, lost = part.money, part.left, 0
    refunded = sum(taking.cents for taking in money.takings if taking.at < grant.at and not taking.is_failure)
    count = sum(1 for spell in money.spells if spell.start <= grant.at)
    undone: list[str] = []
    moves: list[tuple[tuple[datetime, int, str], Taking | None]] = [
        (taking.order, taking) for taking in money.takings if taking.at >= grant.at
    ]
    moves += [((spell.start, 0, ""), None) for spell in money.spells if spell.start > grant.at]
    for (at, _, _), taking in sorted(moves, key=lambda move: move[0]):
        if taking is None:  # it is paid again
            count, lost = count + 1, 0
        elif taking.is_failure:
            lost += taking.cents
        else:
            refunded += taking.cents
        rest = part.credits - share_taken(part.credits, refunded + lost, part.of_cents)
        if taking is None and rest > left:
            yield _again(grant, part, at, amount=rest - left, count=count, undone=tuple(undone))
            left, undone = rest, []
        elif taking is not None and rest < left:
            effect = _taken(grant, taking, left - rest)
            undone += [effect.key] if taking.is_failure else []
            yield effect
            left = rest


def _taken(grant: Grant, taking: Taking, amount: int) -> Effect:
    return Effect(
        kind="clawback",
        key=f"clawback:{taking.transaction_id}",
        at=taking.at,
        amount=amount,
        bucket=grant.bucket,
        reason="The payment did not hold" if taking.is_failure else "Refund",
        period=grant.period,
        payment=f"transaction:{taking.transaction_id}",
        of=grant.key,
    )


def _again(grant: Grant, part: Part, at: datetime, *, amount: int, count: int, undone: tuple[str, ...]) -> Effect:
    invoice_id = part.money.invoice.id
    return Effect(
        kind="grant",
        key=f"grant:{invoice_id}:{part.line.id}:{count}",
        at=at,
        amount=amount,
        bucket=grant.bucket,
        reason=f"{grant.reason} (paid again)",
        period=grant.period,
        payment=f"invoice:{invoice_id}",
        of=grant.key,
        restores=undone,
        only_debt=grant.period is not None and at >= grant.period.end,
    )


# ---------------------------------------------------------------- the end of a plan


def lapses(terms: list[Term], life: Life, grants: list[Grant], taken: list[Effect]) -> Iterator[Effect]:
    """Yield when the credits of each granted term of a subscription lapse, if no period that is paid replaces them.

    * The next term begins where this one ends and is paid: nothing lapses, the new period replaces the credits.
    * It is not paid yet: the credits stay (dunning keeps access) until the plan is over, and lapse then.
    * The next term begins after a gap, for the plan was over or paused meanwhile: they lapsed at the end of the term.
    * There is no next term: they lapse at the end of the term once the plan is over. A plan that was ended at once
      keeps them, frozen, to the end of what was paid. A live one keeps them, a paused one too.
    * A refund that comes after the end of the term, when no other period has begun, ends what was left of it.
    """
    for number, term in enumerate(terms):
        own = [grant for grant in grants if grant.term is term]
        if not own:
            continue
        last = max((grant.period for grant in own if grant.period), key=lambda period: period.start)
        follower, gap = _what_follows(terms[number:], grants)
        moment = None
        if follower is not None:
            if life.over_at is not None and term.end <= life.over_at < follower:
                moment = life.over_at
        elif gap is not None:
            moment = gap
        elif life.over_at is not None:
            moment = max(term.end, life.over_at)
        keys = {grant.key for grant in own}
        refunds = [effect.at for effect in taken if effect.kind == "clawback" and effect.of in keys]
        refunds = [at for at in refunds if at >= term.end and (follower is None or at < follower)]
        moment = min([*refunds, *([moment] if moment else [])], default=None)
        if moment is not None:
            yield Effect(
                kind="lapse",
                key=f"lapse:{period_name(life.subscription_id, term.base.end)}",
                at=moment,
                amount=0,
                bucket="subscription",
                reason="The credits of your plan lapsed at its end",
                period=last,
            )


def _what_follows(terms: list[Term], grants: list[Grant]) -> tuple[datetime | None, datetime | None]:
    """Return when the next term that joins the first of these was granted, else when they lapsed for a gap after it.

    Terms that were billed and never paid join too, up to the next one that begins at their end. One that begins
    otherwise shows that the plan was given up meanwhile; nobody knows when, but it was before.
    """
    end, unpaid = terms[0].end, None
    for later in terms[1:]:
        if unpaid is not None and later.start != unpaid.base.end:
            return None, later.start
        if later.start > end:
            return None, end
        granted = [grant.at for grant in grants if grant.term is later]
        if granted:
            return min(granted), None
        end, unpaid = later.end, later
    return None, None


def find_unknown(
    account: CustomerAccount, money: Mapping[str, InvoiceMoney], offers: Mapping[str, OfferLike]
) -> Iterator[Problem]:
    """Yield the paid lines whose item price brings no credits that Atlas knows of."""
    for invoice in account.invoices:
        if not (invoice.id in money and money[invoice.id].is_paid):
            continue
        for line in invoice.lines:
            is_charge = line.entity_type in CHARGE_LINES
            kind = "pack" if is_charge else "plan"
            if not (is_charge or line.entity_type == "plan_item_price") or line.amount_cents <= 0:
                continue
            offer = offers.get(line.entity_id or "")
            if offer is None or offer.kind != kind or offer.credits <= 0:
                detail = f"Line {line.id} of invoice {invoice.id} is for {line.entity_id}, which grants nothing known."
                yield Problem("unknown_price", f"{invoice.id}:{line.id}", detail)

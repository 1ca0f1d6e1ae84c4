"""What a customer's account at Chargebee entitles them to: a pure function of the account, never of events.

Nothing here reads or writes a database. The same account gives the same effects, whoever asks, whenever, and however
often; what was due at an earlier moment is due at every later one, with the same key and the same amount. So effects
can be applied in order by whoever comes first, and all others find them applied.

Moments are Chargebee's. Its clock may be ahead of ours (a test site has a time machine): what it says was paid is
paid, and time counts from the latest change that it tells of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from atlas_site.vendors.chargebee.objects import CustomerAccount
from billing.entitlement.grants import Grant, find_unknown, lapses, later_effects, pack_grants, plan_grants
from billing.entitlement.money import moment_of_version, read_money
from billing.entitlement.payments import read_payments
from billing.entitlement.results import Effect, Entitlement, OfferLike, PaymentRow, Period, Problem, State
from billing.entitlement.state import find_problems, read_state
from billing.entitlement.terms import LONG_AGO, Life, Term, plan_lines, read_life, read_terms

__all__ = ["Effect", "Entitlement", "OfferLike", "PaymentRow", "Period", "Problem", "State", "derive"]


def derive(
    account: CustomerAccount,
    offers: Mapping[str, OfferLike],
    now: datetime,
    granted: Mapping[str, int] | None = None,
) -> Entitlement:
    """Return what follows from an account at this moment: effects in order, payment rows, state, and problems.

    `offers` are all plans and packs that were ever sold, by item price. `granted` are the amounts by key that the
    ledger already has of grants: they stand, also when an offer says something else by now.
    """
    now = _chargebees_now(account, now)
    money = read_money(account)
    terms = read_terms(plan_lines(account, money, offers))
    subscriptions = {subscription.id: subscription for subscription in account.subscriptions}
    lives = {name: read_life(subscriptions.get(name), name, account.customer) for name in {*terms, *subscriptions}}
    candidates = [*pack_grants(account, money, offers, granted or {})]
    for name, own in terms.items():
        candidates += plan_grants(own, lives[name], granted or {})
    grants, refused = _keep_grants_in_turn(candidates, lives)
    later = later_effects(grants)
    effects = [grant.effect for grant in grants] + later
    for name, own in terms.items():
        effects += lapses(own, lives[name], grants, later)
    effects, running = _keep_lapses_in_turn(effects, now)
    due = tuple(effect for effect in effects if effect.at <= now)
    late = _find_paid_too_late(terms, grants, refused)
    unused = _find_paid_for_nothing(terms, grants, (*refused, *late))
    return Entitlement(
        effects=due,
        payments=tuple(read_payments(account, money, offers)),
        state=read_state(account, now),
        frozen=_is_frozen(account, running, lives),
        next_effect_at=min((effect.at for effect in effects if effect.at > now), default=None),
        problems=(*find_unknown(account, money, offers), *find_problems(account), *refused, *late, *unused),
    )


def _chargebees_now(account: CustomerAccount, now: datetime) -> datetime:
    """Return the moment by Chargebee's clock, which is never before the last change that it tells of."""
    versions = [subscription.resource_version for subscription in account.subscriptions]
    versions += [invoice.resource_version for invoice in account.invoices]
    versions += [transaction.resource_version for transaction in account.transactions]
    told = moment_of_version(max(versions, default=0))
    return max(now, told) if told else now


def _keep_grants_in_turn(candidates: Iterable[Grant], lives: Mapping[str, Life]) -> tuple[list[Grant], list[Problem]]:
    """Return the grants that may be applied one after the other, and why others may not.

    A period is not granted once one that begins later was, nor while a newer subscription that lives has its own:
    it would take the newer credits away. An upgrade is granted while its period runs.
    """
    kept: list[Grant] = []
    problems: list[Problem] = []
    latest: Period | None = None
    for grant in sorted(candidates, key=lambda grant: grant.effect.order):
        period = grant.period
        if period is None:
            kept.append(grant)
            continue
        if latest is not None and grant.key.startswith("reset:"):
            life, other = lives[period.subscription_id], lives[latest.subscription_id]
            if latest.start > period.start:
                detail = f"{period.name} was paid after {latest.name} had begun, so it grants nothing."
                problems.append(Problem("period_over", period.name, detail))
                continue
            if life.began_at < other.began_at and other.is_live_at(grant.at):
                detail = f"{period.name} was paid while {latest.name} of a newer subscription ran: it grants nothing."
                problems.append(Problem("second_subscription", period.name, detail))
                continue
        elif latest != period and not grant.key.startswith("reset:"):
            detail = f"{grant.key} was paid when {period.name} did not run."
            problems.append(Problem("period_over", grant.key, detail))
            continue
        latest = period
        kept.append(grant)
    return kept, problems


def _keep_lapses_in_turn(effects: list[Effect], now: datetime) -> tuple[list[Effect], Period | None]:
    """Return all effects in order, without lapses of periods that do not run then, and the period that runs now."""
    running: Period | None = None
    running_now: Period | None = None
    kept: list[Effect] = []
    for effect in sorted(effects, key=lambda effect: effect.order):
        if effect.kind == "lapse":
            if effect.period != running:
                continue
            running = None
        elif effect.kind == "reset":
            running = effect.period
        kept.append(effect)
        if effect.at <= now:
            running_now = running
    return kept, running_now


def _find_paid_too_late(terms: Mapping[str, list[Term]], grants: list[Grant], refused: list[Problem]) -> list[Problem]:
    """Return the periods that were paid only after they were over."""
    granted = {grant.period.name for grant in grants if grant.period}
    known = {problem.subject for problem in refused}
    found = []
    for own in terms.values():
        for term in own:
            for period in term.periods():
                paid = term.base.money.paid_from(LONG_AGO)
                if paid is None or paid < period.end or period.name in granted | known:
                    continue
                detail = f"{period.name} was paid after its end, so it grants nothing."
                found.append(Problem("period_over", period.name, detail))
    return found


def _find_paid_for_nothing(
    terms: Mapping[str, list[Term]], grants: list[Grant], known: Iterable[Problem]
) -> list[Problem]:
    """Return the paid lines of plans that are in no grant, since the term that they are part of is not paid.

    Such is an upgrade within a term that is owed. A change to a smaller plan within a paid term grants nothing either,
    and should not.
    """
    used = {part.line.id for grant in grants for part in grant.parts}
    subjects = {problem.subject for problem in known}
    found = []
    for term in (term for own in terms.values() for term in own):
        if term.base.money.is_paid and any(grant.term is term for grant in grants):
            continue
        if any(period.name in subjects for period in term.periods()):
            continue
        for change in (term.base, *term.changes):
            line, invoice = change.line, change.money.invoice
            if not change.money.is_paid or line.id in used or line.amount_cents <= 0 or change.credits <= 0:
                continue
            subject = f"{invoice.id}:{line.id}"
            if not {subject, f"grant:{subject}"} & subjects:
                detail = f"Line {line.id} of invoice {invoice.id} was paid, but its term is not, so it grants nothing."
                found.append(Problem("paid_for_nothing", subject, detail))
    return found


def _is_frozen(account: CustomerAccount, running: Period | None, lives: Mapping[str, Life]) -> bool | None:
    """Whether the credits of the running period may not be spent: its plan is paused, or over before what was paid.

    None where nobody knows what a subscription's status means, or Chargebee does not tell of the subscription.
    """
    if running is None:
        return False
    is_told_of = any(subscription.id == running.subscription_id for subscription in account.subscriptions)
    if not is_told_of or any(problem.kind == "unknown_status" for problem in find_problems(account)):
        return None
    life = lives[running.subscription_id]
    return life.over_at is not None or life.paused_at is not None

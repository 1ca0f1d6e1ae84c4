"""What tests of entitlement look at: the effects of an account with their amounts, and its problems."""

from datetime import datetime

from billing.entitlement import Entitlement, derive
from tests.billing.account_builder import OFFERS, SUB, Account


def look(account: Account, now: datetime) -> Entitlement:
    return derive(account.told(), OFFERS, now)


def steps(account: Account, now: datetime) -> list[tuple[str, int]]:
    """Return the keys and amounts of what is due, in order."""
    return [(effect.key, effect.amount) for effect in look(account, now).effects]


def kinds(account: Account, now: datetime) -> list[str]:
    return [problem.kind for problem in look(account, now).problems]


def reset(start: datetime, amount: int, sub: str = SUB) -> tuple[str, int]:
    return f"reset:{sub}:{start:%Y-%m-%dT%H:%M:%SZ}", amount


def lapse(end: datetime, sub: str = SUB) -> tuple[str, int]:
    return f"lapse:{sub}:{end:%Y-%m-%dT%H:%M:%SZ}", 0


def upgrade(account: Account, invoice_id: str, amount: int) -> tuple[str, int]:
    return f"grant:{invoice_id}:{account.line_of(invoice_id)}", amount

"""Reads of credits: balances, the statement, quotes and receipts."""

from collections.abc import Mapping
from decimal import Decimal

from bson import ObjectId

from accounts.models import User
from credits.models import Credit, CreditUsage
from credits.money import price
from credits.pricing import current_weights


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


def price_units(*, user_id: ObjectId, units: Mapping[str, int]) -> int:
    """Return what these units cost the user at today's weights, in credits, with the fractions that are prepaid."""
    weights, fractions = current_weights(), prepaid_fractions(user_id=user_id)
    return sum(price(count, weights[name], fractions.get(name, Decimal(0))) for name, count in units.items())

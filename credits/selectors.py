"""Reads of credits: balances, the statement, quotes and receipts."""

from decimal import Decimal

from bson import ObjectId

from accounts.models import User
from credits.models import Credit, CreditUsage


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

"""What credits do when something happens to an account."""

from datetime import datetime
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import onboarding_completed
from credits import services as credit_services


@receiver(onboarding_completed)
def give_welcome_credits(sender: Any, user: User, now: datetime, **_details: Any) -> None:
    """Open the wallet of an investor who has finished onboarding, with welcome credits if they are due."""
    credit_services.open_wallet(user_id=user.pk)
    credit_services.claim_welcome_credits(user_id=user.pk, email=user.email, phone=user.phone, now=now)


@receiver(post_save, sender=User)
def mirror_ban(
    sender: Any, instance: User, created: bool, update_fields: frozenset[str] | None = None, **_details: Any
) -> None:
    """Keep the wallet's copy of `banned`, which the write that spends checks, as the account has it."""
    if not created and (update_fields is None or "banned" in update_fields):
        credit_services.set_spending_ban(user_id=instance.pk, banned=bool(instance.banned))

"""Mails about what a look at Chargebee has brought to light, each sent once at most."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError

from accounts.models import User
from atlas_site.lib.mail import Mail, send_mail
from billing import emails
from billing.models import BillingNotice

logger = logging.getLogger(__name__)

# Older news is history that was read again, as when all events are replayed into an empty database.
NEWS_LIFE = timedelta(days=3)
# A kind of news and the function whose keyword arguments its details are.
MAILS: Mapping[str, Callable[..., Mail]] = {
    "plan_started": emails.plan_started_mail,
    "payment_failed": emails.payment_failed_mail,
    "plan_ends": emails.plan_ends_mail,
    "plan_ended": emails.plan_ended_mail,
    "refund": emails.refund_mail,
}

News = tuple[str, str, Mapping[str, Any]]


def send_notices(*, news: Iterable[News], user: User, now: datetime) -> int:
    """Send the mail of each piece of news that its reader does not have yet, and return how many were sent.

    News are (kind, key, details): one of MAILS, what tells it from others of that kind, and the arguments of its mail,
    with the moment `at` that it is from. What is older than NEWS_LIFE is noted and not sent. A mail that fails is
    logged, and never breaks what brought the news. Never call this inside a transaction.
    """
    found = [(f"{kind}:{key}", kind, dict(details)) for kind, key, details in news]
    # Usually all of it: each look finds the same news again.
    noted = set(BillingNotice.objects.filter(pk__in=[piece[0] for piece in found]).values_list("pk", flat=True))
    return sum(_send(*piece, user, now) for piece in found if piece[0] not in noted)


def claim_notice(*, notice_id: str, user: User, now: datetime) -> bool:
    """Note that a mail is being sent, and say whether it was not noted before: then, and only then, send it."""
    try:
        BillingNotice.objects.create(id=notice_id, user_id=user.pk, told_at=now)
    except IntegrityError:
        return False
    return True


def _send(notice_id: str, kind: str, details: dict[str, Any], user: User, now: datetime) -> bool:
    if not claim_notice(notice_id=notice_id, user=user, now=now):
        return False
    at = details.pop("at", now)
    if now - at > NEWS_LIFE or not user.email:
        return False
    return send_mail(MAILS[kind](**details), to=user.email)

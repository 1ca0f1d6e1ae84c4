"""Mails that say that few credits are left: at a fifth, and at nothing, of what last came in (the money rule).

Whether one is due is decided by the write that changes the balance (`HeldWallet.save`), which keeps it on the wallet.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

from pymongo import ReturnDocument

from accounts.models import User
from atlas_site.lib.mail import deliver_mail
from atlas_site.mongodb.documents import as_utc, collection_of, load
from credits.emails import low_credits_mail
from credits.models import Credit

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
DUE = [str(Credit.Shortage.LOW), str(Credit.Shortage.EMPTY)]
PERMANENT = 500  # from this reply code on a mail server will not take the same mail later either


def warn_of_low_credits(*, now: datetime, limit: int = 500) -> int:
    """Send the mails that are due, each once for what came in last, and return how many were sent.

    Two sweeps at once send none twice: a sweep first takes the wallet for LEASE. When the mail server fails, the rest
    waits for a later sweep. An address that it refuses for good is not tried again until credits come in.
    """
    moment = as_utc(now)
    due = {"warningDue": {"$in": DUE}, "$or": [{"warningLeasedUntil": None}, {"warningLeasedUntil": {"$lte": moment}}]}
    sent = 0
    for found in list(collection_of(Credit).find(due, {"_id": 1}).limit(limit)):
        taken = collection_of(Credit).find_one_and_update(
            {"_id": found["_id"], **due},
            {"$set": {"warningLeasedUntil": moment + LEASE}},
            return_document=ReturnDocument.AFTER,
        )
        if taken is None:
            continue
        try:
            sent += _warn(load(Credit, taken))
        except (SMTPException, OSError):
            logger.exception("The mail about few credits could not be sent.")
            break
        _note_warned(taken)
    return sent


def _warn(wallet: Credit) -> bool:
    """Send the mail that is due for a wallet, and return whether there was somebody to send it to."""
    user = User.objects.filter(pk=wallet.user_id).first()
    if user is None or user.banned or not user.email:
        return False
    try:
        deliver_mail(low_credits_mail(wallet), to=user.email)
    except SMTPRecipientsRefused as refused:
        if any(code < PERMANENT for code, _ in refused.recipients.values()):
            raise
        logger.warning("The address of user %s was refused for good.", user.pk)
        return False
    return True


def _note_warned(taken: dict[str, Any]) -> None:
    """Note that the mail went out, unless credits came in or went meanwhile so that another one is due."""
    collection_of(Credit).find_one_and_update(
        {"_id": taken["_id"], "warningDue": taken["warningDue"], "warningLeasedUntil": taken["warningLeasedUntil"]},
        {"$set": {"warned": taken["warningDue"], "warningDue": "", "warningLeasedUntil": None}},
    )

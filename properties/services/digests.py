"""One mail a day that tells a user what their saved searches found: each thing once, whatever happens on the way."""

import logging
import smtplib
import socket
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from accounts.models import User
from atlas_site.lib.mail import deliver_mail
from atlas_site.mongodb.documents import as_utc, collection_of, load
from properties.emails import digest_mail
from properties.models import Digest, SavedSearchRun
from properties.selectors.digests import Told, compose_digest
from properties.services.schedules import DIGEST_AT, at_local_time, local_day

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
FIRST_DELAY = timedelta(minutes=5)
ATTEMPTS = 6
State = Digest.State
# Of these the mail server has not taken the mail: it may be sent again. Any other error leaves that open.
NOT_TAKEN = (
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
    ConnectionRefusedError,
    socket.gaierror,
)


def note_run(*, run: SavedSearchRun, now: datetime) -> None:
    """Put a run that has news into the digest of the user's day, or of the next day when that one is on its way.

    Noting it twice does it once.
    """
    if not (run.digest_due or run.spends) or run.digested_at is not None:
        return
    user = run.saved_search.user
    if collection_of(Digest).find_one({"userId": user.pk, "runIds": str(run.pk)}, {"_id": 1}) is None:
        day = local_day(user=user, at=now)
        while not _add(run, user, day, now):
            day += timedelta(days=1)
    SavedSearchRun.objects.filter(pk=run.pk).update(digested_at=now)


def _add(run: SavedSearchRun, user: User, day: date, now: datetime) -> bool:
    """Add a run to the digest of a day, unless that is no longer due."""
    due_at = max(at_local_time(user=user, day=day, at=DIGEST_AT), as_utc(now))
    fresh = {"_id": ObjectId(), "dueAt": due_at, "attempt": 0, "leaseUntil": None, "sentAt": None, "items": {}}
    try:
        collection_of(Digest).update_one(
            {"userId": user.pk, "day": day.isoformat(), "state": str(State.DUE)},
            {"$addToSet": {"runIds": str(run.pk)}, "$setOnInsert": fresh},
            upsert=True,
        )
    except DuplicateKeyError:
        return False
    return True


def due_digest_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of the digests that are due, longest waiting first."""
    due = Digest.objects.filter(state=State.DUE, due_at__lte=now).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:limit]]


def send_digest(*, digest_id: str, now: datetime) -> bool:
    """Send a digest that is due, and say whether the mail server took it. Never call it inside a transaction.

    What it tells is noted, and the digest counts as sent, before the mail leaves: a worker that dies in between costs
    the mail, and never sends it twice. When the mail server says that it did not take it, the digest is due again.
    """
    moment = as_utc(now)
    taken = collection_of(Digest).find_one_and_update(
        {
            "_id": ObjectId(digest_id),
            "state": str(State.DUE),
            "dueAt": {"$lte": moment},
            "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": moment}}],
        },
        {"$set": {"leaseUntil": moment + LEASE}, "$inc": {"attempt": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if taken is None:
        return False
    digest = load(Digest, taken)
    user = User.objects.filter(pk=digest.user_id).first()
    told = compose_digest(digest=digest, user=user, now=now) if user and user.email and not user.banned else None
    if not _note_sent(digest, told, moment) or user is None or told is None or not told.sections:
        return False
    try:
        deliver_mail(digest_mail(told), to=user.email)
    except NOT_TAKEN as error:
        logger.warning("Digest %s was not taken: %s", digest.pk, type(error).__name__)
        _try_later(digest, moment, error)
        return False
    except (smtplib.SMTPException, OSError):
        logger.exception("Nobody knows whether digest %s was sent; it is not sent again.", digest.pk)
        return False
    return True


def _note_sent(digest: Digest, told: Told | None, moment: datetime) -> bool:
    """Note that a digest leaves now with what it tells; False when its lease was lost, or a run was added."""
    changes: dict[str, Any] = {
        "state": str(State.SENT),
        "sentAt": moment if told and told.sections else None,
        "items": told.items if told else {},
        "leaseUntil": None,
    }
    ours = {"_id": digest.pk, "state": str(State.DUE), "attempt": digest.attempt}
    if collection_of(Digest).update_one({**ours, "runIds": digest.run_ids}, {"$set": changes}).matched_count:
        return True
    collection_of(Digest).update_one(ours, {"$set": {"leaseUntil": None}})
    return False


def _try_later(digest: Digest, moment: datetime, error: Exception) -> None:
    """Make a digest due again that the mail server has not taken, up to ATTEMPTS times."""
    is_over = digest.attempt >= ATTEMPTS
    Digest.objects.filter(pk=digest.pk, state=State.SENT, attempt=digest.attempt).update(
        state=State.FAILED if is_over else State.DUE,
        sent_at=None,
        items={},
        due_at=moment + FIRST_DELAY * 2**digest.attempt,
    )
    if is_over:
        logger.error("Digest %s was given up: %s", digest.pk, type(error).__name__)

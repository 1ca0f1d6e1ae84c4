"""Welcome credits: once for each person, in the subscription bucket, for a limited time."""

import hashlib
import logging
from datetime import datetime
from typing import Any

import phonenumbers
from bson import Int64, ObjectId
from django.conf import settings
from pymongo.errors import DuplicateKeyError, PyMongoError

from atlas_site.mongodb.documents import as_utc, collection_of, current_session, load
from credits.models import WELCOME_PERIOD, Credit, CreditLog, WelcomeClaim
from credits.services.exceptions import CreditsError, LostRace
from credits.services.grants import lapse
from credits.services.ledger import HeldWallet, change_wallet, find_entry

logger = logging.getLogger(__name__)

GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})


def claim_welcome_credits(*, user_id: ObjectId, email: str, phone: str | None, now: datetime) -> CreditLog | None:
    """Give WELCOME_CREDITS once for each normalized e-mail address and phone number, and return the entry.

    None if the address or the number has been used by anyone, the wallet has a plan already, or the setting is 0.
    They lapse after WELCOME_CREDITS_LIFE, or when the first plan begins.
    """
    amount: int = settings.WELCOME_CREDITS
    period = f"{WELCOME_PERIOD}{user_id}"
    inputs = {"user": user_id}
    claims = claims_of(email=email, phone=phone)
    if amount <= 0:
        return None

    def find_welcome() -> dict[str, Any] | None:
        entry = find_entry(period, inputs)
        if entry is None and collection_of(WelcomeClaim).find_one({"_id": {"$in": claims}}):
            return {}
        return entry

    def give(wallet: HeldWallet) -> dict[str, Any]:
        if wallet.document.get("period"):
            return {}
        for claim in claims:
            document = {"_id": claim, "userId": user_id, "claimedAt": wallet.now}
            try:
                collection_of(WelcomeClaim).insert_one(document, session=current_session())
            except DuplicateKeyError as error:  # the same person, in the same moment
                raise LostRace from error
        wallet.set(
            period=period,
            periodStartedAt=wallet.now,
            periodGrant=Int64(amount),
            periodReturned=Int64(0),
            lapsesAt=wallet.now + settings.WELCOME_CREDITS_LIFE,
        )
        return wallet.record(
            kind=CreditLog.Kind.GRANT,
            key=period,
            inputs=inputs,
            reason=f"Welcome credits, for {settings.WELCOME_CREDITS_LIFE.days} days",
            actor="system",
            reference=("welcome", str(user_id)),
            subscription=amount,
        )

    entry = change_wallet(user_id=user_id, now=now, find_first=find_welcome, change=give)
    return load(CreditLog, entry) if entry else None


def lapse_welcome_credits(*, now: datetime, limit: int = 1000) -> int:
    """Let the welcome credits lapse whose time is over, and return how many wallets that were.

    A wallet that cannot be changed is logged and does not keep the others from it.
    """
    due = {"lapsesAt": {"$lte": as_utc(now)}}
    lapsed = 0
    for wallet in list(collection_of(Credit).find(due, {"userId": 1, "period": 1}).sort("lapsesAt", 1).limit(limit)):
        period = wallet["period"]
        try:
            lapse(user_id=wallet["userId"], source=period, reason="Welcome credits lapsed", now=now, only_period=period)
            lapsed += 1
        except (CreditsError, PyMongoError):
            logger.exception("The welcome credits of wallet %s could not lapse.", wallet["_id"])
    return lapsed


def claims_of(*, email: str, phone: str | None) -> list[str]:
    """Return what identifies a person for this purpose, hashed: the normalized address and, if valid, the number."""
    identities = [("email", normalize_email(email)), ("phone", normalize_phone(phone))]
    return [f"{kind}:{hashlib.sha256(value.encode()).hexdigest()}" for kind, value in identities if value]


def normalize_email(email: str) -> str:
    """Return the mailbox that an address delivers to: lower case, without a plus tag, and without dots at Gmail."""
    name, _, domain = email.strip().lower().rpartition("@")
    name = name.partition("+")[0]
    if domain in GMAIL_DOMAINS:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"


def normalize_phone(phone: str | None) -> str | None:
    """Return a number in E.164 form (a US one if it names no country), None if it is not a possible number."""
    try:
        number = phonenumbers.parse(phone or "", "US")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

"""Auto top-up: a standing order of its owner to buy a pack when few credits are left, within a cap for each month.

A top-up is written down before the card is charged, and goes from due over sent to paid or failed. Whoever works on one
holds it by a lease. Once it was sent, nothing is repeated before Chargebee was asked for an invoice that bears its key,
so a worker that is killed, and an answer that is lost, never charge a card twice.
"""

import logging
from datetime import datetime, timedelta

from bson import Int64, ObjectId
from django.db import IntegrityError
from django.db.models import F

from accounts.models import User
from atlas_site.lib.mail import send_mail
from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.objects import Invoice
from atlas_site.vendors.errors import PaymentDeclined, VendorError, VendorRejected
from billing import emails, selectors
from billing.models import AutoTopUp, Offer, TopUp
from billing.services.offers import copy_offers, find_sellable
from billing.services.refusals import BillingRefused, OfferGone, vendor_errors_in_words
from billing.services.sync import sync_customer
from credits import selectors as credit_selectors
from credits.models import Credit

logger = logging.getLogger(__name__)

OPEN = (TopUp.State.DUE, TopUp.State.SENT)
# A sweep looks at so many standing orders for each top-up that it may work on, the longest not looked at first.
ORDERS_FOR_EACH = 20
# Shorter than the minute between two sweeps.
LOOK_AT_ORDER = timedelta(seconds=30)
PRICE_LIFE = timedelta(minutes=5)
# Longer than a task may run, so that two workers never hold the same top-up.
LEASE = timedelta(minutes=5)
LOOK_AGAIN = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=10))
# A bank debit takes days to settle.
LOOK_AT_SETTLEMENT = timedelta(hours=1)


class NoCard(BillingRefused):
    """There is no card or bank account on file at Chargebee that can be charged."""


class LimitsDoNotFit(BillingRefused):
    """The threshold or the cap does not fit the pack."""


def set_auto_top_up(
    *, user: User, offer_id: str, below_credits: int, monthly_cap_cents: int, now: datetime
) -> AutoTopUp:
    """Order a pack to be bought whenever fewer than `below_credits` can be spent, and return the standing order.

    It replaces the one before. All purchases of a calendar month (UTC) cost `monthly_cap_cents` at most, and each costs
    what the pack costs now or less. Raises OfferGone unless the pack is sold, LimitsDoNotFit for a threshold outside of
    1 to the credits of the pack or a cap below its price, NoCard, or another BillingRefused without Chargebee's answer.
    """
    offer = find_sellable(offer_id, now=now)
    if offer is None or offer.kind != Offer.Kind.PACK:
        raise OfferGone("This credit pack is not sold any more. Nothing was changed.")
    if not 1 <= below_credits <= offer.credits:
        raise LimitsDoNotFit(f"Choose from 1 to {offer.credits:,} credits, so that one pack is enough each time.")
    if monthly_cap_cents < offer.price_cents:
        raise LimitsDoNotFit(f"The most a month must be at least one pack: ${offer.price_cents / 100:,.2f}.")
    with vendor_errors_in_words():
        customer = chargebee.fetch_account(selectors.customer_id_of(user)).customer
    if customer is None or not customer.can_be_charged:
        raise NoCard(
            "There is no card or bank account on file that can be charged. Add one first, then turn auto top-up on."
        )
    terms = {
        "offerId": offer.pk,
        "belowCredits": Int64(below_credits),
        "monthlyCapCents": Int64(monthly_cap_cents),
        "agreedPriceCents": Int64(offer.price_cents),
        "agreedCredits": Int64(offer.credits),
        "isEnabled": True,
        "acceptedAt": now,
        "stoppedBecause": "",
        "nextLookAt": now,
    }
    made = {"$set": terms, "$setOnInsert": {"_id": ObjectId()}}
    collection_of(AutoTopUp).update_one({"userId": user.pk}, made, upsert=True)
    return AutoTopUp.objects.get(user_id=user.pk)


def stop_auto_top_up(*, user: User) -> None:
    """Turn the standing order of this user off. What was sent to Chargebee already is still carried out."""
    AutoTopUp.objects.filter(user_id=user.pk).update(is_enabled=False, stopped_because="")


def top_up_wallets(*, now: datetime, limit: int = 50) -> int:
    """Buy what standing orders ask for, and bring earlier top-ups to their end; return how many were worked on.

    Any number of sweeps may run at once. A sweep ends early when Chargebee does not answer; what cannot be worked on
    for any other reason is tried again later and does not keep the others waiting.
    """
    _open_due_ones(now, limit)
    waiting = TopUp.objects.filter(next_attempt_at__lte=now, state__in=TopUp.State.values).order_by("next_attempt_at")
    worked_on = 0
    for top_up in waiting[:limit]:
        if not _lease(top_up, now):
            continue
        worked_on += 1
        try:
            _carry_on(top_up, now)
        except VendorError as error:
            logger.warning("Top-up %s waits for Chargebee: %s", top_up.pk, type(error).__name__)
            _look_again(top_up, now)
            if not isinstance(error, VendorRejected):
                break  # the others would find the same
        except Exception:
            logger.exception("Top-up %s could not be worked on.", top_up.pk)
            _look_again(top_up, now)
    return worked_on


# ---------------------------------------------------------------- when one falls due


def _open_due_ones(now: datetime, limit: int) -> None:
    """Write down a top-up for each standing order that is due for a look and whose wallet is short, `limit` at most."""
    due = AutoTopUp.objects.filter(is_enabled=True, next_look_at__lte=now).order_by("next_look_at")
    rules = list(due[: ORDERS_FOR_EACH * limit])
    wallets = {wallet.user_id: wallet for wallet in Credit.objects.filter(user_id__in=[r.user_id for r in rules])}
    looked_at: list[ObjectId] = []
    opened = 0
    for rule in rules:
        if opened == limit:
            break
        looked_at.append(rule.pk)
        try:
            if _is_short(rule, wallets.get(rule.user_id)):
                opened += _open(rule, now)
        except Exception:
            logger.exception("The standing order of %s could not be looked at.", rule.user_id)
    due.filter(pk__in=looked_at).order_by().update(next_look_at=now + LOOK_AT_ORDER)


def _is_short(rule: AutoTopUp, wallet: Credit | None) -> bool:
    """Whether fewer credits can be spent than the order says, and more of them would help: not while there is debt."""
    if wallet is None:
        return True
    return wallet.spendable < rule.below_credits and not wallet.debt


def _open(rule: AutoTopUp, now: datetime) -> bool:
    """Write down the next top-up of a user unless something speaks against it, and say whether it was.

    The earlier ones are read before the wallet: one that is paid has its credits in it. So sweeps that run at the same
    moment can only make the same next one.
    """
    earlier = list(TopUp.objects.filter(user_id=rule.user_id))
    if any(top_up.state in OPEN for top_up in earlier) or not _is_wanted(rule):
        return False
    offer = _offer_as_agreed(rule, now)
    if offer is None:
        reason = "The pack that you chose is not sold any more at what you agreed to."
        if _stop_rule(rule.user_id, reason, now):
            send_mail(emails.top_up_stopped_mail(reason=reason), to=rule.user.email)
        return False
    month = selectors.month_of(now)
    if selectors.cost_of_month(earlier, month) + offer.price_cents > rule.monthly_cap_cents:
        until = selectors.month_after(now)
        AutoTopUp.objects.filter(pk=rule.pk, accepted_at=rule.accepted_at).update(next_look_at=until)
        return False
    try:
        TopUp.objects.create(
            id=f"{rule.user_id}:{len(earlier) + 1}",
            user_id=rule.user_id,
            offer_id=offer.pk,
            amount_cents=offer.price_cents,
            credits=offer.credits,
            month=month,
            created_at=now,
            next_attempt_at=now,
        )
    except IntegrityError:
        return False  # another sweep was quicker
    return True


def _is_wanted(rule: AutoTopUp) -> bool:
    """Whether its owner wants and may have a purchase now, by what is stored now."""
    owner = User.objects.filter(pk=rule.user_id).first()
    if owner is None or not owner.is_active or not AutoTopUp.objects.filter(pk=rule.pk, is_enabled=True).exists():
        return False
    wallet = Credit.objects.filter(user_id=rule.user_id).first()
    return credit_selectors.may_spend_automatically(rule.user_id) and _is_short(rule, wallet)


def _offer_as_agreed(rule: AutoTopUp, now: datetime) -> Offer | None:
    """Return the pack if it is sold and neither costs more nor brings less than its buyer agreed to."""
    offer = find_sellable(rule.offer_id, now=now)
    if offer is None or offer.price_cents > rule.agreed_price_cents or offer.credits < rule.agreed_credits:
        return None
    return offer


# ---------------------------------------------------------------- carrying one out


def _lease(top_up: TopUp, now: datetime) -> bool:
    """Take a top-up for a while, and say whether this worker is the one that has it now."""
    unchanged = TopUp.objects.filter(pk=top_up.pk, state=top_up.state, next_attempt_at=top_up.next_attempt_at)
    return bool(unchanged.update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1))


def _carry_on(top_up: TopUp, now: datetime) -> None:
    """Bring a leased top-up as far as it gets. Raises VendorError when Chargebee has to be asked again later."""
    if top_up.state not in OPEN:
        _tell(top_up, now)
        return
    was_sent = top_up.state == TopUp.State.SENT
    user = User.objects.filter(pk=top_up.user_id).first()
    if user is None:
        look = " Chargebee knows whether it was charged." if was_sent else ""
        _end_untold(top_up, f"The account was deleted.{look}")
        return
    customer_id = selectors.customer_id_of(user)
    invoice = _find_invoice(top_up, customer_id) if was_sent else None
    if invoice is not None:
        _settle(top_up, invoice, customer_id, now)
    elif was_sent and now - (top_up.sent_at or top_up.created_at) > chargebee.IDEMPOTENCY_WINDOW:
        _end_untold(top_up, "Chargebee did not answer in time, and has no invoice of it.")
    elif reason := _why_not_charged(top_up, now):
        if was_sent:  # it may still be charged, whether or not it is wanted now
            _look_again(top_up, now)
        else:
            _end_untold(top_up, reason)
    elif invoice := _charge(top_up, customer_id, now):
        _settle(top_up, invoice, customer_id, now)


def _key(top_up: TopUp) -> str:
    """Return what names a top-up at Chargebee: the key of its charge, and the number that its invoice bears."""
    return f"top-up:{top_up.pk}"


def _find_invoice(top_up: TopUp, customer_id: str) -> Invoice | None:
    """Return the invoice of a top-up that was sent, None if Chargebee has made none."""
    invoices = chargebee.fetch_account(customer_id).invoices
    return next((invoice for invoice in invoices if invoice.po_number == _key(top_up)), None)


def _refresh_price(top_up: TopUp, now: datetime) -> None:
    """Copy the price list anew unless it was just now: a price that nobody agreed to must not be charged."""
    if Offer.objects.filter(pk=top_up.offer_id, copied_at__lte=now - PRICE_LIFE).exists():
        copy_offers(now=now)


def _why_not_charged(top_up: TopUp, now: datetime) -> str:
    """Return why the card must not be charged for a top-up, by the prices and wishes of now; "" if it may be."""
    _refresh_price(top_up, now)
    rule = AutoTopUp.objects.filter(user_id=top_up.user_id).first()
    offer = _offer_as_agreed(rule, now) if rule else None
    if rule is None or not _is_wanted(rule):
        return "It was not needed or not wanted any more."
    if offer is None or offer.pk != top_up.offer_id or offer.price_cents != top_up.amount_cents:
        return "The pack or its price was changed."
    return ""


def _charge(top_up: TopUp, customer_id: str, now: datetime) -> Invoice | None:
    """Charge the card on file and return the invoice; after a refusal end the top-up and the order, return None.

    A charge that was sent before and is refused now may still be on its way, so that it is looked at again; only a
    decline is the answer to its key. Raises VendorError.
    """
    TopUp.objects.filter(pk=top_up.pk, state=TopUp.State.DUE).update(state=TopUp.State.SENT, sent_at=now)
    try:
        return chargebee.charge_pack(customer_id=customer_id, item_price_id=top_up.offer_id, key=_key(top_up))
    except PaymentDeclined as error:
        said = f"The bank said: “{error.reason}”" if error.reason else "The bank gave no reason."
        _fail(top_up, f"The payment was declined. {said}"[:300], now)
    except VendorRejected:
        if top_up.state == TopUp.State.SENT:
            raise
        _fail(top_up, "Our payment provider did not accept the charge.", now)
    return None


def _settle(top_up: TopUp, invoice: Invoice, customer_id: str, now: datetime) -> None:
    """Do what the state of its invoice asks for: book the credits, wait for the bank, or give up."""
    TopUp.objects.filter(pk=top_up.pk).update(invoice_id=invoice.id)
    if invoice.status == "paid" and not invoice.written_off_cents:
        sync_customer(customer_id=customer_id, now=now)
        _end(top_up, TopUp.State.PAID, now)
    elif invoice.deleted or invoice.status in {"paid", "voided", "not_paid"}:  # paid here is written off
        _fail(top_up, "The payment did not come through.", now)
    else:
        _look_again(top_up, now, after=LOOK_AT_SETTLEMENT)


def _look_again(top_up: TopUp, now: datetime, *, after: timedelta | None = None) -> None:
    """Leave a top-up for later: the more often it was tried, the later."""
    wait = after or LOOK_AGAIN[min(top_up.attempts, len(LOOK_AGAIN) - 1)]
    TopUp.objects.filter(pk=top_up.pk).update(next_attempt_at=now + wait)


# ---------------------------------------------------------------- how one ends


def _fail(top_up: TopUp, reason: str, now: datetime) -> None:
    """End a top-up that was refused, and the standing order before it: the next sweep must not try the card again."""
    _stop_rule(top_up.user_id, reason, top_up.created_at)
    _end(top_up, TopUp.State.FAILED, now, error=reason)


def _end_untold(top_up: TopUp, reason: str) -> None:
    """End a top-up of which there is nothing to tell: nothing was charged, or there is nobody to tell."""
    TopUp.objects.filter(pk=top_up.pk).update(state=TopUp.State.FAILED, error=reason, next_attempt_at=None)


def _stop_rule(user_id: ObjectId, reason: str, accepted_until: datetime) -> bool:
    """Turn a standing order off with the reason for its owner, unless it was accepted anew after that moment."""
    rules = AutoTopUp.objects.filter(user_id=user_id, is_enabled=True, accepted_at__lte=accepted_until)
    return bool(rules.update(is_enabled=False, stopped_because=reason))


def _end(top_up: TopUp, state: TopUp.State, now: datetime, *, error: str = "") -> None:
    """Write down how a top-up ended, and tell its owner."""
    TopUp.objects.filter(pk=top_up.pk).update(state=state, error=error, next_attempt_at=now)
    _tell(top_up, now)


def _tell(top_up: TopUp, now: datetime) -> None:
    """Send the one notice of a top-up that has ended."""
    if not TopUp.objects.filter(pk=top_up.pk, told_at=None).update(told_at=now, next_attempt_at=None):
        return
    ended = TopUp.objects.get(pk=top_up.pk)
    user = User.objects.filter(pk=ended.user_id).first()
    if user is None:
        return
    if ended.state == TopUp.State.PAID:
        rule = AutoTopUp.objects.filter(user_id=ended.user_id).first()
        spent_cents = selectors.cost_of_month(TopUp.objects.filter(user_id=ended.user_id), ended.month)
        mail = emails.top_up_paid_mail(top_up=ended, rule=rule, spent_cents=spent_cents)
    else:
        mail = emails.top_up_stopped_mail(reason=ended.error)
    send_mail(mail, to=user.email)

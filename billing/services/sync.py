"""Looking at a customer: the only way that credits and state change.

Whoever calls it, whenever and however often, nothing depends on which event gave the occasion: what Chargebee says now
is fetched whole and booked.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from bson import ObjectId
from bson.errors import InvalidId
from celery.exceptions import SoftTimeLimitExceeded

from accounts.models import User
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.objects import CustomerAccount, Invoice
from atlas_site.vendors.errors import VendorError, VendorUnavailable
from billing.models import Billing, Offer, WebhookEvent
from billing.services.booking import SyncResult, book_account
from billing.services.notices import send_notices
from billing.services.offers import copy_offers

logger = logging.getLogger(__name__)

WAITING = [WebhookEvent.State.RECEIVED, WebhookEvent.State.FAILED]
DUE_AT_ONCE = 100
RETRY_DUE_AFTER = timedelta(minutes=10)
# Lines of invoices that an offer may stand behind; addons and what staff wrote by hand never become one.
OFFERED_LINES = {"plan_item_price", "charge_item_price"}
# Moments of Chargebee are whole seconds, of a clock that is not ours.
CLOCKS_DIFFER_BY = timedelta(minutes=1)
COPY_AT_MOST_EVERY = timedelta(minutes=10)


class UnknownCustomer(Exception):
    """Atlas has no user for this customer of Chargebee, or not yet."""


def sync_customer(*, customer_id: str, now: datetime) -> SyncResult:
    """Fetch a customer's account from Chargebee, bring credits, payments and state in line, and mail what is new.

    Events of the customer that were waiting before the account was fetched are applied by it. `now` is the moment of
    the ledger's entries, and what time alone brings is due by then. Raises UnknownCustomer, VendorError without
    Chargebee's answer; what was written before an error stays and is found by the next call.
    """
    user = find_user(customer_id)
    waiting = WebhookEvent.objects.filter(customer_id=customer_id, state__in=WAITING).values_list("pk", flat=True)
    event_ids = list(waiting)
    account = chargebee.fetch_account(customer_id)
    if _wants_new_copy(account, now):
        _copy_offers_anew(now)
    result = book_account(user=user, customer_id=customer_id, account=account, now=now)
    if event_ids:
        done = {"state": WebhookEvent.State.APPLIED, "processed_at": now, "last_error": "", "next_attempt_at": None}
        WebhookEvent.objects.filter(pk__in=event_ids, state__in=WAITING).update(**done)
    send_notices(news=result.news, user=user, now=now)
    return result


def sync_due_customers(*, now: datetime, limit: int = DUE_AT_ONCE) -> int:
    """Look at the customers for whom time alone has brought something, and return how many were looked at.

    Such are the next month of a yearly plan, and the end of one that was cancelled. A customer that cannot be looked
    at, or whose look does not move on when it is due, comes again in ten minutes and does not keep the others from
    their turn. While Chargebee does not answer, the others stay due.
    """
    due = Billing.objects.filter(next_effect_at__lte=now).order_by("next_effect_at")[:limit]
    looked_at = 0
    for billing in due:
        try:
            sync_customer(customer_id=billing.chargebee_customer_id or str(billing.user_id), now=now)
            looked_at += 1
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            logger.exception("The due effects of customer %s could not be applied.", billing.chargebee_customer_id)
            _put_off(billing, now)
            if isinstance(error, VendorUnavailable):
                break  # the others would find the same
        else:
            _put_off(billing, now)
    return looked_at


def _put_off(billing: Billing, now: datetime) -> None:
    """Let a customer that is still due come again later: usually the look has moved it on already."""
    Billing.objects.filter(pk=billing.pk, next_effect_at__lte=now).update(next_effect_at=now + RETRY_DUE_AFTER)


def find_user(customer_id: str) -> User:
    """Return the user of a customer: the one whose billing names it, else the one whose id it is.

    Raises UnknownCustomer, also where it would be two: nobody gets what another one has paid for.
    """
    named = set(Billing.objects.filter(chargebee_customer_id=customer_id).values_list("user_id", flat=True))
    try:
        own = User.objects.filter(pk=ObjectId(customer_id)).values_list("pk", flat=True)
    except InvalidId:
        own = User.objects.none().values_list("pk", flat=True)
    claimed_by = named | set(own)
    if len(claimed_by) > 1:
        users = ", ".join(sorted(map(str, claimed_by)))
        logger.error("Customer %s of Chargebee is claimed by several users: %s", customer_id, users)
        raise UnknownCustomer(f"The customer id {customer_id} belongs to several users.")
    user = User.objects.filter(pk__in=claimed_by).first()
    if user is None:
        raise UnknownCustomer(f"No user has the customer id {customer_id}.")
    return user


# ---------------------------------------------------------------- offers


def _wants_new_copy(account: CustomerAccount, now: datetime) -> bool:
    """Whether an invoice is for a plan or pack that was never copied, and no copy was made since it was sold.

    What a later copy does not have is no offer of Atlas: a price in another currency, or without credits. A clock of
    Chargebee that runs ahead of ours, as that of a test site may, is taken at its word every ten minutes.
    """
    sold = [(price_id, invoice.date) for invoice in account.invoices for price_id in _offers_in(invoice)]
    known = set(Offer.objects.filter(pk__in={price_id for price_id, _ in sold}).values_list("pk", flat=True))
    last_sold = max((date for price_id, date in sold if price_id not in known), default=None)
    if last_sold is None:
        return False
    copied_at = Offer.objects.order_by("-copied_at").values_list("copied_at", flat=True).first()
    if last_sold > now + CLOCKS_DIFFER_BY:
        last_sold = now - COPY_AT_MOST_EVERY
    return copied_at is None or copied_at < last_sold + CLOCKS_DIFFER_BY


def _offers_in(invoice: Invoice) -> Iterator[str]:
    for line in invoice.lines:
        if line.entity_type in OFFERED_LINES and line.entity_id:
            yield line.entity_id


def _copy_offers_anew(now: datetime) -> None:
    try:
        copy_offers(now=now)
    except VendorError:
        logger.warning("The price list could not be copied.", exc_info=True)

"""Sending a payer to Chargebee's pages, and what is true when they come back. Nothing here grants anything.

The redirect back carries an id that anybody could have typed, so it only says which page to ask Chargebee about.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError
from django.urls import reverse

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.objects import HostedPage
from atlas_site.vendors.errors import VendorError
from billing import selectors
from billing.models import Checkout, Offer, PaymentTransaction
from billing.services.offers import find_sellable
from billing.services.refusals import (
    OfferGone,
    PaidAlready,
    PlanIsLive,
    PlanPageIsOpen,
    ProviderAway,
    TooManyCheckouts,
    vendor_errors_in_words,
)
from billing.services.sync import sync_customer
from credits import selectors as credit_selectors
from credits import services as credit_services

CHECKOUTS_AN_HOUR = 20
PAID = {"succeeded", "acknowledged"}
# The page of a pack that is about to expire is not handed out again. That of a plan is: two of them could be paid.
SHORTEST_REST = timedelta(minutes=20)
# The page that a payer comes back to is opened again and again: by itself, by a reload, or by a script.
BETWEEN_LOOKS = timedelta(seconds=2)

CheckoutState = Literal["asking", "confirming", "settling", "declined", "done", "cancelled", "open"]


class CheckoutNotFound(Exception):
    """There is no such checkout, or it is another user's."""


@dataclass(frozen=True)
class CheckoutOutcome:
    """How a checkout stands by Chargebee's own word.

    `state` is asking (it is being found out), confirming (paid, the credits are not booked yet), settling (the bank
    needs days), declined, done, cancelled, or open (not paid yet). `payment` is the row of the invoice once Atlas has
    it, and `debt_paid` how many of its credits paid what a refund had left owing.
    """

    checkout: Checkout
    state: CheckoutState
    payment: PaymentTransaction | None = None
    debt_paid: int = 0


def start_checkout(*, user: User, offer_id: str, back_url: str, token: str, now: datetime) -> Checkout:
    """Open a hosted page on which the user can buy a plan or a pack, and return where it is.

    The same offer leads to the same page while it is open, and so does the same `token` of a form, for two clicks in
    the same moment. Raises a BillingRefused: OfferGone, TooManyCheckouts, PlanIsLive for a second plan, PlanPageIsOpen
    while a page for another plan can be paid, since Chargebee cannot close it, PaidAlready when Chargebee has the money
    of an earlier page that the user did not come back from.
    """
    offer = find_sellable(offer_id, now=now)
    if offer is None:
        raise OfferGone("This offer is not sold any more. Nothing was charged.")
    with vendor_errors_in_words():
        customer_id = _ensure_customer(user)
        reusable, other_plan = _look_at_open_checkouts(user=user, offer=offer, now=now)
        if offer.kind == Offer.Kind.PLAN:
            sync_customer(customer_id=customer_id, now=now)
            _refuse_second_plan(user)
            if other_plan is not None:
                raise PlanPageIsOpen(other_plan)
        if reusable is not None:
            Checkout.objects.filter(pk=reusable.pk).update(back_url=back_url)
            reusable.back_url = back_url
            return reusable
        _refuse_too_many(user, now)
        open_page = chargebee.checkout_new if offer.kind == Offer.Kind.PLAN else chargebee.checkout_one_time
        page = open_page(
            customer_id=customer_id,
            item_price_id=offer.pk,
            redirect_url=_return_url(),
            cancel_url=_return_url(),
            key=f"checkout:{user.pk}:{token}",
        )
    checkout = _keep(page, user=user, offer_id=offer.pk, back_url=back_url, now=now)
    if offer.kind == Offer.Kind.PLAN:
        _refuse_beside_another(checkout, user=user, now=now)
    return checkout


def open_payment_methods(*, user: User, now: datetime) -> Checkout:
    """Open the hosted page on which cards and bank accounts are changed. Raises a BillingRefused."""
    with vendor_errors_in_words():
        _refuse_too_many(user, now)
        customer_id = _ensure_customer(user)
        page = chargebee.manage_payment_sources(customer_id=customer_id, redirect_url=_return_url())
    return _keep(page, user=user, offer_id=None, back_url=reverse("billing:show-billing"), now=now)


def open_portal(*, user: User) -> str:
    """Return the address of the user's portal at Chargebee: it opens once, within the hour, and is never stored."""
    with vendor_errors_in_words():
        customer_id = _ensure_customer(user)
        home = f"{settings.SITE_URL}{reverse('billing:show-billing')}"
        return vendor_page(chargebee.portal_session(customer_id=customer_id, redirect_url=home))


def open_invoice(*, user: User, invoice_id: str) -> str:
    """Return a fresh address of the PDF of an invoice of this user, which is valid for a short time.

    Raises CheckoutNotFound for an invoice that is not the user's, else a BillingRefused.
    """
    if selectors.payment_of_invoice(user=user, invoice_id=invoice_id) is None:
        raise CheckoutNotFound
    with vendor_errors_in_words():
        url = chargebee.invoice_pdf_url(invoice_id)
    if urlsplit(url).scheme != "https" and not is_vendor_origin(url):
        raise ProviderAway("The invoice could not be opened. Please try again in a few minutes.")
    return url


def finish_checkout(*, user: User, page_id: str, now: datetime) -> CheckoutOutcome:
    """Find out how a checkout of this user stands, by asking Chargebee, and book what it says.

    Raises CheckoutNotFound for a page that Atlas did not open for this user, ProviderAway when Chargebee does not
    answer. It may be called any number of times, and not at all: events and the nightly check book the same. Chargebee
    is asked once in BETWEEN_LOOKS at most; until then the answer is what the last look found, if it was final.
    """
    checkout = selectors.find_checkout(user=user, checkout_id=page_id)
    if checkout is None:
        raise CheckoutNotFound
    if not _take_turn(checkout, now):
        return _outcome_of(checkout, user)
    with vendor_errors_in_words():
        page = chargebee.hosted_page(checkout.pk)
        customer_id = selectors.customer_id_of(user)
        if page.customer_id not in {None, customer_id}:
            raise CheckoutNotFound
        if page.state == "cancelled":
            _came_back(checkout, page, now)
            return _outcome_of(checkout, user)
        if page.state not in PAID:
            return CheckoutOutcome(checkout, "open")
        sync_customer(customer_id=customer_id, now=now)
    _came_back(checkout, page, now)
    return _outcome_of(checkout, user)


def is_vendor_origin(url: str) -> bool:
    """Whether an address is on Chargebee's own host for this site, or on the configured one."""
    parts, configured = urlsplit(url), urlsplit(settings.CHARGEBEE_BASE_URL)
    if (parts.scheme, parts.netloc) == (configured.scheme, configured.netloc):
        return True
    return parts.scheme == "https" and parts.netloc == f"{settings.CHARGEBEE_SITE}.chargebee.com"


def vendor_page(url: str) -> str:
    """Return the address of a page of Chargebee. Raises ProviderAway for any other host: nobody is sent there."""
    if not is_vendor_origin(url):
        raise ProviderAway("Payments are not available at the moment. Nothing was charged. Our team has been told.")
    return url


# ---------------------------------------------------------------- inside


def _ensure_customer(user: User) -> str:
    customer_id = selectors.customer_id_of(user)
    chargebee.ensure_customer(customer_id=customer_id, email=user.email, name=user.name)
    return customer_id


def _return_url() -> str:
    return f"{settings.SITE_URL}{reverse('billing:finish-checkout')}"


def _refuse_second_plan(user: User) -> None:
    billing = selectors.billing_of(user)
    if billing and billing.is_live:
        raise PlanIsLive("You have a plan already. Change it instead: a second one would be paid beside it.")


def _refuse_too_many(user: User, now: datetime) -> None:
    if selectors.count_checkouts_since(user=user, since=now - timedelta(hours=1)) >= CHECKOUTS_AN_HOUR:
        raise TooManyCheckouts(
            f"{CHECKOUTS_AN_HOUR} checkouts were opened within an hour. Nothing was charged. Please try again later."
        )


def _refuse_beside_another(checkout: Checkout, *, user: User, now: datetime) -> None:
    """Give the page of a plan up that was opened in the same moment as another one, before anybody was sent to it.

    Each of the two is kept before it looks for the other, so that no more than one remains. Raises PlanPageIsOpen.
    """
    others = [other for other in selectors.open_plan_checkouts(user=user, now=now) if other.pk != checkout.pk]
    if others:
        Checkout.objects.filter(pk=checkout.pk).update(returned_at=now)
        raise PlanPageIsOpen(others[0])


def _look_at_open_checkouts(*, user: User, offer: Offer, now: datetime) -> tuple[Checkout | None, Checkout | None]:
    """Ask how the user's open pages stand; return one for this offer, and one for another plan, that can be paid still.

    A page that was paid in a tab which was closed before it came back is booked here, and buying again waits for
    another click: the user may not know yet that it went through.
    """
    reusable = other_plan = None
    is_plan = offer.kind == Offer.Kind.PLAN
    of_plans = selectors.open_plan_checkouts(user=user, now=now) if is_plan else []
    for checkout in dict.fromkeys([*of_plans, *selectors.open_checkouts(user=user, now=now)]):
        page = chargebee.hosted_page(checkout.pk)
        if page.state in PAID:
            try:
                sync_customer(customer_id=selectors.customer_id_of(user), now=now)
            except VendorError as error:
                raise PaidAlready(
                    "An earlier checkout of yours was paid, and we are confirming it. Do not pay again."
                ) from error
            _came_back(checkout, page, now)
            raise PaidAlready(
                "An earlier checkout of yours was paid: look at the payments below before you buy again. "
                "Nothing more was charged."
            )
        if page.state == "cancelled":
            _came_back(checkout, page, now)
        elif checkout.offer_id == offer.pk and (is_plan or checkout.expires_at - now > SHORTEST_REST):
            reusable = reusable or checkout
        elif checkout.offer_id != offer.pk and checkout in of_plans and page.state != "expired":
            other_plan = other_plan or checkout
    return reusable, other_plan


def _keep(page: HostedPage, *, user: User, offer_id: str | None, back_url: str, now: datetime) -> Checkout:
    checkout = Checkout(
        id=page.id,
        user_id=user.pk,
        offer_id=offer_id,
        url=vendor_page(page.url),
        back_url=back_url,
        created_at=now,
        expires_at=page.expires_at or now + settings.CHECKOUT_LIFE,
    )
    try:
        checkout.save(force_insert=True)
    except IntegrityError:  # the other half of a double click, answered with the same page
        return Checkout.objects.get(pk=page.id, user_id=user.pk)
    return checkout


def _take_turn(checkout: Checkout, now: datetime) -> bool:
    """Whether Chargebee may be asked about a checkout now: of several at once one may."""
    lately = as_utc(now - BETWEEN_LOOKS)
    taken = collection_of(Checkout).find_one_and_update(
        {"_id": checkout.pk, "lookedAt": {"$not": {"$gt": lately}}}, {"$set": {"lookedAt": as_utc(now)}}, {"_id": 1}
    )
    return taken is not None


def _came_back(checkout: Checkout, page: HostedPage, now: datetime) -> None:
    """Keep that a page is over, and how it ended."""
    checkout.page_state, checkout.invoice_id = page.state, page.invoice_id
    Checkout.objects.filter(pk=checkout.pk).update(page_state=page.state, invoice_id=page.invoice_id)
    Checkout.objects.filter(pk=checkout.pk, returned_at=None).update(returned_at=now)


def _outcome_of(checkout: Checkout, user: User) -> CheckoutOutcome:
    """Return how a checkout stands by what the last look kept of it."""
    if checkout.page_state not in PAID:
        return CheckoutOutcome(checkout, "cancelled" if checkout.page_state == "cancelled" else "asking")
    if checkout.offer_id is None or checkout.invoice_id is None:
        return CheckoutOutcome(checkout, "done")
    payment = selectors.payment_of_invoice(user=user, invoice_id=checkout.invoice_id)
    if payment is None:
        return CheckoutOutcome(checkout, "confirming")
    states: dict[str, CheckoutState] = {
        PaymentTransaction.Status.PENDING: "settling",
        PaymentTransaction.Status.FAILED: "declined",
    }
    state = states.get(payment.status, "done")
    return CheckoutOutcome(checkout, state, payment, debt_paid=_debt_paid(user, payment) if state == "done" else 0)


def _debt_paid(user: User, payment: PaymentTransaction) -> int:
    """Return how many credits of a first payment for a plan, or of a pack, paid a debt."""
    references = [("invoice", payment.chargebee_invoice_id or "")]
    billing = selectors.billing_of(user)
    if payment.type == PaymentTransaction.Type.SUBSCRIPTION and billing and billing.current_term_start:
        subscription_id = billing.chargebee_subscription_id or ""
        references.append(("period", credit_services.period_name(subscription_id, billing.current_term_start)))
    return credit_selectors.debt_paid_by(user=user, references=references)

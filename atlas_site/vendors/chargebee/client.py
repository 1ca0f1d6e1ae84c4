"""What Atlas asks of Chargebee, and has it do.

Reads, and the making of pages, are asked twice where that can help. A change is asked for once, under a key of the
caller's, recorded before it is sent: the same key never moves money twice. Money is in whole US cents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from atlas_site.vendors.chargebee import reading
from atlas_site.vendors.chargebee.calls import ask, change, checked_id, checked_url, read_whole, walk
from atlas_site.vendors.chargebee.connection import idempotent
from atlas_site.vendors.chargebee.objects import (
    ChangeEstimate,
    Customer,
    CustomerAccount,
    Event,
    HostedPage,
    Invoice,
    ItemPrice,
    Subscription,
    Transaction,
)
from atlas_site.vendors.errors import NotFound, VendorRejected

CURRENCY = "USD"


# ---------------------------------------------------------------- customers
def ensure_customer(*, customer_id: str, email: str, name: str) -> Customer:
    """Return the customer of this id, made now if Chargebee had none; an existing one is left as it is.

    Raises ``VendorError``; ``NotFound`` for one that was deleted there.
    """
    known_id = checked_id(customer_id)
    first_name, _, last_name = name.strip().partition(" ")
    details = {"email": email, "first_name": first_name, "last_name": last_name.strip()}
    params = {"id": known_id, **{key: value for key, value in details.items() if value}}
    try:
        found = ask("customer_create", lambda client: client.Customer.create(params), "customer")
    except VendorRejected as error:
        if error.code != "duplicate_entry":
            raise
        found = ask("customer_retrieve", lambda client: client.Customer.retrieve(known_id), "customer")
    return read_whole(found, reading.read_customer)


def fetch_account(customer_id: str, *, now: datetime | None = None) -> CustomerAccount:
    """Fetch all that Chargebee holds of a customer, deleted documents included, whole lists of them.

    ``now`` becomes ``fetched_at`` and must not be later than the call. Raises ``VendorError``; a customer unknown to
    Chargebee is no error.
    """
    known_id = checked_id(customer_id)
    fetched_at = now or timezone.now()
    customer: Customer | None
    try:
        found = ask("customer_retrieve", lambda client: client.Customer.retrieve(known_id), "customer")
        customer = read_whole(found, reading.read_customer)
    except NotFound:
        customer = None
    of_customer = {"customer_id": {"is": known_id}, "include_deleted": True}
    return CustomerAccount(
        customer=customer,
        fetched_at=fetched_at,
        subscriptions=tuple(
            _with_scheduled_plan(subscription)
            for subscription in walk("subscription", reading.read_subscription, of_customer)
        ),
        invoices=tuple(walk("invoice", reading.read_invoice, of_customer)),
        transactions=tuple(walk("transaction", reading.read_transaction, of_customer)),
    )


# ---------------------------------------------------------------- pages of Chargebee
def checkout_new(
    *, customer_id: str, item_price_id: str, redirect_url: str, cancel_url: str, key: str | None = None
) -> HostedPage:
    """Make the page on which a customer subscribes to a plan and pays. Raises ``VendorError``.

    The customer must exist already: Chargebee would make one under an id of its own. The same ``key``, 1 to 100 visible
    ASCII characters, leads to the same page for as long as Chargebee remembers it.
    """
    params = {
        "customer": {"id": checked_id(customer_id)},
        "subscription_items": [{"item_price_id": item_price_id, "quantity": 1}],
        "redirect_url": redirect_url,
        "cancel_url": cancel_url,
    }
    return _make_page("checkout_new_for_items", params, key=key)


def checkout_one_time(
    *,
    customer_id: str,
    item_price_id: str,
    quantity: int = 1,
    redirect_url: str,
    cancel_url: str,
    key: str | None = None,
) -> HostedPage:
    """Make the page on which a customer pays for a pack. Raises ``VendorError``; see ``checkout_new`` for ``key``."""
    params = {
        "customer": {"id": checked_id(customer_id)},
        "item_prices": [{"item_price_id": item_price_id, "quantity": quantity}],
        "currency_code": CURRENCY,
        "redirect_url": redirect_url,
        "cancel_url": cancel_url,
    }
    return _make_page("checkout_one_time_for_items", params, key=key)


def manage_payment_sources(*, customer_id: str, redirect_url: str) -> HostedPage:
    """Make the page on which a customer adds and changes cards. Raises ``VendorError``."""
    params = {"customer": {"id": checked_id(customer_id)}, "redirect_url": redirect_url}
    return _make_page("manage_payment_sources", params)


def hosted_page(page_id: str) -> HostedPage:
    """Return a page as it is now; whose it is, is in ``customer_id`` once it has succeeded.

    The id may come from a browser. Raises ``VendorRejected`` for one that cannot be an id, ``NotFound`` for one of no
    page, and ``VendorError``.
    """
    known_id = checked_id(page_id)
    found = ask("hosted_page_retrieve", lambda client: client.HostedPage.retrieve(known_id), "hosted_page")
    return read_whole(found, reading.read_hosted_page)


def portal_session(*, customer_id: str, redirect_url: str) -> str:
    """Return the address of the customer's portal: good for one visit within the hour, and never to be stored.

    Raises ``VendorError``.
    """
    params = {"customer": {"id": checked_id(customer_id)}, "redirect_url": redirect_url}
    found = ask("portal_session_create", lambda client: client.PortalSession.create(params), "portal_session")
    return checked_url(found.get("access_url"))


def invoice_pdf_url(invoice_id: str) -> str:
    """Return an address of the invoice's PDF that is good for a short while. Raises ``VendorError``."""
    known_id = checked_id(invoice_id)
    found = ask("invoice_pdf", lambda client: client.Invoice.pdf(known_id), "download")
    return checked_url(found.get("download_url"))


# ---------------------------------------------------------------- changes
def estimate_change(*, subscription_id: str, item_price_id: str) -> ChangeEstimate:
    """Ask what a change to another plan would cost now, and at the next renewal; nothing changes.

    Raises ``VendorError``.
    """
    params = {
        "subscription": {"id": checked_id(subscription_id)},
        "subscription_items": [{"item_price_id": item_price_id, "quantity": 1}],
        "replace_items_list": True,
        "prorate": True,
        "invoice_immediately": True,
    }
    estimate = ask("estimate_change", lambda client: client.Estimate.update_subscription_for_items(params), "estimate")
    return reading.read_estimate(estimate)


def change_plan(*, subscription_id: str, item_price_id: str, at_term_end: bool, key: str) -> Subscription:
    """Change the plan now, for the prorated difference, or at the end of the term. Scheduled changes are replaced.

    Raises ``PaymentDeclined``, ``VendorOutcomeUnknown`` and ``VendorError``; see ``charge_pack`` for ``key``.
    """
    timing: dict[str, Any] = {"end_of_term": True} if at_term_end else {"prorate": True, "invoice_immediately": True}
    params = {
        "subscription_items": [{"item_price_id": item_price_id, "quantity": 1}],
        "replace_items_list": True,
        **timing,
    }
    return _change_subscription("update_for_items", subscription_id, params, key=key, moves_money=not at_term_end)


def remove_scheduled_changes(*, subscription_id: str, key: str) -> Subscription:
    """Take back a change that waits for the term's end. Raises ``VendorError``; see ``charge_pack`` for ``key``."""
    return _change_subscription("remove_scheduled_changes", subscription_id, None, key=key)


def cancel_at_term_end(*, subscription_id: str, key: str) -> Subscription:
    """Let the subscription end with its term. Raises ``VendorError``; see ``charge_pack`` for ``key``."""
    return _change_subscription("cancel_for_items", subscription_id, {"cancel_option": "end_of_term"}, key=key)


def remove_scheduled_cancellation(*, subscription_id: str, key: str) -> Subscription:
    """Take back a cancellation before it happens. Raises ``VendorError``; see ``charge_pack`` for ``key``."""
    return _change_subscription("remove_scheduled_cancellation", subscription_id, None, key=key)


def pause(*, subscription_id: str, key: str) -> Subscription:
    """Pause the subscription from now on: no renewals. Raises ``VendorError``; see ``charge_pack`` for ``key``."""
    params = {"pause_option": "immediately", "unbilled_charges_handling": "no_action"}
    return _change_subscription("pause", subscription_id, params, key=key)


def resume(*, subscription_id: str, key: str) -> Subscription:
    """Resume a paused subscription: after its paid term has ended, the next one is charged for now.

    Raises ``PaymentDeclined``, ``VendorOutcomeUnknown`` and ``VendorError``; see ``charge_pack`` for ``key``.
    """
    params = {"resume_option": "immediately", "charges_handling": "invoice_immediately"}
    return _change_subscription("resume", subscription_id, params, key=key, moves_money=True)


def charge_pack(*, customer_id: str, item_price_id: str, key: str) -> Invoice:
    """Charge the customer's payment method on file for one pack and return its invoice, paid or on its way to it.

    ``key`` names this one attempt, for ever, in 1 to 100 visible ASCII characters: whoever calls again with it gets the
    first answer again, also a ``PaymentDeclined``, and no second charge. After a lost answer the same key asks again as
    long as Chargebee remembers it; then ``VendorOutcomeUnknown`` stays, and the customer's account tells what happened:
    the invoice bears the key as its ``po_number``.
    Another try after a decline takes another key. One key with another request is refused (code ``key_reused``).

    Raises ``PaymentDeclined``; ``VendorOutcomeUnknown`` when nobody knows whether the money moved; ``VendorError``.
    """
    params = {
        "customer_id": checked_id(customer_id),
        "item_prices": [{"item_price_id": item_price_id, "quantity": 1}],
        "currency_code": CURRENCY,
        "auto_collection": "on",
        "po_number": key,  # the invoice bears it, so that it can be found when its answer was lost
    }
    return change(
        "charge_pack",
        lambda client: client.Invoice.create_for_charge_items_and_charges(params, headers=idempotent(key)),
        "invoice",
        reading.read_invoice,
        body=params,
        key=key,
        moves_money=True,
    )


# ---------------------------------------------------------------- catalog and what has changed
def list_item_prices() -> tuple[ItemPrice, ...]:
    """Return all prices of the catalog, whatever their status. Raises ``VendorError``."""
    return tuple(walk("item_price", reading.read_item_price, {}))


def invoices_updated_since(moment: datetime) -> Iterator[Invoice]:
    """Walk the invoices changed at or after a moment, longest unchanged first. Raises ``VendorError`` on the way."""
    return walk("invoice", reading.read_invoice, _updated_since(moment))


def subscriptions_updated_since(moment: datetime) -> Iterator[Subscription]:
    """Walk the subscriptions changed at or after a moment, longest unchanged first. Raises ``VendorError``."""
    return walk("subscription", reading.read_subscription, _updated_since(moment))


def transactions_updated_since(moment: datetime) -> Iterator[Transaction]:
    """Walk the transactions changed at or after a moment, longest unchanged first. Raises ``VendorError``."""
    return walk("transaction", reading.read_transaction, _updated_since(moment))


def events_since(moment: datetime) -> Iterator[Event]:
    """Walk the events that occurred at or after a moment, in their order. Raises ``VendorError`` on the way."""
    params = {"occurred_at": {"after": _second_before(moment)}, "sort_by": {"asc": "occurred_at"}}
    return walk("event", reading.read_event, params)


# ---------------------------------------------------------------- parts of these
def _with_scheduled_plan(subscription: Subscription) -> Subscription:
    if not subscription.has_scheduled_changes or subscription.deleted:
        return subscription
    try:
        known_id = checked_id(subscription.id)
        found = ask(
            "subscription_scheduled",
            lambda client: client.Subscription.retrieve_with_scheduled_changes(known_id),
            "subscription",
        )
    except VendorRejected:
        return subscription  # the change happened or was taken back a moment ago, or the id is none for a path
    later = reading.read_subscription(found)
    return replace(subscription, scheduled_plan_price_id=later.plan_price_id if later else None)


def _make_page(kind: str, params: Mapping[str, Any], *, key: str | None = None) -> HostedPage:
    """Have a page made by the operation of the package that has this name."""
    headers = idempotent(key) if key else {}

    def call(client: Any) -> Any:
        return getattr(client.HostedPage, kind)(params, headers=dict(headers))

    page = read_whole(ask(kind, call, "hosted_page"), reading.read_hosted_page)
    return replace(page, url=checked_url(page.url))


def _change_subscription(
    operation: str, subscription_id: str, params: Mapping[str, Any] | None, *, key: str, moves_money: bool = False
) -> Subscription:
    """Change a subscription by the operation of the package that has this name."""
    known_id = checked_id(subscription_id)

    def call(client: Any) -> Any:
        method = getattr(client.Subscription, operation)
        if params is None:
            return method(known_id, headers=idempotent(key))
        return method(known_id, params, headers=idempotent(key))

    return change(
        operation,
        call,
        "subscription",
        reading.read_subscription,
        body={"subscription_id": known_id, **(params or {})},
        key=key,
        moves_money=moves_money,
    )


def _updated_since(moment: datetime) -> dict[str, Any]:
    after = {"after": _second_before(moment)}
    return {"updated_at": after, "include_deleted": True, "sort_by": {"asc": "updated_at"}}


def _second_before(moment: datetime) -> int:
    """Return the second before a moment, since Chargebee's "after" leaves out the one it is given."""
    return int(moment.timestamp()) - 1

"""The operations of Chargebee's API: one function for each call, from its parameters to the content of its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from atlas_site.sandbox.chargebee import (
    catalog,
    changes,
    checkouts,
    credit_notes,
    customers,
    forms,
    invoices,
    listing,
    payments,
    portal_sessions,
    subscriptions,
)
from atlas_site.sandbox.chargebee.books import Books, public
from atlas_site.sandbox.chargebee.errors import ApiError, NotFound, WrongParam
from atlas_site.sandbox.chargebee.forms import Params
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.chargebee.store import Document

Content = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call: the site, the resource's id in the path, the parameters, and the address that the caller used."""

    site: Site
    resource_id: str
    params: Params
    base_url: str

    @property
    def books(self) -> Books:
        """The documents of the site."""
        return self.site.books

    def items(self) -> list[dict[str, Any]]:
        """The plan of the call, alone: this site sells no addons. Raises ``WrongParam``."""
        found = forms.items(self.params, "subscription_items")
        if len(found) > 1:
            raise WrongParam("subscription_items[item_price_id][1]", "this site sells plans without addons")
        return found

    def plan(self) -> tuple[Document, int]:
        """The item price and quantity of the plan that is asked for. Raises ``NotFound`` or ``WrongParam``."""
        param = "subscription_items[item_price_id][0]"
        found = self.items()
        if not found:
            raise WrongParam(param, "cannot be blank")
        return catalog.sellable(self.books, found[0]["item_price_id"], "plan", param=param), found[0]["quantity"]


def retrieve(kind: str) -> Callable[[Call], Content]:
    """Return the operation that answers with one resource of a kind."""
    return lambda call: {kind: public(call.books.get(kind, call.resource_id))}


def list_of(kind: str) -> Callable[[Call], Content]:
    """Return the operation that lists a kind."""

    def answer(call: Call) -> Content:
        found, offset = listing.answer(call.books, kind, call.params)
        content: Content = {"list": [{kind: body} for body in found]}
        return content | ({"next_offset": offset} if offset else {})

    return answer


# Customers


def create_customer(call: Call) -> Content:
    """Customer.create"""
    return {"customer": public(customers.create(call.books, call.params))}


def update_customer(call: Call) -> Content:
    """Customer.update"""
    return {"customer": public(customers.update(call.books, call.resource_id, call.params))}


def delete_customer(call: Call) -> Content:
    """Customer.delete"""
    return {"customer": public(customers.delete(call.books, call.resource_id))}


# Hosted pages and portal


def checkout_new(call: Call) -> Content:
    """HostedPage.checkout_new_for_items"""
    _refuse_coupons(call)
    return _page(call, "checkout_new", customer=forms.fields(call.params, "customer"), items=call.items())


def checkout_existing(call: Call) -> Content:
    """HostedPage.checkout_existing_for_items"""
    _refuse_coupons(call)
    subscription_id = forms.fields(call.params, "subscription").get("id")
    if not subscription_id:
        raise WrongParam("subscription[id]", "cannot be blank")
    return _page(call, "checkout_existing", items=call.items(), subscription_id=subscription_id)


def checkout_one_time(call: Call) -> Content:
    """HostedPage.checkout_one_time_for_items"""
    _refuse_coupons(call)
    found = forms.items(call.params, "item_prices")
    return _page(call, "checkout_one_time", customer=forms.fields(call.params, "customer"), items=found)


def manage_payment_sources(call: Call) -> Content:
    """HostedPage.manage_payment_sources"""
    customer = forms.fields(call.params, "customer")
    call.books.get("customer", str(customer.get("id")), param="customer[id]")
    return _page(call, "manage_payment_sources", customer=customer)


def retrieve_page(call: Call) -> Content:
    """HostedPage.retrieve"""
    return {"hosted_page": checkouts.retrieve(call.books, call.resource_id)}


def acknowledge_page(call: Call) -> Content:
    """HostedPage.acknowledge"""
    return {"hosted_page": checkouts.acknowledge(call.books, call.resource_id)}


def create_portal_session(call: Call) -> Content:
    """PortalSession.create"""
    customer_id = str(forms.fields(call.params, "customer").get("id") or "")
    session = portal_sessions.create(
        call.books, customer_id, call.params.get("redirect_url"), base_url=call.base_url
    )  # fmt: skip
    return {"portal_session": public(session)}


def log_out_portal(call: Call) -> Content:
    """PortalSession.logout"""
    return {"portal_session": public(portal_sessions.log_out(call.books, call.resource_id))}


def _page(call: Call, kind: str, **arguments: Any) -> Content:
    page = checkouts.create(call.books, kind, base_url=call.base_url, options=call.params, **arguments)
    return {"hosted_page": public(page)}


def _refuse_coupons(call: Call) -> None:
    coupons = call.params.get("coupon_ids")
    if coupons:
        raise NotFound("coupon", str(coupons), "coupon_ids[0]")


# Subscriptions


def retrieve_subscription(call: Call) -> Content:
    """Subscription.retrieve"""
    with call.books.lock:
        return _beside_customer(call, call.books.get("subscription", call.resource_id))


def list_subscriptions(call: Call) -> Content:
    """Subscription.list"""
    with call.books.lock:
        content = list_of("subscription")(call)
        for entry in content["list"]:
            entry["customer"] = _customer(call, entry["subscription"])
    return content


def create_subscription(call: Call) -> Content:
    """Subscription.create_with_items"""
    price, quantity = call.plan()
    wanted = call.params.get("id")
    if wanted and call.books.find("subscription", wanted):
        raise ApiError(400, "duplicate_entry", f"The value {wanted} is already present.", param="id")
    with call.books.change():
        subscription = subscriptions.create(
            call.books, customer_id=call.resource_id, price=price, quantity=quantity, subscription_id=wanted,
            on_session=False,
        )  # fmt: skip
        invoice = call.books.mine("invoice", subscription)[-1]
        return _beside_customer(call, subscription, invoice=invoice)


def update_subscription(call: Call) -> Content:
    """Subscription.update_for_items"""
    price, quantity = call.plan()
    with call.books.change():
        if _at_term_end(call.params):
            change = changes.schedule(call.books, call.resource_id, price, quantity)
        else:
            change = changes.change_now(
                call.books, call.resource_id, price, quantity, on_session=False,
                restart_term=forms.flag(call.params, "force_term_reset"),
                prorate=forms.flag(call.params, "prorate", default=True),
            )  # fmt: skip
        return _beside_customer(call, change.subscription, invoice=change.invoice, credit_notes=change.credit_notes)


def estimate_update(call: Call) -> Content:
    """Estimate.update_subscription_for_items"""
    price, quantity = call.plan()
    subscription_id = str(forms.fields(call.params, "subscription").get("id") or "")
    estimate = changes.estimate(
        call.books, subscription_id, price, quantity, at_term_end=_at_term_end(call.params),
        restart_term=forms.flag(call.params, "force_term_reset"),
        prorate=forms.flag(call.params, "prorate", default=True),
    )  # fmt: skip
    return {"estimate": estimate}


def estimate_renewal(call: Call) -> Content:
    """Estimate.renewal_estimate"""
    return {"estimate": changes.renewal_estimate(call.books, call.resource_id)}


def _at_term_end(params: Params) -> bool:
    return forms.flag(params, "end_of_term") or params.get("change_option") == "end_of_term"


def retrieve_with_changes(call: Call) -> Content:
    """Subscription.retrieve_with_scheduled_changes"""
    return _beside_customer(call, changes.with_scheduled_changes(call.books, call.resource_id))


def remove_changes(call: Call) -> Content:
    """Subscription.remove_scheduled_changes"""
    with call.books.change():
        return _beside_customer(call, changes.remove_scheduled(call.books, call.resource_id))


def cancel_subscription(call: Call) -> Content:
    """Subscription.cancel_for_items"""
    option = call.params.get("cancel_option", "immediately")
    if option not in ("immediately", "end_of_term"):
        raise WrongParam("cancel_option", "must be immediately or end_of_term")
    at_term_end = option == "end_of_term" or forms.flag(call.params, "end_of_term")
    with call.books.change():
        return _beside_customer(call, subscriptions.cancel(call.books, call.resource_id, at_term_end=at_term_end))


def keep_subscription(call: Call) -> Content:
    """Subscription.remove_scheduled_cancellation"""
    with call.books.change():
        return _beside_customer(call, subscriptions.keep(call.books, call.resource_id))


def pause_subscription(call: Call) -> Content:
    """Subscription.pause"""
    with call.books.change():
        return _beside_customer(call, subscriptions.pause(
            call.books, call.resource_id, option=call.params.get("pause_option", "immediately"),
            pause_date=forms.whole(call.params, "pause_date"), resume_date=forms.whole(call.params, "resume_date"),
        ))  # fmt: skip


def remove_pause(call: Call) -> Content:
    """Subscription.remove_scheduled_pause"""
    with call.books.change():
        return _beside_customer(call, subscriptions.remove_scheduled_pause(call.books, call.resource_id))


def resume_subscription(call: Call) -> Content:
    """Subscription.resume"""
    with call.books.change():
        if call.params.get("resume_option", "immediately") == "specific_date":
            date = forms.whole(call.params, "resume_date") or 0
            return _beside_customer(call, subscriptions.schedule_resumption(call.books, call.resource_id, date))
        return _collected(call, *subscriptions.resume(call.books, call.resource_id))


def remove_resumption(call: Call) -> Content:
    """Subscription.remove_scheduled_resumption"""
    with call.books.change():
        return _beside_customer(call, subscriptions.schedule_resumption(call.books, call.resource_id, None))


def reactivate_subscription(call: Call) -> Content:
    """Subscription.reactivate"""
    with call.books.change():
        return _collected(call, *subscriptions.reactivate(call.books, call.resource_id))


def delete_subscription(call: Call) -> Content:
    """Subscription.delete"""
    with call.books.change():
        subscription = call.books.get("subscription", call.resource_id)
        subscription["deleted"] = True
        call.books.put("subscription", subscription)
        call.books.note("subscription_deleted", subscription=call.resource_id)
        return _beside_customer(call, subscription)


def _collected(call: Call, subscription: Document, invoice: Document | None) -> Content:
    if invoice:
        payments.require_success(payments.collect(call.books, invoice, on_session=False))
    return _beside_customer(call, subscription, invoice=invoice)


def _beside_customer(
    call: Call, subscription: Document, *, invoice: Document | None = None, credit_notes: list[Document] | None = None,
) -> Content:  # fmt: skip
    content: Content = {"subscription": public(subscription), "customer": _customer(call, subscription)}
    if invoice:
        content["invoice"] = public(invoice)
    if credit_notes:
        content["credit_notes"] = [public(note) for note in credit_notes]
    return content


def _customer(call: Call, subscription: Document) -> Document:
    customer = call.books.find("customer", subscription["customer_id"])
    return public(customer) if customer else {"id": subscription["customer_id"], "deleted": True}


# Invoices and payments


def sell_charges(call: Call) -> Content:
    """Invoice.create_for_charge_items_and_charges"""
    items = forms.items(call.params, "item_prices")
    if not items:
        raise WrongParam("item_prices[item_price_id][0]", "cannot be blank")
    customer_id = str(call.params.get("customer_id") or "")
    given = {"po_number": str(call.params["po_number"])[:100]} if call.params.get("po_number") else {}
    with call.books.change():
        call.books.get("customer", customer_id, param="customer_id")
        if call.params.get("auto_collection") == "off":
            invoice = checkouts.bill_charges(call.books, customer_id, items)
            invoice["status"] = "posted" if invoice["amount_due"] else "paid"
        else:
            invoice = checkouts.sell_charges(call.books, customer_id, items, on_session=False)
        return {"invoice": public(call.books.put("invoice", {**invoice, **given}))}


def refund_invoice(call: Call) -> Content:
    """Invoice.refund"""
    reason = str(forms.fields(call.params, "credit_note").get("reason_code") or "other")
    amount = forms.whole(call.params, "refund_amount")
    with call.books.change():
        made = credit_notes.refund(call.books, call.resource_id, amount, reason=reason)
        return {name: public(body) for name, body in made.items()}


def collect_payment(call: Call) -> Content:
    """Invoice.collect_payment: a declined attempt is kept, and answered with the error."""
    with call.books.change():
        transaction = payments.collect_again(call.books, call.resource_id)
        content = {
            "invoice": public(call.books.get("invoice", call.resource_id)), "transaction": public(transaction)
        }  # fmt: skip
    payments.require_success(transaction)
    return content


def record_payment(call: Call) -> Content:
    """Invoice.record_payment"""
    amount = forms.whole(forms.fields(call.params, "transaction"), "amount")
    with call.books.change():
        transaction = payments.record_payment(call.books, call.resource_id, amount)
        return {"invoice": public(call.books.get("invoice", call.resource_id)), "transaction": public(transaction)}


def void_invoice(call: Call) -> Content:
    """Invoice.void_invoice"""
    with call.books.change():
        return {"invoice": public(invoices.void(call.books, call.resource_id))}


def download_pdf(call: Call) -> Content:
    """Invoice.pdf"""
    invoice = call.books.get("invoice", call.resource_id)
    return {"download": {
        "object": "download", "download_url": f"{call.base_url}/pages/v4/invoices/{invoice['id']}.pdf",
        "valid_till": call.books.now() + 3600, "mime_type": "application/pdf",
    }}  # fmt: skip


# Site


def create_webhook_endpoint(call: Call) -> Content:
    """WebhookEndpoint.create"""
    names = ("name", "url", "basic_auth_username", "api_version")
    endpoint = {name: call.params[name] for name in names if name in call.params}
    endpoint |= {
        "id": call.books.new_id("webhook_endpoint"), "disabled": False, "primary_url": False,
        "send_card_resource": False, "enabled_events": list(forms.fields(call.params, "enabled_events").values()),
        "_basic_auth_password": call.params.get("basic_auth_password"),
    }  # fmt: skip
    with call.books.change():
        return {"webhook_endpoint": public(call.books.put("webhook_endpoint", endpoint))}


def travel_forward(call: Call) -> Content:
    """TimeMachine.travel_forward: moves the sandbox's clock and lets everything happen that is due by then."""
    moment = forms.whole(call.params, "destination_time")
    if moment is None or moment <= call.books.now():
        raise WrongParam("destination_time", "must be in the future")
    call.site.clock.move(datetime.fromtimestamp(moment, UTC))
    call.site.run_until_now()
    return time_machine(call)


def time_machine(call: Call) -> Content:
    """TimeMachine.retrieve"""
    now = call.books.now()
    return {"time_machine": {
        "object": "time_machine", "name": call.resource_id, "time_travel_status": "succeeded", "genesis_time": now,
        "destination_time": now,
    }}  # fmt: skip

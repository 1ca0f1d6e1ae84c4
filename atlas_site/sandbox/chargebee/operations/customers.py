"""Operations on customers, on the hosted pages that they pay on, and on their portal sessions."""

from typing import Any

from atlas_site.sandbox.chargebee import checkouts, customers, forms, portal_sessions
from atlas_site.sandbox.chargebee.books import public
from atlas_site.sandbox.chargebee.errors import NotFound, WrongParam
from atlas_site.sandbox.chargebee.operations.call import Call, Content


def create(call: Call) -> Content:
    """Customer.create"""
    return {"customer": public(customers.create(call.books, call.params))}


def update(call: Call) -> Content:
    """Customer.update"""
    return {"customer": public(customers.update(call.books, call.resource_id, call.params))}


def delete(call: Call) -> Content:
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

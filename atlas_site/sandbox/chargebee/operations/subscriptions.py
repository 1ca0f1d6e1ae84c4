"""Operations on subscriptions, and estimates of what a change of one costs."""

from atlas_site.sandbox.chargebee import changes, forms, payments, subscriptions
from atlas_site.sandbox.chargebee.books import public
from atlas_site.sandbox.chargebee.errors import ApiError, WrongParam
from atlas_site.sandbox.chargebee.forms import Params
from atlas_site.sandbox.chargebee.operations.call import Call, Content, list_of
from atlas_site.sandbox.chargebee.store import Document


def retrieve(call: Call) -> Content:
    """Subscription.retrieve"""
    with call.books.lock:
        return _beside_customer(call, call.books.get("subscription", call.resource_id))


def list_all(call: Call) -> Content:
    """Subscription.list"""
    with call.books.lock:
        content = list_of("subscription")(call)
        for entry in content["list"]:
            entry["customer"] = _customer(call, entry["subscription"])
    return content


def create(call: Call) -> Content:
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


def update(call: Call) -> Content:
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


def cancel(call: Call) -> Content:
    """Subscription.cancel_for_items"""
    option = call.params.get("cancel_option", "immediately")
    if option not in ("immediately", "end_of_term"):
        raise WrongParam("cancel_option", "must be immediately or end_of_term")
    at_term_end = option == "end_of_term" or forms.flag(call.params, "end_of_term")
    with call.books.change():
        return _beside_customer(call, subscriptions.cancel(call.books, call.resource_id, at_term_end=at_term_end))


def keep(call: Call) -> Content:
    """Subscription.remove_scheduled_cancellation"""
    with call.books.change():
        return _beside_customer(call, subscriptions.keep(call.books, call.resource_id))


def pause(call: Call) -> Content:
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


def resume(call: Call) -> Content:
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


def reactivate(call: Call) -> Content:
    """Subscription.reactivate"""
    with call.books.change():
        return _collected(call, *subscriptions.reactivate(call.books, call.resource_id))


def delete(call: Call) -> Content:
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

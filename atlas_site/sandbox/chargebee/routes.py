"""The paths of Chargebee's API that the sandbox answers."""

from collections.abc import Callable
from typing import Any

from atlas_site.sandbox.chargebee.operations import customers, invoices, site, subscriptions
from atlas_site.sandbox.chargebee.operations.call import Call, list_of, retrieve

Operation = Callable[[Call], dict[str, Any]]

ROUTES: dict[tuple[str, str], tuple[str, Operation]] = {
    ("POST", "customers"): ("customer.create", customers.create),
    ("GET", "customers"): ("customer.list", list_of("customer")),
    ("GET", "customers/{id}"): ("customer.retrieve", retrieve("customer")),
    ("POST", "customers/{id}"): ("customer.update", customers.update),
    ("POST", "customers/{id}/delete"): ("customer.delete", customers.delete),
    ("POST", "customers/{id}/subscription_for_items"): ("subscription.create_with_items", subscriptions.create),
    ("GET", "payment_sources"): ("payment_source.list", list_of("payment_source")),
    ("POST", "hosted_pages/checkout_new_for_items"): ("hosted_page.checkout_new_for_items", customers.checkout_new),
    ("POST", "hosted_pages/checkout_existing_for_items"): (
        "hosted_page.checkout_existing_for_items", customers.checkout_existing),
    ("POST", "hosted_pages/checkout_one_time_for_items"): (
        "hosted_page.checkout_one_time_for_items", customers.checkout_one_time),
    ("POST", "hosted_pages/manage_payment_sources"): (
        "hosted_page.manage_payment_sources", customers.manage_payment_sources),
    ("GET", "hosted_pages"): ("hosted_page.list", list_of("hosted_page")),
    ("GET", "hosted_pages/{id}"): ("hosted_page.retrieve", customers.retrieve_page),
    ("POST", "hosted_pages/{id}/acknowledge"): ("hosted_page.acknowledge", customers.acknowledge_page),
    ("POST", "portal_sessions"): ("portal_session.create", customers.create_portal_session),
    ("GET", "portal_sessions/{id}"): ("portal_session.retrieve", retrieve("portal_session")),
    ("POST", "portal_sessions/{id}/logout"): ("portal_session.logout", customers.log_out_portal),
    ("GET", "subscriptions"): ("subscription.list", subscriptions.list_all),
    ("GET", "subscriptions/{id}"): ("subscription.retrieve", subscriptions.retrieve),
    ("GET", "subscriptions/{id}/retrieve_with_scheduled_changes"): (
        "subscription.retrieve_with_scheduled_changes", subscriptions.retrieve_with_changes),
    ("POST", "subscriptions/{id}/remove_scheduled_changes"): (
        "subscription.remove_scheduled_changes", subscriptions.remove_changes),
    ("POST", "subscriptions/{id}/update_for_items"): ("subscription.update_for_items", subscriptions.update),
    ("POST", "subscriptions/{id}/cancel_for_items"): ("subscription.cancel_for_items", subscriptions.cancel),
    ("POST", "subscriptions/{id}/remove_scheduled_cancellation"): (
        "subscription.remove_scheduled_cancellation", subscriptions.keep),
    ("POST", "subscriptions/{id}/pause"): ("subscription.pause", subscriptions.pause),
    ("POST", "subscriptions/{id}/remove_scheduled_pause"): (
        "subscription.remove_scheduled_pause", subscriptions.remove_pause),
    ("POST", "subscriptions/{id}/resume"): ("subscription.resume", subscriptions.resume),
    ("POST", "subscriptions/{id}/remove_scheduled_resumption"): (
        "subscription.remove_scheduled_resumption", subscriptions.remove_resumption),
    ("POST", "subscriptions/{id}/reactivate"): ("subscription.reactivate", subscriptions.reactivate),
    ("POST", "subscriptions/{id}/delete"): ("subscription.delete", subscriptions.delete),
    ("GET", "subscriptions/{id}/renewal_estimate"): ("estimate.renewal_estimate", subscriptions.estimate_renewal),
    ("POST", "estimates/update_subscription_for_items"): (
        "estimate.update_subscription_for_items", subscriptions.estimate_update),
    ("GET", "invoices"): ("invoice.list", list_of("invoice")),
    ("POST", "invoices/create_for_charge_items_and_charges"): (
        "invoice.create_for_charge_items_and_charges", invoices.sell_charges),
    ("GET", "invoices/{id}"): ("invoice.retrieve", retrieve("invoice")),
    ("POST", "invoices/{id}/refund"): ("invoice.refund", invoices.refund),
    ("POST", "invoices/{id}/collect_payment"): ("invoice.collect_payment", invoices.collect_payment),
    ("POST", "invoices/{id}/record_payment"): ("invoice.record_payment", invoices.record_payment),
    ("POST", "invoices/{id}/void"): ("invoice.void_invoice", invoices.void),
    ("POST", "invoices/{id}/write_off"): ("invoice.write_off", invoices.write_off),
    ("POST", "invoices/{id}/pdf"): ("invoice.pdf", invoices.download_pdf),
    ("GET", "transactions"): ("transaction.list", list_of("transaction")),
    ("GET", "transactions/{id}"): ("transaction.retrieve", retrieve("transaction")),
    ("GET", "credit_notes"): ("credit_note.list", list_of("credit_note")),
    ("GET", "credit_notes/{id}"): ("credit_note.retrieve", retrieve("credit_note")),
    ("GET", "events"): ("event.list", list_of("event")),
    ("GET", "events/{id}"): ("event.retrieve", retrieve("event")),
    ("GET", "items"): ("item.list", list_of("item")),
    ("GET", "items/{id}"): ("item.retrieve", retrieve("item")),
    ("GET", "item_families"): ("item_family.list", list_of("item_family")),
    ("GET", "item_prices"): ("item_price.list", list_of("item_price")),
    ("GET", "item_prices/{id}"): ("item_price.retrieve", retrieve("item_price")),
    ("POST", "webhook_endpoints"): ("webhook_endpoint.create", site.create_webhook_endpoint),
    ("GET", "webhook_endpoints"): ("webhook_endpoint.list", list_of("webhook_endpoint")),
    ("GET", "time_machines/{id}"): ("time_machine.retrieve", site.time_machine),
    ("POST", "time_machines/{id}/travel_forward"): ("time_machine.travel_forward", site.travel_forward),
}  # fmt: skip
"""Method and path of each call, the operation's name in faults, and what answers it."""

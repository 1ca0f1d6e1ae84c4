"""Subscriptions by the API: change, cancel, pause, resume and reactivate, each from the states it may start in."""

from typing import Any

import chargebee
import pytest

from tests.sandbox.chargebee.conftest import DECLINED_LATER, START, Vendor, moment


def refuses(call: Any, *arguments: Any, status: int = 409, code: str = "invalid_state_for_request") -> bool:
    """Return whether the vendor refuses a call for this reason; fails when it does not refuse at all."""
    with pytest.raises(chargebee.APIError) as refused:
        call(*arguments)
    return (refused.value.http_status_code, refused.value.api_error_code) == (status, code)


# Changing the plan


def test_an_upgrade_in_mid_term_costs_the_difference(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    term_end = vendor.subscription(subscription_id).current_term_end
    vendor.travel(days=14)  # half of the 28 days
    answer = vendor.change_plan(subscription_id, "pro-USD-Monthly")
    assert (answer.invoice.total, answer.invoice.credits_applied, answer.invoice.amount_paid) == (4_950, 2_450, 2_500)
    assert (answer.invoice.status, answer.invoice.recurring) == ("paid", True)
    (line,) = answer.invoice.line_items
    assert (line.entity_id, line.amount, line.date_to) == ("pro-USD-Monthly", 4_950, term_end)
    (note,) = answer.credit_notes
    assert (note.type, note.status, note.total, note.amount_available) == ("refundable", "refunded", 2_450, 0)
    assert (note.reference_invoice_id, note.reason_code) == (vendor.invoices()[0].id, "subscription_change")
    assert (note.allocations[0].invoice_id, note.allocations[0].allocated_amount) == (answer.invoice.id, 2_450)
    assert answer.subscription.current_term_end == term_end
    vendor.travel(days=14)
    assert vendor.invoices()[-1].total == 9_900


def test_a_second_upgrade_credits_the_first(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.travel(days=14)
    vendor.change_plan(subscription_id, "pro-USD-Monthly")
    vendor.travel(days=7)
    invoice = vendor.change_plan(subscription_id, "scale-USD-Monthly").invoice
    assert (invoice.total, invoice.credits_applied, invoice.amount_paid) == (6_225, 2_475, 3_750)


def test_a_downgrade_now_leaves_credit_for_the_renewal(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe("pro-USD-Monthly")
    vendor.travel(days=14)
    answer = vendor.change_plan(subscription_id, "starter-USD-Monthly")
    assert (answer.invoice.status, answer.invoice.total, answer.invoice.amount_paid) == ("paid", 2_450, 0)
    assert answer.customer.refundable_credits == 2_500
    vendor.travel(days=14)
    renewal = vendor.invoices()[-1]
    assert (renewal.total, renewal.credits_applied, renewal.amount_paid) == (4_900, 2_500, 2_400)
    assert vendor.client.Customer.retrieve("u1").customer.refundable_credits == 0


def test_a_yearly_plan_begins_a_new_term(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.travel(days=14)
    answer = vendor.change_plan(subscription_id, "starter-USD-Yearly")
    assert (answer.invoice.total, answer.invoice.credits_applied) == (49_000, 2_450)
    assert moment(answer.subscription.current_term_start) == START.replace(month=2, day=14)
    assert moment(answer.subscription.current_term_end) == START.replace(year=2028, month=2, day=14)


def test_a_change_for_the_end_of_the_term_is_scheduled(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe("pro-USD-Monthly")
    answer = vendor.change_plan(subscription_id, "starter-USD-Monthly", end_of_term=True)
    assert (answer.invoice, answer.subscription.has_scheduled_changes) == (None, True)
    assert answer.subscription.subscription_items[0].item_price_id == "pro-USD-Monthly"
    future = vendor.client.Subscription.retrieve_with_scheduled_changes(subscription_id).subscription
    assert future.subscription_items[0].item_price_id == "starter-USD-Monthly"
    vendor.travel(days=28)
    changed = vendor.subscription(subscription_id)
    assert (changed.subscription_items[0].amount, changed.has_scheduled_changes) == (4_900, False)
    assert vendor.invoices()[-1].total == 4_900
    assert {"subscription_changed", "subscription_renewed"} <= set(vendor.event_types())


def test_a_scheduled_change_can_be_taken_back(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe("pro-USD-Monthly")
    subscriptions = vendor.client.Subscription
    assert refuses(subscriptions.remove_scheduled_changes, subscription_id)
    vendor.change_plan(subscription_id, "starter-USD-Monthly", end_of_term=True)
    subscriptions.remove_scheduled_changes(subscription_id)
    assert refuses(subscriptions.retrieve_with_scheduled_changes, subscription_id)
    vendor.travel(days=28)
    assert vendor.invoices()[-1].total == 9_900


def test_a_declined_upgrade_changes_nothing(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe(card=DECLINED_LATER)
    before, events = vendor.subscription(subscription_id).raw_data, len(vendor.events())
    with pytest.raises(chargebee.PaymentError) as declined:
        vendor.change_plan(subscription_id, "pro-USD-Monthly")
    assert (declined.value.http_status_code, declined.value.type) == (400, "payment")
    assert vendor.subscription(subscription_id).raw_data == before
    assert (len(vendor.invoices()), len(vendor.events()), vendor.client.CreditNote.list({}).list) == (1, events, [])


def test_the_same_plan_costs_nothing(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    assert vendor.change_plan(subscription_id, "starter-USD-Monthly").invoice is None
    assert len(vendor.invoices()) == 1


def test_an_estimate_is_what_the_change_then_costs(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.travel(days=14)
    params = {"subscription": {"id": subscription_id}, "subscription_items": [{"item_price_id": "pro-USD-Monthly"}]}
    events = len(vendor.events())
    estimate = vendor.client.Estimate.update_subscription_for_items(params).estimate
    assert (estimate.invoice_estimate.total, estimate.invoice_estimate.amount_due) == (4_950, 2_500)
    assert [note.total for note in estimate.credit_note_estimates] == [2_450]
    upcoming = estimate.next_invoice_estimate
    assert (upcoming.total, upcoming.amount_due) == (9_900, 9_900)
    assert upcoming.line_items[0].date_from == vendor.subscription(subscription_id).current_term_end
    assert (len(vendor.invoices()), len(vendor.events())) == (1, events), "an estimate leaves no trace"
    assert vendor.change_plan(subscription_id, "pro-USD-Monthly").invoice.amount_paid == 2_500


def test_an_estimate_for_the_end_of_the_term_costs_nothing_now(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe("pro-USD-Monthly")
    params = {"subscription": {"id": subscription_id}, "subscription_items": [{"item_price_id": "starter-USD-Monthly"}]}
    estimate = vendor.client.Estimate.update_subscription_for_items({**params, "end_of_term": True}).estimate
    assert (estimate.invoice_estimate, estimate.next_invoice_estimate.total) == (None, 4_900)
    assert not vendor.subscription(subscription_id).has_scheduled_changes


# Cancelling


def test_cancelling_at_the_end_of_the_term(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    answer = vendor.client.Subscription.cancel_for_items(subscription_id, {"cancel_option": "end_of_term"})
    subscription = answer.subscription
    assert (subscription.status, subscription.remaining_billing_cycles) == ("non_renewing", 0)
    assert subscription.cancelled_at == subscription.current_term_end
    assert (subscription.next_billing_at, answer.customer.id) == (None, "u1")
    vendor.travel(days=27)
    assert vendor.subscription(subscription_id).status == "non_renewing"
    vendor.travel(days=1)
    ended = vendor.subscription(subscription_id)
    assert (ended.status, ended.cancelled_at) == ("cancelled", ended.current_term_end)
    assert len(vendor.invoices()) == 1


def test_a_scheduled_cancellation_can_be_taken_back(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    subscriptions = vendor.client.Subscription
    assert refuses(subscriptions.remove_scheduled_cancellation, subscription_id)
    subscriptions.cancel_for_items(subscription_id, {"cancel_option": "end_of_term"})
    kept = subscriptions.remove_scheduled_cancellation(subscription_id).subscription
    assert (kept.status, kept.cancelled_at, kept.next_billing_at) == ("active", None, kept.current_term_end)
    vendor.travel(days=28)
    assert [invoice.status for invoice in vendor.invoices()] == ["paid", "paid"]


def test_cancelling_without_an_option_is_at_once(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    before = vendor.subscription(subscription_id)
    vendor.travel(days=1)
    cancelled = vendor.client.Subscription.cancel_for_items(subscription_id).subscription
    assert cancelled.status == "cancelled"
    assert cancelled.cancelled_at < cancelled.current_term_end == before.current_term_end
    assert refuses(vendor.client.Subscription.cancel_for_items, subscription_id)
    vendor.travel(days=60)
    assert len(vendor.invoices()) == 1


# Pausing


def test_a_pause_within_the_term_costs_nothing(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    paused = vendor.client.Subscription.pause(subscription_id, {"pause_option": "immediately"}).subscription
    assert (paused.status, paused.next_billing_at) == ("paused", None)
    vendor.travel(days=10)
    answer = vendor.client.Subscription.resume(subscription_id, {"resume_option": "immediately"})
    assert (answer.subscription.status, answer.invoice) == ("active", None)
    assert answer.subscription.next_billing_at == paused.current_term_end
    assert len(vendor.invoices()) == 1


def test_resuming_after_the_term_begins_a_new_one(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.client.Subscription.pause(subscription_id)
    vendor.travel(days=40)
    assert len(vendor.invoices()) == 1
    answer = vendor.client.Subscription.resume(subscription_id)
    assert (answer.invoice.status, answer.invoice.total) == ("paid", 4_900)
    assert moment(answer.subscription.current_term_start) == START.replace(month=3, day=12)


def test_a_declined_resumption_leaves_it_paused(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe(card=DECLINED_LATER)
    vendor.client.Subscription.pause(subscription_id)
    vendor.travel(days=40)
    assert refuses(vendor.client.Subscription.resume, subscription_id, status=400, code="payment_processing_failed")
    assert (vendor.subscription(subscription_id).status, len(vendor.invoices())) == ("paused", 1)


def test_a_pause_at_the_end_of_the_term_and_a_resumption_by_itself(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    end = vendor.subscription(subscription_id).current_term_end
    params = {"pause_option": "end_of_term", "resume_date": end + 5 * 86_400}
    scheduled = vendor.client.Subscription.pause(subscription_id, params).subscription
    assert (scheduled.status, scheduled.pause_date) == ("active", end)
    vendor.travel(days=29)
    assert (vendor.subscription(subscription_id).status, len(vendor.invoices())) == ("paused", 1)
    vendor.travel(days=5)
    resumed = vendor.subscription(subscription_id)
    assert (resumed.status, resumed.current_term_start) == ("active", end + 5 * 86_400)
    assert [invoice.status for invoice in vendor.invoices()] == ["paid", "paid"]


def test_a_scheduled_pause_can_be_taken_back(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.client.Subscription.pause(subscription_id, {"pause_option": "end_of_term"})
    kept = vendor.client.Subscription.remove_scheduled_pause(subscription_id).subscription
    assert (kept.status, kept.pause_date) == ("active", None)
    vendor.travel(days=28)
    assert vendor.subscription(subscription_id).status == "active"


def test_a_paused_subscription_that_ends_still_ends(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.client.Subscription.cancel_for_items(subscription_id, {"cancel_option": "end_of_term"})
    vendor.client.Subscription.pause(subscription_id)
    vendor.travel(days=28)
    assert vendor.subscription(subscription_id).status == "cancelled"


def test_pausing_and_changing_need_the_right_state(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe("pro-USD-Monthly")
    subscriptions = vendor.client.Subscription
    assert refuses(subscriptions.resume, subscription_id)
    assert refuses(subscriptions.reactivate, subscription_id)
    vendor.change_plan(subscription_id, "starter-USD-Monthly", end_of_term=True)
    assert refuses(subscriptions.pause, subscription_id)
    subscriptions.remove_scheduled_changes(subscription_id)
    subscriptions.pause(subscription_id)
    assert refuses(subscriptions.pause, subscription_id)
    assert refuses(vendor.change_plan, subscription_id, "scale-USD-Monthly")


# Reactivating


def test_reactivating_within_the_term_costs_nothing(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.client.Subscription.cancel_for_items(subscription_id)
    answer = vendor.client.Subscription.reactivate(subscription_id, {"invoice_immediately": True})
    assert (answer.subscription.status, answer.subscription.cancelled_at, answer.invoice) == ("active", None, None)
    vendor.travel(days=28)
    assert len(vendor.invoices()) == 2


def test_reactivating_after_the_term_begins_a_new_one(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.client.Subscription.cancel_for_items(subscription_id)
    vendor.travel(days=40)
    answer = vendor.client.Subscription.reactivate(subscription_id)
    assert (answer.subscription.status, answer.invoice.status) == ("active", "paid")
    assert answer.subscription.current_term_start == answer.invoice.line_items[0].date_from


def test_deleted_subscriptions_and_customers_are_not_found(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.client.Customer.delete("u1")
    assert refuses(vendor.client.Subscription.retrieve, subscription_id, status=404, code="resource_not_found")
    assert refuses(vendor.client.Customer.retrieve, "u1", status=404, code="resource_not_found")
    deleted = vendor.events()[-1]
    assert deleted.event_type == "customer_deleted"
    (subscription,) = deleted.content["subscriptions"]
    assert (subscription["deleted"], subscription["status"]) == (True, "active")
    vendor.travel(days=60)
    assert len(vendor.invoices()) == 1


def test_a_subscription_can_be_made_by_the_api(vendor: Vendor) -> None:
    vendor.subscribe(customer="other")
    params = {"subscription_items": [{"item_price_id": "pro-USD-Yearly"}]}
    made = vendor.client.Subscription.create_with_items("other", params)
    assert (made.subscription.status, made.invoice.total, made.customer.id) == ("active", 99_000, "other")
    vendor.add_customer("poor")
    with pytest.raises(chargebee.PaymentError) as refused:
        vendor.client.Subscription.create_with_items("poor", params)
    assert refused.value.api_error_code == "payment_method_not_present"
    listed = vendor.client.Subscription.list({"customer_id": {"IS": "other"}, "status": {"IN": ["active"]}}).list
    assert [entry.customer.id for entry in listed] == ["other", "other"]

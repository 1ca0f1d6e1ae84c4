"""Money by the clock and by hand: renewals, dunning, refunds, late failures, chargebacks, charges."""

from datetime import UTC, datetime

import chargebee
import pytest

from atlas_site.sandbox.chargebee.errors import InvalidState
from tests.sandbox.chargebee.conftest import BANK, BANK_LATE, DECLINED_LATER, START, VISA, Vendor, moment

PACK = {"item_prices": [{"item_price_id": "pack-100-USD", "quantity": 2}]}


# Renewals


def test_months_are_clamped_to_their_length_and_grow_again(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.travel(days=28 + 31 + 30)
    invoices = vendor.invoices()
    starts = [moment(invoice.line_items[0].date_from) for invoice in invoices]
    assert starts == [
        START, START.replace(month=2, day=28), START.replace(month=3, day=31), START.replace(month=4, day=30)
    ]  # fmt: skip
    ends = [invoice.line_items[0].date_to for invoice in invoices]
    assert ends[:-1] == [invoice.line_items[0].date_from for invoice in invoices[1:]]
    assert vendor.subscription(subscription_id).current_term_end == ends[-1]
    assert [invoice.date for invoice in invoices] == [invoice.line_items[0].date_from for invoice in invoices]


def test_a_leap_day_renews_on_the_last_of_february(vendor: Vendor) -> None:
    vendor.sandbox.move_clock(datetime(2028, 2, 29, 12, tzinfo=UTC))
    vendor.subscribe("starter-USD-Yearly")
    vendor.sandbox.move_clock(datetime(2032, 3, 1, tzinfo=UTC))
    days = [moment(invoice.date).date().isoformat() for invoice in vendor.invoices()]
    assert days == ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


def test_each_thing_happens_at_its_own_time_and_in_order(vendor: Vendor) -> None:
    vendor.subscribe(customer="a")
    vendor.travel(days=3)
    vendor.subscribe(customer="b")
    vendor.travel(days=90)
    events = [event for event in vendor.events() if event.event_type == "subscription_renewed"]
    assert [event.content["customer"]["id"] for event in events] == ["a", "b", "a", "b", "a", "b"]
    assert [event.occurred_at for event in events] == sorted(event.occurred_at for event in events)
    for event in events:
        assert event.occurred_at == event.content["subscription"]["current_term_start"]
        assert (event.source, event.content["invoice"]["status"]) == ("scheduled_job", "paid")
    versions: dict[str, list[int]] = {}
    for event in vendor.events():
        for body in event.content.values():
            versions.setdefault(body["id"], []).append(body["resource_version"])
    assert all(told == sorted(told) for told in versions.values()), "no event tells an older state than one before"
    subscription = vendor.subscription(events[-1].content["subscription"]["id"])
    assert subscription.resource_version // 1000 == events[-1].occurred_at, "the version is the moment of the change"


# Dunning


def test_a_declined_renewal_is_tried_three_times_and_then_ends_the_plan(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe(card=DECLINED_LATER)
    vendor.travel(days=28)
    due = vendor.invoices()[-1]
    assert (due.status, due.dunning_status, due.amount_due) == ("payment_due", "in_progress", 4_900)
    assert moment(due.next_retry_at) == START.replace(month=3, day=2)
    subscription = vendor.subscription(subscription_id)
    assert (subscription.status, subscription.due_invoices_count, subscription.total_dues) == ("active", 1, 4_900)
    assert subscription.due_since == due.date

    vendor.travel(days=6)
    ended = vendor.invoices()[-1]
    assert (ended.status, ended.dunning_status, ended.next_retry_at) == ("not_paid", "exhausted", None)
    assert [attempt.txn_status for attempt in ended.dunning_attempts] == ["failure"] * 4
    days = [(attempt.created_at - ended.date) // 86_400 for attempt in ended.dunning_attempts]
    assert days == [0, 2, 4, 6]
    subscription = vendor.subscription(subscription_id)
    assert (subscription.status, subscription.cancel_reason) == ("cancelled", "not_paid")
    failed = [event.content for event in vendor.events() if event.event_type == "payment_failed"]
    assert [content["invoice"]["dunning_status"] for content in failed] == ["in_progress"] * 3 + ["exhausted"]
    assert failed[0]["transaction"]["error_text"]
    vendor.travel(days=60)
    assert len(vendor.invoices()) == 2


def test_a_retry_with_another_card_succeeds(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe(card=DECLINED_LATER)
    vendor.travel(days=29)
    page = vendor.client.HostedPage.manage_payment_sources({"customer": {"id": "u1"}}).hosted_page
    vendor.site.complete_checkout(page.id, card=VISA)
    invoice = vendor.invoices()[-1]
    assert (invoice.status, invoice.dunning_status, invoice.next_retry_at) == ("paid", "success", None)
    assert moment(invoice.paid_at).date().isoformat() == "2027-03-01"
    assert vendor.subscription(subscription_id).due_invoices_count == 0


def test_an_unpaid_invoice_can_be_collected_and_recorded(vendor: Vendor) -> None:
    vendor.subscribe(card=DECLINED_LATER)
    vendor.travel(days=40)
    unpaid = vendor.invoices()[-1]
    with pytest.raises(chargebee.PaymentError):
        vendor.client.Invoice.collect_payment(unpaid.id)
    assert vendor.transactions()[-1].status == "failure", "a declined attempt is kept"
    vendor.site.replace_payment_source("u1", VISA)
    answer = vendor.client.Invoice.collect_payment(unpaid.id)
    assert (answer.invoice.status, answer.transaction.status) == ("paid", "success")
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        vendor.client.Invoice.collect_payment(unpaid.id)
    assert refused.value.http_status_code == 409


def test_a_customer_billed_by_hand_is_not_collected_from(vendor: Vendor) -> None:
    vendor.subscribe()
    vendor.client.Customer.update("u1", {"auto_collection": "off"})
    vendor.travel(days=28)
    posted = vendor.invoices()[-1]
    assert (posted.status, posted.amount_due, len(vendor.transactions())) == ("posted", 4_900, 1)
    recorded = vendor.client.Invoice.record_payment(posted.id, {"transaction": {"amount": 4_900}})
    assert (recorded.invoice.status, recorded.transaction.payment_method) == ("paid", "check")


def test_an_unpaid_invoice_can_be_voided(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe(card=DECLINED_LATER)
    vendor.travel(days=28)
    first, unpaid = vendor.invoices()
    voided = vendor.client.Invoice.void_invoice(unpaid.id).invoice
    assert (voided.status, voided.amount_due) == ("voided", 0)
    assert vendor.subscription(subscription_id).due_invoices_count == 0
    with pytest.raises(chargebee.InvalidRequestError):
        vendor.client.Invoice.void_invoice(first.id)


# Charges on the stored card


def test_a_charge_is_collected_from_the_stored_card(vendor: Vendor) -> None:
    vendor.subscribe()
    invoice = vendor.client.Invoice.create_for_charge_items_and_charges({"customer_id": "u1", **PACK}).invoice
    assert (invoice.status, invoice.total, invoice.line_items[0].quantity) == ("paid", 5_800, 2)
    assert invoice.subscription_id is None


def test_a_declined_charge_leaves_no_invoice(vendor: Vendor) -> None:
    vendor.subscribe(card=DECLINED_LATER)
    events = len(vendor.events())
    with pytest.raises(chargebee.PaymentError) as declined:
        vendor.client.Invoice.create_for_charge_items_and_charges({"customer_id": "u1", **PACK})
    assert (declined.value.http_status_code, declined.value.api_error_code) == (400, "payment_processing_failed")
    assert (len(vendor.invoices()), len(vendor.transactions()), len(vendor.events())) == (1, 1, events)


def test_a_price_of_nothing_is_paid_without_a_transaction(vendor: Vendor) -> None:
    vendor.site.put_item_price(id="free", price=0, metadata={"credits_per_month": 5})
    vendor.subscribe()
    made = vendor.client.Subscription.create_with_items("u1", {"subscription_items": [{"item_price_id": "free"}]})
    assert (made.invoice.status, made.invoice.total, bool(made.invoice.paid_at)) == ("paid", 0, True)
    assert len(vendor.transactions()) == 1


# Refunds


def test_refunds_repeat_up_to_what_was_paid(vendor: Vendor) -> None:
    vendor.subscribe()
    (invoice,) = vendor.invoices()
    part = vendor.client.Invoice.refund(invoice.id, {"refund_amount": 900, "credit_note": {"reason_code": "waiver"}})
    assert (part.invoice.status, part.invoice.amount_paid) == ("paid", 4_900)
    (payment, _) = vendor.transactions()
    assert (part.transaction.type, part.transaction.status, part.transaction.amount) == ("refund", "success", 900)
    assert part.transaction.refunded_txn_id == payment.id
    linked = part.transaction.linked_credit_notes[0]
    assert (linked.cn_id, linked.cn_reference_invoice_id) == (part.credit_note.id, invoice.id)
    note = vendor.client.CreditNote.retrieve(part.credit_note.id).credit_note
    assert (note.type, note.status, note.total, note.amount_refunded) == ("refundable", "refunded", 900, 900)
    assert (note.reference_invoice_id, note.reason_code) == (invoice.id, "waiver")
    assert note.linked_refunds[0].txn_id == part.transaction.id
    assert vendor.invoices()[0].issued_credit_notes[0].cn_id == note.id
    assert payment.linked_refunds[0].txn_id == part.transaction.id
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        vendor.client.Invoice.refund(invoice.id, {"refund_amount": 4_001})
    assert (refused.value.api_error_code, refused.value.param) == ("param_wrong_value", "refund_amount")
    assert vendor.client.Invoice.refund(invoice.id).transaction.amount == 4_000
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        vendor.client.Invoice.refund(invoice.id)
    assert refused.value.http_status_code == 409


def test_staff_can_refund(vendor: Vendor) -> None:
    vendor.subscribe()
    (invoice,) = vendor.invoices()
    assert vendor.site.refund(invoice.id, 100)["transaction"]["amount"] == 100
    assert vendor.site.refund(invoice.id)["transaction"]["amount"] == 4_800
    event = next(event for event in vendor.events() if event.event_type == "payment_refunded")
    assert event.source == "admin_console"
    assert set(event.content) == {"transaction", "invoice", "credit_note", "customer", "subscription"}


# Bank debits


def test_a_debit_settles_when_told(vendor: Vendor) -> None:
    vendor.add_customer()
    invoice = vendor.buy_pack(card=BANK)
    vendor.site.settle(vendor.transactions()[0].id)
    assert vendor.client.Invoice.retrieve(invoice.id).invoice.status == "paid"
    vendor.travel(days=30)
    assert [transaction.status for transaction in vendor.transactions()] == ["success"]


def test_a_subscription_paid_by_debit_is_active_at_once_and_not_in_dunning(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe(card=BANK)
    subscription, (invoice,) = vendor.subscription(subscription_id), vendor.invoices()
    assert (subscription.status, subscription.due_invoices_count) == ("active", 0)
    assert (invoice.status, invoice.dunning_status, invoice.amount_to_collect) == ("payment_due", None, 0)
    vendor.travel(days=3)
    assert vendor.invoices()[0].status == "paid"


def test_a_late_failure_makes_a_settled_pack_unpaid(vendor: Vendor) -> None:
    vendor.add_customer()
    vendor.buy_pack(card=BANK_LATE)
    vendor.travel(days=3)
    assert vendor.invoices()[0].status == "paid"
    vendor.travel(days=2)
    (invoice,) = vendor.invoices()
    assert (invoice.status, invoice.amount_paid, invoice.amount_due, invoice.paid_at) == ("not_paid", 0, 2_900, None)
    assert invoice.linked_payments[0].txn_status == "late_failure"
    assert vendor.transactions()[0].status == "late_failure"
    vendor.site.replace_payment_source("u1", VISA)
    paid = vendor.client.Invoice.collect_payment(invoice.id).invoice
    assert [payment.txn_status for payment in paid.linked_payments] == ["late_failure", "success"]
    assert (paid.status, paid.amount_paid) == ("paid", 2_900)


def test_a_late_failure_of_a_plan_begins_dunning(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    vendor.site.fail_late(vendor.transactions()[0].id)
    (invoice,) = vendor.invoices()
    assert (invoice.status, invoice.dunning_status) == ("payment_due", "in_progress")
    assert vendor.subscription(subscription_id).due_invoices_count == 1
    vendor.travel(days=2)
    (invoice,) = vendor.invoices()
    assert (invoice.status, invoice.dunning_status) == ("paid", "success")


def test_a_debit_that_always_fails_late_ends_the_plan(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe("starter-USD-Yearly", card=BANK_LATE)
    vendor.travel(days=60)
    assert [transaction.status for transaction in vendor.transactions()] == ["late_failure"] * 4
    subscription = vendor.subscription(subscription_id)
    assert (subscription.status, subscription.cancel_reason) == ("cancelled", "not_paid")


def test_a_debit_in_dunning_is_waited_for(vendor: Vendor) -> None:
    vendor.subscribe(card=DECLINED_LATER)
    vendor.travel(days=29)
    vendor.site.replace_payment_source("u1", BANK)
    assert (vendor.invoices()[-1].next_retry_at, vendor.transactions()[-1].status) == (None, "in_progress")
    vendor.travel(days=3)
    assert (vendor.invoices()[-1].status, vendor.invoices()[-1].dunning_status) == ("paid", "success")


def test_a_refunded_payment_cannot_be_charged_back(vendor: Vendor) -> None:
    vendor.subscribe()
    (invoice,) = vendor.invoices()
    vendor.site.refund(invoice.id)
    with pytest.raises(InvalidState):
        vendor.site.chargeback(invoice.id)


def test_what_fails_for_one_does_not_hold_up_the_others(vendor: Vendor) -> None:
    vendor.subscribe(customer="gone", card=DECLINED_LATER)
    vendor.subscribe(customer="here")
    vendor.travel(days=28)  # the invoice of the first is in dunning
    vendor.client.Customer.delete("gone")
    vendor.travel(days=40)
    assert len([invoice for invoice in vendor.invoices() if invoice.customer_id == "here"]) == 3


def test_a_chargeback_takes_the_payment_back(vendor: Vendor) -> None:
    vendor.subscribe()
    (invoice,) = vendor.invoices()
    reversal = vendor.site.chargeback(invoice.id)
    payment, listed = vendor.transactions()
    assert (listed.id, listed.type, listed.status) == (reversal["id"], "payment_reversal", "success")
    assert (payment.reversal_transaction_id, listed.reference_transaction_id) == (listed.id, payment.id)
    (invoice,) = vendor.invoices()
    assert (invoice.status, invoice.amount_paid, invoice.amount_due) == ("not_paid", 0, 4_900)
    with pytest.raises(chargebee.InvalidRequestError):
        vendor.client.Invoice.refund(invoice.id)


def test_a_write_off_makes_an_invoice_paid_without_money(vendor: Vendor) -> None:
    vendor.subscribe(card=DECLINED_LATER)
    vendor.travel(days=29)
    made = vendor.client.Invoice.write_off(vendor.invoices()[-1].id)
    assert (made.credit_note.type, made.credit_note.total) == ("adjustment", 4_900)
    assert (made.credit_note.create_reason_code, made.credit_note.status) == ("Write off", "adjusted")
    invoice = vendor.invoices()[-1]
    assert (invoice.status, invoice.amount_paid, invoice.amount_due) == ("paid", 0, 0)
    assert (invoice.write_off_amount, invoice.amount_adjusted) == (4_900, 0)
    assert [note.cn_id for note in invoice.adjustment_credit_notes] == [made.credit_note.id]
    assert (invoice.dunning_status, invoice.next_retry_at) == ("stopped", None)
    assert vendor.client.Subscription.list().list[0].subscription.due_invoices_count == 0
    with pytest.raises(chargebee.InvalidRequestError):
        vendor.client.Invoice.write_off(invoice.id)


def test_what_a_payment_is_in_progress_for_is_not_written_off(vendor: Vendor) -> None:
    vendor.subscribe(card=BANK)
    with pytest.raises(chargebee.InvalidRequestError):
        vendor.client.Invoice.write_off(vendor.invoices()[-1].id)


def test_an_invoice_has_a_pdf(vendor: Vendor) -> None:
    vendor.subscribe()
    (invoice,) = vendor.invoices()
    download = vendor.client.Invoice.pdf(invoice.id).download
    assert (download.mime_type, download.download_url.startswith(vendor.url)) == ("application/pdf", True)
    assert download.valid_till > invoice.date

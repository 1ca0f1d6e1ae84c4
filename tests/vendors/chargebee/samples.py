"""Documents as Chargebee sends them, each whole enough for every field that Atlas reads."""

from typing import Any

# 1 March and 1 April 2026, midnight UTC.
START, END = 1_772_323_200, 1_775_001_600


def customer(**changes: Any) -> dict[str, Any]:
    return {
        "id": "cust-1",
        "email": "payer@example.com",
        "first_name": "Pat",
        "card_status": "valid",
        "deleted": False,
        "resource_version": 1_772_323_200_001,
        "object": "customer",
        "payment_method": {"type": "card", "reference_id": "tok_1", "status": "valid"},
    } | changes


def subscription(**changes: Any) -> dict[str, Any]:
    return {
        "id": "sub-1",
        "customer_id": "cust-1",
        "status": "active",
        "resource_version": 1_772_323_200_002,
        "created_at": START,
        "started_at": START,
        "current_term_start": START,
        "current_term_end": END,
        "next_billing_at": END,
        "trial_end": START,
        "cancelled_at": END,
        "cancel_reason": "not_paid",
        "pause_date": END,
        "resume_date": END,
        "due_invoices_count": 1,
        "due_since": START,
        "total_dues": 9900,
        "has_scheduled_changes": False,
        "deleted": False,
        "subscription_items": [
            {"item_price_id": "support-USD-Monthly", "item_type": "addon", "quantity": 2, "amount": 0},
            {"item_price_id": "pro-USD-Monthly", "item_type": "plan", "quantity": 1, "amount": 9900},
        ],
    } | changes


def invoice(**changes: Any) -> dict[str, Any]:
    return {
        "id": "inv_1",
        "customer_id": "cust-1",
        "subscription_id": "sub-1",
        "status": "paid",
        "recurring": True,
        "resource_version": 1_772_323_200_003,
        "date": START,
        "due_date": START,
        "paid_at": START,
        "currency_code": "USD",
        "total": 9900,
        "amount_paid": 8000,
        "amount_due": 0,
        "credits_applied": 900,
        "amount_adjusted": 700,
        "write_off_amount": 300,
        "po_number": "top-up:1",
        "next_retry_at": END,
        "deleted": False,
        "line_items": [
            {
                "id": "li_1",
                "subscription_id": "sub-1",
                "entity_type": "plan_item_price",
                "entity_id": "pro-USD-Monthly",
                "date_from": START,
                "date_to": END,
                "quantity": 1,
                "amount": 9900,
                "description": "Pro",
            }
        ],
        "linked_payments": [
            {"txn_id": "txn_1", "txn_status": "success", "applied_amount": 8000, "txn_date": START, "txn_amount": 8000}
        ],
        "applied_credits": [{"cn_id": "cn_1", "applied_amount": 900, "applied_at": START, "cn_status": "refunded"}],
        "adjustment_credit_notes": [
            {"cn_id": "cn_2", "cn_total": 700, "cn_date": END, "cn_status": "adjusted"},
            {"cn_id": "cn_3", "cn_total": 50, "cn_date": END, "cn_status": "voided"},
        ],
    } | changes


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "id": "txn_1",
        "customer_id": "cust-1",
        "subscription_id": "sub-1",
        "type": "payment",
        "status": "success",
        "resource_version": 1_772_323_200_004,
        "date": START,
        "updated_at": END,
        "amount": 9000,
        "currency_code": "USD",
        "error_text": "Insufficient funds",
        "masked_card_number": "************1111",
        "linked_invoices": [{"invoice_id": "inv_1", "applied_amount": 9000, "invoice_total": 9900}],
        "deleted": False,
    } | changes


def refund(**changes: Any) -> dict[str, Any]:
    return transaction(id="txn_2", type="refund", refunded_txn_id="txn_1", linked_invoices=[]) | {
        "linked_credit_notes": [
            {"cn_id": "cn_1", "cn_reference_invoice_id": "inv_1"},
            {"cn_id": "cn_2", "cn_reference_invoice_id": "inv_1"},
            {"cn_id": "cn_3", "cn_reference_invoice_id": "inv_2"},
        ],
        **changes,
    }


def item_price(**changes: Any) -> dict[str, Any]:
    return {
        "id": "pro-USD-Monthly",
        "name": "pro monthly",
        "external_name": "Pro",
        "item_id": "pro",
        "item_type": "plan",
        "status": "active",
        "price": 9900,
        "currency_code": "USD",
        "period": 1,
        "period_unit": "month",
        "metadata": {"credits_per_month": 420, "Kept": {"As": "it is"}},
        "resource_version": 1_772_323_200_006,
    } | changes


def hosted_page(**changes: Any) -> dict[str, Any]:
    return {
        "id": "page_1",
        "type": "checkout_new",
        "url": "https://atlas.chargebee.com/pages/v4/page_1/",
        "state": "succeeded",
        "expires_at": END,
        "content": {"customer": {"id": "cust-1"}, "invoice": {"id": "inv_1", "customer_id": "cust-1"}},
    } | changes


def event(**changes: Any) -> dict[str, Any]:
    return {
        "id": "ev_1",
        "event_type": "payment_succeeded",
        "occurred_at": START,
        "api_version": "v2",
        "content": {"customer": {"id": "cust-1"}},
    } | changes


def estimate(**changes: Any) -> dict[str, Any]:
    return {
        "created_at": START,
        "subscription_estimate": {"id": "sub-1", "status": "active", "next_billing_at": END},
        "invoice_estimate": {"total": 24900, "credits_applied": 4950, "amount_due": 19950, "line_items": []},
        "next_invoice_estimate": {"total": 24900, "amount_due": 24900},
        "credit_note_estimates": [{"type": "refundable", "total": 4950, "amount_allocated": 4950}],
    } | changes

"""Operations on invoices and their payments."""

from atlas_site.sandbox.chargebee import checkouts, credit_notes, forms, invoices, payments
from atlas_site.sandbox.chargebee.books import public
from atlas_site.sandbox.chargebee.errors import WrongParam
from atlas_site.sandbox.chargebee.operations.call import Call, Content


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


def refund(call: Call) -> Content:
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


def void(call: Call) -> Content:
    """Invoice.void_invoice"""
    with call.books.change():
        return {"invoice": public(invoices.void(call.books, call.resource_id))}


def write_off(call: Call) -> Content:
    """Invoice.write_off"""
    with call.books.change():
        made = credit_notes.write_off(call.books, call.resource_id)
        return {name: public(body) for name, body in made.items()}


def download_pdf(call: Call) -> Content:
    """Invoice.pdf"""
    invoice = call.books.get("invoice", call.resource_id)
    return {"download": {
        "object": "download", "download_url": f"{call.base_url}/pages/v4/invoices/{invoice['id']}.pdf",
        "valid_till": call.books.now() + 3600, "mime_type": "application/pdf",
    }}  # fmt: skip

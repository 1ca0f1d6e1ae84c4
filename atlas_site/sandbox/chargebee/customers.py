"""Customers of the site and the cards and bank accounts that they pay with."""

import json
import re
from typing import Any

from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.errors import ApiError, Declined, WrongParam
from atlas_site.sandbox.chargebee.store import Document

MAX_ID_LENGTH = 50
FIELDS = (
    "first_name", "last_name", "email", "phone", "company", "locale", "auto_collection", "preferred_currency_code",
    "billing_address", "invoice_notes",
)  # fmt: skip
DECLINES_ALWAYS, DECLINES_LATER = "4000000000000002", "4000000000000341"
BANK_SETTLES, BANK_FAILS_LATE = "000123456789", "000111111116"


def create(books: Books, params: dict[str, Any]) -> Document:
    """Make a customer with the id given or one of the site's own.

    Raises ``ApiError`` (duplicate_entry) for an id that is taken, ``WrongParam`` for a wrong value.
    """
    customer_id = str(params.get("id") or books.new_id("customer"))
    if len(customer_id) > MAX_ID_LENGTH:
        raise WrongParam("id", f"must not be longer than {MAX_ID_LENGTH} characters")
    if books.find("customer", customer_id):
        raise ApiError(400, "duplicate_entry", f"The value {customer_id} is already present.", param="id")
    with books.change():
        customer = {
            "id": customer_id, "auto_collection": "on", "net_term_days": 0, "allow_direct_debit": False,
            "taxability": "taxable", "pii_cleared": "active", "channel": "web", "deleted": False,
            "card_status": "no_card", "promotional_credits": 0, "refundable_credits": 0, "excess_payments": 0,
            "unbilled_charges": 0, "preferred_currency_code": "USD",
        }  # fmt: skip
        _set_fields(customer, params)
        books.put("customer", customer)
        books.note("customer_created", customer=customer_id)
        return customer


def update(books: Books, customer_id: str, params: dict[str, Any]) -> Document:
    """Change the fields named of a customer."""
    with books.change():
        customer = books.get("customer", customer_id)
        _set_fields(customer, params)
        books.put("customer", customer)
        books.note("customer_changed", customer=customer_id)
        return customer


def delete(books: Books, customer_id: str) -> Document:
    """Delete a customer; the subscriptions are deleted too and keep their status (Chargebee API reference)."""
    with books.change():
        customer = books.get("customer", customer_id)
        subscriptions = [
            books.get("subscription", body["id"]) for body in books.all("subscription", customer_id=customer_id)
        ]
        for subscription in subscriptions:
            subscription["deleted"] = True
            books.put("subscription", subscription)
        customer["deleted"] = True
        books.put("customer", customer)
        books.note("customer_deleted", customer=customer_id, subscriptions=[body["id"] for body in subscriptions])
        return customer


def _set_fields(customer: Document, params: dict[str, Any]) -> None:
    for name, value in params.items():
        if name in FIELDS or name.startswith("cf_"):
            customer[name] = value or None
        elif name == "meta_data":
            customer[name] = _read_json(str(value))
    email = customer.get("email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", str(email)):
        raise WrongParam("email", "the email is not valid")
    if customer["auto_collection"] not in ("on", "off"):
        raise WrongParam("auto_collection", "must be on or off")


def _read_json(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise WrongParam("meta_data", "must be a JSON object")
    return value


# What they pay with


def add_payment_source(books: Books, customer_id: str, given: dict[str, Any]) -> Document:
    """Keep a card or a bank account as what the customer pays with from now on.

    ``given`` has ``number`` (and ``expiry_month``, ``expiry_year``, ``cvv``, names) of a card, or ``account_number``
    (and ``routing_number``) of a bank account. How it pays is known by its number: see this module's constants.

    Raises ``Declined`` for a number that cannot be one.
    """
    number = re.sub(r"[\s-]", "", str(given.get("number") or ""))
    account = re.sub(r"[\s-]", "", str(given.get("account_number") or ""))
    if not (number or account):
        raise Declined("Enter a card number or a bank account.", "payment_method_not_present")
    with books.change():
        customer = books.get("customer", customer_id)
        source: Document = {
            "id": books.new_id("payment_source"), "customer_id": customer_id, "status": "valid", "deleted": False,
            "gateway": "chargebee", "gateway_account_id": "gw_sandbox", "reference_id": books.new_id("token")[:20],
            "type": "card" if number else "direct_debit", "_number": number or account,
        }  # fmt: skip
        if number:
            source["card"] = _read_card(number, given)
        else:
            if not re.fullmatch(r"\d{4,17}", account):
                raise Declined("The account number is not valid.", "payment_method_verification_failed")
            source["bank_account"] = {"last4": account[-4:], "account_type": "checking", "bank_name": "Sandbox Bank"}
        books.put("payment_source", source)
        customer["primary_payment_source_id"] = source["id"]
        customer["card_status"] = "valid" if number else "no_card"
        customer["payment_method"] = {
            "object": "payment_method", "type": source["type"], "status": "valid", "gateway": "chargebee",
            "gateway_account_id": "gw_sandbox", "reference_id": source["reference_id"],
        }  # fmt: skip
        books.put("customer", customer)
        books.note("payment_source_added", payment_source=source["id"], customer=customer_id)
        books.note("customer_changed", customer=customer_id)
        return source


def _read_card(number: str, given: dict[str, Any]) -> Document:
    if not re.fullmatch(r"\d{12,19}", number) or not _is_luhn(number):
        raise Declined("The card number is not valid.", "payment_method_verification_failed")
    brands = {"3": "american_express", "4": "visa", "5": "mastercard", "6": "discover"}
    return {
        "object": "card", "iin": number[:6], "last4": number[-4:], "brand": brands.get(number[0], "other"),
        "funding_type": "credit", "masked_number": "*" * (len(number) - 4) + number[-4:],
        "expiry_month": int(given.get("expiry_month") or 12), "expiry_year": int(given.get("expiry_year") or 2035),
        "first_name": given.get("first_name"), "last_name": given.get("last_name"),
    }  # fmt: skip


def _is_luhn(number: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def payment_source(books: Books, customer_id: str) -> Document | None:
    """Return what the customer pays with, or ``None``."""
    source_id = books.get("customer", customer_id).get("primary_payment_source_id")
    return books.find("payment_source", source_id) if source_id else None


def card(books: Books, customer_id: str) -> Document | None:
    """Return the ``card`` resource of a customer who pays by card, or ``None``."""
    source = payment_source(books, customer_id)
    if source is None or "card" not in source:
        return None
    details = {"card_type" if name == "brand" else name: value for name, value in source["card"].items()}
    return details | {
        "payment_source_id": source["id"], "customer_id": customer_id, "status": source["status"],
        "gateway": source["gateway"], "gateway_account_id": source["gateway_account_id"],
        "created_at": source["created_at"], "updated_at": source["updated_at"],
        "resource_version": source["resource_version"],
    }  # fmt: skip

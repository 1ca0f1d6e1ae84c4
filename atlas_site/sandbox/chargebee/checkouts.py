"""Hosted pages: what the pages of the checkout show, and what paying on them does."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from atlas_site.sandbox.chargebee import catalog, changes, customers, invoices, payments, subscriptions
from atlas_site.sandbox.chargebee.books import Books, public
from atlas_site.sandbox.chargebee.errors import InvalidState, WrongParam
from atlas_site.sandbox.chargebee.store import Document

LIFETIMES = {
    "checkout_new": 3 * 3600, "checkout_existing": 3 * 3600, "checkout_one_time": 3 * 3600,
    "manage_payment_sources": 5 * 24 * 3600,
}  # fmt: skip
MAX_URL, MAX_PASS_THRU = 250, 2_048
OPEN_STATES = ("created", "requested")
Items = Sequence[dict[str, Any]]


def create(
    books: Books, kind: str, *, base_url: str, customer: dict[str, Any] | None = None, items: Items = (),
    subscription_id: str | None = None, options: dict[str, Any] | None = None,
) -> Document:  # fmt: skip
    """Make a hosted page. ``items`` are ``{"item_price_id", "quantity"}``; ``options`` are parameters of the call.

    Raises ``NotFound`` or ``WrongParam`` for what cannot be sold.
    """
    options = options or {}
    for name, limit in (("redirect_url", MAX_URL), ("cancel_url", MAX_URL), ("pass_thru_content", MAX_PASS_THRU)):
        if len(options.get(name) or "") > limit:
            raise WrongParam(name, f"must not be longer than {limit} characters")
    _check_items(books, kind, items)
    if subscription_id:
        customer = {"id": books.get("subscription", subscription_id)["customer_id"]}
    page_id, now = books.new_id("hosted_page"), books.now()
    page: Document = {
        "id": page_id, "type": kind, "url": f"{base_url}/pages/v4/{page_id}/", "state": "created", "embed": False,
        "expires_at": now + LIFETIMES[kind], "layout": options.get("layout"), "created_at": now,
        "pass_thru_content": options.get("pass_thru_content"), "_redirect_url": options.get("redirect_url"),
        "_cancel_url": options.get("cancel_url"), "_items": items, "_customer": customer or {},
        "_subscription_id": subscription_id, "_restart_term": options.get("force_term_reset") == "true",
    }  # fmt: skip
    with books.change():
        return books.put("hosted_page", page)


def _check_items(books: Books, kind: str, items: Items) -> None:
    if kind == "manage_payment_sources":
        return
    name, item_type = ("item_prices", "charge") if kind == "checkout_one_time" else ("subscription_items", "plan")
    if not items:
        raise WrongParam(f"{name}[item_price_id][0]", "cannot be blank")
    if item_type == "plan" and len(items) > 1:
        raise WrongParam(f"{name}[item_price_id][1]", "this site sells plans without addons")
    for place, item in enumerate(items):
        catalog.sellable(books, item["item_price_id"], item_type, param=f"{name}[item_price_id][{place}]")


def retrieve(books: Books, token: str) -> Document:
    """Return a hosted page as the API shows it: with its ``content`` when it has succeeded. Raises ``NotFound``."""
    with books.lock:
        page = books.get("hosted_page", token)
        shown = public(page)
        if "_content" in page:
            content = {name: books.find(name, resource_id) for name, resource_id in page["_content"].items()}
            shown["content"] = {name: public(body) for name, body in content.items() if body}
            card = customers.card(books, page["_content"]["customer"])
            if card:
                shown["content"]["card"] = public(card)
        return shown


def acknowledge(books: Books, token: str) -> Document:
    """Acknowledge a page that has succeeded. Raises ``InvalidState`` for any other."""
    with books.change():
        page = books.get("hosted_page", token)
        if page["state"] != "succeeded":
            raise InvalidState(f"The hosted page is {page['state']}; only a succeeded one can be acknowledged.")
        page["state"] = "acknowledged"
        books.put("hosted_page", page)
    return retrieve(books, token)


# For the pages


def view(books: Books, token: str) -> dict[str, Any]:
    """Return what a hosted page shows, and note that it was opened.

    ``state`` is also "expired"; ``lines`` are ``{description, quantity, amount, period_unit}`` in cents, ``credit``
    what is taken off, ``due`` what is paid now, ``source`` the stored card or account (``{"type", "last4"}``) or
    ``None``, ``back_url`` where a finished page leads and ``cancel_url`` where giving up does. Raises ``NotFound``.
    """
    with books.change("hosted_page"):
        page = books.get("hosted_page", token)
        if page["state"] == "created" and page["expires_at"] > books.now():
            page["state"] = "requested"
            books.put("hosted_page", page)
    customer = books.find("customer", page["_customer"].get("id") or "")
    source = customers.payment_source(books, customer["id"]) if customer else None
    details = (source.get("card") or source["bank_account"]) if source else {}
    shown = {
        "id": token, "type": page["type"], "state": _state(books, page), "lines": [], "credit": 0, "due": 0,
        "currency_code": catalog.CURRENCY, "customer_id": customer["id"] if customer else None,
        "email": (customer or page["_customer"]).get("email"),
        "source": {"type": source["type"], "last4": details["last4"]} if source else None,
        "back_url": return_url(page, "redirect"), "cancel_url": return_url(page, "cancel"),
    }  # fmt: skip
    if shown["state"] == "requested" and page["type"] != "manage_payment_sources":
        shown |= _rehearse(books, page)
    return shown


def _state(books: Books, page: Document) -> str:
    has_expired = page["state"] in OPEN_STATES and page["expires_at"] <= books.now()
    return "expired" if has_expired else page["state"]


def _rehearse(books: Books, page: Document) -> dict[str, Any]:
    with books.rehearsal():
        customer_id = _ensure_customer(books, page)
        invoice = RUNS[page["type"]](books, page, customer_id).get("invoice")
        if invoice is None:
            return {}
        lines = [
            {"description": line["description"], "quantity": line["quantity"], "amount": line["amount"],
             "period_unit": (books.get("item_price", line["entity_id"])).get("period_unit")}
            for line in invoice["line_items"]
        ]  # fmt: skip
        return {"lines": lines, "credit": invoice["credits_applied"], "due": invoice["amount_due"]}


def complete(books: Books, token: str, *, card: dict[str, Any] | None) -> dict[str, Any]:
    """Pay on a hosted page with what ``customers.add_payment_source`` takes, or with ``None`` by the stored source.

    Returns ``{"redirect_url", "page"}``; a page that has succeeded already returns the same again and takes no
    money. Raises ``Declined``, and nothing was bought then; ``InvalidState`` for an expired or cancelled page.
    """
    with books.change("hosted_page"):
        page = books.get("hosted_page", token)
        state = _state(books, page)
        if state not in (*OPEN_STATES, "succeeded", "acknowledged"):
            raise InvalidState(f"The hosted page is {state}.")
        if state in OPEN_STATES:
            customer_id = _ensure_customer(books, page)
            if card:
                customers.add_payment_source(books, customer_id, card)
            done = RUNS[page["type"]](books, page, customer_id)
            page["_content"] = {"customer": customer_id} | {name: body["id"] for name, body in done.items() if body}
            page["state"] = "succeeded"
            books.put("hosted_page", page)
    return {"redirect_url": return_url(page, "redirect"), "page": retrieve(books, token)}


def cancel(books: Books, token: str) -> dict[str, Any]:
    """Give up on a hosted page; returns ``{"redirect_url", "page"}``. A page that succeeded stays so."""
    with books.change("hosted_page"):
        page = books.get("hosted_page", token)
        if page["state"] in OPEN_STATES:
            page["state"] = "cancelled"
            books.put("hosted_page", page)
    return {"redirect_url": return_url(page, "cancel"), "page": public(page)}


def return_url(page: Document, name: str) -> str | None:
    """Return where a page leads in the end ("redirect") or when given up ("cancel"), with its id and state."""
    url = page[f"_{name}_url"]
    if not url:
        return None
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("id", page["id"]), ("state", page["state"])]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _ensure_customer(books: Books, page: Document) -> str:
    """Return the customer's id; one that Chargebee does not know gets an id of Chargebee's (API reference)."""
    known = books.find("customer", page["_customer"].get("id") or "")
    if known and not known.get("deleted"):
        return str(known["id"])
    given = {name: value for name, value in page["_customer"].items() if name != "id"}
    return str(customers.create(books, given)["id"])


def _run_new(books: Books, page: Document, customer_id: str) -> dict[str, Any]:
    item = page["_items"][0]
    price = catalog.sellable(books, item["item_price_id"], "plan", param="subscription_items[item_price_id][0]")
    subscription = subscriptions.create(
        books, customer_id=customer_id, price=price, quantity=item["quantity"], on_session=True
    )
    return {"subscription": subscription, "invoice": books.mine("invoice", subscription)[-1]}


def _run_existing(books: Books, page: Document, _customer_id: str) -> dict[str, Any]:
    item = page["_items"][0]
    price = catalog.sellable(books, item["item_price_id"], "plan", param="subscription_items[item_price_id][0]")
    change = changes.change_now(
        books, page["_subscription_id"], price, item["quantity"], on_session=True, restart_term=page["_restart_term"]
    )
    return {"subscription": change.subscription, "invoice": change.invoice}


def _run_one_time(books: Books, page: Document, customer_id: str) -> dict[str, Any]:
    return {"invoice": sell_charges(books, customer_id, page["_items"], on_session=True)}


def _run_sources(books: Books, _page: Document, customer_id: str) -> dict[str, Any]:
    pay_dues(books, customer_id)
    return {}


def sell_charges(books: Books, customer_id: str, items: Items, *, on_session: bool) -> Document:
    """Sell one-time charges and collect them. Raises ``Declined``, and nothing was sold then."""
    invoice = bill_charges(books, customer_id, items)
    payments.require_success(payments.collect(books, invoice, on_session=on_session))
    return invoice


def bill_charges(books: Books, customer_id: str, items: Items) -> Document:
    """Make the invoice over one-time charges, still to be collected. Raises ``NotFound`` or ``WrongParam``."""
    lines = []
    for place, item in enumerate(items):
        price = catalog.sellable(
            books, item["item_price_id"], "charge", param=f"item_prices[item_price_id][{place}]"
        )  # fmt: skip
        lines.append(invoices.price_line(books, price, quantity=item["quantity"], customer_id=customer_id))
    return invoices.issue(books, customer_id=customer_id, lines=lines)


def pay_dues(books: Books, customer_id: str) -> None:
    """Collect what is due from a new payment source, as Chargebee does for invoices in dunning."""
    for invoice in books.all("invoice", customer_id=customer_id):
        if invoice["status"] == "payment_due" and invoice["amount_to_collect"] > 0 and not books.rehearsing:
            payments.collect_again(books, invoice["id"], on_session=True)


RUNS: dict[str, Callable[[Books, Document, str], dict[str, Any]]] = {
    "checkout_new": _run_new,
    "checkout_existing": _run_existing,
    "checkout_one_time": _run_one_time,
    "manage_payment_sources": _run_sources,
}
"""What paying on a page of each type does; returns the resources it made."""

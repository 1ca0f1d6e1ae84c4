"""The console at ``/chargebee/``: what the vendor's staff would see, for people who try Atlas out.

Here the clock is moved, a period is ended, an invoice refunded, a payment failed, and webhooks are held back.
"""

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any, Protocol

from atlas_site.sandbox.chargebee.control import ChargebeeControl
from atlas_site.sandbox.chargebee.frame import alert, button, link, notice, read_form, redirect, show, table
from atlas_site.sandbox.chargebee.pdf import download_path, format_day, format_money
from atlas_site.sandbox.chargebee.periods import day_of_month, end_of_term
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.chargebee.store import Document
from atlas_site.sandbox.clock import Clock
from atlas_site.sandbox.web import Request, Response

PATH = "/chargebee/"
SHOWN_CUSTOMERS, SHOWN_DELIVERIES = 30, 30
MOVES = {"day": "one day", "month": "one month", "year": "one year"}


class State(Protocol):
    """What the console steers."""

    clock: Clock
    chargebee: Site
    chargebee_control: ChargebeeControl

    def move_clock(self, moment: datetime | None) -> None:
        """Make it this moment for every vendor, or the real time again, and let happen what is due."""


class Console:
    """Answers the calls under ``/chargebee/``."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __call__(self, request: Request) -> Response:
        """Show the console, or do what a button says and show it again."""
        if request.method != "POST":
            return self._show(notice("Done.") if request.query.get("said") == "done" else "")
        form = read_form(request)
        try:
            self._press(form.pop("action", ""), form)
        except ValueError as error:
            return self._show(alert(str(error)))
        return redirect(f"{PATH}?said=done")

    def _press(self, action: str, form: dict[str, str]) -> None:
        state, now = self._state, int(self._state.clock.now().timestamp())
        if action == "clock" and form.get("by") in MOVES:
            then = end_of_term(now, 1, form["by"], anchor_day=day_of_month(now))
            state.move_clock(datetime.fromtimestamp(then + 1, state.clock.now().tzinfo))
        elif action == "real_time":
            state.move_clock(None)
        elif action == "webhooks":
            state.chargebee_control.steer_webhooks(form)
        elif state.chargebee_control.act(action, form) is None:
            raise ValueError("this page has no such button")

    def _show(self, message: str) -> Response:
        self._state.chargebee.run_until_now()
        parts = (self._clock, self._customers, self._webhooks, self._catalog)
        return show("Console", message + "".join(part() for part in parts), wide=True)

    def _clock(self) -> str:
        clock = self._state.clock
        moves = "".join(button(f"Forward {name}", action="clock", by=by) for by, name in MOVES.items())
        back = button("Back to real time", action="real_time") if clock.is_moved else ""
        return (
            f"<h2>Clock</h2><p>It is {clock.now():%Y-%m-%d %H:%M:%S} UTC here"
            f"{' (moved)' if clock.is_moved else ''}. Atlas keeps the real time, and what is paid here counts "
            f"there. To try a renewal without moving the clock, end a plan's period below.</p>"
            f'<div class="buttons">{moves}{back}</div>'
        )

    def _customers(self) -> str:
        books = self._state.chargebee.books
        customers = list(reversed(books.all("customer")))[:SHOWN_CUSTOMERS]
        return "".join(
            f"<h2>{escape(customer.get('email') or customer['id'])}</h2>"
            f'<p class="quiet">Customer {escape(customer["id"])}</p>{self._account(customer["id"])}'
            for customer in customers
        ) or "<h2>Customers</h2><p>No customers yet. One appears when somebody buys something.</p>"  # fmt: skip

    def _account(self, customer_id: str) -> str:
        def rows(kind: str, make: Callable[[Document], list[str]]) -> list[list[str]]:
            found = self._state.chargebee.books.all(kind, customer_id=customer_id)
            return [make(body) for body in reversed(found)]

        return (
            table("Plans", ["Plan", "State", "Period", ""], rows("subscription", _plan_row), empty="None.", level=3)
            + table("Invoices", ["Invoice", "Date", "Amount", "State", ""], rows("invoice", _invoice_row),
                    empty="None.", level=3)
            + table("Transactions", ["Transaction", "Date", "Amount", "Kind", "State", ""],
                    rows("transaction", _transaction_row), empty="None.", level=3)
        )  # fmt: skip

    def _webhooks(self) -> str:
        told = self._state.chargebee_control.list_webhooks()
        endpoints = ", ".join(escape(endpoint["url"]) for endpoint in told["endpoints"]) or "nobody yet"
        other = ("normal", "Deliver as they happen") if told["mode"] == "hold" else ("hold", "Hold back")
        deliveries = list(reversed(told["deliveries"]))[:SHOWN_DELIVERIES]
        return (
            f"<h2>Webhooks</h2><p>Sent to {endpoints}. Mode: {escape(told['mode'])}. Pending: {told['pending']}.</p>"
            '<div class="buttons">'
            + button(other[1], action="webhooks", mode=other[0])
            + button("Deliver all that is pending", action="webhooks", deliver="all")
            + "</div>"
            + table("Deliveries", ["Event", "State", "Attempts", ""], [_delivery_row(row) for row in deliveries],
                    empty="None yet.", level=3)
        )  # fmt: skip

    def _catalog(self) -> str:
        rows = [_price_row(price) for price in self._state.chargebee.books.all("item_price")]
        head = ["Item price", "Name", "Price", "Credits", "State"]
        return table("Catalog", head, rows, empty="Nothing is sold.")


def _plan_row(subscription: Document) -> list[str]:
    plan = next(item for item in subscription["subscription_items"] if item["item_type"] == "plan")
    is_running = subscription["status"] in ("active", "non_renewing")
    renew = button("End this period now", action="renew", subscription_id=subscription["id"])
    term = f"{format_day(subscription['current_term_start'])} to {format_day(subscription['current_term_end'])}"
    state = escape(subscription["status"].replace("_", " "))
    return [escape(plan["item_price_id"]), state, term, renew if is_running else ""]


def _invoice_row(invoice: Document) -> list[str]:
    buttons = "".join(
        button(name, action=action, invoice_id=invoice["id"])
        for name, action in (("Refund", "refund"), ("Chargeback", "chargeback"))
    )
    return [
        link(download_path(invoice), invoice["id"]), format_day(invoice["date"]),
        format_money(invoice["total"]), escape(invoice["status"].replace("_", " ")),
        f'<div class="buttons">{buttons}</div>' if invoice["amount_paid"] else "",
    ]  # fmt: skip


def _transaction_row(transaction: Document) -> list[str]:
    actions = {"success": [("Fail late", "fail_late")], "in_progress": [("Settle", "settle"), ("Fail", "fail_late")]}
    offered = actions.get(transaction["status"], []) if transaction["type"] == "payment" else []
    buttons = "".join(button(name, action=action, transaction_id=transaction["id"]) for name, action in offered)
    kind, state = transaction["type"].replace("_", " "), transaction["status"].replace("_", " ")
    return [
        escape(transaction["id"]), format_day(transaction["date"]), format_money(transaction["amount"]),
        escape(kind), escape(state), f'<div class="buttons">{buttons}</div>',
    ]  # fmt: skip


def _delivery_row(delivery: dict[str, Any]) -> list[str]:
    answer = f" ({delivery['code'] or delivery['error'] or 'not sent yet'})"
    return [
        escape(f"{delivery['event_type']} {delivery['event_id']}"),
        escape(delivery["status"].replace("_", " ") + answer), str(delivery["attempts"]),
        button("Send again", action="webhooks", deliver=delivery["event_id"]),
    ]  # fmt: skip


def _price_row(price: Document) -> list[str]:
    period = f" a {price['period_unit']}" if price.get("period_unit") else ""
    grant = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in (price.get("metadata") or {}).items())
    return [
        escape(price["id"]), escape(price.get("external_name") or price["name"]),
        escape(f"{format_money(price['price'], price['currency_code'])}{period}"), escape(grant),
        escape(price["status"]),
    ]  # fmt: skip

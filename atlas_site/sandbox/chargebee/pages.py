"""Hosted pages of the sandbox Chargebee, for people: the checkouts, the page to change a card, and invoices as PDF."""

from html import escape
from typing import Any

from atlas_site.sandbox.chargebee.errors import ApiError, NotFound
from atlas_site.sandbox.chargebee.frame import (
    alert,
    card_fields,
    link,
    notice,
    read_card,
    read_form,
    redirect,
    show,
)
from atlas_site.sandbox.chargebee.pdf import format_money, make_invoice_pdf
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.web import Request, Response

PREFIX = "/pages/v4/"
TITLES = {
    "checkout_new": "Checkout",
    "checkout_existing": "Change of plan",
    "checkout_one_time": "Checkout",
    "manage_payment_sources": "Payment method",
}
ENDED = {
    "succeeded": ("Done", "Everything is done on this page."),
    "acknowledged": ("Done", "Everything is done on this page."),
    "cancelled": ("Cancelled", "You left this page without paying. Nothing was bought."),
    "expired": ("Too late", "This page was open for too long. Nothing was bought; please start again."),
}
"""Title and sentence for a page that can do nothing more, by its state."""


class Pages:
    """Answers the calls under ``/pages/v4/``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, request: Request) -> Response:
        """Answer one call: a page, what pressing a button on it leads to, or an invoice."""
        token = request.path.removeprefix(PREFIX).strip("/")
        try:
            if token.startswith("invoices/"):
                return self._pdf(token.removeprefix("invoices/").removesuffix(".pdf"))
            return self._press(token, read_form(request)) if request.method == "POST" else self._show(token)
        except NotFound:
            return show("Not here", "<p>There is no such page.</p>", status=404)

    def _show(self, token: str, *, problem: str = "") -> Response:
        try:
            page = self._site.hosted_page(token)
        except NotFound:
            raise
        except ApiError as error:  # what was to be bought cannot be sold any more
            return show("Not for sale", alert(error.message))
        if page["state"] in ENDED:
            title, sentence = ENDED[page["state"]]
            back = page["back_url"] if page["state"] in ("succeeded", "acknowledged") else page["cancel_url"]
            return show(title, notice(sentence) + (f"<p>{link(back, 'Go back')}</p>" if back else ""))
        return show(TITLES.get(page["type"], "Checkout"), (alert(problem) if problem else "") + _checkout_html(page))

    def _press(self, token: str, form: dict[str, str]) -> Response:
        action = form.get("action")
        if action not in ("pay", "pay_and_stay", "cancel"):
            return show("Not here", "<p>This page has no such button.</p>", status=400)
        try:
            if action == "cancel":
                done = self._site.cancel_checkout(token)
            else:
                done = self._site.complete_checkout(token, card=read_card(form))
        except NotFound:
            raise
        except ApiError as error:
            return self._show(token, problem=error.message)
        if action == "pay_and_stay":
            return show("Done", notice("It is paid. You may close this page."))
        return redirect(done["redirect_url"]) if done["redirect_url"] else self._show(token)

    def _pdf(self, invoice_id: str) -> Response:
        books = self._site.books
        invoice = books.get("invoice", invoice_id)
        customer = books.find("customer", invoice["customer_id"]) or {}
        headers = {"Content-Disposition": f'inline; filename="invoice-{invoice["id"]}.pdf"'}
        return Response(make_invoice_pdf(invoice, customer.get("email") or ""), 200, "application/pdf", headers)


def _checkout_html(page: dict[str, Any]) -> str:
    is_purchase = page["type"] != "manage_payment_sources"
    button = f"Pay {format_money(page['due'], page['currency_code'])}" if page["due"] else "Confirm"
    stay = '<button name="action" value="pay_and_stay">Pay, but close the tab</button>' if is_purchase else ""
    return (
        (f'<p class="quiet">For {escape(page["email"])}</p>' if page["email"] else "")
        + (_lines_html(page) if is_purchase else "<p>Future payments are collected from it, and what is due now.</p>")
        + f'<form method="post">{card_fields(page["source"] if is_purchase else None)}<div class="buttons">'
        f'<button class="main" name="action" value="pay">{escape(button if is_purchase else "Save")}</button>{stay}'
        '<button name="action" value="cancel" formnovalidate>Cancel</button></div></form>'
    )


def _lines_html(page: dict[str, Any]) -> str:
    currency = page["currency_code"]
    rows = [
        (
            escape(line["description"])
            + (f" × {line['quantity']}" if line["quantity"] != 1 else "")
            + (f'<div class="quiet">billed every {escape(line["period_unit"])}</div>' if line["period_unit"] else ""),
            format_money(line["amount"], currency),
        )
        for line in page["lines"]
    ]
    if page["credit"]:
        rows.append(("Credit you have, such as for the rest of your old plan", format_money(-page["credit"], currency)))
    body = "".join(f'<tr><td>{name}</td><td class="number">{amount}</td></tr>' for name, amount in rows)
    return (
        '<table><thead><tr><th scope="col">You buy</th><th scope="col" class="number">Price</th></tr></thead>'
        f'<tbody>{body}</tbody><tfoot><tr><th scope="row">Due now</th>'
        f'<td class="number"><strong>{format_money(page["due"], currency)}</strong></td></tr></tfoot></table>'
    )

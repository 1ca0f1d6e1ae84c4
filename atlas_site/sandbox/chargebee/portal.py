"""The self-service portal of the sandbox Chargebee: plans, invoices and the card of one customer.

It is entered by an address that works once within an hour; a cookie holds the session until the customer leaves.
"""

from html import escape
from http.cookies import CookieError, SimpleCookie

from atlas_site.sandbox.chargebee.errors import ApiError, NotFound
from atlas_site.sandbox.chargebee.frame import (
    alert,
    button,
    card_fields,
    link,
    notice,
    read_card,
    read_form,
    redirect,
    show,
    table,
)
from atlas_site.sandbox.chargebee.pdf import download_path, format_day, format_money
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.chargebee.store import Document
from atlas_site.sandbox.web import Request, Response

HOME, CARD = "/portal/v2/", "/portal/v2/card"
COOKIE = "sandbox_portal"
NO_SESSION = "<p>This address was used already or is too old. Go back to where you came from and open it again.</p>"


class Portal:
    """Answers the calls under ``/portal/v2/``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, request: Request) -> Response:
        """Answer one call: entering, a page, or what pressing a button does."""
        if request.path == f"{HOME}authenticate":
            return self._enter(request.query.get("token", ""))
        session = self._session(request)
        if session is None:
            return show("Not logged in", NO_SESSION, status=403)
        try:
            if request.method == "POST":
                return self._press(request.path, read_form(request), session)
        except ApiError as error:
            return self._show(request.path, session, problem=error.message)
        return self._show(request.path, session, said=request.query.get("said", ""))

    def _enter(self, token: str) -> Response:
        try:
            session = self._site.log_in_portal(token)
        except ApiError:
            return show("Not logged in", NO_SESSION, status=403)
        return redirect(HOME, Set_Cookie=f"{COOKIE}={session['id']}; Path={HOME}; HttpOnly; SameSite=Lax")

    def _session(self, request: Request) -> Document | None:
        try:
            cookies = SimpleCookie(request.headers.get("cookie", ""))
            session = self._site.portal_session(cookies[COOKIE].value if COOKIE in cookies else "")
        except (CookieError, NotFound):
            return None
        return session if session["status"] == "logged_in" else None

    def _press(self, path: str, form: dict[str, str], session: Document) -> Response:
        action, customer_id = form.get("action"), session["customer_id"]
        if action == "leave":
            self._site.log_out_portal(session["id"])
            back = session.get("redirect_url")
            return redirect(back) if back else show("Logged out", "<p>You may close this page.</p>")
        if path == CARD:
            card = read_card(form)
            if card:
                self._site.replace_payment_source(customer_id, card)
            return redirect(f"{HOME}?said=card")
        own = {body["id"] for body in self._site.account(customer_id)["subscriptions"]}
        if form.get("subscription") not in own or action not in ("cancel", "keep"):
            return show("Not here", "<p>This page has no such button.</p>", status=400)
        change = self._site.cancel_subscription if action == "cancel" else self._site.keep_subscription
        change(form["subscription"])
        return redirect(f"{HOME}?said={action}")

    def _show(self, path: str, session: Document, *, said: str = "", problem: str = "") -> Response:
        message = alert(problem) if problem else notice(SAID[said]) if said in SAID else ""
        if path == CARD:
            save = '<div class="buttons"><button class="main">Save</button></div>'
            form = f'<form method="post">{card_fields()}{save}</form>'
            return show("Payment method", f"{message}{form}<p>{link(HOME, 'Back without saving')}</p>")
        if path != HOME:
            return show("Not here", f"<p>{link(HOME, 'Start')}</p>", status=404)
        account = self._site.account(session["customer_id"])
        plans = [_plan_row(body) for body in account["subscriptions"]]
        invoices = [_invoice_row(body) for body in account["invoices"]]
        return show(
            "Your account",
            f'<p class="quiet">{escape(account["customer"].get("email") or session["customer_id"])}</p>{message}'
            + table("Plans", ["Plan", "Price", "State", ""], plans, empty="You have no plan.")
            + table("Invoices", ["Invoice", "Date", "Amount", "State", "PDF"], invoices, empty="No invoices yet.")
            + f"<h2>Payment method</h2><p>{_source_text(account['source'])} {link(CARD, 'Change')}</p>"
            + button("Back", action="leave", style="main"),
            wide=True,
        )


SAID = {
    "card": "The payment method was changed.",
    "cancel": "The plan ends with its period and is not renewed.",
    "keep": "The plan stays and is renewed.",
}


def _plan_row(subscription: Document) -> list[str]:
    plan = next(item for item in subscription["subscription_items"] if item["item_type"] == "plan")
    end, state = format_day(subscription["current_term_end"]), subscription["status"].replace("_", " ")
    until = {"active": f"renews {end}", "non_renewing": f"ends {end}"}.get(subscription["status"], "")
    actions = {"active": ("Cancel at period end", "cancel"), "non_renewing": ("Keep the plan", "keep")}
    name, action = actions.get(subscription["status"], ("", ""))
    return [
        escape(plan["item_price_id"]),
        f"{format_money(plan['amount'], subscription['currency_code'])} a {escape(plan['billing_period_unit'])}",
        escape(f"{state}, {until}" if until else state),
        button(name, action=action, subscription=subscription["id"]) if action else "",
    ]


def _invoice_row(invoice: Document) -> list[str]:
    return [
        escape(invoice["id"]), format_day(invoice["date"]), format_money(invoice["total"], invoice["currency_code"]),
        escape(invoice["status"].replace("_", " ")), link(download_path(invoice), "PDF"),
    ]  # fmt: skip


def _source_text(source: Document | None) -> str:
    if source is None:
        return "None yet."
    details = source.get("card") or source["bank_account"]
    return f"{'Card' if 'card' in source else 'Bank account'} ending in {escape(details['last4'])}."

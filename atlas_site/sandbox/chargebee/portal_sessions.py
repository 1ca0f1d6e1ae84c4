"""Portal sessions: the single-use address by which a customer enters the self-service portal."""

from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.errors import InvalidState, NotFound
from atlas_site.sandbox.chargebee.store import Document

LIFETIME = 3600


def create(books: Books, customer_id: str, redirect_url: str | None, *, base_url: str) -> Document:
    """Make a session whose ``access_url`` can be opened once within an hour. Raises ``NotFound``."""
    customer = books.get("customer", customer_id, param="customer[id]")
    token, now = books.new_id("token"), books.now()
    session: Document = {
        "id": books.new_id("portal_session"), "token": token, "status": "created", "customer_id": customer["id"],
        "access_url": f"{base_url}/portal/v2/authenticate?token={token}", "redirect_url": redirect_url,
        "created_at": now, "expires_at": now + LIFETIME,
        "linked_customers": [{
            "object": "linked_customer", "customer_id": customer["id"], "email": customer.get("email"),
            "has_billing_address": "billing_address" in customer,
            "has_active_subscription": _has_active_subscription(books, customer_id),
            "has_payment_method": "primary_payment_source_id" in customer,
        }],
    }  # fmt: skip
    with books.change():
        return books.put("portal_session", session)


def _has_active_subscription(books: Books, customer_id: str) -> bool:
    return any(body["status"] == "active" for body in books.all("subscription", customer_id=customer_id))


def find(books: Books, token: str) -> Document:
    """Return a session by its token or its id. Raises ``NotFound``."""
    for session in books.all("portal_session"):
        if token in (session["token"], session["id"]):
            return session
    raise NotFound("portal session", token)


def log_in(books: Books, token: str) -> Document:
    """Enter the portal by a token, once. Raises ``InvalidState`` for one that was used or is too old."""
    with books.change("portal"):
        session = books.get("portal_session", find(books, token)["id"])
        if session["status"] != "created" or session["expires_at"] <= books.now():
            raise InvalidState("The address was used already, or it is older than an hour.")
        session |= {"status": "logged_in", "login_at": books.now()}
        return books.put("portal_session", session)


def log_out(books: Books, token: str) -> Document:
    """End a session."""
    with books.change("portal"):
        session = books.get("portal_session", find(books, token)["id"])
        session |= {"status": "logged_out", "logout_at": books.now()}
        return books.put("portal_session", session)

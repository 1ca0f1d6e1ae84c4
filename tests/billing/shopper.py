"""A user at the sandbox Chargebee: what people, staff, banks and the calendar do there, each in one call."""

from datetime import datetime, timedelta

import requests
from django.conf import settings

from accounts.models import User
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee import CustomerAccount, Invoice, Subscription
from tests.billing.chargebee_site import GOOD_CARD, ChargebeeSite

STARTER, PRO, SCALE = "starter-USD-Monthly", "pro-USD-Monthly", "scale-USD-Monthly"
STARTER_YEARLY, PRO_YEARLY = "starter-USD-Yearly", "pro-USD-Yearly"
PACK_100, PACK_500 = "pack-100-USD", "pack-500-USD"
GOOD_BANK, LATE_BANK = "000123456789", "000111111116"
BACK = "http://testserver/billing/"


class Shopper:
    """One user as a customer of the sandbox."""

    def __init__(self, site: ChargebeeSite, user: User) -> None:
        self.site, self.user, self.id = site, user, str(user.pk)
        self._calls = 0
        chargebee.ensure_customer(customer_id=self.id, email=user.email, name=user.name)

    # ------------------------------------------------------------ the user

    def pay_with(self, card: str = GOOD_CARD) -> None:
        """Choose the card or bank account that pays from now on; what is due is paid at once."""
        self._finish(chargebee.manage_payment_sources(customer_id=self.id, redirect_url=BACK).url, card)

    def subscribe(self, plan: str = STARTER, card: str = GOOD_CARD) -> str:
        """Buy a plan on its hosted page and return the subscription's id."""
        known = {one.id for one in self.account.subscriptions}
        page = chargebee.checkout_new(
            customer_id=self.id, item_price_id=plan, redirect_url=BACK, cancel_url=BACK, key=self._key()
        )
        self._finish(page.url, card)
        return next(one.id for one in self.account.subscriptions if one.id not in known)

    def buy(self, pack: str = PACK_100, quantity: int = 1, card: str = GOOD_CARD) -> Invoice:
        """Buy a pack on its hosted page and return the invoice."""
        known = {invoice.id for invoice in self.account.invoices}
        page = chargebee.checkout_one_time(
            customer_id=self.id, item_price_id=pack, quantity=quantity, redirect_url=BACK, cancel_url=BACK
        )
        self._finish(page.url, card)
        return next(invoice for invoice in self.account.invoices if invoice.id not in known)

    def change(self, plan: str, *, at_term_end: bool = False) -> None:
        """Change the plan of the newest subscription."""
        chargebee.change_plan(
            subscription_id=self.subscription.id, item_price_id=plan, at_term_end=at_term_end, key=self._key()
        )

    def cancel(self) -> None:
        """Cancel the newest subscription at the end of its term."""
        chargebee.cancel_at_term_end(subscription_id=self.subscription.id, key=self._key())

    def keep(self) -> None:
        """Take the cancellation back."""
        chargebee.remove_scheduled_cancellation(subscription_id=self.subscription.id, key=self._key())

    def pause(self) -> None:
        """Pause the newest subscription."""
        chargebee.pause(subscription_id=self.subscription.id, key=self._key())

    def resume(self) -> None:
        """Resume it."""
        chargebee.resume(subscription_id=self.subscription.id, key=self._key())

    # ------------------------------------------------------------ staff, banks, the calendar

    def refund(self, invoice_id: str, cents: int | None = None) -> None:
        """Let staff refund an invoice, wholly unless an amount is given."""
        self.site.control("chargebee/refund", {"invoice_id": invoice_id, "amount_cents": cents})

    def charge_back(self, invoice_id: str) -> None:
        """Let the payer's bank take the payment back."""
        self.site.control("chargebee/chargeback", {"invoice_id": invoice_id})

    def write_off(self, invoice_id: str) -> None:
        """Let staff give up what an invoice is due, which Chargebee calls paid then."""
        self.ask(f"invoices/{invoice_id}/write_off", {})

    def void(self, invoice_id: str) -> None:
        """Let staff declare void what was not paid."""
        self.ask(f"invoices/{invoice_id}/void", {})

    def settle(self, transaction_id: str) -> None:
        """Let a bank debit succeed."""
        self.site.control("chargebee/settle", {"transaction_id": transaction_id})

    def fail_late(self, transaction_id: str) -> None:
        """Let a payment that had succeeded fail."""
        self.site.control("chargebee/fail_late", {"transaction_id": transaction_id})

    def end_now(self) -> None:
        """Let staff cancel the newest subscription at once."""
        self.ask(f"subscriptions/{self.subscription.id}/cancel_for_items", {"end_of_term": "false"})

    def reactivate(self) -> None:
        """Let staff reactivate the newest subscription."""
        self.ask(f"subscriptions/{self.subscription.id}/reactivate", {"invoice_immediately": "true"})

    def collect(self, invoice_id: str) -> None:
        """Let staff collect an invoice that is due."""
        self.ask(f"invoices/{invoice_id}/collect_payment", {})

    def ask(self, path: str, form: dict[str, str]) -> dict:
        """Post a form to the API, as the console of Chargebee does."""
        address = f"{settings.CHARGEBEE_BASE_URL}/api/v2/{path}"
        answer = requests.post(address, data=form, auth=(settings.CHARGEBEE_API_KEY, ""), timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    # ------------------------------------------------------------ what is there

    @property
    def account(self) -> CustomerAccount:
        """All that Chargebee holds of the user."""
        return chargebee.fetch_account(self.id)

    @property
    def subscription(self) -> Subscription:
        """The newest subscription."""
        return max(self.account.subscriptions, key=lambda one: (one.created_at, one.resource_version))

    @property
    def last_invoice(self) -> Invoice:
        """The newest invoice."""
        return max(self.account.invoices, key=lambda invoice: int(invoice.id))

    def _finish(self, address: str, card: str) -> None:
        form = {"action": "pay", "card": card, "expiry": "12/34", "cvv": "123"}
        answer = requests.post(address, data=form, allow_redirects=False, timeout=20)
        assert answer.status_code in {302, 303}, answer.text

    def _key(self) -> str:
        self._calls += 1
        return f"shopper-{self.id}-{self._calls}"


def travel(site: ChargebeeSite, moment: datetime) -> datetime:
    """Move the sandbox's clock to a moment, let happen what is due by then, and return the moment."""
    site.control("clock", {"now": moment.isoformat()})
    return moment


def later(moment: datetime, **step: float) -> datetime:
    """Return a moment so much later, as `timedelta` counts."""
    return moment + timedelta(**step)

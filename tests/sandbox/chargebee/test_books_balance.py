"""Whatever happens to a customer, and in whatever order: the vendor's books balance."""

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from atlas_site.sandbox.chargebee import catalog, changes, checkouts, customers, payments, subscriptions
from atlas_site.sandbox.chargebee.errors import ApiError
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.clock import Clock
from tests.sandbox.chargebee.conftest import BANK, BANK_LATE, DECLINED_LATER, START, VISA

PLANS = [f"{name}-USD-{length}" for name in catalog.PLANS for length in ("Monthly", "Yearly")]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("subscribe"), st.sampled_from(PLANS)),
        st.tuples(st.just("change"), st.sampled_from(PLANS)),
        st.tuples(st.just("schedule"), st.sampled_from(PLANS)),
        st.tuples(st.just("pay_with"), st.sampled_from([VISA, DECLINED_LATER, BANK, BANK_LATE])),
        st.tuples(st.just("travel"), st.integers(1, 70)),
        st.tuples(st.just("refund"), st.one_of(st.none(), st.integers(1, 5_000))),
        st.tuples(
            st.sampled_from(["end_later", "end_now", "keep", "pause", "resume", "reactivate", "pack", "collect",
                             "fail_late", "settle", "chargeback", "write_off"]),
            st.none(),
        ),
    ),
    max_size=25,
)  # fmt: skip


class Life:
    """One customer of one site; each step does what it can in the state there is."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.clock.move(START)
        self.site = Site(folder / "site.sqlite", self.clock)
        self.books = self.site.books
        customers.create(self.books, {"id": "u1", "email": "u1@example.test"})
        self.site.replace_payment_source("u1", VISA)

    def newest(self, kind: str) -> str:
        """The id of the newest document; nothing there is a refusal like those of the vendor."""
        found = self.books.all(kind)
        return str(found[-1]["id"]) if found else "nothing"

    def step(self, name: str, value: Any) -> None:
        books, site = self.books, self.site
        if name == "travel":
            self.clock.move(self.clock.now() + timedelta(days=value))
            site.run_until_now()
            return
        if name in ("refund", "fail_late", "settle", "chargeback", "write_off"):
            target = self.newest("transaction" if name in ("fail_late", "settle") else "invoice")
            site.refund(target, value) if name == "refund" else getattr(site, name)(target)
            return
        with books.change():
            self._change(name, value, self.newest("subscription"))

    def _change(self, name: str, value: Any, subscription_id: str) -> None:
        books = self.books
        if name in ("subscribe", "change", "schedule"):
            price = books.get("item_price", value)
            if name == "subscribe":
                subscriptions.create(books, customer_id="u1", price=price, on_session=True)
            elif name == "schedule":
                changes.schedule(books, subscription_id, price)
            else:
                changes.change_now(books, subscription_id, price, on_session=True)
        elif name == "pay_with":
            self.site.replace_payment_source("u1", value)
        elif name == "pack":
            items = [{"item_price_id": "pack-100-USD", "quantity": 2}]
            checkouts.sell_charges(books, "u1", items, on_session=True)
        elif name == "collect":
            payments.collect_again(books, self.newest("invoice"))
        elif name in ("end_now", "end_later"):
            subscriptions.cancel(books, subscription_id, at_term_end=name == "end_later")
        elif name in ("resume", "reactivate"):
            _, invoice = getattr(subscriptions, name)(books, subscription_id)
            if invoice:
                payments.require_success(payments.collect(books, invoice, on_session=False))
        else:
            getattr(subscriptions, name)(books, subscription_id)


def check(life: Life) -> None:
    """Every figure that is told twice is the same twice."""
    books, now = life.books, int(life.clock.now().timestamp())
    transactions = {body["id"]: body for body in books.all("transaction")}
    for invoice in books.all("invoice"):
        settled = invoice["amount_paid"] + invoice["credits_applied"] + invoice["amount_adjusted"]
        assert invoice["total"] == settled + invoice["write_off_amount"] + invoice["amount_due"]
        notes = sum(note["cn_total"] for note in invoice["adjustment_credit_notes"])
        assert notes == invoice["amount_adjusted"] + invoice["write_off_amount"]
        assert (invoice["status"] == "paid") == (invoice["amount_due"] == 0)
        assert invoice["amount_due"] >= invoice["amount_to_collect"] >= 0
        assert (invoice.get("paid_at") is not None) == (invoice["status"] == "paid")
        assert invoice["total"] == sum(line["amount"] for line in invoice["line_items"])
        payments_of_it = [transactions[linked["txn_id"]] for linked in invoice["linked_payments"]]
        statuses = [linked["txn_status"] for linked in invoice["linked_payments"]]
        assert statuses == [payment["status"] for payment in payments_of_it]
        collected = sum(payment["amount"] for payment in payments_of_it if payment["status"] == "success")
        reversed_ids = [payment.get("reversal_transaction_id") for payment in payments_of_it]
        collected -= sum(transactions[one]["amount"] for one in reversed_ids if one)
        assert invoice["amount_paid"] == collected
    for payment in transactions.values():
        assert sum(refund["txn_amount"] for refund in payment["linked_refunds"]) <= payment["amount"]
    notes = books.all("credit_note")
    for note in notes:
        assert note["total"] == note["amount_allocated"] + note["amount_refunded"] + note["amount_available"]
    (customer,) = books.all("customer")
    assert customer["refundable_credits"] == sum(note["amount_available"] for note in notes)
    for subscription in books.all("subscription"):
        own = [body for body in books.all("invoice") if body.get("subscription_id") == subscription["id"]]
        due = [body["amount_to_collect"] for body in own if body["amount_to_collect"] and body["status"] != "voided"]
        assert (subscription["due_invoices_count"], subscription.get("total_dues") or 0) == (len(due), sum(due))
        assert subscription["current_term_start"] < subscription["current_term_end"]
        if subscription["status"] == "active":
            assert subscription["next_billing_at"] == subscription["current_term_end"] > now
    assert books.store.next_due(now) is None, "what is due has happened"


@given(STEPS)
@settings(max_examples=50)
def test_the_books_balance_after_any_life(steps: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder))
        try:
            for name, value in steps:
                with suppress(ApiError):
                    life.step(name, value)
                life.site.run_until_now()
                check(life)
        finally:
            life.site.close()

"""Chargebee's JSON made into objects, whole and with holes in it."""

import copy
from datetime import UTC, datetime, timedelta

import pytest

from atlas_site.vendors.chargebee import reading
from tests.vendors.chargebee import samples

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)

READERS = [
    (reading.read_customer, samples.customer),
    (reading.read_subscription, samples.subscription),
    (reading.read_invoice, samples.invoice),
    (reading.read_transaction, samples.transaction),
    (reading.read_transaction, samples.refund),
    (reading.read_item_price, samples.item_price),
    (reading.read_hosted_page, samples.hosted_page),
    (reading.read_event, samples.event),
]
NONSENSE = [None, "x", "", 12, -5, 1.5, 10**30, True, [], {}, [None], [[]], {"id": None}, ["x", {"id": 3}]]


def paths_in(tree, before=()):
    """Walk the places of a tree of JSON."""
    places = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in places:
        yield (*before, key)
        yield from paths_in(value, (*before, key))


def put(tree, path, value):
    tree = copy.deepcopy(tree)
    *way, last = path
    spot = tree
    for key in way:
        spot = spot[key]
    spot[last] = value
    return tree


@pytest.mark.parametrize(("read", "sample"), READERS)
def test_no_value_of_any_key_breaks_reading(read, sample):
    whole = sample()
    tried = 0
    for path in paths_in(whole):
        for value in NONSENSE:
            found = read(put(whole, path, value))
            assert found is None or isinstance(found.id, str)
            tried += 1
    assert tried > 50


@pytest.mark.parametrize(("read", "sample"), READERS)
def test_an_id_is_enough_and_none_is_not(read, sample):
    whole = sample()
    assert read({"id": whole["id"]}).id == whole["id"]
    assert read({**whole, "id": None}) is None
    assert read({}) is None


@pytest.mark.parametrize(("read", "sample"), READERS)
def test_keys_that_nobody_knows_yet_change_nothing(read, sample):
    assert read(sample(a_new_key={"with": ["depth"]})) == read(sample())


def test_every_field_of_the_samples_is_read():
    """A field that stays at its default would let a misspelled key pass."""
    for read, sample in READERS:
        bare, full = read({"id": "x"}), read(sample())
        same = {name for name in type(full).__slots__ if getattr(bare, name) == getattr(full, name)}
        assert same <= {
            "deleted", "has_scheduled_changes", "scheduled_plan_price_id", "currency_code", "amount_due_cents",
            "refunded_transaction_id", "credited_invoice_ids", "linked_invoices",
        }, (read.__name__, same)  # fmt: skip


def test_a_subscription_names_its_plan_wherever_it_stands():
    found = reading.read_subscription(samples.subscription())
    assert found.plan_price_id == "pro-USD-Monthly"
    assert (found.current_term_start, found.current_term_end) == (START, END)
    assert found.total_dues_cents == 9900
    assert reading.read_subscription(samples.subscription(subscription_items=None)).plan_price_id is None


def test_an_invoice_has_its_lines_and_payments():
    found = reading.read_invoice(samples.invoice())
    assert (found.total_cents, found.amount_paid_cents, found.credits_applied_cents) == (9900, 8000, 900)
    assert found.lines[0].entity_id == "pro-USD-Monthly"
    assert found.lines[0].date_to - found.lines[0].date_from == timedelta(days=31)
    assert (found.payments[0].transaction_id, found.payments[0].applied_cents) == ("txn_1", 8000)


def test_an_invoice_says_what_credits_paid_and_what_nobody_has_to_pay():
    found = reading.read_invoice(samples.invoice())
    assert (found.adjusted_cents, found.written_off_cents) == (700, 300)
    assert [(credit.cents, credit.date) for credit in found.credits] == [(900, START)]
    assert [(note.cents, note.date) for note in found.adjustments] == [(700, END)], "what was voided counts no more"


def test_a_draft_without_a_date_has_that_of_its_last_change():
    draft = samples.invoice(date=None, updated_at=samples.END)
    assert reading.read_invoice(draft).date == END
    assert reading.read_invoice({"id": "draft", "resource_version": samples.START * 1000}).date == START


def test_a_refund_names_its_payment_and_each_invoice_once():
    found = reading.read_transaction(samples.refund())
    assert found.refunded_transaction_id == "txn_1"
    assert found.credited_invoice_ids == ("inv_1", "inv_2")


def test_a_reversal_names_its_payment():
    reversal = samples.transaction(type="payment_reversal", reference_transaction_id="txn_1")
    assert reading.read_transaction(reversal).refunded_transaction_id == "txn_1"
    payment = samples.transaction(reference_transaction_id="txn_0")
    assert reading.read_transaction(payment).refunded_transaction_id is None


def test_metadata_of_a_price_is_kept_as_it_is():
    found = reading.read_item_price(samples.item_price())
    assert found.metadata == {"credits_per_month": 420, "Kept": {"As": "it is"}}
    assert found.name == "Pro"
    assert reading.read_item_price(samples.item_price(metadata="no object")).metadata == {}


@pytest.mark.parametrize(
    ("card", "method", "can_be_charged"),
    [
        ("valid", {"status": "valid"}, True),
        ("expiring", None, True),
        ("no_card", {"type": "direct_debit", "status": "valid"}, True),
        ("no_card", {"status": "pending_verification"}, False),
        ("expired", "valid", False),
        (None, [], False),
    ],
)
def test_a_card_or_a_bank_account_can_be_charged(card, method, can_be_charged):
    found = reading.read_customer(samples.customer(card_status=card, payment_method=method))
    assert found.can_be_charged is can_be_charged


def test_a_page_belongs_to_the_customer_of_its_content():
    assert reading.read_hosted_page(samples.hosted_page()).customer_id == "cust-1"
    by_invoice = {"invoice": {"customer_id": "cust-2"}}
    assert reading.read_hosted_page(samples.hosted_page(content=by_invoice)).customer_id == "cust-2"
    assert reading.read_hosted_page(samples.hosted_page(content=None)).customer_id is None


def test_an_estimate_says_what_is_due_what_comes_back_and_what_follows():
    found = reading.read_estimate(samples.estimate())
    assert (found.due_now_cents, found.credited_cents, found.next_amount_cents) == (19950, 4950, 24900)
    assert found.next_at == END


def test_what_comes_back_within_the_invoice_is_counted_as_well():
    lines = [{"amount": 24900}, {"amount": -4950, "description": "Unused time"}]
    within = samples.estimate(
        credit_note_estimates=[], invoice_estimate={"total": 19950, "amount_due": 19950, "line_items": lines}
    )
    assert reading.read_estimate(within).credited_cents == 4950


def test_an_empty_estimate_costs_nothing_and_knows_nothing():
    found = reading.read_estimate({})
    assert (found.due_now_cents, found.credited_cents, found.next_amount_cents) == (0, 0, None)


@pytest.mark.parametrize("value", [None, 0, -1, 10**12, "soon", True, [1]])
def test_what_is_no_moment_is_none(value):
    assert reading.read_moment(value) is None

"""Whatever happens to a customer, and whenever somebody looks: the same credits follow."""

from hypothesis import given, settings

from billing.entitlement import derive
from tests.billing.account_builder import OFFERS
from tests.billing.lives import CustomerLife, PlainWallet, Step, steps


@settings(max_examples=300)
@given(steps)
def test_looking_after_each_thing_or_once_at_the_end_books_the_same(happenings: list[Step]):
    life, booked = CustomerLife(), PlainWallet()
    for step in happenings:
        life.live(step)
        booked.book(life.look().effects)
    whole = PlainWallet()
    whole.book(life.look().effects)
    assert whole.entries == booked.entries
    assert (whole.subscription, whole.purchased, whole.debt) == (booked.subscription, booked.purchased, booked.debt)


@settings(max_examples=300)
@given(steps)
def test_what_was_due_once_stays_due_with_the_same_amount(happenings: list[Step]):
    life = CustomerLife()
    before: dict[str, int] = {}
    for step in happenings:
        life.live(step)
        found = life.look()
        now = {effect.key: effect.amount for effect in found.effects}
        assert len(now) == len(found.effects), "a key stands for one effect"
        assert before.items() <= now.items()
        before = now


@settings(max_examples=200)
@given(steps)
def test_refunds_never_take_back_more_than_was_granted(happenings: list[Step]):
    life = CustomerLife()
    for step in happenings:
        life.live(step)
    net: dict[str, int] = {}
    for effect in life.look().effects:
        change = -effect.amount if effect.kind == "clawback" else effect.amount
        net[effect.of] = net.get(effect.of, 0) + change
        assert net[effect.of] >= 0
        assert effect.amount > 0 or effect.kind == "lapse"


@settings(max_examples=200)
@given(steps)
def test_the_order_in_which_chargebee_lists_things_does_not_matter(happenings: list[Step]):
    life = CustomerLife()
    for step in happenings:
        life.live(step)
    told = life.account.told()
    turned = type(told)(
        customer=told.customer,
        fetched_at=told.fetched_at,
        subscriptions=told.subscriptions[::-1],
        invoices=told.invoices[::-1],
        transactions=told.transactions[::-1],
    )
    one, other = derive(told, OFFERS, life.now), derive(turned, OFFERS, life.now)
    assert one.effects == other.effects
    assert (one.state, one.frozen, one.next_effect_at) == (other.state, other.frozen, other.next_effect_at)
    assert sorted(one.payments, key=lambda row: row.key) == sorted(other.payments, key=lambda row: row.key)

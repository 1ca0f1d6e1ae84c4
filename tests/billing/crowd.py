"""A crowd of customers to whom everything happens, and its events in any order: small in the suite, and full size."""

import random
from datetime import datetime, timedelta

from accounts.models import User
from billing import services as billing_services
from billing.models import WebhookEvent
from tests.billing.chargebee_site import FAILS_LATER_CARD, ChargebeeSite
from tests.billing.replays import books_of, deliver, event_bodies, forget_books, process_all
from tests.billing.shopper import PACK_500, PRO, STARTER, STARTER_YEARLY, Shopper, travel


def fill_site(site: ChargebeeSite, users: list[User], now: datetime) -> datetime:
    """Let something of everything happen to these customers within five weeks, and return the moment after it."""
    billing_services.copy_offers(now=now)
    shoppers = [Shopper(site, user) for user in users]
    for number, shopper in enumerate(shoppers):
        plan = [STARTER, STARTER_YEARLY, PRO][number % 3]
        shopper.subscribe(plan, FAILS_LATER_CARD if number % 5 == 4 else "4111111111111111")
        if number % 2:
            shopper.refund(shopper.buy(PACK_500).id, 5_000 if number % 4 == 1 else None)
    travel(site, now + timedelta(days=5))
    for number, shopper in enumerate(shoppers):
        if number % 3 == 0:
            shopper.change(PRO)
        if number % 4 == 2:
            shopper.pause()
        if number % 6 == 5:
            shopper.cancel()
    return travel(site, now + timedelta(days=36))


def deliver_in_any_order(
    users: list[User], now: datetime, *, copies: int, at_once: int, seed: int, limit: int | None = None
) -> tuple[int, float]:
    """Compare what all events lead to in order, with what shuffled copies of them lead to (C16).

    Returns how many deliveries there were, and how many a second.
    """
    bodies = event_bodies()[:limit]
    for body in bodies:
        assert deliver([body]) == [204]
        process_all(now)
    in_order = books_of(users)
    assert any(books["entries"] for books in in_order.values())
    forget_books()
    shuffled = bodies * copies
    random.Random(seed).shuffle(shuffled)
    begin = datetime.now()
    assert set(deliver(shuffled, at_once=at_once)) == {204}
    took = (datetime.now() - begin).total_seconds()
    process_all(now)
    assert books_of(users) == in_order
    assert WebhookEvent.objects.filter(state="applied").count() + ignored() == len(bodies)
    assert set(WebhookEvent.objects.values_list("deliveries", flat=True)) == {copies}
    return len(shuffled), len(shuffled) / took


def ignored() -> int:
    """Return how many events told of nothing that is booked."""
    return WebhookEvent.objects.filter(state="ignored").count()

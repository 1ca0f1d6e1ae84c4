"""Wallets and quotes for the tests of money, made by the services that alone may make them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from bson import ObjectId
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from credits import services as credit_services
from credits.models import Credit, Quote
from tests.factories import UserFactory

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def alice(db: None) -> User:
    """An investor whose wallet these tests fill themselves."""
    return UserFactory.create(name="Alice Able", email="alice@example.test")


@pytest.fixture
def fund(db: None) -> Callable[..., Credit]:
    """Give a user purchased and subscription credits: ``fund(alice.pk, purchased=5, subscription=3)``."""

    def give(user_id: ObjectId, *, purchased: int = 0, subscription: int = 0, now: datetime = NOW) -> Credit:
        for bucket, amount in (("purchased", purchased), ("subscription", subscription)):
            if amount:
                credit_services.grant(
                    user_id=user_id,
                    amount=amount,
                    bucket=bucket,
                    source=f"test:{ObjectId()}",
                    reason="Credits for a test",
                    now=now,
                )
        credit_services.open_wallet(user_id=user_id)
        return Credit.objects.get(user_id=user_id)

    return give


@pytest.fixture
def quote_for(db: None) -> Callable[..., Quote]:
    """Make a quote for a user: ``quote_for(alice.pk, SEARCH=2)``."""

    def make(user_id: ObjectId, *, now: datetime = NOW, **units: int) -> Quote:
        return credit_services.make_quote(
            user_id=user_id,
            kind="reveal",
            title="The next properties in Phoenix, AZ",
            units=units or {"SEARCH": 1},
            subject={"test": str(ObjectId())},
            accept_view="properties:accept-quote",
            back_url="/search/?q=Phoenix",
            now=now,
        )

    return make


@pytest.fixture
def many_quotes(quote_for) -> Callable[[ObjectId, int], list[tuple[str, str]]]:
    """Make many quotes of one search unit, and return them as pairs of user and quote, as text."""

    def make(user_id: ObjectId, count: int) -> list[tuple[str, str]]:
        made = quote_for(user_id, SEARCH=1, now=timezone.now() + timedelta(hours=1))
        pattern = collection_of(Quote).find_one({"_id": made.id})
        copies = [{**pattern, "_id": uuid4().hex} for _ in range(count - 1)]
        if copies:
            collection_of(Quote).insert_many(copies)
        return [(str(user_id), quote["_id"]) for quote in [pattern, *copies]]

    return make

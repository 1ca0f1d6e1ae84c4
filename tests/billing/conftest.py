"""A fresh sandbox Chargebee, and the moment at which a test happens."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import as_utc
from billing import services as billing_services
from tests.billing.chargebee_site import ChargebeeSite
from tests.billing.standing_orders import order


@pytest.fixture
def now() -> datetime:
    """The moment at which the test happens, as MongoDB keeps it."""
    return as_utc(timezone.now())


@pytest.fixture
def site() -> Iterator[ChargebeeSite]:
    """The sandbox Chargebee with its catalog and nothing else, before and after."""
    site = ChargebeeSite(settings.CHARGEBEE_BASE_URL)
    site.control("reset")
    yield site
    site.control("reset")


@pytest.fixture
def shop(site: ChargebeeSite, db: None, now: datetime) -> ChargebeeSite:
    """The sandbox with its price list copied."""
    billing_services.copy_offers(now=now)
    return site


@pytest.fixture
def owner(carol: User, shop: ChargebeeSite, now: datetime) -> User:
    """Carol, who has no credits, a card on file, and auto top-up on: 100 credits for $29, $100 a month at most."""
    shop.open_account(carol)
    order(carol, now)
    return carol

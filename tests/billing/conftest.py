"""A fresh sandbox Chargebee, and the moment at which a test happens."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import settings
from django.utils import timezone

from atlas_site.mongodb.documents import as_utc
from tests.billing.chargebee_site import ChargebeeSite


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

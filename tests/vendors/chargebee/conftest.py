"""Chargebee, played by a vendor that follows a script."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.vendors.scripted import Request, ScriptedVendor

API_KEY = "key-that-no-one-may-see"


@pytest.fixture
def scripted(settings) -> Iterator[ScriptedVendor]:
    """A scripted server in the place of Chargebee, and no long waits between attempts."""
    vendor = ScriptedVendor()
    settings.CHARGEBEE_BASE_URL = vendor.url
    settings.CHARGEBEE_SITE = "atlas-test"
    settings.CHARGEBEE_API_KEY = API_KEY
    settings.CHARGEBEE_TIMEOUT_SECONDS = 10
    settings.CHARGEBEE_RETRY_WAIT_SECONDS = 0.01
    yield vendor
    vendor.close()


def path_of(request: Request) -> str:
    return urlsplit(request.path).path.removeprefix("/api/v2")


def form_of(request: Request) -> dict[str, Any]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def query_of(request: Request) -> dict[str, Any]:
    return dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))

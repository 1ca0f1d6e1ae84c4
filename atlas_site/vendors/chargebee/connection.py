"""One call by the official package: where it goes, how long it may take, and what each failure means.

The package has habits that decide how it is used here. Whether it may speak plain http is a switch of the whole
process. It takes proxies from the environment, also for loopback. It makes plain ``Exception``s of whatever is not its
own kind of JSON, with the whole body as their text, and its exceptions and its DEBUG log carry what customers typed:
so none of these is ever chained to an error of Atlas, or logged.
"""

from __future__ import annotations

import importlib
import logging
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Never
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from atlas_site.lib import http
from atlas_site.vendors import lenient
from atlas_site.vendors.errors import (
    NotFound,
    PaymentDeclined,
    VendorBadAnswer,
    VendorError,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
)

if TYPE_CHECKING:
    import chargebee

VENDOR = "chargebee"
CONNECT_SECONDS = 5.0
TIMED_OUT = "ReadTimeout"
# Of what a bank says about a declined payment.
LONGEST_REASON = 300
# Before the request had left. An encrypted connection that fails is one of them: its greeting comes first.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
_KEY = re.compile(r"[!-~]{1,100}")
_OPERATOR_CODES = frozenset({"site_not_found", "configuration_incompatible"})
_OPERATOR_STATUSES = frozenset({401, 403, 405})
# What a page says of each kind of error, the first that fits; the base classes speak of the data provider.
_PUBLIC_MESSAGES = (
    (PaymentDeclined, PaymentDeclined.public_message),
    (
        VendorOutcomeUnknown,
        "Our payment provider has not confirmed this yet, and we are checking whether it went through. "
        "Please do not do it again; this page shows the result as soon as it is known.",
    ),
    (
        VendorUnavailable,
        "Our payment provider is temporarily unavailable. Nothing was changed. Please try again in a few minutes.",
    ),
    (
        VendorRejected,
        "Our payment provider did not accept this. Nothing was changed. Please reload the page and try again.",
    ),
    (
        VendorMisconfigured,
        "Payments are not available at the moment. Nothing was changed. Our team has been told.",
    ),
)

_connecting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of Chargebee: its JSON, be it what was asked for or an error with a code."""

    status: int
    payload: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def load_package() -> Any:
    """Return the official package. Its first import takes longer than half of Atlas, and most processes never call."""
    return importlib.import_module("chargebee")


def perform(call: Callable[[chargebee.Chargebee], Any], noun: str) -> Reply:
    """Make one call by the official package and return the JSON of its ``noun`` alone, or Chargebee's error.

    ``noun`` is the resource that is wanted ("invoice"); what comes beside it, such as a card, is dropped. Of a list it
    is that of each entry. Raises ``VendorMisconfigured`` without settings, and ``NotSent`` and ``NoAnswer`` as
    ``atlas_site.lib.http.send`` does; an answer that is not Chargebee's is none.
    """
    client = connect()
    try:
        result = call(client)
        return Reply(result.http_status_code, _payload_of(result, noun), result.headers)
    except load_package().APIError as error:
        return Reply(error.http_status_code, error.json_obj, error.http_headers or {})
    except _NOT_SENT as error:
        raise http.NotSent(type(error).__name__) from error
    except httpx.HTTPError as error:
        raise http.NoAnswer(type(error).__name__) from error
    except SoftTimeLimitExceeded:  # the worker's time is over, which says nothing about the reply
        raise
    except Exception as error:
        # HTML of a gateway between, a redirect, JSON without a code, or a shape that the package does not read.
        raise http.NoAnswer(f"Unreadable:{type(error).__name__}") from None


def check_reply(status: int, payload: Mapping[str, Any], headers: Mapping[str, str], *, is_change: bool) -> None:
    """Return when the reply is what was asked for, else raise the ``VendorError`` that says who has to act.

    ``is_change``: after a failure on Chargebee's side nobody knows whether it was made.
    """
    if 200 <= status < 300:
        return
    kind, code = payload.get("type"), str(payload.get("api_error_code") or "")[:60]
    detail = f"Chargebee: {code or 'no code'}."
    if status == 429 or (status >= 500 and not is_change):
        wait = lenient.seconds_to_wait(headers.get("Retry-After"))
        raise VendorUnavailable(detail, status=status, retry_after_seconds=wait)
    if status >= 500:
        raise VendorOutcomeUnknown(detail, status=status)
    if status in _OPERATOR_STATUSES or code in _OPERATOR_CODES:
        raise VendorMisconfigured(detail, status=status)
    if kind == "payment" or code.startswith("payment_"):
        reason = str(payload.get("message") or "")[:LONGEST_REASON]
        raise PaymentDeclined(detail, status=status, code=code, reason=reason)
    if status == 404:
        raise NotFound(detail, status=status, code=code)
    if 400 <= status < 500:
        raise VendorRejected(detail, status=status, code=code)
    raise VendorBadAnswer(detail, status=status)


def raise_in_words_of_payments(error: VendorError) -> Never:
    """Raise the error again, with a public message that speaks of payments instead of data."""
    for kind, message in _PUBLIC_MESSAGES:
        if isinstance(error, kind):
            error.public_message = message
            break
    raise error


def connect() -> chargebee.Chargebee:
    """Return the one client of this process, made at its first use. Raises ``VendorMisconfigured``."""
    base_url, site, key = settings.CHARGEBEE_BASE_URL, settings.CHARGEBEE_SITE, settings.CHARGEBEE_API_KEY
    if not base_url or not site or not key:
        raise VendorMisconfigured("CHARGEBEE_SITE and CHARGEBEE_API_KEY must be set.")
    with _connecting:
        return _connect(base_url.rstrip("/"), site, key, float(settings.CHARGEBEE_TIMEOUT_SECONDS))


def idempotent(key: str) -> dict[str, str]:
    """Return new headers with the key of a change: the package writes its login into the ones it is given.

    Raises ``ValueError`` for a key that Chargebee would not take.
    """
    if not _KEY.fullmatch(key):
        raise ValueError("A key is 1 to 100 visible ASCII characters.")
    return {load_package().Chargebee.idempotency_header: key}


@lru_cache(maxsize=1)
def _connect(base_url: str, site: str, key: str, timeout_seconds: float) -> chargebee.Chargebee:
    try:
        on_loopback = http.check_url(base_url)
    except http.UrlRefused as error:
        raise VendorMisconfigured(f"CHARGEBEE_BASE_URL: {error}") from error
    parts = urlsplit(base_url)
    plain = parts.scheme == "http"  # which check_url allows on loopback alone
    package = load_package()
    client = package.Chargebee(
        key,
        site,
        protocol=parts.scheme,
        connection_time_out=min(CONNECT_SECONDS, timeout_seconds),
        read_time_out=timeout_seconds,
    )
    client.env.api_endpoint = f"{base_url}/api/{client.env.API_VERSION}"
    # The package reads this from the class. While it is off, https calls are still verified, by another list.
    package.Chargebee.verify_ca_certs = not plain
    if on_loopback:
        _keep_proxies_away_from(parts.hostname or "")
    # It would print whole requests and answers.
    logging.getLogger("chargebee.http_request").setLevel(logging.WARNING)
    return client


def _keep_proxies_away_from(host: str) -> None:
    """Name a loopback host among those that need no proxy: the package cannot be told to ignore the environment."""
    exempt = [name.strip() for name in getproxies().get("no", "").split(",") if name.strip()]
    if host not in exempt and "*" not in exempt:
        # Where both spellings are set, the small one counts.
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join([*exempt, host])


def _payload_of(result: Any, noun: str) -> dict[str, Any]:
    """Return the JSON that the package has read, as it came."""
    entries = getattr(result, "list", None)
    if entries is None:
        return {noun: getattr(result, noun).raw_data}
    return {"list": [getattr(entry, noun).raw_data for entry in entries], "next_offset": result.next_offset}

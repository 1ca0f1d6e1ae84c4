"""The one way Atlas speaks HTTP to the outside: time limits, a size limit, no redirects, https unless on loopback."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from urllib3 import Timeout
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, SSLError

# A vendor's content network may refuse the default name of a Python client, so a product name is always sent.
USER_AGENT = "Atlas/1.0"
# While a person waits at a page, a call that is not answered by then is given up.
INTERACTIVE_SECONDS = 5.0
SIZE_LIMIT_BYTES = 20 * 1024 * 1024
# Of an answer that is too long or cut off, this much is kept as evidence.
PARTIAL_LIMIT_BYTES = 256 * 1024
_CHUNK_BYTES = 64 * 1024


class UrlRefused(ValueError):
    """The address is not one that Atlas may call: no host, credentials in it, or plain http to another machine."""


class NotSent(Exception):
    """No connection was made, so the other side has not seen the request and nothing can have been billed."""


class NoAnswer(Exception):
    """The request left, and no whole answer came back: the other side may have done the work, and billed it.

    ``status`` is the HTTP status when the headers had arrived, ``partial`` the part of the body that did.
    """

    def __init__(self, reason: str, *, status: int | None = None, partial: bytes = b"") -> None:
        super().__init__(reason)
        self.status = status
        self.partial = partial[:PARTIAL_LIMIT_BYTES]


class AnswerTooLarge(NoAnswer):
    """The answer is longer than the size limit; reading stopped there."""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds allowed for connecting, for each wait on the socket, and for the whole answer."""

    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    total_seconds: float = 60.0


def limits_within(seconds: float) -> TimeLimits:
    """Return limits with which a call ends within so many seconds, connecting and waiting together."""
    return TimeLimits(connect_seconds=min(2.0, seconds), read_seconds=seconds, total_seconds=seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. Header names are matched in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check_url(url: str) -> bool:
    """Say whether ``url`` is on loopback, and refuse it when Atlas may not call it.

    Plain http is for servers on the same machine alone, since the request carries a key. Raises ``UrlRefused``.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    on_loopback = _is_loopback(host)
    if parts.scheme not in {"http", "https"} or not host:
        raise UrlRefused("An outgoing address needs http or https and a host.")
    if parts.username or parts.password:
        raise UrlRefused("An outgoing address holds no credentials.")
    if parts.scheme == "http" and not on_loopback:
        raise UrlRefused(f"Plain http is only allowed on loopback, not to {host}.")
    return on_loopback


def check_foreign_url(url: str, *, hosts: Collection[str]) -> None:
    """Refuse an address that came with somebody's data, so that nobody can point Atlas at an inner network.

    Only https to one of ``hosts`` is followed, on its own port, while every address of that name is a public one. A
    host on loopback is followed where the operator has named it. Raises ``UrlRefused``.
    """
    try:
        on_loopback = check_url(url)
        parts = urlsplit(url)
        port = parts.port
    except UrlRefused:
        raise
    except ValueError:
        raise UrlRefused("This is no address.") from None
    host = parts.hostname or ""
    if host not in hosts:
        raise UrlRefused("This host is not one that may be asked.")
    if on_loopback:
        return
    if parts.scheme != "https" or port not in {None, 443}:
        raise UrlRefused("Only https on its own port is followed.")
    try:
        found = {item[4][0] for item in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except OSError:
        raise UrlRefused("This host has no address.") from None
    if not found or not all(_is_public(address) for address in found):
        raise UrlRefused("This host leads to an inner network.")


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limits: TimeLimits | None = None,
    size_limit: int = SIZE_LIMIT_BYTES,
) -> Answer:
    """Send one request and return the whole answer, whatever its status; a redirect is an answer like any other.

    Raises ``UrlRefused`` before anything happens, ``NotSent`` when no connection was made, ``NoAnswer`` when the
    request left and no whole answer came within ``limits``, and ``AnswerTooLarge`` past ``size_limit`` bytes.
    Nothing is retried here: only the caller knows whether a second request may be billed twice.
    """
    limits = limits or TimeLimits()
    on_loopback = check_url(url)
    # A session per call: a kept connection that the other side has just closed would look like a lost answer.
    with open_session(on_loopback=on_loopback) as session:
        deadline = time.monotonic() + limits.total_seconds
        timeout = Timeout(connect=limits.connect_seconds, read=limits.read_seconds, total=limits.total_seconds)
        try:
            response = session.request(
                method,
                url,
                headers={"User-Agent": USER_AGENT, "Connection": "close", **(headers or {})},
                data=body,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            if _was_not_sent(error):
                raise NotSent(type(error).__name__) from error
            raise NoAnswer(type(error).__name__) from error
        with response:
            return Answer(response.status_code, response.headers, _read_body(response, deadline, size_limit))


def open_session(*, on_loopback: bool) -> requests.Session:
    """Return a session that takes proxies from the environment, for other machines, and logins from nowhere."""
    session = requests.Session()
    session.trust_env = not on_loopback
    session.auth = _keep_headers
    return session


def _read_body(response: requests.Response, deadline: float, size_limit: int) -> bytes:
    """Read the body piece by piece, so that neither a slow nor an endless one holds the worker."""
    received = bytearray()
    try:
        # read1 hands over what has arrived, so that the part of a body that is cut off later is not lost.
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            received += chunk
            if len(received) > size_limit:
                raise AnswerTooLarge("AnswerTooLarge", status=response.status_code, partial=bytes(received))
            if time.monotonic() > deadline:
                raise NoAnswer("TotalTimeout", status=response.status_code, partial=bytes(received))
    except (HTTPError, OSError) as error:
        raise NoAnswer(type(error).__name__, status=response.status_code, partial=bytes(received)) from error
    return bytes(received)


def _was_not_sent(error: requests.RequestException) -> bool:
    """Tell a connection that was never made from one that broke after the request had left.

    Encryption may break at any moment, so of its errors only a refused certificate says that nothing was sent.
    """
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, SSLError):
        return any(isinstance(detail, ssl.SSLCertVerificationError) for detail in reason.args)
    return isinstance(reason, NewConnectionError)


def _is_public(address: object) -> bool:
    """Say whether an address is one of the internet; an IPv4 address that is written as IPv6 counts as what it is."""
    try:
        found = ipaddress.ip_address(str(address).partition("%")[0])
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = mapped or found
    return found.is_global and not found.is_multicast


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stand in for an authenticator, so that a ``.netrc`` on the machine cannot replace the Authorization header."""
    return request

"""Requests and answers of the sandbox: the little that its vendors need of a web framework."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

MAX_BODY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """An HTTP request as read from a WSGI environment. ``raw_query`` is the query as it was sent, and signed."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    raw_query: str = ""
    content_type: str = ""

    @classmethod
    def from_environ(cls, environ: dict[str, Any]) -> "Request":
        """Read the request of a WSGI environment, its body whole."""
        length = min(int(environ.get("CONTENT_LENGTH") or 0), MAX_BODY_BYTES)
        query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
        body = environ.get("wsgi.input", io.BytesIO()).read(length) if length else b""
        return cls(
            method=environ["REQUEST_METHOD"],
            path=environ.get("PATH_INFO", "/"),
            query=query,
            headers=headers,
            body=body,
            raw_query=environ.get("QUERY_STRING", ""),
            content_type=environ.get("CONTENT_TYPE", ""),
        )

    def json(self) -> Any:
        """Return the body as JSON. Raises ``ValueError`` where it is not."""
        return json.loads(self.body)


@dataclass
class Response:
    """An HTTP answer. ``cut_at`` breaks the connection after so many bytes of the body."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None

    @property
    def status_line(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"


def as_dict(value: Any) -> dict[str, Any]:
    """Return what a caller sent where an object belongs; anything else counts as an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return what a caller sent where a list belongs; anything else counts as an empty one."""
    return value if isinstance(value, list) else []


Handler = Callable[[Request], Response]


def json_response(content: Any, status: int = 200, **headers: str) -> Response:
    """Return an answer with a JSON body; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(content, separators=(",", ":")).encode(), status, headers=named)


def html_response(page: str, status: int = 200) -> Response:
    """Return an answer with a page that runs nothing and loads nothing."""
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(page.encode(), status, "text/html; charset=utf-8", headers)

"""The mail page: what Django's file-based e-mail backend wrote into ``HOME/mail/``, newest first.

In development verification codes are read here. Messages are shown as text, never as HTML.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import NamedTuple

from atlas_site.sandbox.web import Request, Response, html_response

SHOWN = 100
SEPARATOR = re.compile(rb"^-{79}\r?\n", re.MULTILINE)
"""The line that the backend writes after each of several messages in one file."""

STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; border-radius: .5rem; padding: 1rem }
li { margin-block: .75rem } .meta { font-size: .875rem }
"""


class Mail(NamedTuple):
    """One message as the page shows it; ``name`` is its address on the page."""

    name: str
    to: str
    sender: str
    subject: str
    date: str
    text: str


class MailPage:
    """Answers ``/mail/`` with the list and ``/mail/<name>/`` with one message."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, request: Request) -> Response:
        """Answer one call; nothing outside the mail folder is read."""
        if request.method not in ("GET", "HEAD"):
            return html_response(page("Not allowed", "<p>This page is for reading.</p>"), 405)
        name = request.path.removeprefix("/mail").strip("/")
        mails = list(read_mails(self._folder))
        if not name:
            return html_response(page("Mail", _list_html(mails)))
        mail = next((mail for mail in mails if mail.name == name), None)
        if mail is None:
            return html_response(page("No such message", '<p><a href="/mail/">All mail</a></p>'), 404)
        return html_response(page(mail.subject, _mail_html(mail)))


def read_mails(folder: Path) -> Iterator[Mail]:
    """Yield the messages of the newest files first, and within a file the last first."""
    files = [file for file in folder.glob("*") if file.suffix in (".log", ".eml")] if folder.is_dir() else []
    shown = 0
    for file in sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True):
        parts = [part for part in SEPARATOR.split(file.read_bytes()) if part.strip()]
        for place, part in reversed(list(enumerate(parts))):
            if shown == SHOWN:
                return
            shown += 1
            yield _read_mail(f"{file.stem}-{place}", part)


def _read_mail(name: str, raw: bytes) -> Mail:
    message = message_from_bytes(raw.lstrip(b"\r\n"), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 -- what the default policy makes
    body = message.get_body(("plain", "html"))
    try:
        text = body.get_content() if body else ""
    except (LookupError, ValueError):
        text = raw.decode("utf-8", "replace")
    headers = [str(message.get(header, "")) for header in ("To", "From", "Subject", "Date")]
    return Mail(name, headers[0], headers[1], headers[2] or "(no subject)", headers[3], text)


def page(title: str, content: str) -> str:
    """Return a whole HTML page; the title is escaped here, the content by its maker."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} – Atlas sandbox</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )


def _list_html(mails: list[Mail]) -> str:
    if not mails:
        return "<p>No mail yet. What Atlas sends in development appears here.</p>"
    items = "".join(
        f'<li><a href="/mail/{escape(mail.name)}/">{escape(mail.subject)}</a>'
        f'<div class="meta">to {escape(mail.to)}, {escape(mail.date)}</div></li>'
        for mail in mails
    )
    return f"<p>{len(mails)} newest first. Nothing here has left this machine.</p><ul>{items}</ul>"


def _mail_html(mail: Mail) -> str:
    return (
        f'<p><a href="/mail/">All mail</a></p><p class="meta">From {escape(mail.sender)} to {escape(mail.to)}, '
        f"{escape(mail.date)}</p><pre>{_linked(mail.text)}</pre>"
    )


def _linked(text: str) -> str:
    """Return the text escaped, with its web addresses as links."""
    return re.sub(r"https?://[^\s<>\"']+", lambda m: f'<a href="{m[0]}">{m[0]}</a>', escape(text, quote=False))

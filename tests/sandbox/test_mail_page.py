"""The mail page shows what Django wrote, newest first, as text that cannot do anything."""

import os
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, send_mail

from tests.sandbox.conftest import Api


@pytest.fixture
def mail_folder(api: Api, settings: Any) -> Path:
    folder = api.home / "mail"
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = folder
    return folder


def get(api: Api, path: str) -> str:
    response = api.session.get(f"{api.url}{path}", timeout=10)
    assert response.status_code == 200
    return response.text


def send(folder: Path, subject: str, text: str, age: int = 0) -> None:
    """Send a mail that lies `age` seconds back, in a file of its own.

    The backend names a file by the second and the address of the connection in memory, which a second one may reuse.
    """
    before = set(folder.iterdir())
    send_mail(subject, text, "atlas@example.com", ["alice@example.com"])
    (new,) = set(folder.iterdir()) - before
    new = new.rename(folder / f"{len(before)}-{new.name}")
    os.utime(new, (1_700_000_000 - age, 1_700_000_000 - age))


def test_without_mail_the_page_says_so(api: Api, mail_folder: Path) -> None:
    assert "No mail yet" in get(api, "/mail/")


def test_mails_are_listed_newest_first_and_a_code_can_be_read(api: Api, mail_folder: Path) -> None:
    send(mail_folder, "Older", "nothing", age=60)
    send(mail_folder, "Your code", "Your code is 402913.\n\nUse it at http://127.0.0.1:8000/accounts/?a=1&b=2 now")
    page = get(api, "/mail/")
    assert page.index("Your code") < page.index("Older")
    address = re.search(r'href="(/mail/[^"]+/)">Your code', page)
    assert address
    mail = get(api, address[1])
    assert "402913" in mail
    assert "alice@example.com" in mail
    assert 'href="http://127.0.0.1:8000/accounts/?a=1&amp;b=2"' in mail


def test_several_mails_of_one_connection_are_told_apart(api: Api, mail_folder: Path) -> None:
    mails = [EmailMultiAlternatives(f"Mail {n}", f"text {n}", "a@example.com", ["b@example.com"]) for n in range(3)]
    mails[0].get_connection().send_messages(mails)
    page = get(api, "/mail/")
    assert re.findall(r">(Mail \d)<", page) == ["Mail 2", "Mail 1", "Mail 0"]
    for name, address in zip("210", re.findall(r'href="(/mail/[^"]+/)"', page), strict=True):
        assert f"text {name}" in get(api, address)


def test_nothing_of_a_mail_is_taken_as_markup(api: Api, mail_folder: Path) -> None:
    send(mail_folder, "<script>alert(1)</script>", '<img src=x onerror=alert(2)> http://x/"onclick="alert(3)')
    page = get(api, "/mail/")
    address = re.search(r'href="(/mail/[^"]+/)"', page)
    assert address
    mail = get(api, address[1])
    for text in (page, mail):
        assert "<script" not in text
        assert "<img" not in text
    assert re.findall(r"<a ([^>]*http[^>]*)>", mail) == ['href="http://x/"']
    assert "<img src=x onerror=alert(2)>" in unescape(mail)


def test_a_mail_with_html_shows_its_plain_part(api: Api, mail_folder: Path) -> None:
    mail = EmailMultiAlternatives("Both", "plain words – ünïcode", "a@example.com", ["b@example.com"])
    mail.attach_alternative("<p>html words</p>", "text/html")
    mail.send()
    address = re.search(r'href="(/mail/[^"]+/)"', get(api, "/mail/"))
    assert address
    shown = get(api, address[1])
    assert "plain words – ünïcode" in shown
    assert "html words" not in shown


@pytest.mark.parametrize("path", ["/mail/none/", "/mail/..%2F..%2Fsandbox%2Faccount/", "/mail/%00/"])
def test_there_is_nothing_else_to_read(api: Api, mail_folder: Path, path: str) -> None:
    assert api.session.get(f"{api.url}{path}", timeout=10).status_code == 404


@pytest.mark.parametrize("path", ["/", "/mail/"])
def test_pages_run_nothing_and_load_nothing(api: Api, path: str) -> None:
    response = api.session.get(f"{api.url}{path}", timeout=10)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert '<html lang="en">' in response.text
    assert response.text.count("<h1>") == 1

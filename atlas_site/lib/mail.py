"""Mails to people: the same words as plain text and as HTML, with one link back into Atlas."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MailLine:
    """One line of a list: its text, what is to be said of it in smaller print, and the path of its page, or ""."""

    text: str
    note: str = ""
    path: str = ""


@dataclass(frozen=True)
class MailSection:
    """A list within a mail under a heading of its own."""

    title: str
    lines: Sequence[MailLine]


@dataclass(frozen=True)
class Mail:
    """What a mail says: plain sentences, and the page to go to as its path in Atlas and what the link is called.

    A mail that comes by itself and again has `sections`, and in `settings_path` the page where it is turned off.
    """

    subject: str
    paragraphs: Sequence[str]
    link_label: str
    link_path: str
    sections: Sequence[MailSection] = ()
    settings_path: str = ""


def send_mail(mail: Mail, *, to: str) -> bool:
    """Send a mail to one address, and say whether the mail server took it. Never call it inside a transaction.

    A mail server that does not answer is logged and costs the mail: what it tells of is to be seen in Atlas as well.
    """
    try:
        deliver_mail(mail, to=to)
    except (SMTPException, OSError) as error:
        logger.error("A mail was not sent: %s", type(error).__name__)
        return False
    return True


def deliver_mail(mail: Mail, *, to: str) -> None:
    """Hand a mail for one address to the mail server. Raises SMTPException or OSError, for callers that try again."""
    context = {"mail": mail, "link": f"{settings.SITE_URL}{mail.link_path}", "site_url": settings.SITE_URL}
    subject = " ".join(mail.subject.split())  # what a bank or a vendor said never makes a second header
    message = EmailMultiAlternatives(subject, render_to_string("emails/message.txt", context), to=[to])
    if mail.settings_path:
        message.extra_headers["List-Unsubscribe"] = f"<{settings.SITE_URL}{mail.settings_path}>"
    message.attach_alternative(render_to_string("emails/message.html", context), "text/html")
    message.send()

"""Steps that many tests of accounts take, by the pages that a person would use."""

import re

from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD

NEW_PASSWORD = "another horse battery staple"
CODE = re.compile(r"^([B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4})$", re.MULTILINE)


def sign_up(client: Client, email: str, password: str = PASSWORD) -> HttpResponse:
    return client.post("/accounts/signup/", {"email": email, "password1": password})


def log_in(client: Client, user: User, password: str = PASSWORD, **headers) -> HttpResponse:
    return client.post("/accounts/login/", {"login": user.email, "password": password}, **headers)


def mailed_code() -> str:
    """Return the code of the newest mail."""
    return CODE.search(mail.outbox[-1].body)[1]


def session_documents() -> list[dict]:
    """Return the documents of the collection of signed-in sessions, as another program would read them."""
    return list(connection.database["Session"].find())


def visitor_documents() -> list[dict]:
    """Return the documents of the collection of visitors' state."""
    return list(connection.database["AnonymousSession"].find())


def is_signed_in(client: Client) -> bool:
    """Ask a page that only signed-in people see."""
    return client.get("/accounts/sessions/").status_code == 200


class CountingHasher(MD5PasswordHasher):
    """Counts how many passwords are hashed, which is what takes time when somebody signs in or up."""

    count = 0

    def encode(self, *args, **kwargs) -> str:
        CountingHasher.count += 1
        return super().encode(*args, **kwargs)

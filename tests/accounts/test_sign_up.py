"""From the sign-up page to the first search."""

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.models import FollowedMarket, User
from tests.accounts.helpers import log_in, mailed_code, session_documents, sign_up, visitor_documents
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def test_a_new_investor_signs_up_confirms_and_names_a_market(client):
    response = sign_up(client, "Fresh.Investor@Example.test")
    assert response.url == "/accounts/confirm-email/"
    assert session_documents() == []
    assert len(visitor_documents()) == 1

    response = client.post("/accounts/confirm-email/", {"code": mailed_code().lower().replace("-", " ")})
    assert response.url == "/accounts/welcome/"
    user = User.objects.get(email="fresh.investor@example.test")
    assert not user.onboarding_completed

    response = client.post(
        "/accounts/welcome/",
        {"market": "maricopa county, az", "phone": "602 555 0123", "location": "Tempe", "profession": "flipper"},
    )
    assert response.url == "/search/market/"
    user.refresh_from_db()
    assert user.onboarding_completed
    assert (user.phone, user.location, user.profession) == ("+16025550123", "Tempe", "flipper")
    market = FollowedMarket.objects.get(user=user)
    assert (market.kind, market.place, market.state) == ("county", "Maricopa County, AZ", "AZ")


def test_the_document_of_a_new_user_has_the_keys_of_the_contract(client):
    sign_up(client, "fresh@example.test")
    document = connection.database["User"].find_one({"email": "fresh@example.test"})
    assert {"email", "name", "role", "onboardingCompleted"} <= set(document)
    assert (document["role"], document["onboardingCompleted"]) == ("USER", False)
    assert PASSWORD not in str(document)


def test_an_address_that_is_taken_gets_the_same_page_and_another_mail(alice):
    pages = []
    for email in ("nobody@example.test", alice.email):
        client = Client()
        response = sign_up(client, email)
        page = client.get(response.url)
        pages.append((response.status_code, response.url, page.content.decode().replace(email, "…")))
        assert client.post(response.url, {"code": "BBBB-BBBB"}).status_code == 200
    fresh, taken = [strip_token(page) for _, _, page in pages]
    assert pages[0][:2] == pages[1][:2]
    assert fresh == taken
    assert [message.subject for message in mail.outbox] == ["Your Atlas code", "You already have an Atlas account"]
    assert User.objects.filter(email=alice.email).count() == 1


@pytest.mark.parametrize(
    ("email", "password", "complaint"),
    [
        ("not an address", PASSWORD, "Enter a valid email address"),
        ("fresh@example.test", "short", "too short"),
        ("fresh@example.test", "password123", "too common"),
        ("investor.phoenix@example.test", "investor.phoenix", "is too similar to"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_in_the_title(client, email, password, complaint):
    response = sign_up(client, email, password)
    page = response.content.decode()
    assert response.status_code == 200
    assert "<title>Error: Create an account" in page
    assert page.count(complaint) == 2  # in the summary and at the field
    assert not User.objects.exists()


def test_long_passwords_are_taken(client):
    assert sign_up(client, "fresh@example.test", "a long phrase of ordinary words " * 4).status_code == 302


def test_after_three_wrong_codes_the_right_one_is_refused(client):
    sign_up(client, "fresh@example.test")
    code = mailed_code()
    answers = [client.post("/accounts/confirm-email/", {"code": "BBBB-BBBB"}) for _ in range(3)]
    assert "<title>Error: Confirm" in answers[0].content.decode()
    assert answers[2].status_code == 302
    assert "you get a new code" in client.get(answers[2].url).content.decode()
    assert client.post("/accounts/confirm-email/", {"code": code}).url.startswith("/accounts/login/")
    assert session_documents() == []


def test_a_new_code_can_be_asked_for_and_replaces_the_old_one(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "10/m/key"}
    sign_up(client, "fresh@example.test")
    first = mailed_code()
    client.post("/accounts/confirm-email/", {"action": "resend"})
    second = mailed_code()
    assert first != second
    assert client.post("/accounts/confirm-email/", {"code": first}).status_code == 200
    assert client.post("/accounts/confirm-email/", {"code": second}).url == "/accounts/welcome/"


def test_signing_in_before_the_address_is_confirmed_asks_for_a_code_again(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "10/m/key"}
    sign_up(client, "fresh@example.test")
    first = mailed_code()
    other_browser = Client()
    response = log_in(other_browser, User.objects.get(email="fresh@example.test"))
    assert response.url == "/accounts/confirm-email/"
    assert session_documents() == []
    assert mailed_code() != first
    assert other_browser.post(response.url, {"code": mailed_code()}).url == "/accounts/welcome/"


def test_the_mail_names_atlas_and_holds_no_link_that_signs_in(client):
    sign_up(client, "fresh@example.test")
    message = mail.outbox[0]
    assert message.to == ["fresh@example.test"]
    assert message.from_email.startswith("Atlas <")
    assert "http://testserver/\n" in message.body + "\n"
    assert "/accounts/" not in message.body


def test_the_address_of_the_mail_page_is_shown_in_development_only(client, settings):
    settings.SANDBOX_MAIL_URL = "http://127.0.0.1:9/mail/"
    sign_up(client, "fresh@example.test")
    assert "/mail/" not in client.get("/accounts/confirm-email/").content.decode()
    settings.ATLAS_ENV = "development"
    assert "http://127.0.0.1:9/mail/" in client.get("/accounts/confirm-email/").content.decode()


def strip_token(page: str) -> str:
    """Return a page without the tokens against forged requests, which differ each time."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)

"""The portal over HTTP: one way in, only one's own plans, cancelling and taking back, the card, PDFs, the way out."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.sandbox.chargebee.shop import BACK, DECLINED, Shop, words
from tests.sandbox.conftest import Api


@pytest.fixture
def shop(api: Api) -> Shop:
    shop = Shop(api.url)
    shop.buy()
    return shop


def open_portal(shop: Shop, customer: str = "alice") -> requests.Session:
    browser = requests.Session()
    session = shop.client.PortalSession.create({"customer": {"id": customer}, "redirect_url": BACK}).portal_session
    response = browser.get(session.access_url, timeout=10)
    assert (response.status_code, response.url) == (200, f"{shop.url}/portal/v2/")
    return browser


def home(shop: Shop, browser: requests.Session) -> str:
    return words(browser.get(f"{shop.url}/portal/v2/", timeout=10))


def test_it_shows_the_plans_invoices_and_card_of_one_customer(shop: Shop) -> None:
    text = home(shop, open_portal(shop))
    for part in ("alice@example.test", "starter-USD-Monthly", "$49.00 a month", "renews", "paid", "ending in 1111"):
        assert part in text


def test_an_address_works_once_and_within_an_hour(shop: Shop) -> None:
    session = shop.client.PortalSession.create({"customer": {"id": "alice"}, "redirect_url": BACK}).portal_session
    assert requests.get(session.access_url, timeout=10, allow_redirects=False).status_code == 302
    assert requests.get(session.access_url, timeout=10).status_code == 403
    late = shop.client.PortalSession.create({"customer": {"id": "alice"}, "redirect_url": BACK}).portal_session
    shop.control("clock", {"now": (datetime.now(UTC) + timedelta(hours=1, seconds=1)).isoformat()})
    assert requests.get(late.access_url, timeout=10).status_code == 403
    assert requests.get(f"{shop.url}/portal/v2/", timeout=10).status_code == 403


def test_a_plan_is_cancelled_for_the_end_of_its_period_and_taken_back(shop: Shop) -> None:
    browser, plan = open_portal(shop), {"subscription": shop.subscription.id}
    answer = browser.post(f"{shop.url}/portal/v2/", {"action": "cancel", **plan}, timeout=10)
    assert "ends with its period" in words(answer)
    assert shop.subscription.status == "non_renewing"
    assert "is renewed" in words(browser.post(f"{shop.url}/portal/v2/", {"action": "keep", **plan}, timeout=10))
    assert shop.subscription.status == "active"
    again = browser.post(f"{shop.url}/portal/v2/", {"action": "keep", **plan}, timeout=10)
    assert 'role="alert"' in again.text


def test_a_stranger_cannot_cancel_it(shop: Shop) -> None:
    shop.client.Customer.create({"id": "bob", "email": "bob@example.test"})
    browser = open_portal(shop, "bob")
    assert "You have no plan." in home(shop, browser)
    body = {"action": "cancel", "subscription": shop.subscription.id}
    assert browser.post(f"{shop.url}/portal/v2/", body, timeout=10).status_code == 400
    assert shop.subscription.status == "active"


def test_the_card_is_changed(shop: Shop) -> None:
    browser, address = open_portal(shop), f"{shop.url}/portal/v2/card"
    assert "Test numbers" in words(browser.get(address, timeout=10))
    assert "not valid" in words(browser.post(address, {"card": "4111 1111 1111 1112"}, timeout=10))
    assert "was changed" in words(browser.post(address, {"card": DECLINED, "expiry": "01/30"}, timeout=10))
    assert "ending in 0002" in home(shop, browser)


def test_an_invoice_is_a_pdf_whose_table_of_objects_is_right(shop: Shop) -> None:
    link = shop.client.Invoice.pdf(shop.invoices[0].id).download.download_url
    assert link.removeprefix(shop.url) in open_portal(shop).get(f"{shop.url}/portal/v2/", timeout=10).text
    response = requests.get(link, timeout=10)
    assert response.headers["Content-Type"] == "application/pdf"
    pdf = response.content
    assert b"(Customer: alice@example.test) Tj" in pdf
    assert b"(1 x Starter: $49.00) Tj" in pdf
    start = int(pdf.split(b"startxref\n")[1].split()[0])
    assert pdf[start:].startswith(b"xref\n0 6\n")
    entries = pdf[start:].split(b"trailer")[0].splitlines()[3:]
    assert len(entries) == 5
    for number, entry in enumerate(entries, 1):
        assert pdf[int(entry[:10]) :].startswith(b"%d 0 obj" % number)
    assert requests.get(link.replace(".pdf", "000.pdf"), timeout=10).status_code == 404


def test_leaving_leads_back_and_ends_the_session(shop: Shop) -> None:
    browser = open_portal(shop)
    answer = browser.post(f"{shop.url}/portal/v2/", {"action": "leave"}, timeout=10, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, BACK)
    assert browser.get(f"{shop.url}/portal/v2/", timeout=10).status_code == 403

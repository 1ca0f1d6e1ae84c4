"""Hosted checkout: what is made, paid and declined on the pages, and what the API tells of it."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import chargebee
import pytest

from atlas_site.sandbox.chargebee.errors import Declined, InvalidState
from tests.sandbox.chargebee.conftest import BANK, DECLINED, START, VISA, Vendor, moment


def test_paying_on_the_page_begins_the_subscription(vendor: Vendor) -> None:
    vendor.add_customer()
    page_id = vendor.open_checkout(pass_thru_content='{"nonce": 5}')
    page = vendor.client.HostedPage.retrieve(page_id).hosted_page
    assert (page.type, page.state, page.content) == ("checkout_new", "created", None)
    assert page.url == f"{vendor.url}/pages/v4/{page_id}/"
    assert page.expires_at == page.created_at + 3 * 3600
    shown = vendor.site.hosted_page(page_id)
    assert (shown["state"], shown["due"], shown["credit"], shown["source"]) == ("requested", 4_900, 0, None)
    assert shown["lines"] == [{"description": "Starter", "quantity": 1, "amount": 4_900, "period_unit": "month"}]
    assert vendor.client.HostedPage.retrieve(page_id).hosted_page.state == "requested"

    back = urlsplit(vendor.site.complete_checkout(page_id, card=VISA)["redirect_url"])
    assert (back.netloc, parse_qs(back.query)) == ("atlas.test", {"id": [page_id], "state": ["succeeded"]})
    page = vendor.client.HostedPage.retrieve(page_id).hosted_page
    assert (page.state, page.pass_thru_content) == ("succeeded", '{"nonce": 5}')
    assert set(page.content) == {"subscription", "customer", "invoice", "card"}
    assert (page.content["customer"]["id"], page.content["card"]["last4"]) == ("u1", "1111")

    answer = vendor.client.Subscription.retrieve(page.content["subscription"]["id"])
    subscription = answer.subscription
    assert (subscription.status, answer.customer.id, answer.customer.card_status) == ("active", "u1", "valid")
    assert moment(subscription.current_term_start) == START
    assert moment(subscription.current_term_end) == START.replace(month=2, day=28)
    assert subscription.next_billing_at == subscription.current_term_end
    (item,) = subscription.subscription_items
    assert (item.item_price_id, item.item_type, item.amount) == ("starter-USD-Monthly", "plan", 4_900)

    (invoice,) = vendor.invoices()
    assert (invoice.status, invoice.total, invoice.amount_paid, invoice.amount_due) == ("paid", 4_900, 4_900, 0)
    assert (invoice.recurring, invoice.first_invoice, invoice.subscription_id) == (True, True, subscription.id)
    (line,) = invoice.line_items
    assert (line.entity_type, line.entity_id) == ("plan_item_price", "starter-USD-Monthly")
    assert (line.date_from, line.date_to) == (subscription.current_term_start, subscription.current_term_end)
    (transaction,) = vendor.transactions()
    assert (transaction.type, transaction.status, transaction.amount) == ("payment", "success", 4_900)
    assert transaction.linked_invoices[0].invoice_id == invoice.id
    assert invoice.linked_payments[0].txn_id == transaction.id


def test_a_declined_card_buys_nothing_and_another_one_does(vendor: Vendor) -> None:
    vendor.add_customer()
    page_id = vendor.open_checkout()
    with pytest.raises(Declined, match="declined"):
        vendor.site.complete_checkout(page_id, card=DECLINED)
    assert vendor.invoices() == vendor.transactions() == vendor.client.Subscription.list({}).list == []
    assert vendor.client.Customer.retrieve("u1").customer.card_status == "no_card"
    assert vendor.client.HostedPage.retrieve(page_id).hosted_page.state == "created"
    vendor.site.complete_checkout(page_id, card=VISA)
    assert [invoice.status for invoice in vendor.invoices()] == ["paid"]


@pytest.mark.parametrize("card", [{"number": "4111 1111 1111 1112"}, {"number": "12"}, {"account_number": "1"}, {}])
def test_what_cannot_be_a_card_or_an_account_is_declined(vendor: Vendor, card: dict[str, str]) -> None:
    vendor.add_customer()
    page_id = vendor.open_checkout()
    with pytest.raises(Declined):
        vendor.site.complete_checkout(page_id, card=card)
    assert vendor.invoices() == []


def test_pressing_twice_pays_once(vendor: Vendor) -> None:
    vendor.add_customer()
    page_id = vendor.open_checkout()
    with ThreadPoolExecutor(6) as pool:
        pressed = list(pool.map(lambda _: vendor.site.complete_checkout(page_id, card=VISA), range(12)))
    assert len({done["redirect_url"] for done in pressed}) == 1
    assert len(vendor.invoices()) == len(vendor.transactions()) == 1


def test_a_cancelled_page_leads_back_and_takes_no_money(vendor: Vendor) -> None:
    vendor.add_customer()
    page_id = vendor.open_checkout()
    back = vendor.site.cancel_checkout(page_id)["redirect_url"]
    assert back == f"https://atlas.test/plans/?id={page_id}&state=cancelled"
    with pytest.raises(InvalidState):
        vendor.site.complete_checkout(page_id, card=VISA)
    assert vendor.client.HostedPage.retrieve(page_id).hosted_page.state == "cancelled"
    assert vendor.invoices() == []


def test_a_page_expires_after_three_hours(vendor: Vendor) -> None:
    vendor.add_customer()
    page_id = vendor.open_checkout()
    vendor.travel(hours=3)
    assert vendor.site.hosted_page(page_id)["state"] == "expired"
    with pytest.raises(InvalidState):
        vendor.site.complete_checkout(page_id, card=VISA)
    assert vendor.invoices() == []


def test_only_a_succeeded_page_is_acknowledged(vendor: Vendor) -> None:
    vendor.add_customer()
    page_id = vendor.open_checkout()
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        vendor.client.HostedPage.acknowledge(page_id)
    assert (refused.value.http_status_code, refused.value.api_error_code) == (409, "invalid_state_for_request")
    vendor.site.complete_checkout(page_id, card=VISA)
    page = vendor.client.HostedPage.acknowledge(page_id).hosted_page
    assert (page.state, page.content["customer"]["id"]) == ("acknowledged", "u1")


def test_a_customer_that_chargebee_does_not_know_gets_another_id(vendor: Vendor) -> None:
    page_id = vendor.open_checkout(customer="unknown")
    vendor.site.complete_checkout(page_id, card=VISA)
    content = vendor.client.HostedPage.retrieve(page_id).hosted_page.content
    assert content["customer"]["id"] != "unknown"
    assert content["subscription"]["customer_id"] == content["customer"]["id"]


def test_a_pack_is_bought_without_a_subscription(vendor: Vendor) -> None:
    vendor.add_customer()
    invoice = vendor.buy_pack("pack-500-USD")
    assert (invoice.status, invoice.total, invoice.recurring, invoice.subscription_id) == ("paid", 12_900, False, None)
    (line,) = invoice.line_items
    assert (line.entity_type, line.entity_id, line.quantity) == ("charge_item_price", "pack-500-USD", 1)
    assert line.subscription_id is None


def test_the_stored_card_pays_the_next_purchase(vendor: Vendor) -> None:
    vendor.subscribe()
    invoice = vendor.buy_pack(card=None)
    assert invoice.status == "paid"
    assert vendor.transactions()[-1].masked_card_number == "************1111"


def test_a_bank_debit_is_in_progress_until_it_settles(vendor: Vendor) -> None:
    vendor.add_customer()
    invoice = vendor.buy_pack(card=BANK)
    assert (invoice.status, invoice.amount_due, invoice.amount_paid) == ("payment_due", 2_900, 0)
    assert invoice.linked_payments[0].txn_status == "in_progress"
    assert "payment_initiated" in vendor.event_types()
    vendor.travel(days=3)
    (settled,) = vendor.invoices()
    assert (settled.status, settled.amount_due, settled.linked_payments[0].txn_status) == ("paid", 0, "success")
    assert vendor.transactions()[0].status == "success"
    assert "payment_succeeded" in vendor.event_types()


def test_a_change_of_plan_on_the_page_costs_the_difference(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    page_id = vendor.client.HostedPage.checkout_existing_for_items({
        "subscription": {"id": subscription_id}, "replace_items_list": True,
        "subscription_items": [{"item_price_id": "pro-USD-Monthly", "quantity": 1}],
    }).hosted_page.id  # fmt: skip
    vendor.travel(days=14)
    shown = vendor.site.hosted_page(page_id)
    assert shown["state"] == "expired"
    page_id = vendor.client.HostedPage.checkout_existing_for_items({
        "subscription": {"id": subscription_id}, "replace_items_list": True,
        "subscription_items": [{"item_price_id": "pro-USD-Monthly", "quantity": 1}],
    }).hosted_page.id  # fmt: skip
    shown = vendor.site.hosted_page(page_id)
    assert (shown["credit"], shown["due"]) == (2_450, 2_500)
    assert shown["source"] == {"type": "card", "last4": "1111"}
    vendor.site.complete_checkout(page_id, card=None)
    assert [invoice.amount_paid for invoice in vendor.invoices()] == [4_900, 2_500]
    assert vendor.subscription(subscription_id).subscription_items[0].item_price_id == "pro-USD-Monthly"


def test_the_card_is_changed_on_a_page_of_its_own(vendor: Vendor) -> None:
    vendor.subscribe()
    page = vendor.client.HostedPage.manage_payment_sources({"customer": {"id": "u1"}}).hosted_page
    assert page.expires_at == page.created_at + 5 * 86_400
    vendor.site.complete_checkout(page.id, card={"number": "5555 5555 5555 4444"})
    content = vendor.client.HostedPage.retrieve(page.id).hosted_page.content
    assert (content["card"]["last4"], content["card"]["card_type"]) == ("4444", "mastercard")
    assert len(vendor.invoices()) == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"subscription_items": [{"item_price_id": "pack-100-USD"}]}, "param_wrong_value"),
        ({"subscription_items": [{"item_price_id": "nothing"}]}, "resource_not_found"),
        ({"subscription_items": []}, "param_wrong_value"),
        ({"redirect_url": "https://atlas.test/" + "x" * 250}, "param_wrong_value"),
        ({"pass_thru_content": "x" * 2_049}, "param_wrong_value"),
        ({"coupon_ids": ["HALF"]}, "resource_not_found"),
        ({"subscription_items": [{"item_price_id": "pro-USD-Monthly", "quantity": 0}]}, "param_wrong_value"),
    ],
)
def test_what_cannot_be_sold_has_no_page(vendor: Vendor, params: dict, code: str) -> None:
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        vendor.open_checkout(**params)
    assert refused.value.api_error_code == code


def test_a_portal_address_opens_once_within_an_hour(vendor: Vendor) -> None:
    vendor.add_customer()
    session = vendor.client.PortalSession.create({"customer": {"id": "u1"}, "redirect_url": "https://atlas.test/"})
    session = session.portal_session
    assert session.access_url == f"{vendor.url}/portal/v2/authenticate?token={session.token}"
    assert vendor.site.log_in_portal(session.token)["customer_id"] == "u1"
    with pytest.raises(InvalidState):
        vendor.site.log_in_portal(session.token)
    late = vendor.client.PortalSession.create({"customer": {"id": "u1"}}).portal_session
    vendor.travel(hours=1)
    with pytest.raises(InvalidState):
        vendor.site.log_in_portal(late.token)
    assert vendor.client.PortalSession.logout(session.id).portal_session.status == "logged_out"

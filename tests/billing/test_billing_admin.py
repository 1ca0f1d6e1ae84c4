"""What staff see of billing in the admin, what nobody changes there, and the replay of events."""

import json

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.html import escape

from accounts.models import User
from billing import services as billing_services
from billing.models import (
    AutoTopUp,
    Billing,
    BillingDifference,
    BillingNotice,
    Checkout,
    Offer,
    PaymentTransaction,
    ReconciliationRun,
    TopUp,
    WebhookEvent,
)
from credits.models import CreditLog
from tests.factories import (
    AutoTopUpFactory,
    BillingDifferenceFactory,
    BillingFactory,
    BillingNoticeFactory,
    CheckoutFactory,
    CreditWeightFactory,
    OfferFactory,
    PaymentTransactionFactory,
    ReconciliationRunFactory,
    TopUpFactory,
    UserFactory,
    WebhookEventFactory,
)

FACTORIES = {
    AutoTopUp: AutoTopUpFactory,
    Billing: BillingFactory,
    BillingDifference: BillingDifferenceFactory,
    BillingNotice: BillingNoticeFactory,
    Checkout: CheckoutFactory,
    Offer: OfferFactory,
    PaymentTransaction: PaymentTransactionFactory,
    ReconciliationRun: ReconciliationRunFactory,
    TopUp: TopUpFactory,
    WebhookEvent: WebhookEventFactory,
}


@pytest.fixture
def staff(client, sign_in, sam):
    """A browser in which sam is signed in."""
    return sign_in(client, sam)


@pytest.fixture
def chief(db) -> User:
    return UserFactory.create(role=User.Role.ADMIN, is_superuser=True, name="Chief")


def list_of(model) -> str:
    return reverse(f"admin:billing_{model._meta.model_name}_changelist")


def page_of(document, page: str = "change") -> str:
    return reverse(f"admin:billing_{document._meta.model_name}_{page}", args=[document.pk])


def read(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("model", FACTORIES)
def test_staff_see_lists_and_pages_and_not_even_a_superuser_changes_them(client, sign_in, sam, chief, model):
    document = FACTORIES[model].create()
    for person in (sam, chief):
        browser = sign_in(client, person)
        assert list(browser.get(list_of(model)).context["cl"].result_list) == [document]
        page = read(browser.get(page_of(document)))
        assert "_save" not in page
        assert browser.post(page_of(document), {"name": "x"}).status_code == 403
        assert browser.post(page_of(document, "delete"), {"post": "yes"}).status_code == 403
        assert browser.get(reverse(f"admin:billing_{model._meta.model_name}_add")).status_code == 403
    assert model.objects.count() == 1


@pytest.mark.parametrize("model", FACTORIES)
def test_support_sees_nothing_of_billing(client, sign_in, uma, model):
    document = FACTORIES[model].create()
    browser = sign_in(client, uma)
    assert browser.get(list_of(model)).status_code == 403
    assert browser.get(page_of(document)).status_code == 403


def test_every_collection_of_billing_is_in_the_admin():
    shown = {model for model in admin.site._registry if model._meta.app_label == "billing"}
    assert shown == set(FACTORIES)


def test_nobody_types_whose_purchases_a_user_gets(client, sign_in, sam, chief, alice, bob):
    billing = BillingFactory(user=bob)
    for person in (sam, chief):
        browser = sign_in(client, person)
        answer = browser.post(page_of(billing), {"user": bob.pk, "chargebee_customer_id": alice.pk})
        assert answer.status_code == 403
    billing.refresh_from_db()
    assert billing.chargebee_customer_id == str(bob.pk)


def test_an_offer_is_shown_with_the_price_of_a_credit_and_the_least(staff):
    offer = OfferFactory(price_cents=12_900, credits=500)
    page = read(staff.get(list_of(Offer)))
    for words in ("The least a credit sells for: 19.6 cents", "$129.00", "25.8 cents"):
        assert words in page
    CreditWeightFactory(credit_type="SKIPTRACE", weight=0.25)
    page = read(staff.get(page_of(offer)))
    for words in ("39.2 cents", "25.8 cents"):
        assert words in page


def test_offers_are_shown_while_nobody_can_say_the_least(staff):
    OfferFactory()
    CreditWeightFactory(credit_type="SKIPTRACE", weight=0.00001)
    assert "The weight of SKIPTRACE is zero" in read(staff.get(list_of(Offer)))


@pytest.mark.parametrize(
    "body", ['{"name": "\\ud800"}', '{"a":' * 900 + "1" + "}" * 900, "[" * 100_000, "{", '{"name": "\\ud83d\\ude00"}']
)
def test_any_body_of_an_event_is_shown(staff, body):
    page = read(staff.get(page_of(WebhookEventFactory(body=body))))
    assert escape(body)[:2_000] in page or "\U0001f600" in page


def test_the_address_of_a_checkout_is_not_shown(staff):
    checkout = CheckoutFactory(url="https://pay.example/pages/v4/secret-token/")
    assert "secret-token" not in read(staff.get(page_of(checkout)))
    assert "secret-token" not in read(staff.get(list_of(Checkout)))


def test_from_a_person_to_their_payments(staff, alice, bob):
    own, other = PaymentTransactionFactory(user=alice), PaymentTransactionFactory(user=bob)
    page = read(staff.get(reverse("admin:accounts_user_change", args=[alice.pk])))
    link = f"{list_of(PaymentTransaction)}?q={alice.pk}"
    assert f'href="{link}"' in page
    payments = read(staff.get(link))
    assert own.chargebee_invoice_id in payments
    assert other.chargebee_invoice_id not in payments


def test_support_is_not_shown_the_way_to_payments(client, sign_in, uma, alice):
    page = read(sign_in(client, uma).get(reverse("admin:accounts_user_change", args=[alice.pk])))
    assert list_of(PaymentTransaction) not in page


def test_open_differences_come_first(staff, now):
    closed, opened = BillingDifferenceFactory(closed_at=now), BillingDifferenceFactory()
    listed = list(staff.get(list_of(BillingDifference)).context["cl"].result_list)
    assert listed == [opened, closed]


# ---------------------------------------------------------------- events


def test_events_are_filtered_by_state_and_type(staff):
    failed = WebhookEventFactory(state="failed", event_type="payment_failed")
    WebhookEventFactory(state="applied", event_type="payment_failed")
    WebhookEventFactory(state="failed", event_type="invoice_generated")
    answer = staff.get(list_of(WebhookEvent), {"state__exact": "failed", "event_type": "payment_failed"})
    assert list(answer.context["cl"].result_list) == [failed]


def test_the_body_of_an_event_is_written_for_people_and_as_text(staff):
    event = WebhookEventFactory(body=json.dumps({"id": "ev_1", "content": {"name": "<script>alert(1)</script>"}}))
    page = read(staff.get(page_of(event)))
    assert "&quot;content&quot;: {\n    &quot;name&quot;" in page
    assert "<script>alert(1)" not in page
    broken = WebhookEventFactory(body="{not json <b>")
    assert "{not json &lt;b&gt;" in read(staff.get(page_of(broken)))


def test_a_replay_books_the_account_of_the_customer(staff, carol, site, now):
    billing_services.copy_offers(now=now)
    site.buy_plan(carol, "pro-USD-Monthly")
    event = WebhookEventFactory(state="failed", customer_id=str(carol.pk), attempts=6, last_error="No answer")
    assert "Replay" in read(staff.get(page_of(event)))
    answer = staff.post(page_of(event, "replay"), follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["Replayed invoice_generated: Applied."]
    event.refresh_from_db()
    assert (event.state, event.last_error) == ("applied", "")
    entries = CreditLog.objects.filter(credit__user_id=carol.pk)
    assert [(entry.kind, entry.subscription_after) for entry in entries] == [("reset", 420)]
    staff.post(page_of(event, "replay"))
    assert entries.count() == 1
    assert LogEntry.objects.filter(object_id=event.pk, change_message__contains="Replayed").count() == 2


def test_several_events_are_replayed_from_the_list(staff, carol, site, now):
    billing_services.copy_offers(now=now)
    site.buy_plan(carol, "pro-USD-Monthly")
    events = [WebhookEventFactory(state="failed", customer_id=str(carol.pk)) for _ in range(2)]
    chosen = {"action": "replay", "_selected_action": [event.pk for event in events]}
    assert staff.post(list_of(WebhookEvent), chosen).status_code == 302
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"applied"}
    assert CreditLog.objects.filter(credit__user_id=carol.pk).count() == 1


def test_a_replay_that_fails_says_so_and_leaves_the_event(staff, carol, site, settings):
    settings.CHARGEBEE_RETRY_WAIT_SECONDS = 0.01
    site.fail("500", endpoint="chargebee", times=10)
    event = WebhookEventFactory(state="failed", customer_id=str(carol.pk))
    answer = staff.post(page_of(event, "replay"), follow=True)
    (said,) = answer.context["messages"]
    assert (said.level_tag, "Received" in str(said)) == ("error", True)
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("received", 1)
    assert event.last_error


def test_a_replay_is_a_post_and_of_an_event_that_there_is(staff):
    event = WebhookEventFactory()
    assert staff.get(page_of(event, "replay")).status_code == 405
    missing = reverse("admin:billing_webhookevent_replay", args=["ev_missing"])
    assert staff.post(missing).status_code == 302
    event.refresh_from_db()
    assert event.attempts == 0


def test_support_and_investors_replay_nothing(client, sign_in, uma, bob):
    event = WebhookEventFactory(state="failed", customer_id=str(bob.pk))
    for person in (uma, bob):
        answer = sign_in(client, person).post(page_of(event, "replay"))
        assert answer.status_code in {302, 403}
        event.refresh_from_db()
        assert (event.state, event.attempts) == ("failed", 0)
    assert not LogEntry.objects.exists()


def test_who_may_look_at_events_may_not_replay_them_for_that(client, sign_in, uma):
    from django.contrib.auth.models import Permission

    uma.user_permissions.add(Permission.objects.get(codename="view_webhookevent"))
    event = WebhookEventFactory(state="failed")
    browser = sign_in(client, uma)
    assert page_of(event, "replay") not in read(browser.get(page_of(event)))
    assert "Events are replayed by staff" in read(browser.post(page_of(event, "replay"), follow=True))
    assert 'value="replay"' not in read(browser.get(list_of(WebhookEvent)))
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("failed", 0)


# ---------------------------------------------------------------- the front page


def test_the_front_page_says_what_waits_for_a_person(staff, now):
    BillingDifferenceFactory(closed_at=now)
    WebhookEventFactory(state="applied")
    OfferFactory()
    assert "messagelist" not in read(staff.get(reverse("admin:index")))
    WebhookEventFactory.create_batch(2, state="failed")
    BillingDifferenceFactory()
    OfferFactory(is_sold=False, refused_because="Below cost")
    page = read(staff.get(reverse("admin:index")))
    for words in ("2 events of Chargebee", "1 difference</a>", "needs a person", "1 plan or pack</a>", "is not sold"):
        assert words in page
    failed = read(staff.get(f"{list_of(WebhookEvent)}?state__exact=failed"))
    assert "2 webhook events" in failed


def test_the_front_page_of_support_does_not_speak_of_billing(client, sign_in, uma):
    WebhookEventFactory(state="failed")
    assert "of Chargebee" not in read(sign_in(client, uma).get(reverse("admin:index")))

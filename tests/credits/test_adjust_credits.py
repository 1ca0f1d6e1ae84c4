"""Staff add or take credits: with a typed reason, and by two people above the limit (B8)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from bson import Int64, ObjectId
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.html import escape

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from credits import references, selectors
from credits import services as credit_services
from credits.models import Credit, CreditAdjustment, CreditLog
from tests.credits.conftest import NOW
from tests.factories import UserFactory

REASON = "The county's records were down all day"


@pytest.fixture
def chief(db) -> User:
    return UserFactory.create(role=User.Role.ADMIN, is_superuser=True, name="Chief")


@pytest.fixture
def propose(alice, sam):
    def make(amount: int, **details) -> CreditAdjustment:
        wanted = {"bucket": "purchased", "reason": REASON, "proposed_by": sam.pk, "now": NOW, **details}
        return credit_services.propose_adjustment(**{"user_id": alice.pk, "amount": amount, **wanted})

    return make


def purchased(user) -> int:
    return Credit.objects.get(user_id=user.pk).purchased_credits


def assert_sound() -> None:
    assert credit_services.verify_books().breaches == []


def test_up_to_the_limit_it_is_applied_at_once(alice, sam, propose, settings):
    adjustment = propose(settings.ADJUSTMENT_LIMIT)
    assert (adjustment.state, adjustment.decided_at) == ("applied", NOW)
    entry = CreditLog.objects.get()
    assert (entry.key, entry.change_amount) == (f"adjust:{adjustment.pk}", 500)
    assert (entry.reason, entry.actor) == (REASON, f"user:{sam.pk}")
    assert references.cause_of(entry.reference_kind, entry.reference_id).label == "Decided by our staff"
    assert purchased(alice) == 500
    assert_sound()


@pytest.mark.parametrize("amount", [501, -501])
def test_above_the_limit_a_second_person_approves(alice, sam, chief, fund, propose, amount):
    fund(alice.pk, purchased=1000)
    adjustment = propose(amount)
    assert adjustment.state == "proposed"
    assert purchased(alice) == 1000
    with pytest.raises(credit_services.SecondPersonNeeded):
        credit_services.approve_adjustment(adjustment_id=adjustment.pk, approved_by=sam.pk, now=NOW)
    for _ in range(3):
        approved = credit_services.approve_adjustment(adjustment_id=adjustment.pk, approved_by=chief.pk, now=NOW)
        assert (approved.state, approved.approved_by_id) == ("applied", chief.pk)
    assert purchased(alice) == 1000 + amount
    assert CreditLog.objects.filter(kind="adjust").count() == 1
    assert_sound()


def test_several_people_approve_at_once_and_it_is_applied_once(alice, propose):
    adjustment = propose(2000)
    people = [ObjectId() for _ in range(8)]

    def approve(person: ObjectId) -> str:
        try:
            approved = credit_services.approve_adjustment(adjustment_id=adjustment.pk, approved_by=person, now=NOW)
        except credit_services.AdjustmentDecided:
            return "too late"
        return approved.state

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(approve, people))
    assert "applied" in answers
    assert set(answers) <= {"applied", "too late"}
    assert purchased(alice) == 2000
    assert CreditAdjustment.objects.get().approved_by_id in people
    assert_sound()


@pytest.mark.parametrize("second", [500, -500])
def test_many_small_ones_of_one_person_wait_for_a_second_person_too(alice, bob, sam, chief, fund, propose, second):
    fund(alice.pk, purchased=1000)
    first, waiting = propose(500), propose(second)
    assert (first.state, first.limit) == ("applied", 500)
    assert (waiting.state, waiting.limit) == ("proposed", 0)
    assert purchased(alice) == 1500
    assert propose(500, user_id=bob.pk).state == "applied"
    assert propose(500, proposed_by=chief.pk).state == "applied"
    credit_services.approve_adjustment(adjustment_id=waiting.pk, approved_by=chief.pk, now=NOW)
    assert propose(1, now=NOW + timedelta(days=30)).state == "applied"
    assert_sound()


@pytest.mark.parametrize(
    ("amount", "owed", "left", "words"),
    [
        (100, 0, 70, f"{REASON} (30 of it paid what was owed after a refund)"),
        (30, 0, 0, f"{REASON} (30 of it paid what was owed after a refund)"),
        (12, 18, 0, f"{REASON} (12 of it paid what was owed after a refund)"),
    ],
)
def test_what_staff_add_pays_a_debt_first(alice, propose, amount, owed, left, words):
    credit_services.claw_back(user_id=alice.pk, amount=30, refund_id="r1", reason="Refund", now=NOW)
    adjustment = propose(amount)
    entry = CreditLog.objects.get(key=f"adjust:{adjustment.pk}")
    assert (entry.purchased_change, entry.debt_change, entry.reason) == (left, owed - 30, words)
    wallet = Credit.objects.get(user_id=alice.pk)
    assert (wallet.purchased_credits, wallet.debt, wallet.spendable) == (left, owed, left)
    assert selectors.header_balance(alice) == left
    assert_sound()


def test_the_books_find_an_adjustment_that_passed_a_debt_by(propose):
    adjustment = propose(100)
    assert_sound()
    collection_of(CreditLog).update_one({"key": f"adjust:{adjustment.pk}"}, {"$set": {"debtAfter": Int64(30)}})
    assert "B8" in {breach.rule for breach in credit_services.verify_books().breaches}


def test_credits_that_are_owed_for_cannot_be_spent_and_no_page_says_otherwise(client, alice, fund):
    fund(alice.pk, purchased=50)
    fund(alice.pk, subscription=5)
    credit_services.claw_back(user_id=alice.pk, amount=60, refund_id="r1", reason="Refund", now=NOW)
    wallet = Credit.objects.get(user_id=alice.pk)
    assert (wallet.credit_available, wallet.debt, wallet.not_frozen, wallet.spendable) == (5, 10, 5, 0)
    assert selectors.header_balance(alice) == 0
    client.force_login(alice)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get("/credits/").text))
    assert "Can be spent 0 credits" in page
    assert "Owed 10 credits" in page


def test_what_two_people_decided_does_not_count_as_one_persons(propose, chief):
    large = propose(900)
    credit_services.approve_adjustment(adjustment_id=large.pk, approved_by=chief.pk, now=NOW)
    propose(300), propose(600)
    assert propose(200).state == "applied"
    assert propose(1).state == "proposed"
    assert_sound()


def test_small_ones_at_the_same_moment_do_not_pass_the_limit_together(alice, propose):
    with ThreadPoolExecutor(6) as pool:
        adjustments = list(pool.map(lambda _: propose(200), range(6)))
    assert sorted(one.state for one in adjustments) == ["applied"] * 2 + ["proposed"] * 4
    assert purchased(alice) == 400
    assert_sound()


@pytest.mark.parametrize("amount", [10_000_001, -10_000_001, 2**63])
def test_an_amount_beyond_all_reason_is_refused(propose, amount):
    with pytest.raises(ValueError, match="10,000,000 credits at most"):
        propose(amount)
    assert not CreditAdjustment.objects.exists()


def test_a_rejected_one_is_never_applied(alice, sam, chief, propose):
    adjustment = propose(600)
    rejected = credit_services.reject_adjustment(adjustment_id=adjustment.pk, rejected_by=sam.pk, now=NOW)
    assert (rejected.state, rejected.rejected_by_id) == ("rejected", sam.pk)
    with pytest.raises(credit_services.AdjustmentDecided):
        credit_services.approve_adjustment(adjustment_id=adjustment.pk, approved_by=chief.pk, now=NOW)
    assert purchased(alice) == 0
    assert not CreditLog.objects.exists()


def test_an_applied_one_is_not_rejected(alice, chief, propose):
    adjustment = propose(5)
    with pytest.raises(credit_services.AdjustmentDecided):
        credit_services.reject_adjustment(adjustment_id=adjustment.pk, rejected_by=chief.pk, now=NOW)
    assert purchased(alice) == 5


def test_nobody_gives_credits_to_themselves_alone(sam, chief, propose):
    adjustment = propose(5, user_id=sam.pk)
    assert adjustment.state == "proposed"
    own = propose(5, user_id=chief.pk)
    assert own.state == "applied"
    with pytest.raises(credit_services.SecondPersonNeeded):
        credit_services.approve_adjustment(adjustment_id=adjustment.pk, approved_by=sam.pk, now=NOW)
    gift = propose(900, user_id=chief.pk)
    with pytest.raises(credit_services.SecondPersonNeeded):
        credit_services.approve_adjustment(adjustment_id=gift.pk, approved_by=chief.pk, now=NOW)


@pytest.mark.parametrize(
    "details", [{"reason": "Too short"}, {"reason": " " * 30}, {"bucket": "pocket"}, {"amount": 0}]
)
def test_what_says_too_little_is_refused(propose, details):
    with pytest.raises(ValueError, match="reason"):
        propose(**{"amount": 5, **details})
    assert not CreditAdjustment.objects.exists()


def test_more_than_there_is_cannot_be_taken(alice, chief, fund, propose):
    fund(alice.pk, purchased=10)
    with pytest.raises(credit_services.NotEnoughCredits):
        propose(-11)
    assert not CreditAdjustment.objects.exists()
    adjustment = propose(-700)
    with pytest.raises(credit_services.NotEnoughCredits):
        credit_services.approve_adjustment(adjustment_id=adjustment.pk, approved_by=chief.pk, now=NOW)
    assert CreditAdjustment.objects.get().state == "proposed"


def test_a_correction_names_an_entry_of_the_same_wallet(alice, bob, fund, propose):
    fund(alice.pk, purchased=10)
    fund(bob.pk, purchased=10)
    own, others = (CreditLog.objects.get(credit__user=user).key for user in (alice, bob))
    with pytest.raises(credit_services.EntryNotFound):
        propose(-3, corrects=others)
    adjustment = propose(-3, corrects=own)
    entry = CreditLog.objects.get(key=f"adjust:{adjustment.pk}")
    assert (entry.reference_kind, entry.reference_id) == ("entry", own)
    assert_sound()


def test_a_form_that_is_sent_twice_is_one_decision(alice, propose):
    form = ObjectId()
    with ThreadPoolExecutor(4) as pool:
        adjustments = list(pool.map(lambda _: propose(5, adjustment_id=form), range(4)))
    assert {adjustment.pk for adjustment in adjustments} == {form}
    assert purchased(alice) == 5
    with pytest.raises(credit_services.KeyReused):
        propose(6, adjustment_id=form)


@pytest.mark.parametrize(
    "forgery",
    [
        {"approvedBy": None},
        {"state": "rejected"},
        {"amount": Int64(700)},
        {"userId": ObjectId()},
        {"bucket": "subscription"},
    ],
)
def test_the_books_find_an_adjustment_that_two_people_did_not_decide(chief, propose, forgery):
    adjustment = propose(600)
    credit_services.approve_adjustment(adjustment_id=adjustment.pk, approved_by=chief.pk, now=NOW)
    assert_sound()
    collection_of(CreditAdjustment).update_one({"_id": adjustment.pk}, {"$set": forgery})
    assert {breach.rule for breach in credit_services.verify_books().breaches} == {"B8"}


def test_the_books_find_a_decision_without_its_entry_and_an_entry_without_a_decision(alice, propose):
    applied, proposed = propose(5), propose(600)
    collection_of(CreditAdjustment).update_one({"_id": proposed.pk}, {"$set": {"state": "applied"}})
    assert [breach.rule for breach in credit_services.verify_books().breaches] == ["B8"]
    collection_of(CreditAdjustment).delete_many({})
    assert [breach.subject for breach in credit_services.verify_books().breaches] == [f"adjust:{applied.pk}"]


# ---------------------------------------------------------------- in the admin


@pytest.fixture
def staff(client, sign_in, sam):
    return sign_in(client, sam)


def form_for(user, credit_count: int, **changed) -> dict:
    form = {"email": user.email, "amount": str(credit_count), "bucket": "purchased", "reason": REASON, "corrects": ""}
    return form | {"adjustment_id": str(ObjectId())} | changed


ADD = "admin:credits_creditadjustment_add"


def page_of(adjustment, page: str = "change") -> str:
    return reverse(f"admin:credits_creditadjustment_{page}", args=[adjustment.pk])


def test_staff_adjust_credits_by_a_form(staff, alice, sam):
    user_page = staff.get(reverse("admin:accounts_user_change", args=[alice.pk])).text
    assert f"{reverse(ADD)}?email={alice.email}" in user_page.replace("%40", "@")
    page = staff.get(reverse(ADD), {"email": alice.email})
    assert page.context["adminform"].form["email"].value() == alice.email
    response = staff.post(reverse(ADD), form_for(alice, 20))
    adjustment = CreditAdjustment.objects.get()
    assert response.headers["Location"] == page_of(adjustment)
    assert purchased(alice) == 20
    assert LogEntry.objects.get(object_id=str(adjustment.pk)).user_id == sam.pk
    shown = staff.get(page_of(adjustment)).text
    assert escape(REASON) in shown
    assert 'name="_save"' not in shown
    entry = CreditLog.objects.get()
    assert page_of(adjustment) in staff.get(reverse("admin:credits_creditlog_change", args=[entry.pk])).text


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("email", {"email": "nobody@example.test"}),
        ("amount", {"amount": "0"}),
        ("amount", {"amount": "1.5"}),
        ("amount", {"amount": "10000001"}),
        ("amount", {"amount": "-99999999999999999999"}),
        ("reason", {"reason": "short"}),
        ("bucket", {"bucket": "pocket"}),
        ("adjustment_id", {"adjustment_id": "x"}),
        ("__all__", {"amount": "-20"}),
        ("__all__", {"corrects": "grant:nothing"}),
    ],
)
def test_a_form_that_cannot_be_says_why(staff, alice, field, changed):
    response = staff.post(reverse(ADD), form_for(alice, 20, **changed))
    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors
    assert not CreditAdjustment.objects.exists()


def test_a_second_person_approves_in_the_admin_and_the_first_cannot(client, sign_in, sam, chief, alice):
    sign_in(client, sam).post(reverse(ADD), form_for(alice, 800))
    adjustment = CreditAdjustment.objects.get()
    assert page_of(adjustment, "approve") not in client.get(page_of(adjustment)).text
    client.post(page_of(adjustment, "approve"))
    assert not Credit.objects.filter(user=alice, purchased_credits__gt=0).exists()
    sign_in(client, chief)
    assert page_of(adjustment, "approve") in client.get(page_of(adjustment)).text
    assert client.get(page_of(adjustment, "approve")).status_code == 405
    assert client.post(page_of(adjustment, "approve")).status_code == 302
    assert purchased(alice) == 800
    assert page_of(adjustment, "reject") not in client.get(page_of(adjustment)).text
    assert LogEntry.objects.filter(object_id=str(adjustment.pk), user=chief).count() == 1


def test_staff_reject_in_the_admin(client, sign_in, sam, chief, alice):
    sign_in(client, sam).post(reverse(ADD), form_for(alice, 800))
    adjustment = CreditAdjustment.objects.get()
    sign_in(client, chief).post(page_of(adjustment, "reject"))
    adjustment.refresh_from_db()
    assert (adjustment.state, adjustment.rejected_by_id) == ("rejected", chief.pk)
    client.post(page_of(adjustment, "approve"))
    assert not Credit.objects.filter(user=alice, purchased_credits__gt=0).exists()


def test_an_adjustment_is_neither_edited_nor_deleted(staff, alice):
    staff.post(reverse(ADD), form_for(alice, 20))
    adjustment = CreditAdjustment.objects.get()
    assert staff.post(page_of(adjustment), {"amount": "2000"}).status_code == 403
    assert staff.post(page_of(adjustment, "delete"), {"post": "yes"}).status_code == 403
    adjustment.refresh_from_db()
    assert adjustment.amount == 20


def test_support_adjusts_nothing(client, sign_in, uma, alice, propose):
    adjustment = propose(700)
    browser = sign_in(client, uma)
    assert browser.get(reverse(ADD)).status_code == 403
    assert browser.post(reverse(ADD), form_for(alice, 20)).status_code == 403
    for decision in ("approve", "reject"):
        assert browser.post(page_of(adjustment, decision)).status_code == 403
    adjustment.refresh_from_db()
    assert adjustment.state == "proposed"

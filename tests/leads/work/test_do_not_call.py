"""The user's own do-not-call list outlives lists, contacts and imports."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from atlas_site.mongodb.documents import as_utc
from atlas_site.mongodb.explain import assert_index_scan
from leads.calling import WhyNot, callable_numbers, numbers_of
from leads.models import Contact, DoNotCall, Identity
from leads.selectors.do_not_call import do_not_call_page
from leads.services.books import verify_imports
from leads.services.do_not_call import bar_same_leads, lift_do_not_call, set_do_not_call
from leads.services.people import set_do_not_mail, set_next_touch, set_stage
from leads.services.touches import log_touch
from properties.selectors import owned
from tests.factories import NOON, PersonTraceFactory, TracePurchaseFactory
from tests.leads.lists import as_csv
from tests.leads.work.people import checked, make_contact
from tests.leads.work.test_touches import at_once

NUMBER = "6145550174"
OTHER = "6145550181"
PARK = ["Max", "Park", "14 Oak St", "Columbus", "OH", "43211", "", "", "max@example.com", ""]
HART = ["Ada", "Hart", "12 Oak St", "Columbus", "OH", "43211", "(614) 555-0174", "", "ada@example.com", ""]


def test_numbers_are_read_as_people_write_them(alice):
    change = set_do_not_call(user=alice, numbers=["(614) 555-0174", "614-555-0174", "", "call me"], now=NOON)
    assert (change.numbers, change.already, change.unread) == (1, 0, ("call me",))
    assert DoNotCall.objects.get().number == NUMBER
    again = set_do_not_call(user=alice, numbers=[NUMBER], now=NOON)
    assert (again.numbers, again.already) == (0, 1)


def test_a_barred_number_is_not_callable_until_it_is_lifted(alice, bob):
    contact, his = make_contact(alice, phones=[checked(NUMBER)]), make_contact(bob, phones=[checked(NUMBER)])
    set_next_touch(user=alice, contacts=[contact], on=None, now=NOON)
    set_do_not_call(user=alice, numbers=[NUMBER], why="asked by letter", now=NOON)
    contact.refresh_from_db()
    assert contact.callable_until is None
    assert [number.why_not for number in numbers_of(contact, {NUMBER}, NOON)] == [WhyNot.OWN_LIST]
    his.refresh_from_db()
    assert callable_numbers(his, (), NOON)

    change = lift_do_not_call(user=alice, numbers=[NUMBER], why="came by mistake", now=NOON)
    assert change.numbers == 1
    contact.refresh_from_db()
    assert contact.callable_until is not None
    entry = DoNotCall.objects.get()
    assert entry.removed_at == NOON
    assert [(each["what"], each["why"]) for each in entry.history] == [
        ("added", "asked by letter"),
        ("lifted", "came by mistake"),
    ]


def test_the_same_lead_that_became_another_person_by_its_zip_is_barred_as_well(alice, bob, import_list):
    without_zip = import_list(alice, as_csv([[*HART[:5], "", "", "", "", ""]]))
    with_zip, others = import_list(alice, as_csv([HART, PARK]), "other.csv"), import_list(bob, as_csv([HART]))
    Contact.objects.filter(lead_group=with_zip, first_name="Ada").update(
        identity_key="b" * 32
    )  # as earlier imports did
    set_do_not_call(user=alice, contacts=Contact.objects.filter(lead_group=without_zip), now=NOON)
    set_stage(user=alice, contacts=Contact.objects.filter(lead_group=with_zip), stage="talking", now=NOON)

    assert bar_same_leads(now=NOON) == 1
    ada, max_park = Contact.objects.filter(lead_group=with_zip).order_by("first_name")
    assert (ada.do_not_call, ada.identity_key, ada.stage) == (True, "b" * 32, "talking")
    assert not max_park.do_not_call and not Contact.objects.get(lead_group=others).do_not_call
    assert [entry.number for entry in DoNotCall.objects.all()] == [NUMBER]
    assert bar_same_leads(now=NOON) == 0


def test_numbers_that_are_not_on_the_list_are_not_lifted(alice):
    assert lift_do_not_call(user=alice, numbers=[NUMBER], now=NOON).already == 1
    assert not DoNotCall.objects.exists()


def test_a_person_is_barred_with_all_numbers_and_lifted_with_them(alice):
    contact = make_contact(alice, phones=[checked(NUMBER), checked(OTHER)])
    change = set_do_not_call(user=alice, contacts=[contact], now=NOON)
    assert (change.people, change.numbers) == (1, 2)
    assert lift_do_not_call(user=alice, contacts=[contact], now=NOON).people == 1
    contact.refresh_from_db()
    assert contact.do_not_call is None
    assert len(callable_numbers(contact, (), NOON)) == 2


def on_list():
    return set(DoNotCall.objects.filter(removed_at=None).values_list("number", flat=True))


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_number_that_was_barred_on_its_own_stays_when_the_person_is_lifted(client, alice, order):
    contact = make_contact(alice, phones=[checked(NUMBER), checked(OTHER)])
    bars = [
        lambda: set_do_not_call(user=alice, numbers=[NUMBER], why="asked by letter", now=NOON),
        lambda: set_do_not_call(user=alice, contacts=[contact], now=NOON),
    ]
    for bar in bars if order == "before" else reversed(bars):
        bar()
    assert set_do_not_call(user=alice, numbers=[NUMBER], contacts=[contact], now=NOON).already == 2
    history = DoNotCall.objects.get(number=NUMBER).history
    assert len(history) == (1 if order == "before" else 2)
    client.force_login(alice)
    page = client.post(f"/today/{contact.pk}/do-not-call/lift/", follow=True).content.decode()
    assert "(614) 555-0174 stays on it" in page
    assert on_list() == {NUMBER}
    contact.refresh_from_db()
    assert [number.number for number in callable_numbers(contact, {NUMBER}, NOON)] == [OTHER]
    assert lift_do_not_call(user=alice, numbers=[NUMBER], now=NOON).numbers == 1
    assert on_list() == set()


def test_a_number_of_two_people_is_lifted_with_the_last_of_them(alice):
    ada, max_ = (make_contact(alice, key=key * 32, phones=[checked(NUMBER)]) for key in "ab")
    log_touch(user=alice, contact=ada, outcome="do_not_call", number=NUMBER, key="k", now=NOON)
    set_do_not_call(user=alice, contacts=[max_], now=NOON)
    change = lift_do_not_call(user=alice, contacts=[ada], now=NOON)
    assert (change.people, change.numbers, change.left) == (1, 0, (NUMBER,))
    assert lift_do_not_call(user=alice, contacts=[max_], now=NOON).numbers == 1
    assert on_list() == set()


def test_the_books_name_who_is_not_marked(alice):
    contact = make_contact(alice, phones=[checked(NUMBER)])
    set_do_not_call(user=alice, contacts=[contact], now=NOON)
    found: list[str] = []
    verify_imports(check=lambda rule, holds, subject, text: None if holds else found.append(rule))
    assert found == []
    make_contact(alice)
    verify_imports(check=lambda rule, holds, subject, text: None if holds else found.append(rule))
    assert found == ["B37"]


def test_contacts_of_others_are_passed_over(alice, bob):
    his = make_contact(bob, phones=[checked(NUMBER)])
    assert set_do_not_call(user=alice, contacts=[his], now=NOON).people == 0
    assert set_stage(user=alice, contacts=[his], stage="dead", now=NOON) == 0
    assert not Identity.objects.exists()


def test_the_same_number_barred_at_once_is_one_entry(alice):
    at_once([lambda: set_do_not_call(user=alice, numbers=[NUMBER, OTHER], now=NOON)] * 4)
    assert DoNotCall.objects.count() == 2


@pytest.mark.parametrize("deletes", ["list", "contacts"])
def test_what_is_known_survives_the_list_and_comes_back_with_the_next_import(alice, import_list, deletes):
    group = import_list(alice, as_csv([HART]))
    contact = Contact.objects.get()
    log_touch(user=alice, contact=contact, outcome="do_not_call", number=NUMBER, key="k", now=NOON)
    set_do_not_mail(user=alice, contacts=[contact], is_on=True, now=NOON)
    if deletes == "list":
        group.is_deleted = True
        group.save()
    else:
        group.delete()
        assert not Contact.objects.exists()
    new = import_list(alice, as_csv([HART]), name="again.csv")
    back = Contact.objects.get(lead_group=new)
    assert back.pk != contact.pk
    assert (back.do_not_call, back.do_not_mail, back.stage, back.last_outcome) == (
        True,
        True,
        "attempting",
        "do_not_call",
    )
    assert back.engagement_score == 0


def test_an_import_never_moves_a_stage_back_and_hands_it_to_new_contacts(alice, import_list):
    group = import_list(alice, as_csv([HART]))
    contact = Contact.objects.get()
    set_stage(user=alice, contacts=[contact], stage="offer_made", now=NOON)
    set_next_touch(user=alice, contacts=[contact], on=NOON.date(), now=NOON)
    import_list(alice, as_csv([[*HART[:6], "614-555-0181", "", "", ""]]), name="more.csv", group=group)
    contact.refresh_from_db()
    assert contact.stage == "offer_made"
    assert {phone["number"] for phone in contact.phones} == {NUMBER, OTHER}
    other = import_list(alice, as_csv([HART, PARK]), name="other.csv")
    stages = dict(Contact.objects.filter(lead_group=other).values_list("last_name", "stage"))
    assert stages == {"Hart": "offer_made", "Park": "new"}
    assert Contact.objects.get(lead_group=other, last_name="Hart").next_touch_on == NOON.date()


def test_a_new_contact_has_the_trace_that_was_bought(alice, bob, import_list):
    import_list(bob, as_csv([HART]))
    key, now = Contact.objects.get().identity_key, as_utc(timezone.now())
    check = {"dnc": False, "tcpa": False, "checkedAt": now.isoformat()}
    PersonTraceFactory.create(
        key=key,
        outcome="hit",
        phones=[{"number": OTHER, "type": "Mobile", "score": 90, **check}],
        emails=[{"address": "hart@example.com", "tested": True}],
        answered_at=now,
    )
    TracePurchaseFactory.create(user=alice, key=key, bought_at=now)
    group = import_list(alice, as_csv([HART]))
    contact = Contact.objects.get(lead_group=group)
    assert (contact.trace_outcome, contact.traced_at, contact.is_enriched) == ("hit", now, True)
    assert [phone["number"] for phone in contact.phones] == [OTHER, NUMBER]
    assert contact.phone == OTHER
    assert contact.callable_until is not None
    assert Contact.objects.get(user=bob).trace_outcome is None


# ---------------------------------------------------------------- the page


def post(client, **values):
    return client.post("/leads/do-not-call/", values, follow=True).content.decode()


def test_numbers_are_added_and_lifted_on_a_page(client, alice, bob):
    client.force_login(alice)
    assert "No number yet" in client.get("/leads/do-not-call/").content.decode()
    page = post(client, numbers="(614) 555-0174\n614.555.0181, 614-555-0182", why="letters")
    assert "3 numbers added to your do-not-call list." in page
    assert "(614) 555-0174" in page
    assert "1 number added to your do-not-call list. 1 on it already." in post(client, numbers="6145550174;6145550199")
    answer = client.post("/leads/do-not-call/lift/", {"number": NUMBER}, follow=True).content.decode()
    assert "That it was on it stays on record." in answer
    assert "Lifted" in answer
    assert set(DoNotCall.objects.filter(user=alice, removed_at=None).values_list("number", flat=True)) == {
        "6145550181",
        "6145550182",
        "6145550199",
    }
    client.force_login(bob)
    assert "No number yet" in client.get("/leads/do-not-call/").content.decode()
    assert (
        "was not on your list"
        in client.post("/leads/do-not-call/lift/", {"number": "6145550181"}, follow=True).content.decode()
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_numbers_is_added_whatever_its_columns(client, alice, encoding):
    client.force_login(alice)
    content = 'name,phone,asked on\nAda Hart,(614) 555-0174,2026-01-05\n"Park, Max",6145550181,\n'.encode(encoding)
    page = post(client, file=SimpleUploadedFile("dnc.csv", content))
    assert "2 numbers added" in page
    assert set(DoNotCall.objects.values_list("number", flat=True)) == {NUMBER, OTHER}


@pytest.mark.parametrize("values", [{}, {"numbers": "nobody"}, {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")}])
def test_what_holds_no_number_says_so(client, alice, values):
    client.force_login(alice)
    page = post(client, **values)
    assert "There is no US phone number in" in page
    assert "<title>Error:" in page
    assert not DoNotCall.objects.exists()


def test_the_list_is_paged_and_searched(client, alice):
    set_do_not_call(user=alice, numbers=[f"614555{number:04d}" for number in range(100, 220)], now=NOON)
    client.force_login(alice)
    seen, url = [], "/leads/do-not-call/"
    while url:
        page = client.get(url).context["page"]
        seen += [entry.number for entry in page.entries]
        url = f"/leads/do-not-call/?after={page.following}" if page.following else ""
    assert len(seen) == len(set(seen)) == 120
    found = client.get("/leads/do-not-call/?find=(614) 555-011").context["page"].entries
    assert [entry.number for entry in found] == [f"614555{number:04d}" for number in range(110, 120)]
    assert client.get("/leads/do-not-call/?after=nonsense").status_code == 200


def test_a_page_of_a_long_list_is_read_by_an_index_and_not_counted_to_its_end(alice, monkeypatch):
    monkeypatch.setattr(owned, "COUNTED_UP_TO", 2)
    set_do_not_call(user=alice, numbers=[f"614555{number:04d}" for number in range(100, 160)], now=NOON)
    first = do_not_call_page(alice)
    assert (str(first.total), len(first.entries)) == ("2+", 50)
    assert len(do_not_call_page(alice, after=first.following).entries) == 10
    for page in ({}, {"after": first.following}, {"find": "614555"}):
        assert_index_scan(lambda page=page: do_not_call_page(alice, **page))

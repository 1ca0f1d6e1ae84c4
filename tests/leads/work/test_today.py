"""What is to be done today, one person after the other, and how each call ended."""

from datetime import timedelta

import pytest
from bson import ObjectId
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.documents import as_utc, collection_of
from leads.models import Contact, Touch
from leads.selectors.today import DUE, EXPIRING, FRESH, SHOWN, find_turn, read_section, sections_of, todays_work
from leads.services import standing
from leads.services.people import set_next_touch, set_stage
from tests.factories import LeadGroupFactory
from tests.leads.work.people import checked, make_contact

NUMBER = "6145550174"


def person(user, number, *, days=1, **values):
    """A contact of somebody whose numbers were checked so many days ago."""
    now = as_utc(timezone.now())
    phones = [checked(f"614555{number:04d}", at=now - timedelta(days=days))]
    contact = make_contact(
        user, key=f"{number:032x}", phones=phones, trace_outcome="hit", last_name=f"N{number}", **values
    )
    standing.refresh(user_id=user.pk, identity_keys=[contact.identity_key], now=now)
    return contact


def sections(user):
    """The ids of the people of each section."""
    return {
        section.key: [each.last_name for each in section.contacts]
        for section in todays_work(user, timezone.now()).sections
    }


def test_each_person_is_in_the_first_section_that_they_belong_to(alice, bob):
    now = timezone.now()
    due, later, _, ends, over = (person(alice, number, days=25 if number == 4 else 1) for number in range(1, 6))
    set_next_touch(user=alice, contacts=[due], on=now.date() - timedelta(days=2), now=now)
    set_next_touch(user=alice, contacts=[later], on=now.date() + timedelta(days=3), now=now)
    set_stage(user=alice, contacts=[over], stage="dead", now=now)
    make_contact(alice, key=due.identity_key, last_name="N1 again")
    person(bob, 9)
    found = sections(alice)
    assert found[DUE] == ["N1"]
    assert set(found[FRESH]) == {"N3", "N4"}
    assert found[EXPIRING] == []
    assert ends.identity_key


def test_a_person_who_was_called_comes_up_when_the_check_runs_out(alice):
    contact = person(alice, 1, days=26)
    client_log(alice, contact)
    set_next_touch(user=alice, contacts=[contact], on=None, now=timezone.now())
    assert sections(alice) == {DUE: [], FRESH: [], EXPIRING: ["N1"]}


def test_deleted_lists_bring_nobody_up(alice):
    person(alice, 1, lead_group=LeadGroupFactory.create(user=alice, is_deleted=True))
    assert sections(alice) == {DUE: [], FRESH: [], EXPIRING: []}


def test_the_highest_score_is_called_first(alice):
    low, high = person(alice, 1), person(alice, 2, emails=[{"address": "a@example.com"}])
    assert sections(alice)[FRESH] == [high.last_name, low.last_name]


def test_checks_that_end_leave_nobody_callable(alice):
    contact = person(alice, 1, days=31)
    later = timezone.now() + timedelta(minutes=1)
    standing.end_checks(now=later)
    contact.refresh_from_db()
    assert contact.callable_until is None
    assert sections(alice)[FRESH] == []


def client_log(user, contact, outcome="no_answer", key="k"):
    from leads.services.touches import log_touch

    return log_touch(user=user, contact=contact, outcome=outcome, key=key, now=timezone.now())


# ---------------------------------------------------------------- pages


def test_the_page_lists_the_work_and_says_what_a_number_is_not(client, alice):
    client.force_login(alice)
    empty = client.get("/today/").content.decode()
    assert "Nobody is due." in empty
    contact = person(alice, 1)
    page = client.get("/today/").content.decode()
    assert reverse("today:show-turn", args=[contact.pk]) in page
    assert "A traced number is not permission." in page


def test_one_person_after_the_other(client, alice):
    people = [person(alice, number) for number in (1, 2)]
    client.force_login(alice)
    first, second = (each for each in todays_work(alice, timezone.now()).queue)
    page = client.get(reverse("today:show-turn", args=[first.pk])).content.decode()
    assert reverse("today:show-turn", args=[second.pk]) in page
    assert "1 of 2" in page
    assert "A number that may be dialed" in page
    posted = {"key": "k1", "outcome": "voicemail", "number": first.phone, "text": "left a message"}
    posted["next"] = reverse("today:show-turn", args=[second.pk])
    answer = client.post(reverse("today:log-outcome", args=[first.pk]), posted, follow=True)
    assert answer.redirect_chain == [(posted["next"], 302)]
    assert "voicemail. Next touch" in answer.content.decode()
    assert f'<a href="{reverse("today:show-turn", args=[first.pk])}">Back to them</a>' in answer.content.decode()
    client.post(reverse("today:log-outcome", args=[first.pk]), posted)
    assert Touch.objects.get().text == "left a message"
    assert len(people) == 2


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_form_leads_nowhere_else(client, alice, page):
    contact = person(alice, 1)
    client.force_login(alice)
    answer = client.post(
        reverse("today:log-outcome", args=[contact.pk]), {"key": "k", "outcome": "no_answer", "next": page}
    )
    assert answer.url == "/today/"


def test_an_outcome_that_there_is_not_logs_nothing(client, alice):
    contact = person(alice, 1)
    client.force_login(alice)
    answer = client.post(
        reverse("today:log-outcome", args=[contact.pk]), {"key": "k", "outcome": "shouted"}, follow=True
    )
    assert "Nothing was logged." in answer.content.decode()
    assert not Touch.objects.exists()


def test_a_bad_number_is_named(client, alice):
    contact = person(alice, 1)
    client.force_login(alice)
    answer = client.post(
        reverse("today:log-outcome", args=[contact.pk]), {"key": "k", "outcome": "wrong_number"}, follow=True
    )
    assert "Nothing was logged. Choose which number it was." in answer.content.decode()
    assert not Touch.objects.exists()


def test_what_was_written_of_a_call_that_cannot_be_logged_stays(client, alice):
    contact = person(alice, 1)
    client.force_login(alice)
    own = reverse("leads:show-contact", args=[contact.lead_group_id, contact.pk])
    written = {"key": "k", "outcome": "disconnected", "text": "A machine said so", "next": own}
    page = client.post(reverse("today:log-outcome", args=[contact.pk]), written).content.decode()
    assert "A machine said so" in page and f'name="next" value="{own}"' in page and 'name="key" value="k"' in page


def test_a_person_is_barred_and_lifted(client, alice):
    contact = person(alice, 1)
    client.force_login(alice)
    client.post(reverse("today:bar-person", args=[contact.pk]))
    contact.refresh_from_db()
    assert contact.do_not_call is True
    page = client.get(reverse("today:show-turn", args=[contact.pk])).content.decode()
    assert "Do not dial: your do-not-call list" in page
    client.post(reverse("today:lift-person", args=[contact.pk]))
    contact.refresh_from_db()
    assert contact.do_not_call is None


def test_contacts_of_others_are_not_found(client, alice, bob):
    contact = person(bob, 1)
    client.force_login(alice)
    assert client.get(reverse("today:show-turn", args=[contact.pk])).status_code == 404
    for name in ("log-outcome", "bar-person", "lift-person"):
        answer = client.post(reverse(f"today:{name}", args=[contact.pk]), {"key": "k", "outcome": "no_answer"})
        assert answer.status_code == 404
    assert client.get(reverse("today:show-turn", args=["nothing"])).status_code == 404
    assert client.get(reverse("today:show-turn", args=[ObjectId()])).status_code == 404
    assert not Touch.objects.exists()


# ---------------------------------------------------------------- a million contacts


@pytest.mark.parametrize("shape", ["mixed", "planned", "expired"])
def test_the_days_work_of_a_large_workspace_is_read_from_indexes(alice, shape):
    """However the contacts are that have nothing to be done today, few of them are looked at."""
    now = as_utc(timezone.now())
    group = LeadGroupFactory.create(user=alice)
    contacts = collection_of(Contact)
    contacts.insert_many(
        {
            "_id": ObjectId(),
            "userId": alice.pk,
            "leadsId": group.pk,
            "identityKey": f"{number:032x}",
            "stage": "new",
            "engagementScore": number % 60,
            **shaped(shape, number, now),
        }
        for number in range(20_000)
    )
    for *_, condition, order in sections_of(alice, now):
        plan = read_section(condition, order, []).limit(SHOWN).explain()
        winning = str(plan["queryPlanner"]["winningPlan"])
        assert "COLLSCAN" not in winning
        assert "'SORT'" not in winning
        assert plan["executionStats"]["totalDocsExamined"] <= SHOWN, (condition, plan["executionStats"])
    assert len(todays_work(alice, timezone.now()).queue) == (50 if shape == "mixed" else 0)


def shaped(shape, number, now):
    """What a contact is like: some of each kind, all planned for later days, or all with a check that is over."""
    later, soon, over = now + timedelta(days=number % 30 + 2), now + timedelta(days=20), now - timedelta(hours=1)
    if shape == "planned":
        return {"nextTouchOn": later, "callableUntil": soon, "lastTouchedAt": None}
    if shape == "expired":
        return {"nextTouchOn": None, "callableUntil": over, "lastTouchedAt": None}
    return {
        "nextTouchOn": later if number % 3 == 0 else None,
        "callableUntil": soon if number % 2 else None,
        "lastTouchedAt": now - timedelta(days=3) if number % 5 else None,
    }


def test_a_contact_that_is_done_has_the_first_of_the_rest_after_it(alice):
    first, second = person(alice, 1), person(alice, 2)
    client_log(alice, first)
    turn = find_turn(alice, str(first.pk), timezone.now())
    assert (turn.position, turn.next_id, turn.total) == (0, str(second.pk), 1)

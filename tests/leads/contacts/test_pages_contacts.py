"""The pages of contacts: the table, the page of one, edits in two tabs, and nothing of another user's."""

import re
from datetime import timedelta
from html import unescape

import pytest
from bson import ObjectId
from django.urls import reverse
from django.utils import timezone

from leads.models import Contact, ContactAction, LeadGroup, Touch
from leads.services.actions import running
from leads.services.contacts import version_of
from leads.tasks import run_action, run_due_actions
from tests.factories import LeadGroupFactory
from tests.leads.contacts.people import make_contacts


@pytest.fixture
def hers(client, alice, sign_in):
    return sign_in(client, alice)


@pytest.fixture
def group(alice):
    return LeadGroupFactory.create(user=alice, name="Probate")


def read(answer):
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def url(name, group, *more):
    return reverse(f"leads:{name}", args=[group.pk, *(getattr(each, "pk", each) for each in more)])


def test_the_table_says_of_each_number_why_it_may_not_be_dialed(hers, group):
    checked = (timezone.now() - timedelta(days=2)).isoformat()
    good = {"number": "6145550101", "type": "Mobile", "score": 90, "dnc": False, "tcpa": False, "checkedAt": checked}
    phones = [{**good, "number": "6145550102", "dnc": True}, good, {"number": "6145550103"}]
    (contact,) = make_contacts(group, 1, phones=phones, phone="6145550101", first_name="Ada", last_name="Berg")
    page = read(hers.get(url("show-group", group)))
    assert page.index("(614) 555-0101") < page.index("and 1 more")
    assert "callable" in page and "A traced number is not permission." in page
    page = read(hers.get(url("show-contact", group, contact)))
    for words in ("Do not dial: DNC", "Do not dial: unchecked", "Dial by hand", "Log a touch", "Score"):
        assert words in page


def test_chips_sorts_and_pages_keep_each_other(hers, group):
    make_contacts(group, 40, stage="new", state="OH")
    page = read(hers.get(url("show-group", group), {"stage": "new", "state": "oh", "sort": "score"}))
    assert "Stage: New" in page and "State: OH" in page
    (following,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert "stage=new" in following and "sort=score" in following
    second = read(hers.get(following))
    assert second.count("data-contact-id") == 15
    assert "40 in all" in second
    assert "Nobody on this list fits" in read(hers.get(url("show-group", group), {"find": "nobody at all"}))
    assert "40 in all" in read(hers.get(url("count-contacts", group), {"stage": "new"}))


def test_two_tabs_do_not_overwrite_each_others_stage(hers, group):
    (contact,) = make_contacts(group, 1, stage="new")
    path = url("change-stage", group, contact)
    hers.post(path, {"stage": "talking", "was": "new"})
    page = read(hers.post(path, {"stage": "dead", "was": "new"}, follow=True))
    assert "was moved to “Talking” in the meantime" in page
    contact.refresh_from_db()
    assert contact.stage == "talking"
    answer = read(hers.post(path, {"stage": "nurture", "was": "talking"}, headers={"HX-Request": "true"}))
    assert 'value="nurture" selected' in answer and "Undo" in answer
    undo = re.search(r'action="([^"]+/undo/)"', answer)[1]
    hers.post(undo, {"contact": str(contact.pk)})
    contact.refresh_from_db()
    assert contact.stage == "talking"


def test_two_tabs_do_not_overwrite_each_others_edit(hers, group):
    (contact,) = make_contacts(group, 1, first_name="Ada", last_name="Berg", stage="new")
    path = url("edit-contact", group, contact)
    shown = re.search(r'name="version" value="(\w+)"', read(hers.get(path)))[1]
    typed = {"first_name": "Ada", "last_name": "Stone", "address": "1 Elm St", "state": "Ohio", "version": shown}
    assert hers.post(path, {**typed, "phone": "(614) 555-0177", "email": "ada@example.com"}).status_code == 302
    contact.refresh_from_db()
    assert (contact.last_name, contact.state, contact.name_key) == ("Stone", "OH", "stone ada")
    assert "6145550177" in [phone["number"] for phone in contact.phones]
    assert "1 elm st" in contact.find_keys
    assert len(contact.match_keys) >= 2
    late = read(hers.post(path, {**typed, "last_name": "Other"}))
    assert "was changed in the meantime" in late and "Error: " in late and 'value="Other"' in late
    wrong = read(hers.post(path, {"version": version_of(contact), "zip": "123", "phone": "12", "state": "Nowhere"}))
    for words in ("five digits", "no US phone number", "no such state", "Name somebody"):
        assert words in wrong
    contact.refresh_from_db()
    assert contact.last_name == "Stone"


def test_selected_contacts_are_acted_on_with_undo(hers, group):
    contacts = make_contacts(group, 30, stage="new")
    ids = ",".join(str(each.pk) for each in contacts[:3])
    page = read(
        hers.post(url("act-on-contacts", group), {"ids": ids, "action": "remove", "list": "sort=score"}, follow=True)
    )
    assert "3 contacts are taken off this list." in page and "27 in all" in page
    undo = re.search(r'action="([^"]+/undo/)"', page)[1]
    assert "30 in all" in read(hers.post(undo, follow=True))
    matching = {"scope": "matching", "query": "stage=new", "action": "stage", "stage": "talking"}
    assert "30 contacts are now in the stage “Talking”." in read(
        hers.post(url("act-on-contacts", group), matching, follow=True)
    )
    for wrong in ({"ids": ids}, {"action": "remove"}, {"ids": ids, "action": "stage"}, {"ids": ids, "action": "copy"}):
        hers.post(url("act-on-contacts", group), wrong)
    assert ContactAction.objects.count() == 2


def test_next_and_previous_follow_the_table_with_its_conditions(hers, group):
    make_contacts(group, 12)
    asked = "dnc=no&sort=score"
    page = read(hers.get(f"{url('show-group', group)}?{asked}"))
    links = re.findall(r'<a href="(/leads/\w+/contacts/\w+/\?[^"]+)"', page)
    walked = [links[0]]
    while following := re.search(r'rel="next"[^>]* href="([^"]+)"', read(hers.get(walked[-1]))):
        walked.append(following[1])
    assert walked == links


def test_who_wants_no_letters_is_left_out_of_them_from_the_page_of_a_contact(hers, group):
    (contact,) = make_contacts(group, 1, do_not_mail=None)
    shown, act = url("show-contact", group, contact), url("act-on-contacts", group)
    own = {"ids": str(contact.pk), "contact": str(contact.pk)}
    page = read(hers.post(act, {**own, "action": "do_not_mail"}, follow=True))
    assert "1 contact is left out of your mailings" in page and 'value="mail_again"' in page
    assert "taken into your mailings" in read(hers.post(act, {**own, "action": "mail_again"}, follow=True))
    assert 'value="do_not_mail"' in read(hers.get(shown))


def test_a_touch_is_logged_from_the_page_of_a_contact(hers, group):
    (contact,) = make_contacts(group, 1, stage="new", trace_outcome=None)
    page = read(hers.get(url("show-contact", group, contact)))
    assert "Trace this contact" in page and "Not skip-traced yet." in page
    own = {"ids": str(contact.pk), "contact": str(contact.pk), "list": "sort=score", "action": "next_touch"}
    answer = hers.post(url("act-on-contacts", group), {**own, "on": "2026-12-24"})
    assert answer.headers["Location"] == f"{url('show-contact', group, contact)}?sort=score"
    hers.post(url("act-on-contacts", group), {**own, "on": "0001-01-01"})
    contact.refresh_from_db()
    assert str(contact.next_touch_on) == "2026-12-24"
    undo = url("undo-action", group, ContactAction.objects.get())
    for page_before, expected in (
        ("http://testserver/today/", "http://testserver/today/"),
        ("http://evil.test/", None),
    ):
        answer = hers.post(undo, headers={"Referer": page_before})
        assert answer.headers["Location"] == (expected or url("show-group", group))
    page = read(hers.get(url("show-contact", group, contact)))
    key = re.search(r'name="key" value="(\w+)"', page)[1]
    action = re.search(r'id="touch-form" method="post" action="([^"]+)"', page)[1]
    for _ in range(2):
        answer = hers.post(action, {"key": key, "outcome": "interested", "next": url("show-contact", group, contact)})
        assert answer.headers["Location"] == url("show-contact", group, contact)
    assert Touch.objects.count() == 1
    assert "Interested" in read(hers.get(url("show-contact", group, contact)))


def test_a_browser_learns_who_of_the_selected_is_still_on_the_list(hers, group, bob):
    kept, removed = make_contacts(group, 2)
    (of_bob,) = make_contacts(LeadGroupFactory.create(user=bob), 1)
    removed_id = str(removed.pk)
    removed.delete()
    ids = ",".join([str(kept.pk), removed_id, str(of_bob.pk), "nonsense"])
    assert hers.post(url("find-selected", group), {"ids": ids}).json() == {"ids": [str(kept.pk)]}
    assert hers.post(url("find-selected", group), {}).status_code == 400
    assert hers.post(url("find-selected", of_bob.lead_group), {"ids": ids}).status_code == 404


def test_nothing_of_another_user_is_shown_or_changed(hers, group, bob):
    theirs = LeadGroupFactory.create(user=bob)
    (contact,) = make_contacts(theirs, 1, stage="new")
    gets = [url("show-group", theirs), url("count-contacts", theirs), url("show-contact", theirs, contact)]
    gets += [
        url("show-contact", group, contact),
        url("edit-contact", group, contact),
        url("edit-contact", theirs, contact),
    ]
    gets += [url("show-contact", group, "nonsense"), url("show-action", group, ObjectId())]
    for path in gets:
        assert hers.get(path).status_code == 404, path
    stage = {"stage": "dead", "was": "new"}
    for path in (url("change-stage", theirs, contact), url("change-stage", group, contact)):
        assert hers.post(path, stage).status_code == 404
    hers.post(url("act-on-contacts", group), {"ids": str(contact.pk), "action": "remove"})
    contact.refresh_from_db()
    assert contact.stage == "new"
    assert LeadGroup.objects.get(pk=theirs.pk).total_contacts == 1
    assert Contact.objects.filter(lead_group_id=theirs.pk).count() == 1


def test_an_action_on_many_goes_on_in_workers_and_says_how_far_it_is(hers, group, monkeypatch):
    monkeypatch.setattr(running, "MOST_AT_ONCE", 3)
    make_contacts(group, 8, stage="new")
    matching = {"scope": "matching", "query": "stage=new", "action": "stage", "stage": "dead"}
    page = read(hers.post(url("act-on-contacts", group), matching, follow=True))
    assert "8 contacts are being changed" in page and "0 of about 8 contacts done" in page
    assert "still being carried out" in read(hers.post(url("act-on-contacts", group), matching, follow=True))
    action = ContactAction.objects.get()
    progress = url("show-action", group, action)
    assert hers.get(progress).headers["Location"] == url("show-group", group)
    run_action(str(action.pk))
    answer = read(hers.get(progress, headers={"HX-Request": "true"}))
    assert "8 of 8 contacts changed" in answer and "hx-get" not in answer
    undone = read(hers.post(url("undo-action", group, action), follow=True))
    assert "is being undone" in undone and "being undone." in undone
    run_due_actions()
    action.refresh_from_db()
    assert action.state in {"undoing", "undone"}

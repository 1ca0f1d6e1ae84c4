"""Actions on many contacts: done once however often they are interrupted, undone to what was, and never elsewhere."""

from datetime import date, timedelta

import pytest
from bson import ObjectId
from django.utils import timezone

from leads.models import Contact, ContactAction, ContactActionStep, LeadGroup, RemovedContact
from leads.selectors.contact_actions import undone_in_words
from leads.selectors.contacts import ContactChoice, ContactSelection
from leads.services import actions
from leads.services import contacts as contact_edits
from leads.services.actions import kinds, running
from tests.factories import LeadGroupFactory, PropertyDatasetPermissionFactory
from tests.leads.contacts.people import make_contacts

EVERYBODY = ContactSelection(choice=ContactChoice())


@pytest.fixture
def group(alice):
    return LeadGroupFactory.create(user=alice)


def start(group, kind, what=None, selection=EVERYBODY):
    return actions.start_action(
        user=group.user, group=group, kind=kind, what=what or {}, selection=selection, now=timezone.now
    )


def undo(group, action):
    return actions.undo_action(user=group.user, action_id=str(action.pk), now=timezone.now)


def documents(group):
    """What is on a list: without what only says when something was seen to."""
    return {each["id"]: each for each in Contact.objects.filter(lead_group_id=group.pk).values()}


def stages(group):
    return dict(Contact.objects.filter(lead_group_id=group.pk).values_list("pk", "stage"))


def test_a_stage_is_set_for_all_that_match_and_undone_where_it_still_stands(group):
    make_contacts(group, 40)
    before = stages(group)
    matching = [pk for pk, stage in before.items() if stage == "new"]
    action = start(group, "stage", {"stage": "talking"}, ContactSelection(choice=ContactChoice(stage="new")))
    assert (action.state, action.seen, action.changed) == ("done", len(matching), len(matching))
    assert stages(group) == {pk: "talking" if pk in matching else stage for pk, stage in before.items()}

    moved = Contact.objects.get(pk=matching[0])
    start(group, "stage", {"stage": "closed"}, ContactSelection(choice=ContactChoice(), ids=(str(moved.pk),)))
    assert undo(group, action).state == "undone"
    assert stages(group) == {**before, moved.pk: "closed"}
    assert undo(group, action).state == "undone"


def test_a_next_touch_is_set_and_undone(group):
    make_contacts(group, 12)
    before = dict(Contact.objects.values_list("pk", "next_touch_on"))
    action = start(group, "next_touch", {"on": "2026-12-24"})
    assert set(Contact.objects.values_list("next_touch_on", flat=True)) == {date(2026, 12, 24)}
    assert action.changed == 12
    undo(group, action)
    assert dict(Contact.objects.values_list("pk", "next_touch_on")) == before


def test_who_must_not_be_called_is_so_on_every_list_and_stays_so(group):
    (contact,) = make_contacts(group, 1, do_not_call=None, callable_until=None)
    other = LeadGroupFactory.create(user=group.user)
    (same,) = make_contacts(other, 1, identity_key=contact.identity_key, do_not_call=None)
    action = start(group, "do_not_call")
    assert all(Contact.objects.filter(pk__in=[contact.pk, same.pk]).values_list("do_not_call", flat=True))
    with pytest.raises(actions.CannotUndo):
        undo(group, action)


def test_who_wants_no_letters_is_left_out_of_them_on_every_list_until_that_is_undone(group):
    opted_out, contact = make_contacts(group, 2, do_not_mail=None)
    (same,) = make_contacts(
        LeadGroupFactory.create(user=group.user), 1, identity_key=contact.identity_key, do_not_mail=None
    )
    one = ContactSelection(choice=ContactChoice(), ids=(str(opted_out.pk),))
    start(group, "do_not_mail", {"is_on": True}, one)
    action = start(group, "do_not_mail", {"is_on": True})
    assert (action.seen, action.changed) == (2, 1)
    assert set(Contact.objects.values_list("do_not_mail", flat=True)) == {True}
    undo(group, action)
    left_out = Contact.objects.filter(do_not_mail=True)
    assert [each.pk for each in left_out] == [opted_out.pk]
    start(group, "do_not_mail", {"is_on": False}, one)
    same.refresh_from_db()
    assert not left_out.all().exists() and not same.do_not_mail


def test_contacts_are_removed_and_come_back_as_they_were(group):
    contacts = make_contacts(group, 10)
    start(group, "next_touch", {"on": None})  # so that what is known of people is there already
    before = documents(group)
    chosen = tuple(str(each.pk) for each in contacts[:4])
    action = start(group, "remove", selection=ContactSelection(choice=ContactChoice(), ids=chosen))
    assert LeadGroup.objects.get(pk=group.pk).total_contacts == 6
    assert documents(group).keys() == {each.pk for each in contacts[4:]}
    assert RemovedContact.objects.count() == 4
    undo(group, action)
    assert {pk: each["name_key"] for pk, each in documents(group).items()} == {
        pk: each["name_key"] for pk, each in before.items()
    }
    assert LeadGroup.objects.get(pk=group.pk).total_contacts == 10
    assert RemovedContact.objects.count() == 0


def test_properties_know_on_how_many_lists_they_are(group):
    owned = PropertyDatasetPermissionFactory.create(user=group.user, property_id="p1")
    target = LeadGroupFactory.create(user=group.user)
    make_contacts(group, 2, property_id="p1")

    def stack():
        owned.refresh_from_db()
        return owned.stacked.get("lists", 0)

    copied = start(group, "copy", {"group": str(target.pk)})
    assert stack() == 2
    removed = start(group, "remove")
    assert stack() == 1
    undo(group, copied)
    assert stack() == 0
    undo(group, removed)
    assert stack() == 1


def test_contacts_are_added_to_another_list_once_and_taken_away_again(group):
    contacts = make_contacts(group, 8)
    target = LeadGroupFactory.create(user=group.user)
    make_contacts(target, 1, identity_key=contacts[0].identity_key)
    action = start(group, "copy", {"group": str(target.pk)})
    assert LeadGroup.objects.get(pk=target.pk).total_contacts == 8
    start(group, "copy", {"group": str(target.pk)})
    assert LeadGroup.objects.get(pk=target.pk).total_contacts == 8
    undo(group, action)
    assert LeadGroup.objects.get(pk=target.pk).total_contacts == 1
    assert Contact.objects.filter(lead_group_id=group.pk).count() == 8


def test_copies_that_were_written_to_are_left_when_adding_is_undone(group):
    contacts = make_contacts(group, 4, phones=[{"number": "6145550174"}])
    target = LeadGroupFactory.create(user=group.user)
    action = start(group, "copy", {"group": str(target.pk)})
    renamed, called, traced, _ = (
        Contact.objects.get(lead_group=target, identity_key=each.identity_key) for each in contacts
    )
    Contact.objects.filter(pk=renamed.pk).update(last_name="Changed")
    Contact.objects.filter(pk=called.pk).update(phones=[*called.phones, {"number": "6145550199"}])
    told = {"checkedAt": timezone.now().isoformat(), "source": "trace"}
    phones = [{"number": "6145550198", **told}, {"number": "6145550174", **told}]
    Contact.objects.filter(pk=traced.pk).update(phones=phones, stage="talking")
    undone = undo(group, action)
    assert set(Contact.objects.filter(lead_group=target).values_list("pk", flat=True)) == {renamed.pk, called.pk}
    assert LeadGroup.objects.get(pk=target.pk).total_contacts == 2
    assert undone_in_words(undone) == "Undone, but 2 contacts are left there: changed in the meantime."
    assert set(contact_edits.EDITED.values()) <= set(kinds.WRITTEN)


def test_people_who_are_on_the_list_again_do_not_come_back_twice(group, monkeypatch):
    monkeypatch.setattr(running, "CONTACTS_A_STEP", 2)
    contacts = make_contacts(group, 5)
    # Two that are one person came with an earlier Atlas: both come back.
    Contact.objects.filter(pk__in=[contacts[0].pk, contacts[3].pk]).update(identity_key="e" * 32)
    Contact.objects.filter(pk=contacts[1].pk).update(match_keys=["place", "phone"], place_key_count=1)
    action = start(group, "remove")
    make_contacts(group, 1, seed=2, identity_key="d" * 32, match_keys=["place"])
    make_contacts(group, 1, seed=3, identity_key=contacts[2].identity_key)
    make_contacts(group, 1, seed=4, identity_key="c" * 32, match_keys=["phone"])
    undone = undo(group, action)
    back = {contacts[number].pk for number in (0, 3, 4)}
    assert back < documents(group).keys()
    assert len(documents(group)) == LeadGroup.objects.get(pk=group.pk).total_contacts == 6
    assert undone_in_words(undone) == "Undone, but 2 contacts are left out: on this list again already."


def test_one_of_two_that_are_one_person_comes_back_beside_the_other(group):
    one, _ = make_contacts(group, 2, identity_key="e" * 32)
    action = start(group, "remove", selection=ContactSelection(choice=ContactChoice(), ids=(str(one.pk),)))
    undo(group, action)
    assert len(documents(group)) == 2


class Killed(BaseException):
    """A worker that is gone in the middle of something."""


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("kind", ["stage", "remove", "copy"])
def test_an_action_that_is_killed_in_a_step_is_carried_on_to_the_same_result(group, kind, where, monkeypatch):
    monkeypatch.setattr(running, "CONTACTS_A_STEP", 5)
    monkeypatch.setattr(running, "MOST_AT_ONCE", 5)
    make_contacts(group, 23)
    target = LeadGroupFactory.create(user=group.user)
    before = stages(group)
    what = {"stage": {"stage": "nurture"}, "remove": {}, "copy": {"group": str(target.pk)}}[kind]
    action = start(group, kind, what)
    assert action.state == "running"
    assert actions.due_action_ids(now=timezone.now()) == [str(action.pk)]
    with pytest.raises(actions.AnotherAction):
        start(group, kind, what)

    def run_until_killed(name):
        whole, calls = running.KINDS[kind], []

        def apply(*arguments):
            calls.append(1)
            if len(calls) == 3 and where == "before":
                raise Killed
            left = getattr(whole, name)(*arguments)
            if len(calls) == 3:
                raise Killed
            return left

        with monkeypatch.context() as patch:
            patch.setitem(running.KINDS, kind, running.KINDS[kind].__class__(**{**vars(whole), name: apply}))
            with pytest.raises(Killed):
                actions.run_action(action_id=str(action.pk), now=timezone.now)
        actions.run_action(action_id=str(action.pk), now=timezone.now)  # its lease is held
        held = ContactAction.objects.get(pk=action.pk)
        assert not held.is_over
        actions.run_action(action_id=str(action.pk), now=lambda: timezone.now() + timedelta(minutes=2))

    run_until_killed("apply")
    action.refresh_from_db()
    changed = sum(stage != "nurture" for stage in before.values()) if kind == "stage" else 23
    assert (action.state, action.seen, action.changed, action.steps) == ("done", 23, changed, 5)
    assert Contact.objects.filter(lead_group_id=target.pk).count() == (23 if kind == "copy" else 0)
    if kind == "stage":
        assert set(stages(group).values()) == {"nurture"}
    if kind == "remove":
        assert stages(group) == {}

    actions.undo_action(user=group.user, action_id=str(action.pk), now=timezone.now)
    run_until_killed("undo")
    action.refresh_from_db()
    assert action.state == "undone"
    assert stages(group) == before
    assert Contact.objects.filter(lead_group_id=target.pk).count() == 0


def test_what_cannot_be_counted_soon_enough_is_left_to_workers(group, monkeypatch):
    make_contacts(group, 12)
    matching = [pk for pk, stage in stages(group).items() if stage == "new"]
    with monkeypatch.context() as patch:
        patch.setattr(running, "SECONDS_FOR_A_COUNT", 0.000_001)
        action = start(group, "stage", {"stage": "talking"}, ContactSelection(choice=ContactChoice(stage="new")))
    assert (action.state, action.seen, action.total) == ("running", 0, running.MOST_AT_ONCE + 1)

    actions.run_action(action_id=str(action.pk), now=timezone.now)

    action.refresh_from_db()
    assert (action.state, action.changed) == ("done", len(matching))


def test_nobody_changes_the_contacts_of_another(group, bob):
    contacts = make_contacts(group, 3)
    theirs = LeadGroupFactory.create(user=bob)
    (of_bob,) = make_contacts(theirs, 1)
    ids = (str(of_bob.pk), "nonsense")
    with pytest.raises(actions.NothingSelected):
        start(group, "remove", selection=ContactSelection(choice=ContactChoice(), ids=ids))
    action = start(group, "remove", selection=ContactSelection(choice=ContactChoice(), ids=(*ids, str(contacts[0].pk))))
    assert action.changed == 1
    assert Contact.objects.filter(pk=of_bob.pk).exists()
    for action_id in (str(action.pk), str(ObjectId()), "nonsense"):
        with pytest.raises(actions.CannotUndo):
            actions.undo_action(user=bob, action_id=action_id, now=timezone.now)


def test_what_cannot_be_undone_any_more_is_forgotten(group):
    make_contacts(group, 3)
    start(group, "remove")
    assert actions.forget_actions(now=timezone.now() + timedelta(days=29)) == 0
    assert actions.forget_actions(now=timezone.now() + timedelta(days=31)) == 1
    assert (ContactAction.objects.count(), ContactActionStep.objects.count(), RemovedContact.objects.count()) == (
        0,
        0,
        0,
    )

"""The commit does exactly what the plan says, once, and only while the lists are what they were."""

from collections import Counter

import pytest
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, ImportChunk, LeadGroup, LeadImport
from leads.selectors.contacts import ContactChoice, ContactSelection
from leads.selectors.imports import progress_of
from leads.services import imports, linking
from leads.services.actions import start_action
from leads.services.do_not_call import set_do_not_call
from leads.services.lists import Address, NewLead, add_lead
from leads.services.people import set_do_not_mail, set_stage
from leads.services.workspaces import note_change, read_workspace
from tests.factories import LeadGroupFactory, PropertyDatasetPermissionFactory
from tests.leads.conftest import State, carry_on, commit, plan
from tests.leads.lists import as_csv, lead_rows
from tests.leads.test_plan_imports import ADA, BRUNO, list_of, planned


def decide(lead_import: LeadImport, **changes) -> LeadImport:
    options = {"user": lead_import.user, "plan_hash": lead_import.plan_hash, **changes}
    return imports.commit_import(import_id=str(lead_import.pk), now=timezone.now(), **options)


def test_the_commit_makes_what_was_planned(alice):
    lead_import = commit(plan(alice, as_csv(lead_rows(120)), "My list.csv"))

    group = LeadGroup.objects.get(user=alice)
    contacts = Contact.objects.filter(lead_group=group)
    assert (group.name, group.file_name, group.total_contacts) == ("My list", "My list.csv", contacts.count())
    assert Counter(row["kind"] for row in planned(lead_import))["create"] == contacts.count()
    first = contacts.order_by("pk").first()
    assert (first.user_id, first.stage, first.is_enriched, first.created_at) == (
        alice.pk,
        "new",
        False,
        lead_import.created_at,
    )
    assert first.origin == {
        "importId": str(lead_import.pk),
        "row": 1,
        "cells": next(lead_rows(1)),
    }
    assert (lead_import.state, lead_import.is_over, progress_of(lead_import)) == (State.DONE, True, None)
    workspace = read_workspace(alice.pk)
    assert (workspace.version, workspace.committing) == (1, None)


def test_whole_numbers_of_an_import_are_kept_in_64_bits(alice):
    lead_import = commit(plan(alice, list_of(ADA)))
    kept = collection_of(LeadImport).find_one({"_id": lead_import.pk})
    names = ("rowsRead", "chunksPlanned", "chunksCommitted", "attempt", "workspaceVersion", "size")
    assert {name: type(kept[name]).__name__ for name in names} == dict.fromkeys(names, "Int64")


def test_numbers_and_addresses_of_duplicates_reach_their_contact(alice):
    commit(
        plan(
            alice,
            list_of(
                BRUNO,
                "Bruno,Dall,14 Elm Dr,Columbus,OH,43211,6145550104,6145550105,b@example.com\n",
            ),
        )
    )
    contact = Contact.objects.get(user=alice)
    assert [phone["number"] for phone in contact.phones] == ["6145550104", "6145550105"]
    assert [email["address"] for email in contact.emails] == ["bruno@example.com", "b@example.com"]
    assert (contact.phone, contact.email) == ("6145550104", "bruno@example.com")
    assert len(contact.match_keys) == 6


def test_another_upload_updates_and_never_moves_a_stage_back(alice, import_list):
    group = import_list(alice, list_of(ADA, BRUNO))
    traced = [{"number": "6145550101", "type": "mobile", "dnc": True, "score": 90}]
    ada = Contact.objects.get(first_name="Ada", user=alice)
    Contact.objects.filter(pk=ada.pk).update(stage="talking", phones=traced, dead_reason="x", is_enriched=True)
    newer = "Ada,Berchon,12 Oak St,Columbus,OH,43211,6145550101,6145550109,\n"
    lead_import = commit(plan(alice, list_of(newer, "Clara,Fen,1 Elm Dr,Columbus,OH,43211,,,\n"), group=group))

    assert (lead_import.counts["create"], lead_import.counts["update"]) == (1, 1)
    after = Contact.objects.get(pk=ada.pk)
    assert (after.stage, after.dead_reason, after.is_enriched) == ("talking", "x", True)
    assert after.phones == [*traced, {"number": "6145550109"}]
    assert (after.address, after.email, after.identity_key) == ("12 Oak St", "ada@example.com", ada.identity_key)
    assert after.origin == {"importId": str(lead_import.pk), "row": 1, "cells": newer.strip().split(",")}
    assert LeadGroup.objects.get(pk=group.pk).total_contacts == 3


def test_the_same_file_again_changes_no_contact(alice, import_list):
    content = as_csv(lead_rows(60))
    import_list(alice, content)
    before = list(collection_of(Contact).find().sort("_id"))
    commit(plan(alice, content))
    assert list(collection_of(Contact).find().sort("_id")) == before
    assert LeadGroup.objects.filter(user=alice).count() == 1


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_is_known_of_a_person_holds_when_the_lead_comes_again_with_its_zip(alice, import_list, is_deleted):
    without_zip = "Ada,Berchon,12 Oak Street,Columbus,OH,,,,\n"
    first = import_list(alice, list_of(without_zip), "first.csv")
    ada = Contact.objects.get(lead_group=first)
    set_do_not_call(user=alice, contacts=[ada], now=timezone.now())
    set_do_not_mail(user=alice, contacts=[ada], is_on=True, now=timezone.now())
    set_stage(user=alice, contacts=[ada], stage="talking", now=timezone.now())
    if is_deleted:
        LeadGroup.objects.filter(pk=first.pk).update(is_deleted=True)
        note_change(alice.pk)

    second = import_list(alice, list_of(ADA, BRUNO), "second.csv", group_name="Second")
    again = Contact.objects.get(lead_group=second, first_name="Ada")
    assert again.identity_key == ada.identity_key
    assert (again.do_not_call, again.do_not_mail, again.stage) == (True, True, "talking")
    assert Contact.objects.get(lead_group=second, first_name="Bruno").do_not_call is not True


@pytest.mark.parametrize("is_removed", [False, True])
def test_who_is_not_to_be_called_comes_back_with_the_zip_after_every_contact_is_gone(alice, import_list, is_removed):
    first = import_list(alice, list_of("Ada,Berchon,12 Oak Street,Columbus,OH,,,,\n"), "first.csv")
    ada = Contact.objects.get(lead_group=first)
    set_do_not_call(user=alice, contacts=[ada], now=timezone.now())
    selection = ContactSelection(ContactChoice(), (str(ada.pk),))
    if is_removed:
        start_action(user=alice, group=first, kind="remove", what={}, selection=selection, now=timezone.now)
    else:  # the list was deleted long ago
        Contact.objects.filter(lead_group=first).delete()
        first.delete()
    assert not Contact.objects.filter(pk=ada.pk).exists()

    second = import_list(alice, list_of(ADA, BRUNO), "second.csv", group_name="Second")
    again = Contact.objects.get(lead_group=second, first_name="Ada")
    assert (again.identity_key, again.do_not_call) == (ada.identity_key, True)
    assert Contact.objects.get(lead_group=second, first_name="Bruno").do_not_call is not True
    lead = NewLead(names=[("Ada", "Berchon")], place=Address("12 Oak St", "Columbus", "OH", "43211"))
    Contact.objects.filter(user=alice).delete()
    add_lead(user=alice, group=second, lead=lead, now=timezone.now())
    added = Contact.objects.get(lead_group=second)
    assert (added.identity_key, added.do_not_call) == (ada.identity_key, True)


def test_a_lead_that_two_people_were_made_of_is_the_one_who_is_not_to_be_called_else_the_first(alice, import_list):
    def list_with(name: str) -> LeadGroup:
        other = f"{name},Fen,1 Elm Drive,Columbus,OH,43211,,,\n"  # else it is the same file
        return import_list(alice, list_of(ADA, other), f"{name}.csv", group_name=name)

    list_with("First"), list_with("Second")
    first, second = Contact.objects.filter(user=alice, first_name="Ada").order_by("pk")
    for contact, key in ((first, "a" * 32), (second, "b" * 32)):  # as earlier imports told them apart
        Contact.objects.filter(pk=contact.pk).update(identity_key=key)
    assert Contact.objects.get(lead_group=list_with("Third"), first_name="Ada").identity_key == "a" * 32

    set_do_not_call(user=alice, contacts=[Contact.objects.get(pk=second.pk)], now=timezone.now())
    fourth = Contact.objects.get(lead_group=list_with("Fourth"), first_name="Ada")
    assert (fourth.identity_key, fourth.do_not_call) == ("b" * 32, True)


def test_a_contact_that_a_file_moves_is_linked_anew_and_one_that_is_only_written_otherwise_stays(alice, import_list):
    oak = {"address": "12 Oak Street", "city": "Columbus", "state": "OH", "postal_code": "43211"}
    owned = PropertyDatasetPermissionFactory.create(user=alice, **oak)
    header = "First Name,Last Name,Property Address,City,State,Zip,Parcel ID,County\n"
    ada = "Ada,Berchon,12 Oak Street,Columbus,OH,43211,010-1,Franklin\n"
    group = import_list(alice, (header + ada).encode())
    linking.link_due_lists(user_id=alice.pk, now=timezone.now)
    before = Contact.objects.get(lead_group=group)
    assert before.property_id == owned.property_id

    import_list(alice, (header + ada.replace("Street", "St").replace("43211", "43211-1234")).encode(), group=group)
    same = Contact.objects.get(lead_group=group)
    assert (same.address, same.place_key, same.property_id) == ("12 Oak St", before.place_key, owned.property_id)

    import_list(alice, (header + ada.replace("12 Oak Street", "99 Pine Lane")).encode(), group=group)
    moved = Contact.objects.get(lead_group=group)
    assert (moved.pk, moved.address, moved.property_id) == (before.pk, "99 Pine Lane", None)
    assert moved.place_key != before.place_key
    linking.link_due_lists(user_id=alice.pk, now=timezone.now)
    assert Contact.objects.get(lead_group=group).property_id is None
    owned.refresh_from_db()
    assert owned.stacked == {"lists": 0}

    import_list(alice, (header + ada).encode(), group=group)
    linking.link_due_lists(user_id=alice.pk, now=timezone.now)
    assert Contact.objects.get(lead_group=group).property_id == owned.property_id


def test_accepting_a_plan_twice_is_once(alice):
    lead_import = plan(alice, list_of(ADA))
    decide(lead_import)
    with pytest.raises(imports.WrongState):
        decide(lead_import)
    carry_on(lead_import)
    with pytest.raises(imports.WrongState):
        decide(lead_import)
    assert Contact.objects.count() == 1


def test_a_plan_that_was_not_shown_is_not_carried_out(alice, bob):
    lead_import = plan(alice, list_of(ADA))
    with pytest.raises(imports.PlanOutdated):
        decide(lead_import, plan_hash="0" * 64)
    with pytest.raises(imports.ImportNotFound):
        decide(lead_import, user=bob)
    assert LeadImport.objects.get(pk=lead_import.pk).state == State.PLANNED


def test_when_the_lists_changed_a_new_plan_is_made_instead(alice, import_list):
    lead_import = plan(alice, list_of(ADA), "second.csv")
    import_list(alice, list_of(ADA), "first.csv")
    with pytest.raises(imports.PlanOutdated):
        decide(lead_import)

    again = carry_on(lead_import)
    assert (again.state, again.counts["elsewhere"]) == (State.PLANNED, 1)
    assert again.plan_hash
    commit(again)
    assert Contact.objects.filter(user=alice).count() == 2


def test_one_import_of_a_user_is_carried_out_at_a_time(alice, bob):
    first, second = plan(alice, list_of(ADA), "a.csv"), plan(alice, list_of(BRUNO), "b.csv")
    other = plan(bob, list_of(ADA))
    decide(first)
    with pytest.raises(imports.AnotherImport):
        decide(second)
    assert LeadImport.objects.get(pk=second.pk).state == State.PLANNED
    commit(other)
    carry_on(first)
    with pytest.raises(imports.PlanOutdated):
        decide(second)
    commit(carry_on(second))
    assert Contact.objects.filter(user=alice).count() == 2


def test_a_list_that_was_deleted_meanwhile_is_made_anew(alice):
    group = LeadGroupFactory.create(user=alice, name="Probate")
    lead_import = plan(alice, list_of(ADA), group=group)
    LeadGroup.objects.filter(pk=group.pk).update(is_deleted=True)
    note_change(alice.pk)
    with pytest.raises(imports.PlanOutdated):
        decide(lead_import)
    done = commit(carry_on(lead_import))

    made = LeadGroup.objects.get(pk=done.lead_group_id)
    assert (made.pk, made.name, made.is_deleted, made.total_contacts) == (done.pk, "Probate", False, 1)


def test_the_commit_uses_the_plan_and_not_the_file(alice, uploads):
    lead_import = plan(alice, list_of(ADA))
    next(path for path in uploads.rglob("*") if path.is_file()).unlink()
    commit(lead_import)
    assert Contact.objects.get(user=alice).first_name == "Ada"


def test_no_import_reaches_into_the_lists_of_another_user(alice, bob, import_list):
    import_list(bob, list_of(ADA))
    before = list(collection_of(Contact).find({"userId": bob.pk}))
    commit(plan(alice, list_of(ADA.replace("6145550101", "6145550199"))))

    assert list(collection_of(Contact).find({"userId": bob.pk})) == before
    assert ImportChunk.objects.count() == 2
    assert read_workspace(bob.pk).version == 1

"""The commit does exactly what the plan says, once, and only while the lists are what they were."""

from collections import Counter

import pytest
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, ImportChunk, LeadGroup, LeadImport
from leads.selectors.imports import progress_of
from leads.services import imports
from leads.services.workspaces import note_change, read_workspace
from tests.factories import LeadGroupFactory
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

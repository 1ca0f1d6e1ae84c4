"""The pages of lists, as they work without JavaScript: found, named, deleted, brought back, combined, and added to."""

import re
from datetime import timedelta
from html import unescape
from itertools import count

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from leads import tasks
from leads.combining import Operation
from leads.models import Contact, Enrichment, LeadGroup, LeadWorkspace, ListJob
from leads.scoring import OWN_PROPERTY
from leads.selectors.lists import GROUPS_A_PAGE, SORTS, groups_page
from leads.services import groups, linking, lists, workspaces
from leads.services.do_not_call import set_do_not_call
from leads.services.workspaces import read_workspace
from properties.models import PropertyDatasetPermission
from tests.factories import LeadGroupFactory, SavedSearchFactory, SavedSearchRunFactory
from tests.leads.conftest import in_a_minute
from tests.leads.test_list_jobs import numbered, own


@pytest.fixture
def hers(client, alice, sign_in) -> Client:
    """A browser in which alice is signed in."""
    return sign_in(client, alice)


def read(answer) -> str:
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def url(name: str, *parts) -> str:
    return reverse(f"leads:{name}", args=parts)


def named(user, name: str, **values) -> LeadGroup:
    return LeadGroupFactory(user=user, name=name, **{"tags": [], **values})


def names(page) -> list[str]:
    return [group.name for group in page.groups]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, ["Vacant", "Tax 2026", "Probate"]),
        ({"sort": "name"}, ["Probate", "Tax 2026", "Vacant"]),
        ({"sort": "most"}, ["Tax 2026", "Vacant", "Probate"]),
        ({"sort": "oldest"}, ["Probate", "Tax 2026", "Vacant"]),
        ({"find": "TAX"}, ["Tax 2026"]),
        ({"find": "columbus county"}, ["Probate"]),
        ({"tag": "ohio"}, ["Tax 2026", "Probate"]),
        ({"tag": "ohio", "find": "pro"}, ["Probate"]),
        ({"tag": "none"}, []),
        ({"page": "99", "sort": "what"}, ["Vacant", "Tax 2026", "Probate"]),
    ],
)
def test_lists_are_found_by_words_and_tags_and_ordered(db, alice, bob, asked, wanted):
    named(alice, "Probate", description="From Columbus county court", tags=["Ohio"], total_contacts=1)
    named(alice, "Tax 2026", tags=["ohio", "tax"], total_contacts=9)
    named(alice, "Vacant", total_contacts=4)
    named(bob, "Bobs tax", tags=["ohio"])
    named(alice, "Gone", is_deleted=True)
    page = groups_page(alice, **asked)
    assert names(page) == wanted
    assert page.total == 3 and set(SORTS) == {name for name, _, _ in page.sorts}


def test_many_lists_are_paged(alice, hers):
    for number in range(GROUPS_A_PAGE + 1):
        named(alice, f"List {number:03}")
    page = read(hers.get("/leads/?sort=name"))
    assert "List 000" in page and f"List {GROUPS_A_PAGE:03}" not in page and f"{GROUPS_A_PAGE + 1} lists" in page
    following = re.search(r'rel="next" href="([^"]+)"', page)[1]
    assert f"List {GROUPS_A_PAGE:03}" in read(hers.get(following))


def test_a_list_is_made_named_and_tagged(alice, hers):
    answer = hers.post(
        url("make-group"), {"name": " Tired  landlords ", "description": "By hand", "tags": "Ohio, tax,ohio"}
    )
    group = LeadGroup.objects.get(user=alice)
    assert answer.url == url("show-group", group.pk)
    assert (group.name, group.tags) == ("Tired landlords", ["ohio", "tax"])
    hers.post(url("change-group", group.pk), {"name": "Landlords", "description": "", "tags": ""})
    group.refresh_from_db()
    assert (group.name, group.description, group.tags) == ("Landlords", None, [])
    page = read(hers.post(url("make-group"), {"name": "", "tags": "x" * 41}))
    assert "Error: New list" in page and "at most 40 characters" in page


def test_deleting_a_list_can_be_undone_at_once_and_for_thirty_days(alice, hers, import_list):
    group = import_list(alice, numbered(1, 2))
    version = read_workspace(alice.pk).version
    page = read(hers.post(url("delete-group", group.pk), follow=True))
    assert url("restore-group", group.pk) in page and "1 deleted list</a> can be brought back" in page
    assert hers.get(url("show-group", group.pk)).status_code == 404
    assert read_workspace(alice.pk).version == version + 1  # plans that were made before hold no longer
    assert group.name in read(hers.get(url("list-deleted")))
    hers.post(url("restore-group", group.pk))
    again = hers.post(url("restore-group", group.pk), follow=True)  # of a double click
    assert "not among your deleted ones" in read(again)
    assert LeadGroup.objects.get(pk=group.pk).total_contacts == 2
    assert hers.get(url("show-group", group.pk)).status_code == 200
    long_ago = timezone.now() - timedelta(days=30, minutes=1)
    groups.delete_group(user=alice, group_id=group.pk, now=long_ago)
    assert "Nothing deleted" in read(hers.get(url("list-deleted")))
    with pytest.raises(groups.GroupGone):
        groups.restore_group(user=alice, group_id=group.pk, now=timezone.now())
    assert Contact.objects.filter(lead_group=group).count() == 2


def test_lists_of_another_user_cannot_be_touched(bob, hers):
    group = named(bob, "Bobs")
    job = ListJob.objects.create(user=bob, kind="combine", state="counted", group_name="x", subject={}, counts={})
    for name in ("change-group", "count-group"):
        assert hers.get(url(name, group.pk)).status_code == 404
    assert hers.post(url("delete-group", group.pk)).status_code == 404
    assert hers.get(url("show-list-job", job.pk)).status_code == 404
    assert hers.post(url("make-list", job.pk)).status_code == 404
    assert hers.post(url("cancel-list-job", job.pk)).status_code == 404
    groups.delete_group(user=bob, group_id=group.pk, now=timezone.now())
    assert hers.post(url("restore-group", group.pk)).status_code == 404
    assert hers.post(url("restore-group", "nonsense")).status_code == 404
    group.refresh_from_db()
    assert group.is_deleted
    assert "Check from 2 to 20 lists" in read(hers.get(url("combine-lists"), {"lists": [group.pk]}, follow=True))


def test_lists_are_combined_from_their_page(alice, hers, import_list):
    one, two = import_list(alice, numbered(1, 2, 3), "one.csv"), import_list(alice, numbered(3, 4), "two.csv")
    page = read(hers.get(url("combine-lists"), {"lists": [one.pk, two.pk]}))
    assert "Combine 2 lists" in page and "Count 5 contacts" in page
    asked = {"lists": [str(one.pk), str(two.pk)], "operation": "minus", "first": str(two.pk), "name": "New ones"}
    page = read(hers.post(url("combine-lists"), asked, follow=True))
    assert "at most 1 credit" in page and "Make a list of 1, free" in page
    assert "What the lists have in common" in page and '<td class="number">1</td>' in page
    job = ListJob.objects.get(user=alice)
    answer = hers.post(url("make-list", job.pk), {"name": "Only on two"})
    group = LeadGroup.objects.get(user=alice, name="Only on two")
    assert answer.url == url("show-group", group.pk) and group.total_contacts == 1
    assert hers.post(url("make-list", job.pk), {"name": "Again"}).url == url("show-list-job", job.pk)
    assert LeadGroup.objects.filter(user=alice).count() == 3
    page = read(hers.post(url("combine-lists"), {**asked, "operation": "at_least", "at_least": "3"}))
    assert "Error: Combine lists" in page and "nobody can be on more of them" in page


def test_a_long_count_shows_how_far_it_is_and_can_be_stopped(alice, hers):
    for name in ("a", "b"):
        named(alice, name, total_contacts=4_000)
    asked = {
        "lists": [group.pk for group in LeadGroup.objects.filter(user=alice)],
        "operation": "union",
        "name": "Both",
    }
    page = read(hers.post(url("combine-lists"), asked, follow=True))
    assert "Being counted" in page and '<meta http-equiv="refresh"' in page
    assert "Both: being counted" in read(hers.get("/leads/"))
    job = ListJob.objects.get(user=alice)
    hers.post(url("cancel-list-job", job.pk))
    assert "Nothing was made" in read(hers.get(job.get_absolute_url()))
    assert lists.run_list_job(job_id=str(job.pk), now=timezone.now) is None


def test_the_owners_of_chosen_properties_are_added_to_a_list(alice, hers):
    ids = [own(alice, number) for number in (1, 2)]
    page = read(hers.post(url("choose-list"), {"ids": ids}))
    assert "2 chosen properties" in page
    token = re.search(r'name="token" value="(\w+)"', page)[1]
    asked = {"ids": ",".join(ids), "scope": "chosen", "group": "", "group_name": "Owners", "token": token}
    first = hers.post(url("add-properties"), asked)
    group = LeadGroup.objects.get(user=alice)
    assert first.url == hers.post(url("add-properties"), asked).url == url("show-group", group.pk)
    assert group.total_contacts == 2 and "2 added to “Owners”" in read(hers.get(first.url))
    page = read(hers.post(url("add-properties"), {"ids": ids, "group_name": ""}))
    assert "Choose a list, or name a new one" in page
    assert "Choose properties first" in read(hers.post(url("choose-list"), {}, follow=True))


def sent_to(name: str, page: str) -> dict[str, str]:
    """What the form sends that leads there from a page."""
    form = next(each for each in re.findall(r"<form.*?</form>", page) if f'action="{url(name)}"' in each)
    fields = re.findall(r'name="(scope|query|ids)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in fields}


def test_a_property_a_search_and_its_runs_lead_to_a_list(alice, hers):
    mine, elsewhere = own(alice, 1), own(alice, 2)
    PropertyDatasetPermission.objects.filter(property_id=mine).update(state="AZ", city="Phoenix")
    sent = sent_to("choose-list", read(hers.get(reverse("properties:show-property", args=[mine]))))
    assert sent["ids"] == mine
    assert "1 chosen property" in read(hers.post(url("choose-list"), sent))

    search = SavedSearchFactory(user=alice, filters={"q": ["Phoenix, AZ"]}, run_count=1)
    run = SavedSearchRunFactory(saved_search=search, number=1, owned=1, filters={"q": ["Phoenix, AZ"]})
    sent = sent_to("choose-list", read(hers.get(run.get_absolute_url())))
    assert "Phoenix" in sent["query"]
    assert sent == sent_to("choose-list", read(hers.get(reverse("properties:search"), {"q": "Phoenix, AZ"})))
    asked = sent_to("add-properties", read(hers.post(url("choose-list"), sent)))
    hers.post(url("add-properties"), {**asked, "group_name": "From a run"})
    found = Contact.objects.filter(lead_group__name="From a run")
    assert [each.property_id for each in found] == [mine] != [elsewhere]
    assert hers.get(url("choose-list")).url == reverse("properties:list-properties")  # after a switch of the theme


def test_what_a_list_holds_is_counted(alice, hers, import_list):
    group = import_list(alice, numbered(1, 2))
    collection_of(Contact).update_one({"leadsId": group.pk}, {"$set": {"phone": "6145550101", "propertyId": "p"}})
    read_workspace(alice.pk)
    page = read(hers.get(url("count-group", group.pk)))
    assert "<dt>With a phone</dt><dd>1</dd>" in page and "<dt>At a property of yours</dt><dd>1</dd>" in page
    assert "<h1>" not in hers.get(url("count-group", group.pk), headers={"hx-request": "true"}).content.decode()


# ---------------------------------------------------------------- linking


def stack_of(user, property_id: str) -> int:
    row = collection_of(PropertyDatasetPermission).find_one({"userId": user.pk, "propertyId": property_id})
    return (row.get("stacked") or {}).get("lists", 0)


def link(user) -> int:
    return linking.link_due_lists(user_id=user.pk, now=in_a_minute(6))


def test_imported_contacts_are_linked_to_what_their_user_owns(alice, bob, import_list):
    mine, bobs = own(alice, 1), own(bob, 2)
    group = import_list(alice, numbered(1, 2))
    assert str(alice.pk) in linking.due_user_ids(now=timezone.now() + timedelta(minutes=1))
    assert link(alice) == 1
    found = {each.address: each.property_id for each in Contact.objects.filter(lead_group=group)}
    assert list(filter(None, found.values())) == [mine] and bobs not in found.values()
    assert stack_of(alice, mine) == 1
    linked, other = Contact.objects.filter(lead_group=group).order_by("-property_id")
    assert linked.engagement_score == (other.engagement_score or 0) + OWN_PROPERTY
    assert linking.due_user_ids(now=timezone.now() + timedelta(days=1)) == []
    assert link(alice) == 0


def test_a_property_is_on_as_many_lists_as_are_not_deleted(alice, import_list):
    mine = own(alice, 1)
    one, two = import_list(alice, numbered(1, 5), "one.csv"), import_list(alice, numbered(1, 6), "two.csv")
    link(alice)
    assert stack_of(alice, mine) == 2
    groups.delete_group(user=alice, group_id=one.pk, now=timezone.now())
    link(alice)
    assert stack_of(alice, mine) == 1
    groups.restore_group(user=alice, group_id=one.pk, now=timezone.now())
    link(alice)
    assert stack_of(alice, mine) == 2 and two.total_contacts == 2


def test_contacts_are_linked_to_properties_that_are_revealed_later(alice, import_list):
    group = import_list(alice, numbered(1, 2))
    link(alice)
    linking.look_at_reveals(now=timezone.now())
    later = own(alice, 2)
    PropertyDatasetPermission.objects.filter(property_id=later).update(revealed_at=timezone.now())
    assert linking.look_at_reveals(now=timezone.now()) == 1
    assert Contact.objects.filter(lead_group=group, property_id=later).count() == 1
    assert stack_of(alice, later) == 1
    LeadWorkspace.objects.filter(user=alice).update(linked_until=timezone.now(), looked_at=timezone.now())
    assert linking.look_at_reveals(now=timezone.now() + timedelta(hours=1)) == 0


def test_the_work_of_linking_that_broke_off_is_done_by_the_next_worker(alice, import_list):
    own(alice, 1)
    import_list(alice, numbered(1))
    now = timezone.now() + timedelta(minutes=1)
    LeadWorkspace.objects.filter(user=alice).update(link_due_at=now + linking.LEASE)  # a worker that died
    assert linking.link_due_lists(user_id=alice.pk, now=lambda: now) == 0
    assert linking.link_due_lists(user_id=alice.pk, now=lambda: now + linking.LEASE) == 1


def test_a_list_that_takes_longer_than_a_lease_is_linked_by_one_worker(alice, import_list, monkeypatch):
    monkeypatch.setattr(linking, "BATCH", 1)
    for number in (1, 2, 3):
        own(alice, number)
    import_list(alice, numbered(1, 2, 3))
    began, minutes, others = timezone.now() + timedelta(minutes=1), count(), []

    def slow_clock():  # a minute passes between two looks at it
        now = began + timedelta(minutes=next(minutes))
        others.append(linking.due_user_ids(now=now))
        return now

    assert linking.link_due_lists(user_id=alice.pk, now=slow_clock) == 3
    assert len(others) > 6 and not any(others[2:])  # when it had begun, no other worker was called


def test_a_list_that_changes_while_it_is_linked_waits_on(alice, import_list, monkeypatch):
    own(alice, 1)
    group, link_one = import_list(alice, numbered(1)), linking._link

    def link_and_change(*args):
        workspaces.note_change(alice.pk, to_link=[group.pk])
        return link_one(*args)

    monkeypatch.setattr(linking, "_link", link_and_change)
    assert link(alice) == 0  # it came to no end
    monkeypatch.undo()
    assert LeadWorkspace.objects.get(user=alice).link_groups == [str(group.pk)]
    link(alice)
    assert LeadWorkspace.objects.get(user=alice).link_groups == []


def test_workers_find_lists_that_wait(alice, import_list):
    mine = own(alice, 1)
    groups_of_hers = [import_list(alice, numbered(1), "one.csv"), import_list(alice, numbered(2), "two.csv")]
    LeadWorkspace.objects.filter(user=alice).update(link_due_at=timezone.now() - timedelta(minutes=1))
    job = lists.start_combining(
        user=alice, operation=Operation.UNION, groups=groups_of_hers, at_least=1, name="Both", now=timezone.now()
    )
    assert str(job.pk) in lists.due_job_ids(now=timezone.now())
    tasks.run_due_list_jobs()
    tasks.link_due_lists()
    tasks.run_list_job(str(job.pk))
    tasks.link_lists(str(alice.pk))
    job.refresh_from_db()
    assert job.state == ListJob.State.COUNTED and stack_of(alice, mine) == 1


def test_a_list_that_cannot_be_brought_back_is_removed_and_what_is_known_of_its_people_stays(
    alice, import_list, monkeypatch
):
    now = timezone.now()
    first, second, kept = (
        import_list(alice, numbered(*numbers), f"{numbers[0]}.csv") for numbers in ((1, 2, 3), (4,), (5,))
    )
    asked = Contact.objects.filter(lead_group=first).first()
    set_do_not_call(user=alice, contacts=[asked], why="Said so", now=now)
    Enrichment.objects.create(lead_group=second, user=alice, status="completed", phase="done")
    for group, days in ((first, 32), (second, 33), (kept, 30)):
        groups.delete_group(user=alice, group_id=group.pk, now=now - timedelta(days=days))
    monkeypatch.setattr(groups, "CONTACTS_A_PURGE", 2)
    tasks.purge_lists()

    assert set(LeadGroup.objects.values_list("pk", "total_contacts")) == {(second.pk, 0), (kept.pk, 1)}
    assert set(Contact.objects.values_list("lead_group_id", flat=True)) == {kept.pk}
    assert [enrichment.lead_group for enrichment in Enrichment.objects.all()] == [second]
    again = import_list(alice, numbered(1, 2, 3), "again.csv")
    assert [each.address for each in Contact.objects.filter(lead_group=again, do_not_call=True)] == [asked.address]
    groups.restore_group(user=alice, group_id=kept.pk, now=now - timedelta(minutes=1))
    assert groups.purge_deleted(now=now + timedelta(days=1)) is False

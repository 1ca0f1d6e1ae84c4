"""Lists that are combined, and properties that are put on lists: exactly, once, and for their user alone."""

import os
import signal
import time
from datetime import timedelta

import pytest
from bson import ObjectId
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from leads.combining import Combiner, Operation
from leads.models import Contact, LeadGroup, LeadWorkspace, ListJob, ListPart
from leads.selectors.lists import chosen_groups, job_page
from leads.services import lists
from leads.services.do_not_call import lift_do_not_call, set_do_not_call
from leads.services.lists import combining, leases, making
from leads.services.lists.combining import LEADS_A_PART
from leads.services.people import set_do_not_mail
from leads.services.workspaces import note_change, read_workspace
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory
from tests.leads.conftest import in_a_minute, plan
from tests.leads.lists import as_csv, lead_row

State = ListJob.State
NOW = timezone.now


def run(job: ListJob, clock=NOW) -> ListJob:
    """Let a worker carry a job on."""
    lists.run_list_job(job_id=str(job.pk), now=clock)
    return ListJob.objects.get(pk=job.pk)


def combine(user, groups, operation=Operation.UNION, at_least=2, name="Together") -> ListJob:
    """Count lists and have the result made."""
    job = run(
        lists.start_combining(user=user, operation=operation, groups=groups, at_least=at_least, name=name, now=NOW())
    )
    assert job.state == State.COUNTED
    lists.make_combined_list(user=user, job_id=str(job.pk), name=name, now=NOW())
    return run(job)


def streets(group_id) -> list[str]:
    found = collection_of(Contact).find({"leadsId": ObjectId(group_id)}, {"address": 1})
    return sorted(contact["address"] for contact in found)


def numbered(*numbers: int) -> bytes:
    return as_csv([lead_row(number) for number in numbers])


@pytest.fixture
def three(db, alice, import_list):
    """Three lists of Alice: 1 to 6, 4 to 8, and 6 to 9, with the streets of one written otherwise."""
    first = import_list(alice, numbered(*range(1, 7)), "first.csv")
    second = import_list(alice, numbered(*range(4, 9)), "second.csv")
    third = [[cell.replace(" St", " Street").upper() for cell in lead_row(number)] for number in range(6, 10)]
    return [first, second, import_list(alice, as_csv(third), "third.csv")]


@pytest.mark.parametrize(
    ("operation", "at_least", "wanted"),
    [
        (Operation.UNION, 2, {1, 2, 3, 4, 5, 6, 7, 8, 9}),
        (Operation.INTERSECTION, 2, {6}),
        (Operation.MINUS, 2, {1, 2, 3}),
        (Operation.AT_LEAST, 2, {4, 5, 6, 7, 8}),
        (Operation.AT_LEAST, 3, {6}),
    ],
)
def test_lists_are_combined_by_people_and_places(alice, three, operation, at_least, wanted):
    job = combine(alice, three, operation, at_least)
    assert job.state == State.DONE
    assert job.counts["contacts"] == 15 and job.counts["leads"] == 9 and job.counts["result"] == len(wanted)
    group = LeadGroup.objects.get(pk=job.lead_group_id)
    numbers = {int(street.split()[0]) - 100 for street in streets(group.pk)}
    assert numbers == wanted and group.total_contacts == len(wanted) and group.name == "Together"
    assert not ListPart.objects.filter(job=job).exists()


def test_a_copy_carries_phones_traces_and_stage_of_all_its_contacts(alice, import_list):
    one = import_list(alice, as_csv([lead_row(1, "6145550101")]), "one.csv")
    two = import_list(alice, as_csv([lead_row(1, "6145550102")]), "two.csv")
    traced = {"isEnriched": True, "tracedAt": NOW(), "traceOutcome": "hit", "stage": "talking"}
    collection_of(Contact).update_one({"leadsId": two.pk}, {"$set": traced})
    job = combine(alice, [one, two])
    copy = collection_of(Contact).find_one({"leadsId": job.lead_group_id})
    assert [phone["number"] for phone in copy["phones"]] == ["6145550102", "6145550101"]
    assert copy["isEnriched"] and copy["stage"] == "talking" and copy["origin"]["cells"]
    assert job.counts["traced"] == 1 and job.counts["to_trace"] == 0 and job.counts["with_phone"] == 1


def test_a_copy_is_barred_as_any_of_its_people(alice, import_list):
    """The same lead with and without its ZIP is of two identities; the one that is not kept asked not to be called."""
    phone = {"number": "6145550101", "dnc": False, "tcpa": False, "checkedAt": NOW() - timedelta(days=9)}
    later = {**phone, "dnc": True, "checkedAt": NOW()}
    one, two = (import_list(alice, as_csv([lead_row(1, number)])) for number in ("6145550101", "6145550102"))
    contacts = collection_of(Contact)
    contacts.update_one({"leadsId": one.pk}, {"$set": {"phones": [phone], "isEnriched": True}})
    contacts.update_one({"leadsId": two.pk}, {"$set": {"phones": [later], "identityKey": "b" * 32}})
    barred = Contact.objects.get(lead_group=two)
    set_do_not_call(user=alice, contacts=[barred], now=NOW())
    set_do_not_mail(user=alice, contacts=[barred], is_on=True, now=NOW())
    lift_do_not_call(user=alice, numbers=[phone["number"]], now=NOW())
    job = combine(alice, [one, two])
    kept = Contact.objects.get(lead_group=one)
    copy = Contact.objects.get(lead_group=job.lead_group_id)
    assert copy.identity_key == kept.identity_key != barred.identity_key
    assert copy.do_not_call and copy.do_not_mail and kept.do_not_call and kept.do_not_mail
    assert [entry["dnc"] for entry in copy.phones] == [True]


def test_a_copy_does_not_keep_a_litigators_number(alice, import_list):
    one, two = (import_list(alice, as_csv([lead_row(1, number)])) for number in ("6145550101", "6145550102"))
    phone = {"number": "6145550101", "dnc": False, "tcpa": False, "checkedAt": NOW()}
    traced = {"phones": [phone], "phone": phone["number"], "isEnriched": True}
    collection_of(Contact).update_one({"leadsId": one.pk}, {"$set": traced})
    collection_of(Contact).update_one({"leadsId": two.pk}, {"$set": {"isLitigator": True, "identityKey": "b" * 32}})
    job = combine(alice, [one, two])
    copy = Contact.objects.get(lead_group=job.lead_group_id)
    assert (copy.is_litigator, copy.phones, copy.phone) == (True, [{"number": "6145550102"}], "6145550102")


def test_what_tracing_the_rest_costs_is_shown_before(alice, three):
    job = run(
        lists.start_combining(user=alice, operation=Operation.UNION, groups=three, at_least=2, name="All", now=NOW())
    )
    page = job_page(alice, job)
    assert (job.counts["to_trace"], page.price, page.twice) == (9, 5, 6)
    shared = [[count for _, count in row] for _, row in page.overlap]
    assert shared == [[6, 3, 1], [3, 5, 3], [1, 3, 4]]  # 1 to 6, 4 to 8, and 6 to 9
    assert not Contact.objects.filter(lead_group_id=job.pk).exists()


def test_a_count_of_lists_that_changed_makes_nothing_and_is_made_again(alice, three, import_list):
    job = run(
        lists.start_combining(user=alice, operation=Operation.MINUS, groups=three, at_least=2, name="Rest", now=NOW())
    )
    note_change(alice.pk)
    with pytest.raises(lists.ListsOutdated):
        lists.make_combined_list(user=alice, job_id=str(job.pk), name="Rest", now=NOW())
    job = run(job)
    assert job.state == State.COUNTED and job.counts["result"] == 3
    lists.make_combined_list(user=alice, job_id=str(job.pk), name="Rest", now=NOW())
    with pytest.raises(lists.WrongState):
        lists.make_combined_list(user=alice, job_id=str(job.pk), name="Rest", now=NOW())
    assert run(job).state == State.DONE


def test_an_import_that_was_planned_before_is_planned_again(alice, three):
    planned = plan(alice, numbered(20), "later.csv")
    combine(alice, three)
    assert read_workspace(alice.pk).version > planned.workspace_version
    assert read_workspace(alice.pk).committing is None


def test_a_job_that_was_killed_goes_on_to_the_same_result(alice, three, monkeypatch):
    job = run(
        lists.start_combining(user=alice, operation=Operation.UNION, groups=three, at_least=2, name="All", now=NOW())
    )
    lists.make_combined_list(user=alice, job_id=str(job.pk), name="All", now=NOW())
    held = leases.claim_job(job_id=str(job.pk), now=NOW())
    part = collection_of(ListPart).find_one({"jobId": job.pk})
    making.make_list(held, NOW())
    combining._copy(held, 1, part["leads"][:4], NOW())  # a worker that wrote a part of a part, and died
    assert Contact.objects.filter(lead_group_id=job.pk).count() == 4
    assert lists.run_list_job(job_id=str(job.pk), now=NOW) is None
    job = run(job, in_a_minute())
    assert job.state == State.DONE and job.attempt == held.attempt + 1
    assert {int(street.split()[0]) - 100 for street in streets(job.lead_group_id)} == {*range(1, 10)}
    assert Contact.objects.filter(lead_group_id=job.lead_group_id).count() == 9
    with pytest.raises(leases.LeaseLost):
        leases.save_progress(held, now=NOW(), done=1)


def test_lists_of_others_are_not_combined(alice, bob, three, import_list):
    foreign = import_list(bob, numbered(1), "bob.csv")
    assert chosen_groups(alice, [str(foreign.pk), str(three[0].pk)]) == [three[0]]
    with pytest.raises(lists.NothingToCombine):
        lists.start_combining(
            user=alice, operation=Operation.UNION, groups=[three[0], foreign], at_least=2, name="x", now=NOW()
        )
    job = lists.start_combining(user=alice, operation=Operation.UNION, groups=three, at_least=2, name="All", now=NOW())
    with pytest.raises(lists.JobNotFound):
        lists.make_combined_list(user=bob, job_id=str(job.pk), name="x", now=NOW())


def test_a_count_that_nobody_decides_about_ends_after_a_day(alice, three):
    job = run(
        lists.start_combining(user=alice, operation=Operation.UNION, groups=three, at_least=2, name="All", now=NOW())
    )
    assert lists.run_list_job(job_id=str(job.pk), now=NOW) is None
    job = run(job, lambda: NOW() + timedelta(days=1, minutes=1))
    assert job.state == State.CANCELLED and not ListPart.objects.filter(job=job).exists()


@pytest.mark.parametrize("count", [0, 1, LEADS_A_PART + 1])
def test_lists_of_any_length_are_combined(alice, bob, count):
    groups = [LeadGroup.objects.create(user=alice, name=name, total_contacts=count) for name in "ab"]
    made = [
        {"userId": alice.pk, "leadsId": group.pk, "address": f"{number} Oak St", "zip": "43211",
         "identityKey": f"{number:032x}", "matchKeys": [f"{number:012d}"], "placeKeyCount": 1, "phones": []}
        for group in groups for number in range(count)
    ]  # fmt: skip
    if made:
        collection_of(Contact).insert_many(made)
    job = combine(alice, groups, Operation.INTERSECTION)
    assert job.counts["result"] == count == Contact.objects.filter(lead_group_id=job.lead_group_id).count()


# ---------------------------------------------------------------- properties


def own(user, number: int, *, owner=None, datasets=("BASIC",), **data):
    """Let a user own a property at the street of this number, as the vendor's record tells it."""
    first, last, street, city, state, code, *_ = lead_row(number)
    people = owner or {"names": [{"first": first, "last": last, "full": f"{first} {last}"}]}
    parcel = {"apn": f"A-{number}"}
    mailing = {"street": "9 Elm Dr", "city": "Orlando", "state": "FL", "zip": "32808"}
    phones = [{"number": "6145550177", "type": "Mobile", "dnc": False, "tcpa": False, "score": 90}]
    copy = PropertyFactory(
        address=street, city=city, state=state, postal_code=code.zfill(5),
        data={"owner": {**people, "mailingAddress": mailing, "phoneNumbers": phones, **data}, "ids": parcel},
        asked={"CONTACT": {"at": (NOW() - timedelta(days=3)).isoformat(), "hit": True}},
    )  # fmt: skip
    PropertyDatasetPermissionFactory(
        user=user, property_id=copy.property_id, address=street, city=city, state=state, postal_code=code.zfill(5),
        datasets=list(datasets),
    )  # fmt: skip
    return copy.property_id


def add(user, ids, group=None, name="From properties", **options) -> ListJob:
    return run(lists.start_adding(user=user, property_ids=ids, group=group, name=name, now=NOW(), **options))


def test_the_owners_of_properties_are_put_on_a_new_list(alice, bob):
    ids = [own(alice, 1), own(alice, 2, datasets=("BASIC", "CONTACT"))]
    foreign = own(bob, 3)
    job = add(alice, [*ids, foreign])
    assert job.state == State.DONE
    assert job.counts == {"created": 2, "known": 0, "unreadable": 0, "gone": 1}
    found = {each["propertyId"]: each for each in collection_of(Contact).find({"leadsId": job.lead_group_id})}
    first, second = found[ids[0]], found[ids[1]]
    assert (first["firstName"], first["mailingAddress"], first["zip"]) == ("Bruno", "9 Elm Dr", "43211")
    assert first["phones"] == [] and first.get("phone") is None  # CONTACT is not unlocked
    assert [phone["number"] for phone in second["phones"]] == ["6145550177"] and second["phones"][0]["dnc"] is False
    stacked = collection_of(PropertyFactory._meta.model).database["PropertyDatasetPermission"]
    assert stacked.find_one({"userId": alice.pk, "propertyId": ids[0]})["stacked"] == {"lists": 1}


def test_a_litigators_numbers_do_not_come_along(alice):
    job = add(alice, [own(alice, 1, datasets=("BASIC", "CONTACT"), litigator=True)])
    contact = collection_of(Contact).find_one({"leadsId": job.lead_group_id})
    assert contact["phones"] == [] and contact["isLitigator"] is True


def test_an_owner_who_opted_out_of_mail_is_left_out_of_it_where_that_was_unlocked(client, alice, import_list, sign_in):
    other = import_list(alice, numbered(1, 4))
    both = ("BASIC", "CONTACT")
    ids = [own(alice, number, datasets=both, mailingOptOut=number == 1) for number in (1, 2)]
    job = add(alice, [*ids, own(alice, 3, mailingOptOut=True)])
    marked = Contact.objects.filter(do_not_mail=True)
    assert {(each.lead_group_id, each.address) for each in marked} == {
        (group, lead_row(1)[2]) for group in (other.pk, job.lead_group_id)
    }
    contact = marked.get(lead_group=other)
    page = sign_in(client, alice).get(reverse("leads:show-contact", args=[other.pk, contact.pk])).text
    assert "The record of the property says that its owner opted out of mail." in page

    set_do_not_mail(user=alice, contacts=[contact], is_on=False, now=NOW())
    told = [own(alice, 4, datasets=both, mailingOptOut=True)]
    assert add(alice, told, other).counts["known"] == 1  # whoever is there already learns it too
    assert [each.address for each in marked.all()] == [lead_row(4)[2]]


def test_an_owner_who_is_on_the_list_is_not_put_there_again(alice, import_list):
    group = import_list(alice, numbered(1, 2))
    property_id = own(alice, 1)
    job = add(alice, [property_id, own(alice, 3)], group)
    assert job.counts == {"created": 1, "known": 1, "unreadable": 0, "gone": 0}
    assert LeadGroup.objects.get(pk=group.pk).total_contacts == 3
    assert Contact.objects.get(lead_group=group, address=lead_row(1)[2]).property_id == property_id
    again = add(alice, [property_id], group)
    assert again.counts["known"] == 1


def test_an_owner_is_the_person_whom_another_list_has_without_the_zip_code(alice, import_list):
    row = lead_row(7)
    known = Contact.objects.get(lead_group=import_list(alice, as_csv([[*row[:5], "", *row[6:]]])))
    set_do_not_call(user=alice, contacts=[known], now=NOW())
    job = add(alice, [own(alice, 7), own(alice, 8)])
    same, other = Contact.objects.filter(lead_group=job.lead_group_id).order_by("pk")
    assert (same.identity_key, same.do_not_call, same.zip) == (known.identity_key, True, row[5].zfill(5))
    assert not other.do_not_call


def test_an_owner_who_is_on_the_list_learns_what_contact_told(alice, import_list):
    rows = [lead_row(number, "6145550177" if number == 1 else "") for number in (1, 2)]
    group = import_list(alice, as_csv(rows))
    other = import_list(alice, numbered(2), "other.csv")
    emails = [{"address": "ada@example.com", "tested": True}]
    told = own(alice, 1, datasets=("BASIC", "CONTACT"), enrichedEmails=emails)
    sued = own(alice, 2, datasets=("BASIC", "CONTACT"), litigator=True)
    assert add(alice, [told, sued], group).counts["known"] == 2
    first = Contact.objects.get(lead_group=group, address=lead_row(1)[2])
    assert [(each["number"], each["dnc"]) for each in first.phones] == [("6145550177", False)]
    assert first.email == "ada@example.com" and first.callable_until
    on_lists = Contact.objects.filter(address=lead_row(2)[2], lead_group__in=[group, other])
    assert [contact.is_litigator for contact in on_lists] == [True, True]
    before = list(collection_of(Contact).find({"leadsId": group.pk}))
    add(alice, [told, sued], group)
    assert list(collection_of(Contact).find({"leadsId": group.pk})) == before


def test_a_form_that_is_sent_twice_adds_once(alice):
    token, ids = ObjectId(), [own(alice, 1)]
    first, second = add(alice, ids, job_id=token), add(alice, ids, job_id=token)
    assert first.pk == second.pk and LeadGroup.objects.filter(user=alice).count() == 1


def test_adding_waits_for_an_import_that_is_being_carried_out(alice):
    read_workspace(alice.pk)
    LeadWorkspace.objects.filter(user=alice).update(committing=str(ObjectId()))
    job = add(alice, [own(alice, 1)])
    assert job.state == State.MAKING and job.due_at > NOW() and job.done == 0
    LeadWorkspace.objects.filter(user=alice).update(committing=None)
    assert run(job, in_a_minute()).state == State.DONE
    assert read_workspace(alice.pk).committing is None


def test_one_person_of_a_court_filing_is_put_on_a_list(alice):
    group = LeadGroup.objects.create(user=alice, name="Divorce")
    lead = lists.NewLead(
        names=[("Ada", "Berber")],
        place=lists.Address("12 Oak St", "Columbus", "OH", "43211"),
        phones=[{"number": "6145550101"}],
        is_divorce_lead=True,
    )
    assert lists.add_lead(user=alice, group=group, lead=lead, now=NOW()).created == 1
    assert lists.add_lead(user=alice, group=group, lead=lead, now=NOW()).known == 1
    contact = Contact.objects.get(lead_group=group)
    assert contact.is_divorce_lead and contact.phone == "6145550101" and contact.user_id == alice.pk
    assert LeadGroup.objects.get(pk=group.pk).total_contacts == 1


# ---------------------------------------------------------------- killed workers


def start_worker(job: ListJob, minutes_ahead: int) -> int:
    """Start a process that carries a job on, and return its id; its clock is ahead, past the lease of another one."""
    process = os.fork()
    if process:
        return process
    try:
        connection.close_pool()  # a client belongs to the process that made it
        lists.run_list_job(job_id=str(job.pk), now=in_a_minute(minutes_ahead))
    finally:
        os._exit(0)


def carry_through_kills(job: ListJob, until: str, steps: list[int]) -> int:
    """Let workers carry a job on to a state, killing one whenever so much is done; returns how many were killed."""
    killed = 0
    for minutes in range(2, 60, 2):
        process = start_worker(job, minutes)
        while True:
            ended, _ = os.waitpid(process, os.WNOHANG)
            found = ListJob.objects.get(pk=job.pk)
            if ended:
                break
            if steps and found.attempt and found.done >= steps[0]:
                steps.pop(0)
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                killed += 1
                break
            time.sleep(0.002)
        if found.state == until:
            return killed
    raise AssertionError("the job came to no end")


def test_killed_workers_leave_the_same_list_as_one_that_lives(alice):
    size = 4 * LEADS_A_PART
    groups = [LeadGroup.objects.create(user=alice, name=name, total_contacts=size) for name in "ab"]
    made = [
        {"userId": alice.pk, "leadsId": group.pk, "address": f"{number} Oak St", "zip": "43211", "phones": [],
         "identityKey": f"{number:032x}", "matchKeys": [f"{number:012d}"], "placeKeyCount": 1}
        for shift, group in enumerate(groups) for number in range(shift * 2_000, shift * 2_000 + size)
    ]  # fmt: skip
    collection_of(Contact).insert_many(made)
    job = lists.start_combining(user=alice, operation=Operation.UNION, groups=groups, at_least=2, name="All", now=NOW())
    killed = carry_through_kills(job, State.COUNTED, [1_000, 5_000])
    lists.make_combined_list(user=alice, job_id=str(job.pk), name="All", now=NOW())
    killed += carry_through_kills(job, State.DONE, [1_000, 3_000, 5_000])
    assert killed >= 3
    found = collection_of(Contact).find({"leadsId": job.pk}, {"matchKeys": 1})
    assert sorted(each["matchKeys"][0] for each in found) == [f"{number:012d}" for number in range(2_000 + size)]
    assert LeadGroup.objects.get(pk=job.pk).total_contacts == 2_000 + size
    assert read_workspace(alice.pk).committing is None and not ListPart.objects.filter(job=job).exists()


def test_a_count_that_is_cancelled_while_a_part_is_written_leaves_no_part(alice, three, monkeypatch):
    job = lists.start_combining(user=alice, operation=Operation.UNION, groups=three, at_least=2, name="All", now=NOW())
    leads = Combiner.leads

    def cancel_meanwhile(combiner):
        for number, lead in enumerate(leads(combiner)):
            if number == 2:
                lists.cancel_job(user=alice, job_id=str(job.pk), now=NOW())
            yield lead

    monkeypatch.setattr(combining, "LEADS_A_PART", 1)
    monkeypatch.setattr(Combiner, "leads", cancel_meanwhile)
    assert run(job).state == State.CANCELLED
    assert not ListPart.objects.filter(job=job).exists()

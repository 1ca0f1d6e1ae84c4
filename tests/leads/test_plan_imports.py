"""What becomes of every row: created, an update, a duplicate, on another list, or rejected with its reason."""

import csv
import io

import pytest
from bson import BSON, ObjectId
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, ImportChunk, LeadGroup, LeadImport
from leads.selectors.import_rows import csv_of_rows, read_rows
from leads.selectors.imports import plan_groups, progress_of
from leads.services import imports
from leads.services.workspaces import note_change, read_workspace
from tests.factories import ContactFactory, LeadGroupFactory
from tests.leads.conftest import State, carry_on, commit, in_a_minute, plan, upload
from tests.leads.lists import as_csv, lead_rows

HEADER = "First Name,Last Name,Property Address,City,State,Zip,Phone,Phone 2,Email\n"
ADA = "Ada,Berchon,12 Oak Street,Columbus,OH,43211,6145550101,,ada@example.com\n"
BRUNO = "Bruno,Dall,14 Elm Drive,Columbus,OH,43211,,,bruno@example.com\n"


def list_of(*rows: str) -> bytes:
    return (HEADER + "".join(rows)).encode()


def planned(lead_import: LeadImport) -> list[dict]:
    chunks = ImportChunk.objects.filter(lead_import=lead_import).order_by("number")
    return [row for chunk in chunks for row in chunk.rows]


def test_every_row_of_a_first_list_is_planned_and_nothing_is_done_yet(alice):
    lead_import = plan(
        alice,
        list_of(
            ADA,
            BRUNO,
            "ADA,BERCHON,12 Oak St,COLUMBUS,Ohio,43211-1234,(614) 555-0199,,\n",
            ",,,Columbus,OH,,,,\n",
            "Clara,Dall,14 Elm Dr,Columbus,OH,43211,,,\n",
            ADA.strip() + ",surplus\n",
        ),
    )

    kinds = [row["kind"] for row in planned(lead_import)]
    assert kinds == ["create", "create", "duplicate", "rejected", "create", "rejected"]
    counts = lead_import.counts
    assert [counts[kind] for kind in ("create", "update", "duplicate", "known", "rejected")] == [3, 0, 1, 0, 2]
    assert sum(counts[kind] for kind in ("create", "update", "duplicate", "known", "rejected")) == 6
    assert counts["with_phone"] == 1
    assert not Contact.objects.exists()
    assert not LeadGroup.objects.exists()


def test_a_new_contact_has_what_its_row_says_in_one_form(alice):
    (row,) = planned(plan(alice, list_of("ADA,BERCHON,12 Oak Street,COLUMBUS,ohio,43211,+1 614-555-0101,,A@Ex.com\n")))

    document = row["doc"]
    assert (document["firstName"], document["lastName"]) == ("Ada", "Berchon")
    assert (document["state"], document["zip"], document["phone"]) == ("OH", "43211", "6145550101")
    assert document["phones"] == [{"number": "6145550101"}]
    assert (document["email"], document["emails"]) == ("a@ex.com", [{"address": "a@ex.com"}])
    assert len(document["identityKey"]) == 32
    assert len(document["matchKeys"]) == 4
    assert row["cells"][0] == "ADA"


def test_names_in_one_column_become_their_parts_and_further_owners(alice):
    lead_import = commit(
        plan(alice, b"Owner Name,Property Address,Zip\nAda M Berchon Jr & Bruno Dall,1 Oak St,43211\n")
    )

    contact = Contact.objects.get(origin__importId=str(lead_import.pk))
    assert (contact.first_name, contact.middle_name) == ("Ada", "M")
    assert (contact.last_name, contact.suffix) == ("Berchon", "Jr")
    assert contact.other_owners == ["Bruno Dall"]
    assert str(contact) == "Ada M Berchon Jr"


def test_what_a_later_row_of_the_same_lead_has_more_is_added_and_no_more(alice):
    rows = planned(
        plan(
            alice,
            list_of(
                ADA,
                "Ada,Berchon,12 Oak St,Columbus,OH,43211,6145550101,6145550102,ADA@example.com\n",
                "Ada,Berchon,,,,,6145550102,6145550103,\n",
            ),
        )
    )
    assert [(row["kind"], row.get("of")) for row in rows] == [("create", None), ("duplicate", 1), ("duplicate", 1)]
    assert rows[1]["add"] == {"phones": ["6145550102"], "emails": []}
    assert rows[2]["add"] == {"phones": ["6145550103"], "emails": []}


def test_duplicates_are_found_across_chunks(alice):
    lead_import = plan(alice, as_csv([*lead_rows(1_500), next(lead_rows(1))]))

    assert lead_import.chunks_planned == 2
    last = planned(lead_import)[-1]
    assert (last["n"], last["kind"], last["of"]) == (1_501, "duplicate", 1)


def test_an_owner_of_two_houses_is_two_leads(alice, import_list):
    second = "Ada,Berchon,99 Pine Lane,Columbus,OH,43211,6145550101,,ada@example.com\n"
    without_house = "Ada,Berchon,,,,,6145550101,,\n"

    lead_import = plan(alice, list_of(ADA, second, without_house))

    assert [(row["kind"], row.get("of")) for row in planned(lead_import)] == [
        ("create", None),
        ("create", None),
        ("duplicate", 1),
    ]
    group = import_list(alice, list_of(ADA))
    assert [row["kind"] for row in planned(plan(alice, list_of(second), group=group))] == ["create"]


def test_an_owner_of_two_parcels_without_an_address_is_two_leads(alice):
    header = "Parcel ID,County,State,First Name,Last Name,Mailing Address,Mailing City,Mailing State,Mailing Zip\n"
    owner = "Ada,Berchon,1 Far Street,Katy,TX,77449\n"
    parcels = [f"{number},Lee,FL,{owner}" for number in ("12-44-25-01", "12-44-25-02", "12 44 25 01")]

    lead_import = plan(alice, (header + "".join(parcels)).encode())

    assert [(row["kind"], row.get("of")) for row in planned(lead_import)] == [
        ("create", None),
        ("create", None),
        ("duplicate", 1),
    ]


def test_long_rows_make_small_chunks(alice):
    noted = HEADER.strip() + ",Notes\n"
    rows = "".join(f"Ada,B{number},{number} Oak St,Columbus,OH,43211,,,,{'x' * 30_000}\n" for number in range(1, 101))
    lead_import = plan(alice, (noted + rows).encode())

    assert lead_import.chunks_planned == 4
    sizes = [len(BSON.encode(chunk)) for chunk in collection_of(ImportChunk).find({"importId": lead_import.pk})]
    assert max(sizes) < 4_000_000
    assert lead_import.counts["create"] == 100


def test_a_row_that_no_document_could_hold_is_rejected(alice):
    long = ",".join(["y" * 32_000] * 12)
    header = HEADER.strip() + "".join(f",Note {number}" for number in range(12)) + "\n"
    lead_import = plan(alice, (header + ADA.strip() + f",{long}\n" + BRUNO.strip() + "," * 12 + "\n").encode())

    first, second = planned(lead_import)
    assert (first["kind"], first["why"]) == ("rejected", "The row has more than 300,000 characters.")
    assert max(map(len, first["cells"])) == 500
    assert second["kind"] == "create"


def test_who_is_on_another_list_is_counted_or_left_out(alice, import_list):
    other = import_list(alice, list_of(ADA), "first.csv")
    Contact.objects.filter(lead_group=other).update(is_enriched=True)
    lead_import = plan(alice, list_of(ADA, BRUNO), "second.csv")

    first, second = planned(lead_import)
    assert (first["kind"], first["in"], first["traced"]) == ("create", [str(other.pk)], True)
    assert (second["kind"], "in" in second) == ("create", False)
    assert (lead_import.counts["elsewhere"], lead_import.counts["traced"]) == (1, 1)

    imports.confirm_mapping(
        user=alice,
        import_id=str(lead_import.pk),
        mapping=lead_import.mapping,
        skips_known=True,
        now=timezone.now(),
    )
    lead_import = carry_on(lead_import)
    first, second = planned(lead_import)
    assert (first["kind"], first["in"]) == ("known", [str(other.pk)])
    assert (lead_import.counts["known"], lead_import.counts["create"]) == (1, 1)
    groups = {group.kind: group for group in plan_groups(lead_import)}
    assert groups["known"].causes[0].text == "Already on the list “first”"


def test_contacts_of_deleted_lists_and_of_other_users_are_nobody(alice, bob, import_list):
    import_list(bob, list_of(ADA))
    deleted = import_list(alice, list_of(ADA), "old.csv")
    LeadGroup.objects.filter(pk=deleted.pk).update(is_deleted=True)
    note_change(alice.pk)
    lead_import = plan(alice, list_of(ADA), "new.csv", group_name="New")

    (row,) = planned(lead_import)
    assert (row["kind"], "in" in row) == ("create", False)


def test_a_contact_of_the_list_is_brought_up_to_date(alice, import_list):
    group = import_list(alice, list_of(ADA))
    (contact,) = Contact.objects.filter(lead_group=group)
    lead_import = plan(
        alice,
        list_of(
            "Ada,Berchon,12 Oak St,Columbus,OH,43211-1234,6145550107,,ada@example.com\n",
            "Ada,Berchon,,,,,6145550107,6145550108,\n",
        ),
        group=group,
    )

    update, duplicate = planned(lead_import)
    assert (update["kind"], update["id"]) == ("update", str(contact.pk))
    assert update["set"] == {"address": "12 Oak St", "zip": "43211-1234"}
    assert update["add"] == {"phones": ["6145550107"], "emails": []}
    assert (duplicate["of"], duplicate["id"]) == (1, str(contact.pk))
    assert duplicate["add"] == {"phones": ["6145550108"], "emails": []}
    assert (lead_import.counts["create"], lead_import.counts["update"]) == (0, 1)


def test_two_rows_of_one_contact_are_one_lead_though_they_share_nothing(alice, import_list):
    group = import_list(alice, list_of(ADA))
    lead_import = plan(
        alice, list_of("Ada,Berchon,12 Oak St,Columbus,OH,43211,,,\n", "Ada,Berchon,,,,,6145550101,,\n"), group=group
    )
    assert [(row["kind"], row.get("of")) for row in planned(lead_import)] == [("update", None), ("duplicate", 1)]


def test_the_same_file_again_goes_into_its_list_and_changes_nothing(alice, import_list):
    content = as_csv(lead_rows(40))
    group = import_list(alice, content)
    lead_import = plan(alice, content)

    assert lead_import.lead_group_id == group.pk
    created = Contact.objects.filter(lead_group=group).count()
    assert (lead_import.counts["create"], lead_import.counts["update"]) == (0, created)
    for row in planned(lead_import):
        if row["kind"] == "update":
            assert (row["set"], row["add"], "cells" in row) == ({}, {"phones": [], "emails": []}, False)


def test_the_same_rows_and_lists_make_the_same_plan(alice, bob):
    content = as_csv(lead_rows(60))
    first, second = plan(alice, content), plan(bob, content)
    assert first.plan_hash == second.plan_hash
    assert planned(first) == planned(second)
    changed = plan(bob, content.replace(b"Oak", b"Ash"))
    assert changed.plan_hash != first.plan_hash


def test_the_plan_is_shown_by_cause_with_its_first_rows(alice):
    lead_import = plan(alice, as_csv(lead_rows(200)))
    groups = {group.kind: group for group in plan_groups(lead_import)}

    assert list(groups) == ["create", "duplicate", "rejected"]
    assert sum(group.count for group in groups.values()) == 200
    (cause,) = groups["rejected"].causes
    assert (cause.text, cause.count) == ("No address, parcel, e-mail or phone", 10)
    assert [row.number for row in cause.rows] == [20, 40, 60, 80, 100]
    assert cause.rows[0].line == 21
    assert groups["create"].causes[0].rows[0].cells[:2] == ["Ada", "Berberberberber"]
    assert groups["duplicate"].causes[0].rows[0].reason.startswith("The same lead as row ")


def test_a_plan_shows_what_is_kept_where_it_differs_from_what_the_file_says(alice):
    first = "first_name,last_name,address,city,state,zip,phone\n"
    lead_import = plan(alice, f"{first}MARY,O'NEIL,12 Oak Street,Boston,Massachusetts,2134,(614) 555-0199\n".encode())
    (row,) = plan_groups(lead_import)[0].causes[0].rows
    assert row.cells[2:6] == ["12 Oak Street", "Boston", "Massachusetts", "2134"]
    assert {"Mary", "O'Neil", "MA", "02134", "6145550199"} <= set(row.read_as)
    assert "Boston" not in row.read_as


def test_there_are_at_most_a_hundred_causes(alice):
    good = "".join(f"Ada,B{number},{number} Oak St,Columbus,OH,43211,,,\n" for number in range(600))
    bad = "".join(ADA.strip() + ",x" * number + "\n" for number in range(1, 151))
    lead_import = plan(alice, list_of(good, bad))

    rejected = plan_groups(lead_import)[1]
    assert (rejected.count, len(rejected.causes)) == (150, 101)
    assert (rejected.causes[0].text, rejected.causes[0].count) == ("Other reasons", 50)


def test_rejected_rows_come_back_with_their_reason_and_do_no_harm(alice):
    lead_import = plan(
        alice,
        list_of(
            ADA,
            "=1+1,,,Columbus,OH,,,,\n",
            ADA.strip() + ",surplus\n",
            "Ada,Berchon,12 Oak St,,OH,43211,,,\n",
            "Greta,Lind,,Columbus,OH,,555-0101,,\n",
        ),
    )
    rejected = "".join(csv_of_rows(lead_import, "rejected"))
    rows = list(csv.reader(io.StringIO(rejected.removeprefix("\ufeff"))))

    assert rows[0] == ["Row", "Line in the file", "Column", "Reason", *HEADER.strip().split(",")]
    assert rows[1] == [
        "2",
        "3",
        "",
        "No address, parcel, e-mail or phone",
        "'=1+1",
        "",
        "",
        "Columbus",
        "OH",
        "",
        "",
        "",
        "",
    ]
    assert rows[2][:3] == ["3", "4", "[column 10]"]
    assert rows[2][-1] == "surplus"
    assert rows[3][:3] == ["5", "6", HEADER.strip().split(",")[6]]
    duplicates = list(csv.reader(io.StringIO("".join(csv_of_rows(lead_import, "duplicate")))))
    assert duplicates[1][:4] == ["4", "5", "", "The same lead as row 1"]


def test_a_plan_waits_for_another_import_of_the_user_and_is_made_for_what_it_left(alice):
    first = plan(alice, list_of(ADA), "first.csv")
    imports.commit_import(user=alice, import_id=str(first.pk), plan_hash=first.plan_hash, now=timezone.now())
    second = carry_on(upload(alice, list_of(ADA), "second.csv", group_name="Second"))
    if second.state == State.MAPPING:
        imports.confirm_mapping(user=alice, import_id=str(second.pk), mapping=second.mapping, now=timezone.now())
        second = carry_on(second)
    assert (second.state, second.chunks_planned) == (State.PLANNING, 0)
    carry_on(first)
    imports.run_import(import_id=str(second.pk), now=in_a_minute())

    second = LeadImport.objects.get(pk=second.pk)
    assert (second.state, second.counts["elsewhere"]) == (State.PLANNED, 1)


def test_a_plan_during_which_the_lists_changed_is_made_again(alice):
    lead_import = upload(alice, list_of(ADA), "second.csv")
    group = LeadGroupFactory.create(user=alice, name="Meanwhile")
    (row,) = planned(plan(alice, list_of(ADA), "first.csv"))
    moments = 0

    def clock():
        nonlocal moments
        moments += 1
        if LeadImport.objects.get(pk=lead_import.pk).chunks_planned and not Contact.objects.exists():
            ContactFactory.create(lead_group=group, user=alice, match_keys=row["doc"]["matchKeys"])
            note_change(alice.pk)
        return timezone.now()

    imports.run_import(import_id=str(lead_import.pk), now=clock)
    again = LeadImport.objects.get(pk=lead_import.pk)
    assert (again.state, again.workspace_version, again.counts["elsewhere"]) == (State.PLANNED, 1, 1)
    assert planned(again)[0]["in"] == [str(group.pk)]


@pytest.mark.parametrize(
    "content",
    [
        b'"$where","a.b","Email"\n"$x","{""$ne"": 1}",a@example.com\n',
        "Email,Näme\na@example.com,Zoë\n".encode("utf-16"),
        "Email;Näme\na@example.com;Zoë\n".encode("cp1252"),
        b"Email,Name\na@example.com,A\x00da\n",
    ],
)
def test_whatever_a_cell_holds_is_kept_as_it_is(alice, content):
    lead_import = commit(plan(alice, content))
    contact = Contact.objects.get(user=alice)
    assert contact.email == "a@example.com"
    assert len(contact.origin["cells"]) == len(lead_import.table["headers"])
    assert set(contact.origin["cells"]) & {"$x", "Zoë", "Ada", "A\x00da"}


def test_progress_has_an_end(alice):
    lead_import = plan(alice, as_csv(lead_rows(30)))
    lead_import.state, lead_import.rows_read = State.PLANNING, 15
    progress = progress_of(lead_import)
    assert progress is not None
    assert (progress.percent, progress.text) == (50, "15 of 30 rows compared")
    lead_import.state = State.READING
    assert progress_of(lead_import).percent is None


def test_rows_of_a_kind_are_read_in_order_across_chunks(alice):
    lead_import = plan(alice, as_csv(lead_rows(1_200)))
    numbers = [row["n"] for row in read_rows(lead_import, "rejected")]
    assert numbers == list(range(20, 1_201, 20))


def test_contacts_that_an_earlier_atlas_wrote_do_not_disturb(alice):
    group = LeadGroupFactory.create(user=alice)
    ContactFactory.create(lead_group=group, user=alice)
    collection_of(Contact).insert_one({"_id": ObjectId(), "leadsId": group.pk, "firstName": "Ada"})
    lead_import = plan(alice, list_of(ADA), group=group)
    assert lead_import.counts["create"] == 1
    commit(lead_import)
    assert read_workspace(alice.pk).version == 1


@pytest.mark.parametrize("content", ["Phone\n6145550101\n6145550101\n", "Email\na@example.com\nA@Example.com\n"])
def test_a_list_without_names_has_its_duplicates_too(alice, content):
    lead_import = plan(alice, content.encode())
    assert (lead_import.counts["create"], lead_import.counts["duplicate"]) == (1, 1)

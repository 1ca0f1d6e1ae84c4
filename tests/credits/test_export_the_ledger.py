"""Files of the statement and of the ledger: what is in them, for whom, and that they are streamed."""

import csv
import io
import json
import threading
import tracemalloc
from datetime import timedelta

import pytest
from bson import Int64, ObjectId
from django.utils import timezone

from atlas_site.lib.spreadsheets import csv_lines, safe_text
from atlas_site.mongodb.documents import collection_of
from credits import exports, selectors
from credits import services as credit_services
from credits.chain import entry_hash
from credits.models import Credit, CreditLog
from tests.credits.conftest import NOW
from tests.credits.ledgers import export_of, load_script, spend, write_history

script = load_script()


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def rows_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_a_reader_in_utc_has_one_column_of_times(as_alice, alice):
    alice.time_zone = "UTC"
    alice.save()
    write_history(alice.pk)
    body = export_of(as_alice, "/credits/statement.csv")
    header = next(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert [name for name in header if name.startswith("Time")] == ["Time (UTC)"]
    assert len(set(header)) == len(header)
    newest = CreditLog.objects.order_by("-sequence").first()
    assert rows_of(body)[0]["Time (UTC)"] == f"{newest.timestamp:%Y-%m-%d %H:%M:%S}"
    assert rows_of(body)[0]["Hash"] == newest.hash


def test_the_ledger_has_a_heading_and_every_entry_with_its_hash(as_alice, alice):
    write_history(alice.pk)
    heading, *entries = [json.loads(line) for line in export_of(as_alice).decode().split("\n")[:-1]]
    wallet = Credit.objects.get(user_id=alice.pk)
    assert (heading["wallet"], heading["entries"]) == (str(wallet.pk), wallet.sequence)
    assert heading["lastHash"] == wallet.last_hash == entries[-1]["hash"]
    assert [entry["sequence"] for entry in entries] == list(range(1, wallet.sequence + 1))
    assert [entry["hash"] for entry in entries] == [entry_hash(entry) for entry in entries]
    assert "_id" not in entries[0]


def test_the_file_is_sent_in_parts_under_a_name(as_alice, alice):
    write_history(alice.pk)
    response = as_alice.get("/credits/ledger.jsonl")
    assert response.streaming
    assert response["Content-Type"] == "application/jsonl"
    name = f"atlas-ledger-{timezone.localdate():%Y-%m-%d}.jsonl"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in response["Cache-Control"]


def test_somebody_without_a_wallet_gets_an_empty_ledger_that_fits(client, carol):
    client.force_login(carol)
    body = export_of(client)
    assert body.count(b"\n") == 1
    assert script.verify([body])["entries"] == 0
    assert export_of(client, "/credits/statement.jsonl") == b""
    assert rows_of(export_of(client, "/credits/statement.csv")) == []


def test_entries_of_an_earlier_atlas_stay_outside_the_chain(as_alice, alice):
    wallet_id = credit_services.open_wallet(user_id=alice.pk)
    collection_of(Credit).update_one({"_id": wallet_id}, {"$set": {"purchasedCredits": 70, "creditAvailable": 70}})
    collection_of(CreditLog).insert_one(
        {"creditId": wallet_id, "creditBefore": 0, "creditAfter": 70, "changeAmount": 70, "timestamp": NOW}
    )
    before = export_of(as_alice)
    credit_services.adopt_wallets(now=NOW)
    after = export_of(as_alice)

    assert script.verify(before.splitlines(keepends=True))["entries"] == 0
    lines = after.splitlines(keepends=True)
    assert script.verify(lines)["purchased"] == 70
    assert [json.loads(line)["reason"] for line in lines[1:]] == ["Balance brought forward"]


def test_the_file_is_right_while_entries_are_written(as_alice, alice, fund):
    fund(alice.pk, purchased=500)
    for _ in range(20):
        spend(alice.pk)
    stop = threading.Event()

    def write_on():
        while not stop.is_set():
            spend(alice.pk)

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        seen = []
        for _ in range(8):
            body = export_of(as_alice)
            seen.append(script.verify(body.splitlines(keepends=True))["entries"])
    finally:
        stop.set()
        writer.join()
    assert seen == sorted(seen)
    assert seen[-1] > seen[0] >= 41


def test_entries_written_after_the_wallet_was_read_are_not_in_the_file(alice, fund):
    wallet = fund(alice.pk, purchased=5)
    lines = exports.ledger_json_lines(wallet=wallet, now=NOW)
    fund(alice.pk, purchased=7)
    body = "".join(lines).encode()
    assert script.verify(body.splitlines(keepends=True))["available"] == 5


def test_the_csv_has_a_row_an_entry_with_the_readers_time(as_alice, alice):
    alice.time_zone = "America/Phoenix"
    alice.save()
    write_history(alice.pk)
    rows = rows_of(export_of(as_alice, "/credits/statement.csv"))
    entries = {entry.sequence: entry for entry in CreditLog.objects.filter(credit__user_id=alice.pk)}
    assert [int(row["No."]) for row in rows] == sorted(entries, reverse=True)
    for row in rows:
        entry = entries[int(row["No."])]
        assert int(row["Balance"]) == entry.credit_after
        assert int(row["Change"]) == entry.change_amount
        assert row["Hash"] == entry.hash
        assert row["Time (UTC)"] == f"{entry.timestamp:%Y-%m-%d %H:%M:%S}"
        local = entry.timestamp - timedelta(hours=7)
        assert row["Time (America/Phoenix)"] == f"{local:%Y-%m-%d %H:%M:%S}"
    charged = [row for row in rows if row["What"] == "Charged"]
    assert [(row["Operation"], row["Charged"]) for row in charged] == [("Skip trace", "1"), ("Property data", "2")]
    assert charged[0]["Caused by"].startswith("quote ")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_of_the_csv_is_a_formula(as_alice, alice, fund, start):
    fund(alice.pk, purchased=5)
    reason = f'{start}HYPERLINK("http://example.test","x")'
    credit_services.adjust(
        user_id=alice.pk,
        amount=1,
        bucket="purchased",
        adjustment_id=str(ObjectId()),
        reason=reason,
        actor="staff:sam@example.test",
        now=NOW,
    )
    row = rows_of(export_of(as_alice, "/credits/statement.csv"))[0]
    assert row["Reason"] == f"'{reason}"
    assert row["Change"] == "1"


def test_numbers_stay_numbers_and_other_texts_stay_as_they_are():
    assert list(csv_lines([["a", -5], ["b,c", 0.5], ["-x", 1]])) == ["\ufeffa,-5\r\n", '"b,c",0.5\r\n', "'-x,1\r\n"]
    assert safe_text("") == ""
    assert safe_text("a=b") == "a=b"


def test_files_hold_what_the_filter_shows(as_alice, alice):
    write_history(alice.pk)
    rows = rows_of(export_of(as_alice, "/credits/statement.csv?kind=grant"))
    assert [row["What"] for row in rows] == ["Credits added"]
    lines = export_of(as_alice, "/credits/statement.jsonl?type=SKIPTRACE&kind=capture").decode().split("\n")[:-1]
    whole = export_of(as_alice).decode().split("\n")
    assert len(lines) == 1
    assert lines[0] in whole


def test_the_files_are_those_of_the_reader_alone(as_alice, alice, bob):
    write_history(bob.pk)
    for address in ("/credits/ledger.jsonl", "/credits/statement.jsonl", "/credits/statement.csv"):
        assert b"Pack" not in export_of(as_alice, address)
    assert b"Pack" not in as_alice.get("/credits/").content


@pytest.mark.parametrize("address", ["/credits/ledger.jsonl", "/credits/statement.jsonl", "/credits/statement.csv"])
def test_visitors_are_sent_to_sign_in(client, db, address):
    assert client.get(address).headers["Location"].startswith("/accounts/login/")
    assert client.post(address).status_code in (302, 405)


def test_a_long_file_takes_no_more_memory_than_a_short_one(alice, fund):
    fund(alice.pk, purchased=1)
    pattern = collection_of(CreditLog).find_one({"sequence": 1})
    wallet_id, count = pattern["creditId"], 12_000
    for start in range(2, count + 1, 5000):
        collection_of(CreditLog).insert_many(
            {**pattern, "_id": ObjectId(), "sequence": Int64(number), "key": f"copy:{wallet_id}:{number}"}
            for number in range(start, min(start + 5000, count + 1))
        )
    collection_of(Credit).update_one({"_id": wallet_id}, {"$set": {"sequence": Int64(count)}})
    wallet = selectors.wallet_of(alice)
    for make in (ledger_of, csv_of):
        peaks = {}
        for wallet.sequence in (count // 3, count):
            lines = make(wallet)
            tracemalloc.start()
            line_count = sum(part.count("\n") for part in lines)
            peaks[line_count] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        short, long = sorted(peaks)
        assert (short, long) == (count // 3 + 1, count + 1)
        assert peaks[long] < 1.3 * peaks[short]


def ledger_of(wallet):
    return exports.ledger_json_lines(wallet=wallet, now=NOW)


def csv_of(wallet):
    zone = timezone.get_current_timezone()
    return exports.statement_csv(wallet=wallet, only=selectors.StatementFilter(), zone=zone)

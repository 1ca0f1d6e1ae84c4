"""The script that checks an exported ledger: what Atlas exports fits, and the first line that was touched is named."""

import ast
import json
import random
import subprocess
import sys

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from credits import services as credit_services
from credits.chain import canonical_json, digest
from tests.conftest import empty_collections
from tests.credits.conftest import NOW
from tests.credits.ledgers import SCRIPT, export_of, load_script, spend, write_history
from tests.factories import UserFactory

script = load_script()


def split(export: bytes) -> list[bytes]:
    """The lines as the script reads them from a file: only a line feed ends one."""
    parts = export.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def misfit(export: bytes) -> object:
    """Where the export does not fit: "heading", a number, or None if all of it fits."""
    try:
        script.verify(split(export))
    except script.DoesNotFit as found:
        return found.where
    return None


def line_at(export: bytes, position: int) -> object:
    """What the line that holds this byte is called."""
    return export.count(b"\n", 0, position) or "heading"


def seal(content: dict) -> bytes:
    """A line with the hash of its content, as somebody would write it who knows how hashes are made."""
    plain = {name: value for name, value in content.items() if name != "hash"}
    return (canonical_json({**plain, "hash": digest(plain)}) + "\n").encode()


@pytest.fixture(scope="module")
def exports(unblocked_db):
    """A small export with every kind of entry, and a bigger one, made once for all tests of this file."""
    made = []
    for spends in (0, 60):
        user = UserFactory.create()
        client = Client()
        client.force_login(user)
        write_history(user.pk)
        if spends:
            credit_services.grant(
                user_id=user.pk, amount=1000, bucket="purchased", source=f"pack:{user.pk}", reason="Pack", now=NOW
            )
        for _ in range(spends):
            spend(user.pk)
        made.append(export_of(client))
    yield made
    empty_collections()


@pytest.fixture(scope="module")
def small(exports):
    return exports[0]


@pytest.fixture(scope="module")
def large(exports):
    return exports[1]


def test_what_atlas_exports_fits(small, large):
    heading = script.verify(split(small))
    assert heading["entries"] == len(split(small)) - 1 >= 9
    assert {json.loads(line)["kind"] for line in split(small)[1:]} >= {
        *("grant", "reset", "reserve", "capture", "release", "adjust", "clawback"),
    }
    assert script.verify(split(large))["entries"] > 150


def test_every_byte_that_is_changed_is_found_and_its_line_named(small):
    rng = random.Random(7)
    for position, byte in enumerate(small):
        other = rng.choice([value for value in range(256) if value != byte])
        touched = small[:position] + bytes([other]) + small[position + 1 :]
        assert misfit(touched) == line_at(small, position), (position, other)


def test_every_bit_of_case_and_every_digit_counts(small):
    for position, byte in enumerate(small):
        likely = {byte ^ 0x20, byte ^ 0x01} - {byte}
        for other in likely:
            touched = small[:position] + bytes([other]) + small[position + 1 :]
            assert misfit(touched) == line_at(small, position), (position, other)


def test_every_byte_that_is_left_out_is_found_and_its_line_named(small):
    for position in range(len(small)):
        touched = small[:position] + small[position + 1 :]
        assert misfit(touched) == line_at(small, position), position


def test_every_byte_that_is_put_in_is_found(small):
    for position in range(len(small)):
        for more in (b"\n", b"0"):
            touched = small[:position] + more + small[position:]
            # A second line feed beside one is an empty line, where the next one should be.
            named = position + 1 if more == small[position : position + 1] == b"\n" else position
            assert misfit(touched) == line_at(small, named), (position, more)
    assert misfit(small + b"\n") == len(split(small))


def test_an_export_that_ends_anywhere_too_early_is_found(small):
    for end in range(len(small)):
        assert misfit(small[:end]) == line_at(small, end), end


def test_lines_that_are_deleted_doubled_or_swapped_are_named(small):
    lines = split(small)
    for number in range(1, len(lines)):
        assert misfit(b"".join(lines[:number] + lines[number + 1 :])) == number
        assert misfit(b"".join([*lines[: number + 1], lines[number], *lines[number + 1 :]])) == number + 1
        for other in range(number + 1, len(lines)):
            swapped = [*lines]
            swapped[number], swapped[other] = lines[other], lines[number]
            assert misfit(b"".join(swapped)) == number


@with_settings(max_examples=300)
@given(data=st.data())
def test_any_byte_of_a_bigger_export_that_is_touched_names_its_line(large, data):
    position = data.draw(st.integers(0, len(large) - 1))
    kind = data.draw(st.sampled_from(["change", "delete", "insert"]))
    byte = bytes([data.draw(st.integers(0, 255).filter(lambda value: value != large[position]))])
    touched = {
        "change": large[:position] + byte + large[position + 1 :],
        "delete": large[:position] + large[position + 1 :],
        "insert": large[:position] + byte + large[position:],
    }[kind]
    assert misfit(touched) == line_at(large, position)


@with_settings(max_examples=100)
@given(data=st.data())
def test_any_line_of_a_bigger_export_that_moves_is_named(large, data):
    lines = split(large)
    first = data.draw(st.integers(1, len(lines) - 2))
    second = data.draw(st.integers(first + 1, len(lines) - 1))
    moved = [*lines[:first], lines[second], *lines[first:second], *lines[second + 1 :]]
    assert misfit(b"".join(moved)) == first


FORGERIES = {
    "an amount": {"changeAmount": 1},
    "a balance": {"purchasedAfter": 10**6},
    "a bucket": {"subscriptionChange": 5, "subscriptionAfter": 5},
    "a debt": {"debtChange": 1},
    "the wallet": {"creditId": "0" * 24},
    "the number": {"sequence": 99},
    "the hash before": {"previousHash": "0" * 64},
    "a number that is a text": {"creditAfter": "7"},
    "a number that is a fraction": {"reservedAfter": 0.5},
    "a yes in place of a number": {"reservedAfter": False},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_an_entry_that_was_changed_with_its_hash_is_named(small, name):
    lines = split(small)
    lines[4] = seal({**json.loads(lines[4]), **FORGERIES[name]})
    assert misfit(b"".join(lines)) == 4


def test_a_text_that_was_changed_with_its_hash_is_found_at_the_next_entry(small):
    lines = split(small)
    lines[4] = seal({**json.loads(lines[4]), "reason": "Something else"})
    assert misfit(b"".join(lines)) == 5
    lines = split(small)
    lines[-1] = seal({**json.loads(lines[-1]), "reason": "Something else"})
    assert misfit(b"".join(lines)) == "heading"


@pytest.mark.parametrize("name", ["available", "subscription", "purchased", "reserved", "debt"])
def test_a_heading_that_names_other_balances_is_found(small, name):
    lines = split(small)
    heading = json.loads(lines[0])
    lines[0] = seal({**heading, name: heading[name] + 1})
    assert misfit(b"".join(lines)) == "heading"


def test_a_heading_that_names_fewer_or_more_entries_is_found(small):
    lines = split(small)
    heading = json.loads(lines[0])
    last = len(lines) - 1
    assert misfit(b"".join([seal({**heading, "entries": last - 1}), *lines[1:]])) == last
    assert misfit(b"".join([seal({**heading, "entries": last + 1}), *lines[1:]])) == last + 1
    assert misfit(b"".join([seal({**heading, "format": "atlas-ledger-2"}), *lines[1:]])) == "heading"


def test_the_same_content_written_in_another_way_does_not_fit(small):
    lines = split(small)
    entry = json.loads(lines[3])
    ways = [
        json.dumps(entry) + "\n",
        json.dumps(entry, sort_keys=True, separators=(",", ":")).replace("ö", "\\u00f6") + "\n",
        canonical_json(dict(entry)).replace('{"', '{ "', 1) + "\n",
        canonical_json(entry)[:-1] + ',"hash":"x","hash":' + json.dumps(entry["hash"]) + "}\n",
        canonical_json(entry) + "\r\n",
        "[" * 100_000 + "\n",
        '{"a":' + "9" * 10_000 + "}\n",
        '{"hash":"\\ud800"}\n',
        "null\n",
    ]
    for way in ways[1:] if ways[1].encode() == lines[3] else ways:
        assert way.encode() != lines[3]
        assert misfit(b"".join([*lines[:3], way.encode(), *lines[4:]])) == 3, way[:80]


def run(*arguments: str) -> subprocess.CompletedProcess:
    """Run the script by itself: isolated from Atlas, from its packages and from the environment."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *arguments], check=False, capture_output=True, text=True
    )


def test_the_script_runs_by_itself_and_says_what_it_found(small, tmp_path):
    whole, touched = tmp_path / "whole.jsonl", tmp_path / "touched.jsonl"
    whole.write_bytes(small)
    lines = split(small)
    number = next(number for number, line in enumerate(lines) if b"Page 1" in line)
    touched.write_bytes(small.replace(b"Page 1", b"Page 2"))

    fits, does_not = run(str(whole)), run(str(touched))

    assert (fits.returncode, fits.stderr) == (0, "")
    assert f"All {len(lines) - 1} entries fit" in fits.stdout
    assert (does_not.returncode, does_not.stderr) == (1, "")
    assert does_not.stdout == f"Entry {number} does not fit: it is not what its hash was made of.\n"


@pytest.mark.parametrize("arguments", [(), ("a", "b"), ("--help",), ("/nowhere/at.all",)])
def test_a_wrong_call_ends_with_another_status(arguments):
    answer = run(*arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr


def test_the_script_stands_on_the_standard_library_of_old_pythons():
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    assert imported == {"__future__", "collections", "hashlib", "json", "sys", "typing"}

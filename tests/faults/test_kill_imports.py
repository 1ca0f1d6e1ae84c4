# ruff: noqa: F401 -- fixtures of another folder
"""An import of a hundred thousand rows whose workers are killed at ten random rows."""

import time

import pymongo
import pytest

from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, ImportChunk
from tests.leads.conftest import upload, uploads
from tests.leads.killing import carry_through, carry_through_kills, outcome_of, prepare, some_rows

pytestmark = [pytest.mark.faults, pytest.mark.django_db, pytest.mark.timeout(3600)]

ROWS = 100_000
KILLS = 10


@pytest.fixture
def large_collections(db):
    """Collections that take longer to empty than a request may wait."""
    yield
    with pymongo.timeout(600):
        for model in (Contact, ImportChunk):
            collection_of(model).delete_many({})


@pytest.mark.parametrize("seed", [1, 2])
def test_an_import_killed_at_ten_random_rows_ends_as_one_that_was_not(alice, bob, seed, large_collections):
    group, content = prepare(alice, ROWS)
    began = time.monotonic()
    done, kills = carry_through_kills(
        upload(alice, content, "second.csv", group=group), some_rows(KILLS, ROWS, seed=seed)
    )
    seconds = time.monotonic() - began
    group, content = prepare(bob, ROWS)
    undisturbed = carry_through(upload(bob, content, "second.csv", group=group))

    assert kills >= KILLS - 2  # those beyond the last row that there was meet nobody
    assert outcome_of(done) == outcome_of(undisturbed)
    made = collection_of(Contact).count_documents({"userId": alice.pk})
    print(f"{kills} kills, {made:,} contacts, {seconds:.0f} s: identical to an undisturbed import")  # noqa: T201

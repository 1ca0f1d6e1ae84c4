"""What the server does to answer the property pages: every hot query reads an index, and none sorts.

The collections are large enough for the planner to have a choice, and shared with another user.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest
from bson import ObjectId
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from atlas_site.management.benchmarks.data import make_documents
from atlas_site.mongodb.explain import (
    ANY_MOMENT,
    assert_index_scan,
    assert_index_scan_of,
    explain,
    explain_of,
    recorded_reads,
    stages_of,
)
from atlas_site.mongodb.indexes import ensure_index
from atlas_site.vendors.batchdata import PropertyRecord
from atlas_site.vendors.models import VendorCall
from atlas_site.vendors.recording import purge_calls, stored_answer
from atlas_site.vendors.selectors import billed_records, unconfirmed_calls
from credits.models import Credit, CreditUsage, CreditWeight, Quote
from properties.models import (
    Digest,
    Property,
    PropertyDatasetPermission,
    PropertyJob,
    SavedSearch,
    SavedSearchProperty,
    SavedSearchRun,
    SavedSearchSnapshot,
    Watch,
)
from properties.search.form import read_query
from properties.selectors import jobs as job_selectors
from properties.selectors import runs as run_selectors
from properties.selectors import searches as search_selectors
from properties.selectors.owned import (
    BY_ID,
    SORTS,
    count_capped,
    list_owned,
    owned_by,
    owned_matches,
    revealed_by,
)
from properties.selectors.owned_choice import OwnedChoice, normalize_address
from properties.selectors.property_page import fresh_receipt, show_property
from properties.selectors.vendor_bill import expect_bill
from properties.selectors.watches import committed_since
from properties.services import digests, follow_ups, jobs, pages, reveals, runs, searches
from tests.conftest import empty_collections
from tests.factories import (
    DigestFactory,
    PropertyJobFactory,
    SavedSearchFactory,
    SavedSearchRunFactory,
    VendorCallFactory,
)

MODELS = [
    *(User, Credit, CreditUsage, CreditWeight, Property, PropertyDatasetPermission, PropertyJob, Quote),
    *(SavedSearch, SavedSearchProperty, SavedSearchRun, SavedSearchSnapshot, Watch, Digest, VendorCall),
]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OWNED = 6_000
JOBS = 1_500
SEARCHES = 80
CALLS = 2_000
HALF_A_DAY = {"since": NOW - timedelta(hours=12), "until": NOW}


@dataclass(frozen=True, eq=False)
class World:
    """Alice with all that a busy account has; half as much belongs to bob."""

    alice: User
    property_id: str
    reveal: PropertyJob
    running: PropertyJob
    search: SavedSearch


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            for model in MODELS:
                editor.create_model(model)  # there already, unless no other test has asked for the database
        # A migration makes it, for the model cannot describe it.
        ensure_index(
            connection.database["PropertyDatasetPermission"],
            [("userId", 1), ("tags", 1), ("revealedAt", -1), ("propertyId", -1)],
            name="owned_by_tag",
            partialFilterExpression={"tags": {"$gt": ""}},
        )
        yield fill_the_world()
        empty_collections()


def fill_the_world() -> World:
    alice, bob = (
        User.objects.create(email=f"{name}@plans.test", password="!", onboarding_completed=True)
        for name in ("alice", "bob")
    )
    made = list(make_documents(size=OWNED, owner_id=alice.pk, other_id=bob.pk, seed=3))
    connection.database["Properties"].insert_many(record for record, *_ in made)
    random = Random(3)
    connection.database["PropertyDatasetPermission"].insert_many(
        with_address_and_stack(row, random) for _, *rows in made for row in rows
    )
    ids = [record["propertyId"] for record, *_ in made]
    made_jobs = [make_job(number, alice if number % 3 else bob, ids, random) for number in range(JOBS)]
    PropertyJob.objects.bulk_create(made_jobs)
    searches = [
        SavedSearchFactory.build(
            user=alice if number % 3 else bob,
            created_at=NOW - timedelta(hours=number),
            next_run_at=NOW + timedelta(hours=number - 5),
        )
        for number in range(SEARCHES)
    ]
    SavedSearch.objects.bulk_create(searches)
    SavedSearchRun.objects.bulk_create(
        SavedSearchRunFactory.build(
            saved_search=search,
            number=number + 1,
            ran_at=NOW,
            follow_up_due_at=NOW if number == 19 else None,
            spends=[{"quoteId": f"quote-{search.pk}", "most": 5}] if number == 19 else [],
        )
        for search in searches
        for number in range(20)
    )
    SavedSearchProperty.objects.bulk_create(
        SavedSearchProperty(saved_search=search, property_id=each, first_seen_at=NOW, last_seen_at=NOW)
        for search in searches
        for each in (ids[1], *random.sample(ids[2:], 20))
    )
    Digest.objects.bulk_create(
        DigestFactory.build(user=alice, day=f"day {number}", due_at=NOW + timedelta(hours=number - 5))
        for number in range(50)
    )
    VendorCall.objects.bulk_create(make_call(number) for number in range(CALLS))
    of_alice = [job for job in made_jobs if job.user_id == alice.pk]
    return World(
        alice=alice,
        property_id=ids[1],
        reveal=next(job for job in of_alice if job.search_hash and job.is_over),
        running=next(job for job in of_alice if job.state == PropertyJob.State.RUNNING),
        search=searches[1],
    )


def with_address_and_stack(row: dict, random: Random) -> dict:
    tags = ["call first"] if random.random() < 0.01 else []
    stack = random.choices([0, 1, 2, 3], [90, 6, 3, 1])[0]
    return {**row, "addressKey": normalize_address(row["address"]), "stackCount": stack, "tags": tags}


def make_job(number: int, user: User, ids: list[str], random: Random) -> PropertyJob:
    at = NOW - timedelta(minutes=random.randrange(60 * 24 * 90))
    is_reveal = number % 2 == 0
    return PropertyJobFactory.build(
        user=user,
        kind="reveal" if is_reveal else "unlock",
        state=random.choices(["done", "failed", "queued", "delayed", "running"], [90, 6, 2, 1, 1])[0],
        search_hash=f"search {number % 40}" if is_reveal else None,
        property_id=None if is_reveal else ids[number % 500],
        cursor={"next": "further on", "criteria": {}},
        rows=[{"propertyId": each, "outcome": "charged"} for each in random.sample(ids, 60 if is_reveal else 1)],
        created_at=at,
        due_at=at,
        ended_at=at,
    )


def make_call(number: int) -> VendorCall:
    return VendorCallFactory.build(
        reference=f"job:{number // 2}",
        request_hash=f"hash {number // 2}",
        attempt=number % 2 + 1,
        state="unknown" if number % 50 == 0 else "answered",
        may_be_billed=number % 50 == 0,
        result_count=3,
        record_ids=["p1", "p2", "p3"],
        created_at=NOW - timedelta(minutes=number),
    )


# ---------------------------------------------------------------- the owned list

PLACES = {
    "everywhere": None,
    "a city": "Phoenix, AZ",
    "a small city": "Dallas, TX",
    "a county": "Maricopa County, AZ",
    "a ZIP": "85003",
    "a state": "AZ",
}
NARROW = [name for name in PLACES if name != "a state"]


def rows_in(world: World, place: str):
    text = PLACES[place]
    return owned_matches(world.alice, read_query({"q": [text]})) if text else owned_by(world.alice)


def nth_id(world: World, place: str, sort: str, share: float) -> str:
    """The property id of the row that lies at this share of the whole list."""
    listed = list_ids(world, place, sort)
    assert len(listed) > 30
    return listed[int(len(listed) * share)]


@cache
def list_ids(world: World, place: str, sort: str) -> list[str]:
    """The property ids of the whole list, which many tests ask for and none changes."""
    parts = SORTS[sort].after(rows_in(world, place), None)
    return [property_id for part in parts for property_id in part.values_list("property_id", flat=True)]


# Orders that have an index for each place. In any other one the server either walks the index of all places or sorts
# the rows of the place, whichever ends first: at the worst place it reads twice the geometric mean of a page and all.
ORDERED_BY_PLACE = {"newest", "newest-up", "value", "value-up"}
MOST_DOCUMENTS = 2 * int((26 * OWNED) ** 0.5)


def assert_page_is_read_by_index(read: Callable[[], object], sort: str, place: str) -> None:
    if place == "everywhere" or (sort in ORDERED_BY_PLACE and place in PLACES):
        assert_index_scan(read)
        return
    with recorded_reads() as seen:
        read()
    for collection, pipeline in seen:
        stages = stages_of(explain_of(collection, pipeline))
        assert "COLLSCAN" not in stages
        assert "IXSCAN" in stages
        if any("$limit" in stage and stage["$limit"] <= 26 for stage in pipeline):
            assert executed(collection, pipeline)["totalDocsExamined"] <= MOST_DOCUMENTS


def executed(collection, pipeline: list[dict]) -> dict:
    """What the server counted while it carried a pipeline out."""
    command = {"aggregate": collection.name, "pipeline": pipeline, "cursor": {}}
    plan = collection.database.command("explain", command, verbosity="executionStats", codec_options=ANY_MOMENT)
    return plan.get("executionStats") or plan["stages"][0]["$cursor"]["executionStats"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sort", SORTS)
def test_the_first_page_of_the_list(world, sort, place):
    assert_page_is_read_by_index(lambda: list_owned(rows_in(world, place), sort=sort), sort, place)


@pytest.mark.parametrize("direction", ["after", "before"])
@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sort", SORTS)
def test_a_page_beside_a_row_of_the_list(world, sort, place, share, direction):
    edge = nth_id(world, place, sort, share)
    assert_page_is_read_by_index(lambda: list_owned(rows_in(world, place), sort=sort, **{direction: edge}), sort, place)


@pytest.mark.parametrize("direction", ["after", "before"])
@pytest.mark.parametrize("place", NARROW)
@pytest.mark.parametrize("sort", ["value", "equity"])
def test_a_page_among_the_rows_without_a_value(world, sort, place, direction):
    edge = nth_id(world, place, sort, 0.9)
    assert_page_is_read_by_index(lambda: list_owned(rows_in(world, place), sort=sort, **{direction: edge}), sort, place)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.55])
@pytest.mark.parametrize("sort", SORTS)
def test_a_page_far_down_costs_what_the_first_one_costs(world, sort, share):
    field = SORTS[sort].field
    edge = owned_by(world.alice).get(property_id=nth_id(world, "everywhere", sort, share))
    equals = owned_by(world.alice).filter(**{field: getattr(edge, field)}).count()
    part = next(SORTS[sort].after(owned_by(world.alice), edge))[:26]
    assert keys_examined(lambda: list(part)) <= 30 + equals


CONDITIONS = {
    "value": {"value_min": ["300000"]},
    "building": {"beds_min": ["2"], "type": ["Single Family"]},
    "signal": {"all": ["high-equity"]},
    "all of these": {"equity_min": ["20"], "beds_min": ["2"], "all": ["high-equity"]},
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_what_is_owned_of_a_search_with_conditions(world, name):
    rows = owned_matches(world.alice, read_query({"q": ["Phoenix, AZ"], **CONDITIONS[name]}))
    assert count_capped(rows).number > 100
    assert_index_scan(lambda: count_capped(rows))
    edge = rows[60].property_id
    assert_index_scan(lambda: list_owned(rows))
    assert_index_scan(lambda: list_owned(rows, after=edge))
    assert_index_scan(lambda: list_owned(rows, before=edge))


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("choice", [OwnedChoice(tag="call first"), OwnedChoice(find="12")], ids=["tag", "address"])
def test_a_tag_and_the_beginning_of_an_address(world, choice, sort):
    rows = choice.rows(world.alice)
    assert 10 < count_capped(rows).number < 200
    assert_page_is_read_by_index(lambda: list_owned(rows, sort=sort), sort, "found by a tag or an address")
    assert keys_examined(lambda: count_capped(rows)) < 250


def keys_examined(read: Callable[[], object]) -> int:
    with recorded_reads() as seen:
        read()
    ((collection, pipeline),) = seen
    return executed(collection, pipeline)["totalKeysExamined"]


@pytest.mark.parametrize("place", PLACES)
def test_a_count_reads_no_document(world, place):
    stages = stages_of(explain(lambda: count_capped(rows_in(world, place))))
    assert "IXSCAN" in stages
    assert not {"FETCH", "COLLSCAN", "SORT", "$facet"}.intersection(stages)


# ---------------------------------------------------------------- what a job brought


def test_the_properties_of_a_job(world):
    brought = sorted({row["propertyId"] for row in world.reveal.rows}, reverse=True)
    assert_index_scan(lambda: list_owned(revealed_by(world.reveal), sort=BY_ID))
    for direction in ("after", "before"):
        assert_index_scan(lambda: list_owned(revealed_by(world.reveal), sort=BY_ID, **{direction: brought[30]}))  # noqa: B023


# ---------------------------------------------------------------- one property, jobs, saved searches, vendor calls


def criteria_without_owned(world: World, place: str) -> dict:
    query = read_query({"q": [place]})
    job = PropertyJob(user=world.alice, subject={"criteria": query.criteria(), "params": query.params()})
    criteria = reveals._criteria_without_owned(job)
    assert criteria["ids"]
    return criteria


HOT: dict[str, Callable[[World], object]] = {
    "a property": lambda world: Property.objects.get(property_id=world.property_id),
    "what a user owns of a property": lambda world: PropertyDatasetPermission.objects.get(
        user_id=world.alice.pk, property_id=world.property_id
    ),
    "who owns a property": lambda world: list(PropertyDatasetPermission.objects.filter(property_id=world.property_id)),
    "the newest unlock of a property": lambda world: job_selectors.latest_receipt_of(world.alice, world.property_id),
    "a fresh receipt": lambda world: fresh_receipt(user=world.alice, property_id=world.property_id, now=NOW),
    "a job": lambda world: job_selectors.find_job(world.alice, str(world.reveal.pk)),
    "the job of a quote": lambda world: PropertyJob.objects.get(quote_id=world.reveal.quote_id),
    "due jobs": lambda world: jobs.due_job_ids(now=NOW),
    "the progress of a job": lambda world: jobs.save_progress(job=world.running, problem=""),
    "the last job of a search": lambda world: reveals.start_cursor(world.reveal),
    "owned in a city, left out": lambda world: criteria_without_owned(world, "Phoenix, AZ"),
    "owned in a county, left out": lambda world: criteria_without_owned(world, "Maricopa County, AZ"),
    "owned in a ZIP, left out": lambda world: criteria_without_owned(world, "85003"),
    "owned in a state, left out": lambda world: criteria_without_owned(world, "AZ"),
    "owned among the records of a page": lambda world: pages._why_free(
        world.reveal,
        [PropertyRecord({"_id": each}) for each in ("new", *(row["propertyId"] for row in world.reveal.rows))],
    ),
    "saved searches": lambda world: list(search_selectors.saved_searches_of(world.alice)),
    "a saved search": lambda world: search_selectors.find_saved_search(world.alice, str(world.search.pk)),
    "runs": lambda world: search_selectors.runs_of(world.search),
    "a run with those it is compared with": lambda world: run_selectors.show_run(world.search, 7),
    "what a search has matched": lambda world: list(SavedSearchProperty.objects.filter(saved_search=world.search)),
    "matches that are seen again": lambda world: SavedSearchProperty.objects.filter(
        saved_search=world.search, property_id__in=[world.property_id, "another"]
    ).update(last_seen_at=NOW),
    "owned properties that a run compares": lambda world: list(
        owned_matches(world.alice, read_query({"q": ["Phoenix, AZ"]})).values_list("property_id", flat=True)[:10_000]
    ),
    "searches whose run is due": lambda _: runs.due_search_ids(now=NOW),
    "runs to follow up": lambda _: follow_ups.due_run_ids(now=NOW),
    "digests that are due": lambda _: digests.due_digest_ids(now=NOW),
    "spent by a standing quote": lambda world: committed_since(
        watch=Watch(saved_search=world.search), since=NOW - timedelta(days=30)
    ),
    "searches whose user waits for a run": lambda _: runs.wanted_search_ids(now=NOW),
    "deleted searches": lambda _: searches.deleted_search_ids(now=NOW),
    "removal of a search": lambda _: searches.remove_deleted_search(search_id=str(ObjectId()), now=NOW),
    "the answer to a vendor call": lambda world: stored_answer("job:30", "hash 30"),
    "attempts at a vendor call": lambda world: (
        VendorCall.objects.filter(reference="job:30", request_hash="hash 30").order_by("-attempt").first()
    ),
    "what a vendor has billed": lambda world: list(billed_records(**HALF_A_DAY)),
    "calls that may have been billed": lambda world: unconfirmed_calls(**HALF_A_DAY),
    "old vendor calls": lambda world: purge_calls(NOW - timedelta(days=3)),
    "the bill by its causes": lambda world: expect_bill(**HALF_A_DAY),
}


@pytest.mark.parametrize("name", HOT)
def test_the_query_reads_an_index_and_sorts_nothing(world, name):
    assert_index_scan(lambda: HOT[name](world))


def test_the_page_of_a_property(world):
    """Its prices come from a collection of at most one document a credit type, which is read whole."""
    with recorded_reads() as seen:
        assert show_property(user=world.alice, property_id=world.property_id, now=NOW)
    read = {collection.name: pipeline for collection, pipeline in seen}
    assert read.keys() >= {"Properties", "PropertyDatasetPermission", "Credit", "CreditWeight"}
    assert len(seen) <= 5
    for collection, pipeline in seen:
        if collection.name != "CreditWeight":
            assert_index_scan_of(collection, pipeline)


def test_storing_a_record_finds_it_by_its_id(world):
    plan = explain_of(connection.database["Properties"], {"propertyId": world.property_id})
    assert "IXSCAN" in stages_of(plan)


def test_no_hot_query_finds_nothing(world):
    """A plan for nothing may be any plan."""
    may_find_nothing = {
        "a fresh receipt",
        "deleted searches",
        "searches whose user waits for a run",
        "removal of a search",
        "spent by a standing quote",
        "the answer to a vendor call",
        "old vendor calls",
    }
    for name, query in HOT.items():
        assert query(world) or name in may_find_nothing, name

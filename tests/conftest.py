"""What every test shares: the cast, a way in for them, and an Atlas that is left as it was found."""

import gc
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from bson import ObjectId, Timestamp
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone
from hypothesis import settings
from pymongo.database import Database
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from credits import services as credit_services
from tests.factories import UserFactory

# Hypothesis's own settings for a machine that tests by itself: a run has the examples of the run before, and no example
# is too slow. By default one that takes 200 ms is a failure.
settings.load_profile("ci")

ALICE_CREDITS = 1_000
LONGEST_TEST = timedelta(minutes=5)

# What migrations and their signals write: made once for the whole run, and changed by no test.
KEPT_COLLECTIONS = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
}


def pytest_collection_finish() -> None:
    """Let the garbage collector look at what tests make, rarely, and never at all modules: a tenth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """Empty the collections after a test that used them, except those that migrations fill.

    Django cannot roll back on MongoDB, so it empties every collection after each test, and then makes all content
    types and permissions anew, which takes longer than most tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: empty_collections())
        yield


def empty_collections() -> None:
    """Delete the documents of all collections but those that migrations fill, and everything in the cache.

    Which collections have any is asked of the operations log: to look into each of them takes far longer.
    """
    database = connection.get_database()
    for name in WRITTEN.since_the_last_time(database):
        if not _is_kept(name):
            database[name].delete_many({})
    cache.clear()


class WrittenCollections:
    """Reads the log that MongoDB keeps for its replicas, in which every write of every process is.

    The log forgets its oldest writes when there are many: of those that it has forgotten any collection may be.
    """

    def __init__(self) -> None:
        self._read_until = Timestamp(0, 0)

    def since_the_last_time(self, database: Database) -> set[str]:
        """Return the collections of the database that got or changed documents since this was asked before, or all."""
        log = database.client["local"]["oplog.rs"]
        plain, in_a_transaction = {"op": {"$in": ["i", "u"]}}, {"o.applyOps": {"$exists": True}}
        writes = {"ts": {"$gt": self._read_until}, "$or": [plain, in_a_transaction]}
        grouped = {"$group": {"_id": {"$ifNull": ["$o.applyOps.ns", "$ns"]}, "last": {"$max": "$ts"}}}
        places: set[str] = set()
        has_forgotten = self._read_until < next(log.find({}, {"ts": True}).limit(1))["ts"]
        for found in log.aggregate([{"$match": writes}, grouped]):
            self._read_until = max(self._read_until, found["last"])
            places.update(found["_id"] if isinstance(found["_id"], list) else [found["_id"]])
        if has_forgotten:
            return set(database.list_collection_names())
        start = f"{database.name}."
        return {place.removeprefix(start) for place in places if place.startswith(start)}


WRITTEN = WrittenCollections()


def _is_kept(name: str) -> bool:
    return name in KEPT_COLLECTIONS or name.startswith("system.")


@pytest.fixture(autouse=True)
def _no_midnight_in_the_middle() -> Iterator[None]:
    """Let a test that might see two days of UTC begin in the second: budgets, bills and names of files are by day."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(0), tzinfo=UTC)
    with time_machine.travel(midnight, tick=True) if midnight - now < LONGEST_TEST else nullcontext():
        yield


@pytest.fixture(autouse=True)
def _no_transaction_is_left_open() -> Iterator[None]:
    """Fail the test after which this thread's connection still has a session of a transaction."""
    yield
    left = connection.session
    connection.session, connection.in_atomic_block_mongo = None, False  # one culprit, one failure
    assert left is None, "This test left a transaction open on the connection."


@pytest.fixture
def unique_id() -> str:
    """A text that no other test uses, for keys and names."""
    return str(ObjectId())


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Make an investor with a confirmed address; keyword arguments are fields of User."""
    return UserFactory.create


@pytest.fixture
def alice(db: None) -> User:
    """An investor who bought ALICE_CREDITS credits."""
    alice = UserFactory.create(name="Alice Able", email="alice@example.test")
    credit_services.grant(
        user_id=alice.pk,
        amount=ALICE_CREDITS,
        bucket="purchased",
        source=f"invoice-of-{alice.pk}:1",
        reason="Credit pack",
        now=timezone.now(),
    )
    return alice


@pytest.fixture
def bob(db: None) -> User:
    """Another tenant: nothing of alice's may reach him."""
    return UserFactory.create(name="Bob Baker", email="bob@example.test")


@pytest.fixture
def carol(db: None) -> User:
    """An investor without a plan and without credits."""
    return UserFactory.create(name="Carol Cole", email="carol@example.test")


@pytest.fixture
def sam(db: None) -> User:
    """Staff."""
    return make_colleague(name="Sam Stone", email="sam@example.test", group="staff")


@pytest.fixture
def uma(db: None) -> User:
    """Support: staff that may see users and answer feature requests."""
    return make_colleague(name="Uma Usher", email="uma@example.test", group="support")


def make_colleague(*, name: str, email: str, group: str) -> User:
    """Make a person of role ADMIN in one of the groups that migrations make."""
    user = UserFactory.create(name=name, email=email, role=User.Role.ADMIN)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def sign_in() -> Callable[[Client, User], Client]:
    """Sign a user in without the login page: ``sign_in(client, alice).get("/search/")``."""

    def enter(client: Client, user: User) -> Client:
        client.force_login(user)
        return client

    return enter


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The test database, which is dropped with a client of its own: a test may have closed that of the run."""
    yield
    with suppress(KeyError):  # of which Django knows no more then
        connection.close_pool()


@pytest.fixture(scope="session")
def unblocked_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database for fixtures of a whole module or run, which clean up after themselves."""
    with django_db_blocker.unblock():
        yield

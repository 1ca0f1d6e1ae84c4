"""Faults of transactions on a wallet-like document, a thousand times each, with printed figures."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import F, Sum
from pymongo.errors import PyMongoError

from atlas_site.lib.transactions import run_txn
from tests.failpoints import HANG_UP, TRANSIENT, fail_commands
from tests.mongodb.models import Purse, PurseEntry

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

TRANSACTIONS, THREADS, PURSES = 1_000, 16, 8


@pytest.fixture(scope="module")
def purses(django_db_setup, django_db_blocker) -> Iterator[list[Purse]]:
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Purse)
            editor.create_model(PurseEntry)
        yield Purse.objects.bulk_create(Purse(balance=0) for _ in range(PURSES))
        for model in (PurseEntry, Purse):
            connection.database[model._meta.db_table].delete_many({})


def in_threads(work: Callable[[int], str]) -> Counter:
    """Do `work(n)` a thousand times on sixteen threads and count the answers; no thread may keep a session."""

    def one(number: int) -> str:
        answer = work(number)
        assert connection.session is None
        assert not connection.in_atomic_block_mongo
        return answer

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(one, range(TRANSACTIONS)))


def report(title: str, started: float, **figures: object) -> None:
    seconds = time.monotonic() - started
    print(f"\n{title}: {TRANSACTIONS} in {seconds:.1f} s; " + ", ".join(f"{k} {v}" for k, v in figures.items()))  # noqa: T201


def assert_books_are_exact(purses: list[Purse], prefix: str) -> None:
    """Every purse holds the sum of its entries, and every key of this run is there once."""
    for purse in Purse.objects.all():
        assert purse.balance == (purse.entries.aggregate(total=Sum("amount"))["total"] or 0)
    assert PurseEntry.objects.filter(key__startswith=prefix).count() == TRANSACTIONS


def test_conflicts_on_a_third_of_statements_and_commits(purses):
    hooks, attempts, lock = [], Counter(), threading.Lock()

    def work(number: int) -> str:
        purse = purses[number % PURSES]

        def add() -> None:
            with lock:
                attempts["made"] += 1
            connection.on_commit(lambda: hooks.append(number))
            Purse.objects.filter(pk=purse.pk).update(balance=F("balance") + 1)
            PurseEntry.objects.create(purse=purse, key=f"C4:{number}", amount=1)

        run_txn(add, seconds=60)
        return "done"

    started = time.monotonic()
    with fail_commands(connection.connection, "update", "insert", "commitTransaction", share=0.3, **TRANSIENT):
        answers = in_threads(work)
    report("C4", started, errors=TRANSACTIONS - answers["done"], attempts=attempts["made"], hooks=len(hooks))
    assert answers == {"done": TRANSACTIONS}
    assert sorted(hooks) == list(range(TRANSACTIONS))
    assert_books_are_exact(purses, "C4:")


def test_connections_lost_at_commit(purses):
    """Where the outcome is unknown, the key of the entry tells it; who finds none tries again."""

    def work(number: int) -> str:
        purse, key = purses[number % PURSES], f"C5:{number}"

        def add() -> None:
            Purse.objects.filter(pk=purse.pk).update(balance=F("balance") + 1)
            PurseEntry.objects.create(purse=purse, key=key, amount=1)

        unknown = 0
        while not PurseEntry.objects.filter(key=key).exists():
            try:
                run_txn(add, seconds=5)
            except (DatabaseError, PyMongoError):
                unknown += 1
        return "unknown first" if unknown else "done"

    started = time.monotonic()
    with fail_commands(connection.connection, "commitTransaction", share=0.1, **HANG_UP):
        answers = in_threads(work)
    report("C5", started, **{name.replace(" ", "_"): count for name, count in answers.items()})
    assert_books_are_exact(purses, "C5:")


def test_updates_lost_outside_of_transactions(purses):
    """An update by the ORM that is lost is an error, not repeated by the driver; with its condition it may be."""

    def work(number: int) -> str:
        entry = PurseEntry(purse=purses[number % PURSES], key=f"C6:{number}", amount=0)
        entry.save()
        answer = "done"
        while True:
            try:
                PurseEntry.objects.filter(pk=entry.pk, amount=0).update(amount=F("amount") - 1)
                break
            except DatabaseError:
                answer = "lost first"
        return answer

    started = time.monotonic()
    with fail_commands(connection.connection, "update", share=0.1, **HANG_UP):
        answers = in_threads(work)
    report("C6", started, **{name.replace(" ", "_"): count for name, count in answers.items()})
    decrements = PurseEntry.objects.filter(key__startswith="C6:").values_list("amount", flat=True)
    assert list(decrements) == [-1] * TRANSACTIONS


def test_one_key_sixteen_times_at_once(purses):
    def work(number: int) -> str:
        purse = purses[0]

        def add() -> None:
            Purse.objects.filter(pk=purse.pk).update(balance=F("balance") + 1)
            PurseEntry.objects.create(purse=purse, key=f"C3:{number // THREADS}", amount=1)

        try:
            run_txn(add, seconds=60)
        except IntegrityError:
            return "refused"
        return "done"

    before = Purse.objects.get(pk=purses[0].pk).balance
    started = time.monotonic()
    answers = in_threads(work)
    report("C3", started, **answers)
    keys = -(-TRANSACTIONS // THREADS)
    assert answers == {"done": keys, "refused": TRANSACTIONS - keys}
    assert Purse.objects.get(pk=purses[0].pk).balance == before + keys

"""run_txn under the faults of a real server: the books are exact, hooks run once, the session is gone."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.models import F, Sum
from pymongo.errors import PyMongoError

from atlas_site.lib.transactions import TurnLock, key_lock, run_txn
from tests.failpoints import HANG_UP, TRANSIENT, fail_commands
from tests.mongodb.models import Purse, PurseEntry


class EmptyPurseError(Exception):
    """The purse holds less than is asked for."""


@pytest.fixture(scope="module", autouse=True)
def purses(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The two collections; tests have purses of their own, so nothing is flushed between them."""
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Purse)
            editor.create_model(PurseEntry)
        yield
        for model in (PurseEntry, Purse):
            connection.database[model._meta.db_table].delete_many({})


@pytest.fixture(autouse=True)
def clean_connection(purses) -> Iterator[None]:
    yield
    assert_connection_is_clean()


@pytest.fixture
def purse(purses) -> Purse:
    return Purse.objects.create(balance=100)


def assert_connection_is_clean() -> None:
    assert connection.session is None
    assert not connection.in_atomic_block_mongo
    assert connection.run_on_commit == []


def add(purse: Purse, amount: int, key: str | None = None) -> None:
    """Change the balance and write its entry; a balance below zero is refused."""
    changed = connection.database["TestPurse"].find_one_and_update(
        {"_id": purse.pk, "balance": {"$gte": -amount}}, {"$inc": {"balance": amount}}, session=connection.session
    )
    if changed is None:
        raise EmptyPurseError
    PurseEntry.objects.create(purse=purse, key=key or uuid4().hex, amount=amount)


def assert_books_are_exact(purse: Purse, *, balance: int, entries: int) -> None:
    assert Purse.objects.get(pk=purse.pk).balance == balance
    assert PurseEntry.objects.filter(purse=purse).count() == entries
    assert (PurseEntry.objects.filter(purse=purse).aggregate(total=Sum("amount"))["total"] or 0) == balance - 100


def test_all_writes_happen_and_the_result_is_returned(purse):
    assert run_txn(lambda: (add(purse, -30), "done")[1]) == "done"
    assert_books_are_exact(purse, balance=70, entries=1)


def test_an_error_undoes_everything_and_is_raised_unchanged(purse):
    def spend_twice() -> None:
        add(purse, -60)
        add(purse, -60)

    with pytest.raises(EmptyPurseError):
        run_txn(spend_twice)
    assert_books_are_exact(purse, balance=100, entries=0)


def test_writes_through_the_orm_are_undone_too(purse):
    def change() -> None:
        Purse.objects.filter(pk=purse.pk).update(balance=F("balance") + 5)
        purse.entries.create(key=uuid4().hex, amount=5)
        raise EmptyPurseError

    with pytest.raises(EmptyPurseError):
        run_txn(change)
    assert_books_are_exact(purse, balance=100, entries=0)


def test_an_inner_run_joins_the_outer_one(purse):
    def outer() -> None:
        run_txn(lambda: add(purse, -10))
        assert connection.in_atomic_block_mongo
        raise EmptyPurseError

    with pytest.raises(EmptyPurseError):
        run_txn(outer)
    assert_books_are_exact(purse, balance=100, entries=0)


def test_a_duplicate_key_undoes_everything_and_the_next_run_works(purse):
    run_txn(lambda: add(purse, -10, key=f"{purse.pk}:once"))
    with pytest.raises(IntegrityError):
        run_txn(lambda: add(purse, -10, key=f"{purse.pk}:once"))
    assert_connection_is_clean()
    assert_books_are_exact(purse, balance=90, entries=1)
    run_txn(lambda: add(purse, -10))
    assert_books_are_exact(purse, balance=80, entries=2)


def test_a_swallowed_duplicate_key_commits_nothing(purse):
    """The rule says not to; whoever does gets an error and a clean connection, not half of the writes."""
    run_txn(lambda: add(purse, -10, key=f"{purse.pk}:once"))

    def swallow() -> None:
        add(purse, -5)
        try:
            PurseEntry.objects.create(purse=purse, key=f"{purse.pk}:once", amount=0)
        except IntegrityError:
            pass

    with pytest.raises(PyMongoError):
        run_txn(swallow, seconds=1)
    assert_connection_is_clean()
    assert_books_are_exact(purse, balance=90, entries=1)


@pytest.mark.parametrize("command", ["findAndModify", "insert", "commitTransaction"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_write_conflict_runs_the_work_again(purse, command, times):
    hooks, attempts = [], []

    def work() -> None:
        attempts.append(1)
        connection.on_commit(lambda: hooks.append("ran"))
        add(purse, -1)

    with fail_commands(connection.connection, command, times=times, **TRANSIENT):
        run_txn(work)
    assert len(attempts) == times + 1
    assert hooks == ["ran"]
    assert_books_are_exact(purse, balance=99, entries=1)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_commit_without_an_answer_is_sent_again_and_not_done_again(purse, times):
    hooks, attempts = [], []

    def work() -> None:
        attempts.append(1)
        connection.on_commit(lambda: hooks.append("ran"))
        add(purse, -1)

    with fail_commands(connection.connection, "commitTransaction", times=times, **HANG_UP):
        run_txn(work)
    assert hooks == ["ran"]
    assert_books_are_exact(purse, balance=99, entries=1)


def test_a_commit_that_was_done_but_not_answered_counts_once(purse):
    """The server commits, and says that it could not wait for the majority: the driver asks again, and it holds."""
    error = {"code": 64, "errmsg": "waiting for replication timed out", "codeName": "WriteConcernFailed"}
    with fail_commands(connection.connection, "commitTransaction", times=2, writeConcernError=error):
        run_txn(lambda: add(purse, -1))
    assert_books_are_exact(purse, balance=99, entries=1)


@pytest.mark.parametrize("command", ["findAndModify", "insert"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_connection_lost_inside_runs_the_work_again(purse, command, times):
    with fail_commands(connection.connection, command, times=times, **HANG_UP):
        run_txn(lambda: add(purse, -1))
    assert_books_are_exact(purse, balance=99, entries=1)


def test_a_commit_that_never_answers_ends_in_an_error_and_a_clean_connection(purse):
    hooks = []

    def work() -> None:
        connection.on_commit(lambda: hooks.append("ran"))
        add(purse, -1)

    started = time.monotonic()
    with fail_commands(connection.connection, "commitTransaction", **HANG_UP), pytest.raises(PyMongoError):
        run_txn(work, seconds=1)
    assert time.monotonic() - started < 5
    assert_connection_is_clean()
    assert hooks == []
    # The outcome is in the books: the commit never arrived. The wallet is free, and what follows is a transaction.
    assert_books_are_exact(purse, balance=100, entries=0)
    with pytest.raises(EmptyPurseError):
        run_txn(lambda: (add(purse, -1), add(purse, -1000)))
    run_txn(lambda: add(purse, -1))
    assert_books_are_exact(purse, balance=99, entries=1)


def test_time_that_is_over_inside_the_orm_says_so_and_frees_the_documents(purse):
    def work() -> None:
        add(purse, -1)
        time.sleep(1)  # beyond what it is given
        PurseEntry.objects.create(purse=purse, key=uuid4().hex, amount=0)

    with pytest.raises(PyMongoError) as caught:
        run_txn(work, seconds=0.9)
    assert caught.value.timeout
    assert_connection_is_clean()
    run_txn(lambda: add(purse, -2))
    assert_books_are_exact(purse, balance=98, entries=1)


def test_hooks_of_failed_work_never_run(purse):
    hooks = []

    def work() -> None:
        connection.on_commit(lambda: hooks.append("ran"))
        raise EmptyPurseError

    with pytest.raises(EmptyPurseError):
        run_txn(work)
    run_txn(lambda: add(purse, -1))
    assert hooks == []
    assert_books_are_exact(purse, balance=99, entries=1)


def test_a_hook_may_open_a_transaction(purse):
    def work() -> None:
        connection.on_commit(lambda: run_txn(lambda: add(purse, -2)))
        add(purse, -1)

    run_txn(work)
    assert_books_are_exact(purse, balance=97, entries=2)


def in_threads(count: int, work: Callable[[int], object]) -> list:
    """Run `work(n)` in `count` threads that start together; each must leave its connection clean."""
    gate = threading.Barrier(count)

    def one(number: int):
        gate.wait()
        try:
            return work(number)
        finally:
            assert_connection_is_clean()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.parametrize("locked", [False, True])
def test_sixteen_threads_on_one_purse_under_conflicts_keep_the_books_exact(purse, locked):
    """30 % of the statements and commits fail; 96 spends of 2 meet 100 credits, so 50 succeed."""
    hooks = []

    def spend() -> None:
        connection.on_commit(lambda: hooks.append("ran"))
        add(purse, -2)

    def worker(_number: int) -> int:
        spent = 0
        for _ in range(6):
            try:
                if locked:
                    with key_lock(purse.pk):
                        run_txn(spend, seconds=30)
                else:
                    run_txn(spend, seconds=30)
                spent += 1
            except EmptyPurseError:
                pass
        return spent

    client = connection.connection
    with fail_commands(client, "findAndModify", "insert", "commitTransaction", share=0.3, **TRANSIENT):
        assert sum(in_threads(16, worker)) == 50
    assert len(hooks) == 50
    assert_books_are_exact(purse, balance=0, entries=50)


def test_sixteen_threads_with_lost_connections_keep_the_books_exact(purse):
    def worker(number: int) -> None:
        run_txn(lambda: add(purse, -1, key=f"{purse.pk}:{number}"), seconds=30)

    with fail_commands(connection.connection, "insert", "commitTransaction", share=0.2, **HANG_UP):
        in_threads(16, worker)
    assert_books_are_exact(purse, balance=84, entries=16)


def test_sixteen_runs_of_one_key_have_one_effect(purse):
    def worker(_number: int) -> bool:
        try:
            run_txn(lambda: add(purse, -7, key=f"{purse.pk}:once"), seconds=30)
        except IntegrityError:
            return False
        return True

    assert sum(in_threads(16, worker)) == 1
    assert_books_are_exact(purse, balance=93, entries=1)


def test_a_key_lock_lets_one_thread_at_a_time_in():
    inside, worst = [], []

    def worker(number: int) -> None:
        with key_lock("wallet"):
            inside.append(number)
            worst.append(len(inside))
            time.sleep(0.002)
            inside.remove(number)

    in_threads(16, worker)
    assert len(worst) == 16
    assert max(worst) == 1


def test_a_key_lock_is_free_again_after_an_error_and_for_its_own_thread():
    with pytest.raises(EmptyPurseError), key_lock("wallet"), key_lock("wallet"):
        raise EmptyPurseError
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: key_lock("wallet").__enter__() is None).result(timeout=60)


def test_threads_get_a_key_lock_in_the_order_in_which_they_asked():
    lock, order = TurnLock(), []

    def worker(number: int) -> None:
        with lock:
            order.append(number)

    workers = [threading.Thread(target=worker, args=(number,)) for number in range(8)]
    with lock:
        for number, thread in enumerate(workers, start=1):
            thread.start()
            while len(lock._waiting) < number:
                time.sleep(0.001)
    for thread in workers:
        thread.join(timeout=60)
    assert order == list(range(8))


def test_a_thread_that_is_interrupted_while_it_waits_leaves_the_queue():
    lock, is_held, is_over = TurnLock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            is_held.set()
            while not lock._waiting:
                time.sleep(0.001)
            time.sleep(0.05)  # from standing in the queue to waiting
            signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)
            is_over.wait(60)

    def interrupt(*_details: object) -> None:
        raise TimeoutError

    holder = threading.Thread(target=hold, daemon=True)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        holder.start()
        assert is_held.wait(60)
        with pytest.raises(TimeoutError), lock:
            pytest.fail("The lock was held by another thread.")
    finally:
        signal.signal(signal.SIGALRM, before)
    is_over.set()
    holder.join(timeout=60)
    with lock:
        assert not lock._waiting

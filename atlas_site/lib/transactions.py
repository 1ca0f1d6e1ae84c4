"""Transactions and locks: the only way by which several documents change together.

Django's ``transaction.atomic``, ``ATOMIC_REQUESTS`` and ``select_for_update`` do nothing on MongoDB, and the database
backend's own ``atomic`` leaves a broken session behind when a commit fails. A test forbids them all in this project.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from zlib import crc32

import pymongo
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

Result = TypeVar("Result")

SNAPSHOT = ReadConcern("snapshot")
MAJORITY = WriteConcern("majority")


def run_txn(
    work: Callable[[], Result], *, lock: object = None, using: str = DEFAULT_DB_ALIAS, seconds: float = 10
) -> Result:
    """Run ``work`` in one transaction and return what it returns; inside another ``run_txn`` it joins that one.

    All writes of ``work`` happen, or none. It reads one snapshot of the data, and two transactions that write the same
    document never both succeed: the later one is run again from the start, as it is after a lost connection or a
    write conflict, until ``seconds`` are over. Functions given to ``connection.on_commit`` run once, after the commit.

    The rules for ``work``:

    * It may run several times, so it computes everything anew and touches nothing outside the database: no vendor
      call, no mail, no queue, no change of objects that it did not load itself.
    * Money: write the wallet first, by ``find_one_and_update(..., session=connection.session)`` with the whole
      condition in its filter, and the log row after it; take ``key_lock`` of the wallet around the call.
    * Let a duplicate key (IntegrityError) leave ``work``. The server has ended the transaction at that point; code that
      catches it inside can do nothing more. Look, or insert by key, outside.
    * A direct PyMongo call passes ``session=connection.session``; without it the call is outside of the transaction.
    * Keep it short: the server ends a transaction after 60 seconds, and others wait for its documents.

    An error of ``work`` undoes everything and is raised unchanged. A PyMongoError labeled
    ``UnknownTransactionCommitResult``, or a time-out, means that nobody knows whether the commit took place: look the
    key of the log row up before anything is said or done. The server is told to drop what is still open, so that the
    documents are free; if it cannot be reached it does so by itself after 60 seconds. The connection is clean again in
    every case.
    """
    connection: Any = connections[using]  # MongoDB's has attributes that the type of Django's does not know
    if connection.in_atomic_block_mongo:
        return work()
    if lock is not None:
        with key_lock(lock):
            return run_txn(work, using=using, seconds=seconds)
    connection.ensure_connection()
    client = connection.connection

    def attempt(_session) -> Result:
        connection.run_on_commit = []  # hooks of an attempt that failed are not for this one
        try:
            return work()
        except DatabaseError as error:
            # Django's error hides in its cause what the driver runs again by its label, and that the time is over.
            cause = error.__cause__
            if isinstance(cause, PyMongoError) and (
                cause.timeout or cause.has_error_label("TransientTransactionError")
            ):
                raise cause from error
            raise

    try:
        with pymongo.timeout(seconds), client.start_session() as session:
            server_session = session.session_id
            connection.session, connection.in_atomic_block_mongo = session, True
            result = session.with_transaction(attempt, read_concern=SNAPSHOT, write_concern=MAJORITY)
    except BaseException as error:
        connection.run_on_commit = []
        if isinstance(error, PyMongoError):
            with suppress(PyMongoError), pymongo.timeout(1):
                client.admin.command("killSessions", [server_session])
        raise
    finally:
        connection.session, connection.in_atomic_block_mongo, connection.nested_atomics = None, False, 0
    connection.run_and_clear_commit_hooks()
    return result


class TurnLock:
    """A lock that threads get in the order in which they asked; its holder may take it again.

    A lock of the standard library goes to whoever comes next, mostly the thread that has just released it, while
    others wait for seconds. Here the slowest one of eight threads on a busy wallet waits half as long.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[tuple[int, threading.Lock]] = deque()
        self._holder: int | None = None
        self._depth = 0

    def __enter__(self) -> None:
        thread = threading.get_ident()
        with self._guard:
            if self._holder in (None, thread):
                self._holder, self._depth = thread, self._depth + 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append((thread, turn))
        try:
            turn.acquire()  # until the holder before hands the lock over
        except BaseException:  # a signal, such as the time limit of a task
            self._leave(thread, turn)
            raise

    def __exit__(self, *_error: object) -> None:
        with self._guard:
            self._release()

    def _release(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._holder = None
            if self._waiting:
                (self._holder, turn), self._depth = self._waiting.popleft(), 1
                turn.release()

    def _leave(self, thread: int, turn: threading.Lock) -> None:
        with self._guard:
            if (thread, turn) in self._waiting:
                self._waiting.remove((thread, turn))
            else:  # it was handed over in the same moment
                self._release()


_STRIPES = tuple(TurnLock() for _ in range(256))


@contextmanager
def key_lock(key: object) -> Iterator[None]:
    """Let one thread of this process at a time work on ``key``, for instance the id of a wallet.

    This is for speed and not for safety: threads of one process queue here, which is cheap, where their transactions
    would otherwise collide on the server and start again. Other processes do not see the lock; the condition of
    the write and the transaction keep the books right. Two keys may share a lock, so never hold two at once.
    """
    with _STRIPES[crc32(str(key).encode()) % len(_STRIPES)]:
        yield

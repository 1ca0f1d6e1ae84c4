"""Forks of a test's process that work at the same moment: they begin with its modules, and share the database alone."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from django.db import connection

Answer = Callable[[Any, Connection], None]
SECONDS_TO_END = 30
_processes = multiprocessing.get_context("fork")


@contextmanager
def forks(count: int, answer: Answer) -> Iterator[list[Connection]]:
    """Start so many forks, which `answer` each message of their pipe into it; yield the pipes, and end them after."""
    connection.close_pool()  # every fork opens a connection of its own, and so does this process when it goes on
    pairs = [_processes.Pipe() for _ in range(count)]
    started = [_processes.Process(target=_work, args=(answer, theirs), daemon=True) for _, theirs in pairs]
    for process in started:
        process.start()
    pipes = [ours for ours, _ in pairs]
    try:
        yield pipes
    finally:
        for pipe in pipes:
            pipe.send(None)
        for process in started:
            process.join(SECONDS_TO_END)
            process.close()


def _work(answer: Answer, pipe: Connection) -> None:
    connection.ensure_connection()
    connection.database.client.admin.command("ping")
    while (message := pipe.recv()) is not None:
        answer(message, pipe)

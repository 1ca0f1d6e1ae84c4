"""Processes that work on one database at the same moment, for tests of concurrency.

They are forks of one process that read the settings and models once, which takes longer than most of their work. Each
has a connection to the database of its own, and is told what to do by lines of JSON.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


class Line:
    """One end of the line between the test and one of its processes."""

    def __init__(self, end: socket.socket) -> None:
        self._stream = end.makefile("rw", encoding="utf-8")
        end.close()  # the stream holds it open

    def say(self, message: object) -> None:
        self._stream.write(json.dumps(message) + "\n")
        self._stream.flush()

    def hear(self) -> Any:
        """Wait for a message and return it. Raises EOFError when the other end is gone."""
        text = self._stream.readline()
        if not text:
            raise EOFError
        return json.loads(text)

    def close(self) -> None:
        self._stream.close()


@contextmanager
def crew(module: str, size: int, database: str) -> Iterator[list[Line]]:
    """Start so many processes of a module that calls `work_as_crew`, all ready, and have them gone at the end."""
    address, _, options = os.environ["MONGODB_URI"].partition("?")
    environment = os.environ | {
        "MONGODB_URI": f"{address.rpartition('/')[0]}/{database}?{options}",
        "DJANGO_SETTINGS_MODULE": "atlas_site.settings_test",
    }
    ours, theirs = zip(*(socket.socketpair() for _ in range(size)), strict=True)
    ends = [end.fileno() for end in theirs]
    command = [sys.executable, "-m", module, *map(str, ends)]
    with subprocess.Popen(command, env=environment, pass_fds=ends) as leader, ExitStack() as stack:
        for end in theirs:
            end.close()
        lines = [Line(end) for end in ours]
        for line in lines:
            stack.callback(line.close)
        for line in lines:
            assert line.hear() == "ready"
        yield lines
    assert leader.returncode == 0


def work_as_crew(work: Callable[[Line], None]) -> None:
    """Do the work in as many forks of this process as there are lines; it ends by EOFError when its line is closed."""
    import django

    django.setup()
    ends = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    for end in ends:
        if not os.fork():
            try:
                _work_on(Line(end), work)
            finally:
                os._exit(1)
    for end in ends:
        end.close()
    sys.exit(max(os.waitstatus_to_exitcode(os.wait()[1]) for _ in ends))


def _work_on(line: Line, work: Callable[[Line], None]) -> None:
    from django.db import connection

    connection.ensure_connection()
    connection.database.client.admin.command("ping")
    line.say("ready")
    try:
        while True:
            work(line)
    except EOFError:
        os._exit(0)

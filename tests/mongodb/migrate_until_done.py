"""Runs `migrate` again and again, each time killed a little later, until one run is let through.

    python -m tests.mongodb.migrate_until_done STEP

The n-th run gets SIGKILL after n * STEP commands that change the database. The last line printed is the number of runs.
"""

import gc
import os
import signal
import sys

import django
from django.core.management import call_command
from pymongo import monitoring

CHANGES = {"create", "createIndexes", "dropIndexes", "collMod", "insert", "update", "delete", "findAndModify"}


class Executioner(monitoring.CommandListener):
    """Kills this process when the server has done a number of changes, before anybody is told of the last one."""

    def __init__(self, changes: int) -> None:
        self.left = changes

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Let it begin."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """It does not count."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self.left -= event.command_name in CHANGES
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)


def main(step: int) -> None:
    gc.disable()  # models of old states are made by the thousand, and looked at again and again
    django.setup()  # once: every run is a fork that opens a connection of its own
    runs, status = 0, -1
    while status:
        runs += 1
        child = os.fork()
        if not child:
            monitoring.register(Executioner(runs * step))
            call_command("migrate", verbosity=0)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status and not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.exit("migrate failed by itself")
    print(runs)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))

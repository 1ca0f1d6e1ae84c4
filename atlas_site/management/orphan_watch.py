"""Stop the children of a parent that died without a word.

Run by :mod:`atlas_site.management.processes` as a plain script. The parent writes the process-group ids it
starts and stops, one a line (``+123``, ``-123``), into this program's standard input. When the pipe closes, by
an orderly end or because the parent was killed, the groups still listed are stopped: first asked, then killed.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 4


def send(groups: set[int], number: signal.Signals) -> set[int]:
    """Signal every group and return those that still have a member."""
    alive = set()
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            continue
        alive.add(group)
    return alive


def main() -> None:
    """Follow the parent's list until it ends, then leave nothing of it running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    groups = send(groups, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while groups and time.monotonic() < deadline:
        time.sleep(0.1)
        groups = {group for group in groups if has_members(group)}
    send(groups, signal.SIGKILL)


def has_members(group: int) -> bool:
    """Say whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()

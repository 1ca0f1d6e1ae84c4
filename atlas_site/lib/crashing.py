"""Dying at a named step, so that tests can see what a killed worker leaves. It does nothing unless it is asked to."""

import os
import signal
from pathlib import Path

STEPS, WHOM, MARKS = "ATLAS_CRASH_AT", "ATLAS_CRASH_WHOM", "ATLAS_CRASH_MARKS"


def crash_at(step: str) -> None:
    """Kill this process (and its parent, when told to) if the environment names this step among others by commas.

    With a folder in ATLAS_CRASH_MARKS only the first process that gets to a step dies there, and leaves a mark. Whoever
    can set these variables could kill the process as well; nothing that runs Atlas sets them.
    """
    if step not in os.environ.get(STEPS, "").split(","):
        return
    if marks := os.environ.get(MARKS):
        try:
            (Path(marks) / step).touch(exist_ok=False)
        except FileExistsError:
            return
    if os.environ.get(WHOM) == "parent":
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

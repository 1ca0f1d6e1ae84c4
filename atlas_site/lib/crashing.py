"""Dying at a named step, so that tests can see what a killed worker leaves. It does nothing unless it is asked to."""

import os
import signal
from pathlib import Path

STEP, WHOM, ONCE = "ATLAS_CRASH_AT", "ATLAS_CRASH_WHOM", "ATLAS_CRASH_ONCE"


def crash_at(step: str) -> None:
    """Kill this process (and its parent, when told to) if the environment names this step.

    With a file named in ATLAS_CRASH_ONCE only the first process that gets here dies, and makes that file. Production
    does not set these variables; whoever can set them could kill the process as well.
    """
    if os.environ.get(STEP) != step:
        return
    if once := os.environ.get(ONCE):
        try:
            Path(once).touch(exist_ok=False)
        except FileExistsError:
            return
    if os.environ.get(WHOM) == "parent":
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

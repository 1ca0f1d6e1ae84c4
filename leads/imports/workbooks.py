"""Workbooks (XLSX) become texts in a process of their own, which may use little memory and time and no more.

What is in a workbook decides how much reading it takes, so nothing of it is unpacked in the process of the caller.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atlas_site.lib.home import PROJECT_ROOT
from leads.imports.problems import FileRefused

MEMORY_BYTES = 60 << 20
"""What the process may take beyond what it begins with."""

CPU_SECONDS = 120
WALL_SECONDS = 600
POLL_SECONDS = 1.0

SAVE_AS_CSV = "Save it as CSV and upload that."


@dataclass(frozen=True)
class Sheet:
    """A sheet that was written as a text: UTF-8, commas between the cells, one record for each row of the sheet."""

    name: str
    row_count: int
    """Of its rows that are not blank."""

    width: int
    """Cells of its widest row."""


def convert_workbook(path: Path, target: Path, *, name: str, on_wait: Callable[[], None] | None = None) -> Sheet:
    """Write the first sheet of a workbook that has a table as a text to the file `target`.

    :param name: what the user calls the file
    :param on_wait: called about every second until it is done
    :raises FileRefused: when the workbook is damaged, too large, or made to be larger than it seems
    """
    request = json.dumps({"path": str(path.resolve()), "target": str(target.resolve()), "name": name})
    command = [sys.executable, "-m", "leads.imports.workbooks"]
    # An empty environment: the process that reads what strangers made knows no address and no key.
    with subprocess.Popen(  # noqa: S603 -- our own module
        command, cwd=PROJECT_ROOT, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            answer = _ask(process, request.encode(), on_wait or (lambda: None))
        finally:
            process.kill()  # which does nothing to one that has ended
    if process.returncode or not answer:
        raise FileRefused(f"{name} is too complex: reading it takes too much memory or time. {SAVE_AS_CSV}")
    found: dict[str, Any] = json.loads(answer)
    if "refused" in found:
        raise FileRefused(found["refused"])
    return Sheet(**found)


def _ask(process: "subprocess.Popen[bytes]", request: bytes, on_wait: Callable[[], None]) -> bytes:
    """What the process answers: nothing when it took too long."""
    ends_at = time.monotonic() + WALL_SECONDS
    pending: bytes | None = request
    while time.monotonic() < ends_at:
        try:
            return process.communicate(pending, timeout=POLL_SECONDS)[0]
        except subprocess.TimeoutExpired:
            pending = None
            on_wait()
    return b""


def _main() -> None:
    """Read a request from the standard input and write the answer to the standard output."""
    from leads.imports.sheets import write_sheet  # noqa: PLC0415 -- the caller needs nothing of it

    request = json.load(sys.stdin)
    name = request["name"]
    _limit_resources()
    answer: dict[str, Any]
    try:
        answer = asdict(Sheet(*write_sheet(Path(request["path"]), Path(request["target"]), name=name)))
    except FileRefused as refusal:
        answer = {"refused": str(refusal)}
    except MemoryError:
        answer = {"refused": f"{name} is too complex: reading it takes too much memory. {SAVE_AS_CSV}"}
    except Exception:  # whatever damage may lead to, in this process and no other
        answer = {"refused": f"{name} is damaged or was not uploaded whole. Save it anew and upload it again."}
    json.dump(answer, sys.stdout)


def _limit_resources() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (OSError, ValueError):
        return  # only Linux limits memory so


if __name__ == "__main__":
    _main()

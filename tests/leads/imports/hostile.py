"""Files that nobody should upload, and a process that reads them and tells what that took."""

import json
import os
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from atlas_site.lib.home import PROJECT_ROOT
from leads.imports.problems import FileRefused
from leads.imports.tables import open_table
from tests.leads.imports.files import HEADER, LEAD, SAMPLES

WORKBOOK = SAMPLES / "hand_absentee_list.xlsx"
SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504

LAUGHS = "".join(
    f'<!ENTITY l{level} "{"".join(f"&l{level - 1};" for _ in range(10))}">' if level else '<!ENTITY l0 "ha">'
    for level in range(10)
)


def parts_of(path: Path = WORKBOOK) -> dict[str, bytes]:
    """The parts of a workbook by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, parts: dict[str, bytes]) -> Path:
    """Write an archive of parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_sheet(path: Path, rows: str, before: str = "", encoding: str = "utf-8") -> Path:
    """Write a workbook whose only sheet has the rows, in XML, below a declaration."""
    sheet = f"{before}<worksheet><sheetData>{rows}</sheetData></worksheet>"
    return pack(path, parts_of() | {SHEET: sheet.encode(encoding)})


def bomb(path: Path, megabytes: int, stated_bytes: int | None = None) -> Path:
    """Write a workbook with a part of so many megabytes of blanks, which states another length if one is given."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    blanks, check, packed = b" " * 1_000_000, 0, []
    for _ in range(megabytes):
        packed.append(packer.compress(blanks))
        check = zlib.crc32(blanks, check)
    content = b"".join([*packed, packer.flush()])
    stated = megabytes * 1_000_000 if stated_bytes is None else stated_bytes
    name = SHEET.encode()
    sizes = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(content), stated, len(name), 0)
    local = b"PK\x03\x04" + sizes + name
    entry = b"PK\x01\x02\x14\x00" + sizes + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local) + len(content), 0)
    path.write_bytes(local + content + entry + end)
    return path


def sparse(path: Path, size: int) -> Path:
    """Make a file of so many bytes that takes no disk."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


@dataclass(frozen=True)
class Reading:
    """What reading a file came to."""

    refusal: str | None
    row_count: int
    problem_count: int
    cpu_seconds: float


def read(path: Path) -> Reading:
    """Read a file to its end, with the processor time of this process and of those it started."""
    before = _cpu_seconds()
    row_count = problem_count = 0
    refusal = None
    try:
        with open_table(path, name=path.name) as table:
            for row in table.rows():
                row_count += 1
                problem_count += bool(row.problem)
    except FileRefused as error:
        refusal = str(error)
    return Reading(refusal, row_count, problem_count, _cpu_seconds() - before)


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def read_apart(paths: list[Path]) -> tuple[dict[str, Reading], float]:
    """Read files in a process of their own; also its peak of memory in MiB beyond what it began with.

    The memory of the processes that it starts for workbooks is added as a whole.
    """
    answer = subprocess.run(
        [sys.executable, "-m", "tests.leads.imports.hostile", *map(str, paths)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        check=True,
    )
    found = json.loads(answer.stdout)
    return {name: Reading(**reading) for name, reading in found["readings"].items()}, found["mebibytes"]


def _peak() -> int:
    """The peak of memory of this process in KiB, without that of the process that it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])


def _main() -> None:
    before = _peak()
    readings = {Path(path).name: vars(read(Path(path))) for path in sys.argv[1:]}
    own = _peak() - before
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"readings": readings, "mebibytes": (own + others) / 1024}))  # noqa: T201 -- the answer


def list_of(path: Path, row_count: int, end: str = "\n") -> Path:
    """Write a list of so many rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + end)
        for start in range(0, row_count, 1_000):
            rows = min(1_000, row_count - start)
            file.write("".join(f"{LEAD}{start + number}{end}" for number in range(rows)))
    return path


if __name__ == "__main__":
    _main()

"""The import contracts hold, and each of them would notice a breach."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from atlas_site.lib.home import PROJECT_ROOT

TOOL = Path(sys.executable).with_name("lint-imports")
SETTINGS = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PACKAGES = SETTINGS["root_packages"]

BREACHES = [
    ("credits/planted.py", "import leads.models", "Layers of the project"),
    ("accounts/planted.py", "import credits.models", "Layers of the project"),
    ("billing/planted.py", "import properties.models", "Layers of the project"),
    ("properties/planted.py", "import billing.models", "Layers of the project"),
    ("leads/planted.py", "import divorce.models", "Layers of the project"),
    ("feedback/planted.py", "import helpcenter.models", "Layers of the project"),
    ("atlas_site/lib/planted.py", "import accounts.models", "Layers of the project"),
    ("atlas_site/vendors/planted.py", "import accounts.models", "Layers of the project"),
    ("divorce/planted.py", "import atlas_site.urls", "Layers of the project"),
    ("atlas_site/staff/planted.py", "import atlas_site.management.processes", "Layers of the project"),
    ("atlas_site/planted.py", "", "every module in its place"),
    ("feedback/selectors.py", "import feedback.services", "Layers inside an app"),
    ("feedback/forms.py", "import feedback.views", "Layers inside an app"),
    ("feedback/services.py", "import feedback.tasks", "Layers inside an app"),
    ("leads/imports/planted.py", "import leads.selectors", "Layers inside an app"),
    ("leads/imports/planted.py", "import django.db", "Reading lead lists is pure"),
    ("feedback/views.py", "import atlas_site.vendors.batchdata", "Only services reach vendors"),
    ("feedback/selectors.py", "import atlas_site.vendors.batchdata", "Only services reach vendors"),
    ("feedback/services.py", "import requests", "Only vendors and lib speak HTTP"),
    ("atlas_site/lib/planted.py", "import atlas_site.sandbox", "Nothing shipped imports the sandbox"),
    ("feedback/services.py", "import pytest", "Nothing shipped imports the sandbox or a development tool"),
    ("atlas_site/sandbox/planted.py", "import credits.models", "The sandbox is a program of its own"),
    ("atlas_site/sandbox/planted.py", "import atlas_site.vendors.batchdata", "The sandbox is a program of its own"),
]


def find_broken_contracts(project: Path) -> list[str]:
    """Return the names of the contracts that the tool calls broken."""
    result = subprocess.run(
        [TOOL, "--no-cache"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "400", "NO_COLOR": "1"},
    )
    output = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)
    broken = re.findall(r"^(.*) BROKEN$", output, re.MULTILINE)
    assert result.returncode == (1 if broken else 0), output + result.stderr
    return broken


@pytest.fixture(scope="module")
def copied_project(tmp_path_factory) -> Path:
    """A copy of the project's Python files, to plant breaches in."""
    copy = tmp_path_factory.mktemp("project")
    shutil.copy(PROJECT_ROOT / "pyproject.toml", copy)
    for package in PACKAGES:
        shutil.copytree(PROJECT_ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "*.csv"))
    return copy


@pytest.fixture
def plant(copied_project) -> Iterator:
    """Add a line to a module of the copy, which is as before afterwards."""
    before: dict[Path, bytes | None] = {}

    def append(module: str, line: str) -> None:
        package = copied_project / module / "__init__.py"
        path = package if package.exists() else (copied_project / module).with_suffix(".py")
        before[path] = path.read_bytes() if path.exists() else None
        with path.open("a") as file:
            file.write(f"\n{line}\n")

    def add_line(module: str, line: str) -> Path:
        imported = line.removeprefix("import ").replace(".", "/")
        if imported.split("/")[0] in PACKAGES:
            append(imported, "")  # there is something to import, whatever the app has by now
        append(module.removesuffix(".py"), line)
        return copied_project

    yield add_line
    for path, content in before.items():
        path.unlink()
        if content is not None:
            path.write_bytes(content)


def test_the_project_keeps_every_contract():
    assert find_broken_contracts(PROJECT_ROOT) == []


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES)
def test_a_planted_breach_is_noticed_by_its_contract(plant, module, line, contract):
    broken = find_broken_contracts(plant(module, line))
    assert any(contract in name for name in broken), broken

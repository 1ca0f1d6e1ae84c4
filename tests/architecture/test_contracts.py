"""The import contracts hold, and each of them would notice a breach."""

import re
import shutil
import subprocess
import sys
import tomllib
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


def run_tool(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOL, "--no-cache"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "400", "NO_COLOR": "1"},
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, list[str]]:
    """What the tool finds in a copy of the project with all breaches in it: the lines that it says of each contract."""
    copy = tmp_path_factory.mktemp("project")
    shutil.copy(PROJECT_ROOT / "pyproject.toml", copy)
    for package in PACKAGES:
        shutil.copytree(PROJECT_ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "*.csv"))
    for module, line, _ in BREACHES:
        imported = line.removeprefix("import ").replace(".", "/")
        if imported.split("/")[0] in PACKAGES:
            append(copy, imported, "")  # there is something to import, whatever the app has by now
        append(copy, module.removesuffix(".py"), line)
    result = run_tool(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    names = [contract["name"] for contract in SETTINGS["contracts"]]
    parts = re.split(rf"^({'|'.join(map(re.escape, names))})\n-+$", result.stdout, flags=re.MULTILINE)
    return {name: text.splitlines() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def append(project: Path, module: str, line: str) -> None:
    package = project / module / "__init__.py"
    path = package if package.exists() else (project / module).with_suffix(".py")
    with path.open("a") as file:
        file.write(f"\n{line}\n")


def test_the_project_keeps_every_contract():
    result = run_tool(PROJECT_ROOT)
    assert (result.returncode, re.findall(r"^(.*) BROKEN$", result.stdout, re.MULTILINE)) == (0, []), result.stderr


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES)
def test_a_planted_breach_is_noticed_by_its_contract(found, module, line, contract):
    importer, imported = module.removesuffix(".py").replace("/", "."), line.removeprefix("import ")
    if imported.split(".")[0] not in PACKAGES:  # of other packages the tool knows nothing but the name
        imported = imported.split(".")[0]
    breach = re.compile(rf"- +{importer}{f' -> {imported} .*' if imported else ''}")
    (lines,) = [lines for name, lines in found.items() if contract in name]
    assert [each for each in lines if breach.fullmatch(each)], lines

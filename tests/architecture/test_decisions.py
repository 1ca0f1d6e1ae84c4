"""Every dependency has its reason in docs/decisions.md, and nothing is explained that is not there."""

import json
import re
import tomllib

from atlas_site.lib.home import PROJECT_ROOT

PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
PACKAGES = json.loads((PROJECT_ROOT / "package.json").read_text())


def read_dependencies() -> set[str]:
    """Return the names of all direct dependencies, of Python and of the front end."""
    requirements = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    python = {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}
    return python | set(PACKAGES["dependencies"]) | set(PACKAGES["devDependencies"])


def read_explained() -> dict[str, str]:
    """Return name and reason from the tables of dependencies."""
    text = (PROJECT_ROOT / "docs" / "decisions.md").read_text().split("## Not taken")[0]
    rows = re.findall(r"^\| (?!package|---)(.+?) \| (.+?) \|$", text, re.MULTILINE)
    # "celery, with redis" explains celery: redis is its extra.
    return {name: reason for names, reason in rows for name in names.split(", ") if not name.startswith("with ")}


def test_every_dependency_has_its_reason():
    assert read_dependencies() - set(read_explained()) == set()


def test_nothing_is_explained_that_is_no_dependency():
    assert set(read_explained()) - read_dependencies() == set()


def test_every_reason_is_a_reason():
    assert {name: reason for name, reason in read_explained().items() if len(reason.split()) < 2} == {}

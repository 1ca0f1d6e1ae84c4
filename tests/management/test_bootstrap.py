"""Set-up: what it copies, what it refuses, and that it runs on any Python without its packages."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from atlas_site.lib.home import PROJECT_ROOT
from atlas_site.management import bootstrap

SCRIPT = PROJECT_ROOT / "atlas_site" / "management" / "bootstrap.py"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.css", "a{b:c}\n/*# sourceMappingURL=app.css.map */"),
        ("app.js", "let a = 1;\n//# sourceMappingURL=app.js.map\n"),
    ],
)
def test_a_copied_asset_loses_its_source_map_comment_and_nothing_else(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    bootstrap.copy_asset(tmp_path / name, tmp_path / "out" / name)
    assert (tmp_path / "out" / name).read_text() == text.splitlines()[0] + "\n"


def test_other_files_are_copied_byte_for_byte(tmp_path):
    (tmp_path / "font.woff2").write_bytes(b"\0\xff//# sourceMappingURL=x")
    bootstrap.copy_asset(tmp_path / "font.woff2", tmp_path / "out" / "font.woff2")
    assert (tmp_path / "out" / "font.woff2").read_bytes() == b"\0\xff//# sourceMappingURL=x"


def test_a_listed_file_that_its_package_lacks_is_named():
    with pytest.raises(bootstrap.SetupError, match=r"bootstrap/none\.css"):
        bootstrap.copy_asset(bootstrap.NODE_MODULES / "bootstrap" / "none.css", PROJECT_ROOT / "none.css")


def test_a_listed_icon_that_lucide_lacks_is_named(tmp_path):
    with pytest.raises(bootstrap.SetupError, match="the icon no-such-icon"):
        bootstrap.write_sprite(["search", "no-such-icon"], tmp_path / "sprite.svg")


def test_one_requirement_is_cut_out_of_the_lock_with_all_its_hashes():
    lock = bootstrap.LOCK.read_text()
    entry = bootstrap.find_requirement(lock, "uv")
    assert entry.startswith("uv==")
    assert entry.count("--hash=sha256:") == len([line for line in entry.splitlines() if "--hash" in line]) > 5
    assert "==" not in entry[4:]


def test_a_package_that_is_not_locked_is_named():
    with pytest.raises(bootstrap.SetupError, match="does not hold nothing"):
        bootstrap.find_requirement("uv==1 \\\n    --hash=sha256:0\n", "nothing")


def test_set_up_that_is_done_says_nothing_and_does_nothing():
    result = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=True)
    assert result.stdout == result.stderr == ""


def test_an_old_python_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(bootstrap.SetupError, match=r"needs Python 3\.11 or newer and this is 3\.9"):
        bootstrap.require_python()


def test_an_old_python_can_read_the_script_far_enough_to_be_refused():
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 7))
    evaluated = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)]
    assert evaluated == []  # types such as str | None are quoted: Python 3.9 cannot evaluate them


def test_a_python_without_venv_gets_a_sentence_that_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(bootstrap.SetupError, match="apt-get install python3-venv"):
        bootstrap.require_python()


def test_set_up_needs_no_installed_package():
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import runpy; runpy.run_path({str(SCRIPT)!r})"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_the_locks_name_no_download_address():
    for name in ("requirements.lock", "requirements-dev.lock", "package-lock.json"):
        text = (PROJECT_ROOT / name).read_text()
        assert text.count("sha256:") + text.count("sha512-") > 5
        assert "--index-url" not in text
        assert "resolved" not in text


def test_the_listed_packages_are_those_of_the_lock():
    manifest = json.loads((PROJECT_ROOT / "package.json").read_text())
    lock = json.loads((PROJECT_ROOT / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == manifest["dependencies"]
    for name, version in {**manifest["dependencies"], **manifest["devDependencies"]}.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


def add_program(directory: Path, name: str, script: str = "exit 0") -> None:
    """Put a program into a directory, a shell script that does what is said."""
    program = directory / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Path:
    """The only directory in which programs are looked for, as root sees it; its apt-get notes what it is asked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    add_program(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/asked; exit 1')
    return tmp_path


def test_of_two_browsers_the_one_without_a_window_is_taken(programs):
    add_program(programs, "chromium")
    add_program(programs, "chromium-headless-shell")
    assert bootstrap.find_browser() == str(programs / "chromium-headless-shell")
    bootstrap.install_browser()
    assert not (programs / "asked").exists()


def test_a_browser_with_a_window_will_do_where_no_other_can_be_had(programs):
    add_program(programs, "chromium")
    bootstrap.install_browser()
    assert (programs / "asked").read_text().split()[-1] == "chromium-headless-shell"
    assert bootstrap.find_browser() == str(programs / "chromium")


def test_without_a_browser_and_a_way_to_get_one_set_up_says_what_to_do(programs):
    (programs / "apt-get").unlink()
    with pytest.raises(bootstrap.SetupError, match="apt-get install chromium-headless-shell"):
        bootstrap.install_browser()

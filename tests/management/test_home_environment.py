"""The home's env file: written once, private, taken as defaults, never in production."""

import os
import stat
import subprocess
import sys

import pytest

from atlas_site.lib.home import PROJECT_ROOT, get_home, read_env, write_env
from atlas_site.management.development import complete_environment, get_web_port, hold_home
from atlas_site.management.processes import ServerError

SHOW = "import os; from atlas_site.lib.home import load_environment; load_environment(); print(os.environ.get('COLOR'))"


def show_color(home, **environment: str) -> str:
    """Return what a fresh process takes COLOR for, after it has loaded the home's environment."""
    env = {"PATH": os.environ["PATH"], "ATLAS_HOME": str(home), **environment}
    result = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=PROJECT_ROOT, env=env, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def test_what_is_written_is_read_back_and_private(tmp_path):
    write_env(tmp_path / "env", {"NAME": "a value = with signs", "OTHER": "2"})
    assert read_env(tmp_path / "env") == {"NAME": "a value = with signs", "OTHER": "2"}
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600


def test_a_home_without_an_env_file_has_no_defaults(tmp_path):
    assert read_env(tmp_path / "env") == {}
    assert show_color(tmp_path) == "None"


def test_the_env_file_gives_defaults_and_the_environment_wins(tmp_path):
    write_env(tmp_path / "env", {"COLOR": "blue"})
    assert show_color(tmp_path) == "blue"
    assert show_color(tmp_path, COLOR="red") == "red"


def test_the_env_file_is_never_read_in_production(tmp_path):
    write_env(tmp_path / "env", {"COLOR": "blue"})
    assert show_color(tmp_path, ATLAS_ENV="production") == "None"


def test_the_default_home_is_beside_manage_py():
    assert get_home({}) == PROJECT_ROOT / ".atlas"
    assert get_home({"ATLAS_HOME": ""}) == PROJECT_ROOT / ".atlas"


def test_keys_and_ports_are_made_once_and_kept():
    first = complete_environment({})
    assert len(first["SECRET_KEY"]) >= 50
    assert first["BATCHDATA_API_KEY"].startswith("sandbox-")
    assert complete_environment(first) == first
    assert complete_environment({})["SECRET_KEY"] != first["SECRET_KEY"]


def test_the_site_address_follows_atlas_port(monkeypatch):
    monkeypatch.setenv("ATLAS_PORT", "8123")
    assert complete_environment({"SITE_URL": "http://127.0.0.1:8000"})["SITE_URL"] == "http://127.0.0.1:8123"


@pytest.mark.parametrize("text", ["web", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused_in_a_sentence(monkeypatch, text):
    monkeypatch.setenv("ATLAS_PORT", text)
    with pytest.raises(ServerError, match="ATLAS_PORT must be a port number"):
        get_web_port()


def test_a_home_is_held_by_one_atlas_at_a_time(tmp_path):
    write_env(tmp_path / "env", {"SITE_URL": "http://127.0.0.1:8123"})
    with hold_home(tmp_path), pytest.raises(ServerError, match=r"already runs in .*, at http://127\.0\.0\.1:8123"):
        with hold_home(tmp_path):
            raise AssertionError("two held the same home")
    with hold_home(tmp_path):
        assert (tmp_path / "running").exists()

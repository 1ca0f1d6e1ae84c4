"""``manage.py dev``: starts everything, says where it is, names what breaks, and leaves nothing running."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from atlas_site.lib.home import PROJECT_ROOT, read_env
from atlas_site.management.development import WEBHOOK_PATH
from atlas_site.management.processes import pick_free_port

pytestmark = pytest.mark.timeout(600)
CHILDREN = {"mongod", "valkey", "sandbox", "Celery worker", "Celery beat", "web server"}


class DevRun:
    """One run of the command: its process, the lines it has said, and all processes that came from it."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        names = {"PATH", "HOME", "LANG", "TMPDIR"}
        env = {name: value for name, value in os.environ.items() if name in names}
        self.process = subprocess.Popen(
            [sys.executable, PROJECT_ROOT / "manage.py", "dev", "--market-size", "300"],
            env={**env, "ATLAS_HOME": str(home), "ATLAS_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, text: str) -> None:
        """Read what the command says until a line holds the text; fail when it ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        raise AssertionError(f"{text!r} was never said:\n{self.output}")

    def read_to_end(self) -> int:
        """Read the rest of what the command says and return its exit status."""
        rest, _ = self.process.communicate(timeout=60)
        self.lines.append(rest)
        return self.process.returncode

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def find_processes(self) -> list[psutil.Process]:
        """Return every process that runs in this home: the command's descendants at any depth."""
        return psutil.Process(self.process.pid).children(recursive=True)


@contextlib.contextmanager
def dev_run(home: Path, port: int) -> Iterator[DevRun]:
    run = DevRun(home, port)
    try:
        yield run
    finally:
        run.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.process.communicate(timeout=30)
        run.process.kill()


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home whose first start has already been made by the first test that needs it."""
    return tmp_path_factory.mktemp("atlas-home")


@pytest.fixture(scope="module")
def port() -> int:
    return pick_free_port()


def wait_until_gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return the processes that are still running after the given time; one not yet reaped has ended."""
    deadline = time.monotonic() + seconds
    while alive := [process for process in processes if is_running(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return alive


def is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_command_starts_everything_and_a_termination_leaves_nothing(home, port):
    with dev_run(home, port) as run:
        run.read_until(f"Atlas is ready at {run.url}")
        run.read_until("Ctrl-C stops everything")
        for address in ("investor@atlas.test", "new@atlas.test", "staff@atlas.test", "support@atlas.test"):
            assert address in run.output
        assert requests.get(f"{run.url}/", timeout=60).status_code == 200
        assert set(requests.get(f"{run.url}/healthz/", timeout=60).json().values()) == {True}
        assert webhook_addresses(home) == [f"{run.url}{WEBHOOK_PATH}"]
        mail_page = re.search(r"http://\S+/mail/", run.output)
        assert requests.get(mail_page[0], timeout=60).status_code == 200

        processes = run.find_processes()
        assert len(processes) >= len(CHILDREN)
        run.process.send_signal(signal.SIGTERM)
        assert run.read_to_end() == 0
        assert wait_until_gone(processes, 10) == []
        assert run.output.endswith("Stopped.\n")


@pytest.fixture(scope="module")
def second_run(home) -> Iterator[DevRun]:
    """The second start of the home, at another port, when it is ready."""
    with dev_run(home, pick_free_port()) as run:
        run.read_until("Ctrl-C stops everything")
        yield run


def test_the_second_start_makes_nothing_anew_and_webhooks_follow_to_its_port(second_run, port):
    assert "Database migrations" not in second_run.output
    assert "Static files" not in second_run.output
    assert "the first time only" not in second_run.output
    assert second_run.url != f"http://127.0.0.1:{port}"
    assert webhook_addresses(second_run.home) == [f"{second_run.url}{WEBHOOK_PATH}"]


def test_any_command_with_the_same_home_finds_its_servers(second_run):
    result = manage(second_run.home, "showmigrations", "--plan")
    assert result.returncode == 0, result.stderr
    assert "[X]" in result.stdout
    assert "[ ]" not in result.stdout


def test_a_second_atlas_in_the_same_home_is_refused_in_a_sentence_and_changes_nothing(second_run):
    before = read_env(second_run.home / "env")
    result = manage(second_run.home, "dev", ATLAS_PORT=str(pick_free_port()))
    assert result.returncode == 1
    assert f"Atlas already runs in {second_run.home}, at {second_run.url}" in result.stderr
    assert "Traceback" not in result.stderr
    assert read_env(second_run.home / "env") == before
    assert requests.get(f"{second_run.url}/healthz/", timeout=60).status_code == 200


def test_a_child_that_is_killed_is_named_and_everything_stops_with_status_1(second_run):
    run = second_run  # and this is its end
    processes = run.find_processes()
    next(process for process in processes if process.name() == "valkey-server").kill()
    assert run.read_to_end() == 1
    assert "valkey was killed by SIGKILL" in run.output
    assert "Ready to accept connections" in run.output  # the end of its log
    assert wait_until_gone(processes, 10) == []


@pytest.mark.faults
def test_an_atlas_stops_within_ten_seconds_and_is_ready_again_in_ten(home, port):
    """On a machine that has nothing else to do; tests/management/test_stop_children.py shows the rest in the suite."""
    most = 60 if os.getloadavg()[0] > (os.cpu_count() or 1) else 10
    with dev_run(home, port) as run:
        run.read_until("Atlas is ready at")
        run.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert run.read_to_end() == 0
        assert time.monotonic() - started < most
    started = time.monotonic()
    with dev_run(home, port) as run:
        run.read_until("Atlas is ready at")
        assert time.monotonic() - started < most


@pytest.mark.faults
def test_a_kill_of_the_command_itself_leaves_no_orphan(home):
    with dev_run(home, pick_free_port()) as run:
        run.read_until("Ctrl-C stops everything")
        processes = run.find_processes()
        run.process.kill()
        assert wait_until_gone(processes, 10) == []


def test_a_taken_port_is_refused_in_a_sentence(home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        result = manage(home, "dev", ATLAS_PORT=str(taken))
    assert result.returncode == 1
    assert f"Port {taken} is taken by another program" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_command_refuses_production(home):
    result = manage(home, "dev", ATLAS_ENV="production")
    assert result.returncode == 1
    assert "for development only" in result.stderr
    assert "Traceback" not in result.stderr


def webhook_addresses(home: Path) -> list[str]:
    """Return where the sandbox of the home sends Chargebee's events."""
    port = read_env(home / "env")["SANDBOX_PORT"]
    told = requests.get(f"http://127.0.0.1:{port}/_sandbox/webhooks", timeout=60).json()
    return [endpoint["url"] for endpoint in told["endpoints"]]


def manage(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a management command in the home and return what it said."""
    env = {"PATH": os.environ["PATH"], "ATLAS_HOME": str(home), **environment}
    return subprocess.run(
        [sys.executable, PROJECT_ROOT / "manage.py", *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

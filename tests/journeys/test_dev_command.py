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

pytestmark = pytest.mark.timeout(300)
READY_SECONDS = 150
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
        rest, _ = self.process.communicate(timeout=30)
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
            run.process.communicate(timeout=15)
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
        assert requests.get(f"{run.url}/", timeout=20).status_code == 200
        assert set(requests.get(f"{run.url}/healthz/", timeout=20).json().values()) == {True}
        assert webhook_addresses(home) == [f"{run.url}{WEBHOOK_PATH}"]
        mail_page = re.search(r"http://\S+/mail/", run.output)
        assert requests.get(mail_page[0], timeout=20).status_code == 200

        processes = run.find_processes()
        assert len(processes) >= len(CHILDREN)
        run.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert run.read_to_end() == 0
        assert time.monotonic() - started < 10
        assert wait_until_gone(processes, 0.5) == []
        assert run.output.endswith("Stopped.\n")


@pytest.fixture(scope="module")
def second_run(home, port) -> Iterator[tuple[DevRun, float]]:
    """The second start of the home, ready, with the seconds it took."""
    started = time.monotonic()
    with dev_run(home, port) as run:
        run.read_until("Atlas is ready at")
        yield run, time.monotonic() - started


def test_the_second_start_is_ready_within_ten_seconds_and_makes_nothing_anew(second_run):
    run, seconds = second_run
    is_busy_elsewhere = os.getloadavg()[0] > 2 * (os.cpu_count() or 1)
    assert seconds < (60 if is_busy_elsewhere else 10)
    assert "Database migrations" not in run.output
    assert "the first time only" not in run.output


def test_any_command_with_the_same_home_finds_its_servers(second_run):
    run, _ = second_run
    result = manage(run.home, "showmigrations", "--plan")
    assert result.returncode == 0, result.stderr
    assert "[X]" in result.stdout
    assert "[ ]" not in result.stdout


def test_a_second_atlas_in_the_same_home_is_refused_in_a_sentence_and_changes_nothing(second_run):
    run, _ = second_run
    before = read_env(run.home / "env")
    result = manage(run.home, "dev", ATLAS_PORT=str(pick_free_port()))
    assert result.returncode == 1
    assert f"Atlas already runs in {run.home}, at {run.url}" in result.stderr
    assert "Traceback" not in result.stderr
    assert read_env(run.home / "env") == before
    assert requests.get(f"{run.url}/healthz/", timeout=20).status_code == 200


def test_a_child_that_is_killed_is_named_and_everything_stops_with_status_1(second_run):
    run, _ = second_run  # and this is its end
    run.read_until("Ctrl-C stops everything")
    processes = run.find_processes()
    next(process for process in processes if process.name() == "valkey-server").kill()
    assert run.read_to_end() == 1
    assert "valkey was killed by SIGKILL" in run.output
    assert "Ready to accept connections" in run.output  # the end of its log
    assert wait_until_gone(processes, 0.5) == []


def test_webhooks_follow_to_another_port_and_a_kill_of_the_command_itself_leaves_no_orphan(home):
    with dev_run(home, pick_free_port()) as run:
        run.read_until("Ctrl-C stops everything")
        assert webhook_addresses(home) == [f"{run.url}{WEBHOOK_PATH}"]
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
    told = requests.get(f"http://127.0.0.1:{port}/_sandbox/webhooks", timeout=20).json()
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
        timeout=60,
    )

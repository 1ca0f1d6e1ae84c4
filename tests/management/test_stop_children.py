"""Children of a run end with it: asked, killed when they do not listen, and also when the parent is killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from atlas_site.management.processes import ProcessGroup, ServerError

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]
WITH_GRANDCHILD = [
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True); time.sleep(60)",
]


def is_running(pid: int) -> bool:
    """Say whether a process still runs; one that ended and waits for its parent to notice does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for_text(path: Path) -> str:
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path} stayed empty")


def test_children_that_listen_end_at_once(tmp_path):
    group = ProcessGroup(tmp_path)
    pids = [group.spawn(name, SLEEP).process.pid for name in ("first", "second")]
    started = time.monotonic()
    group.stop(seconds=50)
    assert time.monotonic() - started < 40
    assert not any(is_running(pid) for pid in pids)


def test_a_child_that_does_not_listen_is_killed_after_the_grace(tmp_path):
    group = ProcessGroup(tmp_path)
    child = group.spawn("deaf", DEAF)
    wait_for_text(child.log_path)
    group.stop(seconds=0.3)
    assert child.process.returncode == -signal.SIGKILL


def test_a_childs_own_children_end_with_it(tmp_path):
    group = ProcessGroup(tmp_path)
    child = group.spawn("parent", WITH_GRANDCHILD)
    grandchild = int(wait_for_text(child.log_path))
    group.stop()
    assert not is_running(grandchild)


def test_stopping_some_children_leaves_the_others(tmp_path):
    with ProcessGroup(tmp_path) as group:
        kept, stopped = group.spawn("kept", SLEEP), group.spawn("stopped", SLEEP)
        group.stop("stopped")
        assert is_running(kept.process.pid)
        assert not is_running(stopped.process.pid)
    assert not is_running(kept.process.pid)


def test_no_child_outlives_a_parent_that_was_killed(tmp_path):
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from atlas_site.management.processes import ProcessGroup\n"
        f"group = ProcessGroup(Path({str(tmp_path)!r}))\n"
        f"one, two = group.spawn('one', {SLEEP!r}), group.spawn('two', {WITH_GRANDCHILD!r})\n"
        "print(one.process.pid, two.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        pids.append(int(wait_for_text(tmp_path / "two.log")))
        assert all(is_running(pid) for pid in pids)
        parent.kill()
    deadline = time.monotonic() + 40
    while any(is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(is_running(pid) for pid in pids)


def test_a_child_that_ends_while_it_is_waited_for_is_named_with_the_end_of_its_log(tmp_path):
    with ProcessGroup(tmp_path) as group:
        child = group.spawn("talker", [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"])
        with pytest.raises(ServerError, match=r"(?s)talker ended with exit status 3.*no such table") as caught:
            group.wait_until(child, lambda: False, seconds=10)
    assert str(child.log_path) in str(caught.value)


def test_a_child_that_is_never_ready_is_named_after_the_time_is_over(tmp_path):
    with ProcessGroup(tmp_path) as group:
        child = group.spawn("sleeper", SLEEP)
        with pytest.raises(ServerError, match="sleeper was not ready"):
            group.wait_until(child, lambda: False, seconds=0.2)


def test_a_command_that_fails_is_named_and_no_longer_counted(tmp_path):
    with ProcessGroup(tmp_path) as group:
        with pytest.raises(ServerError, match="migrate ended with exit status 1"):
            group.run("migrate", [sys.executable, "-c", "raise SystemExit('no')"])
        assert group.children == []


def test_a_child_killed_from_outside_is_found_and_its_signal_named(tmp_path):
    with ProcessGroup(tmp_path) as group:
        group.spawn("steady", SLEEP)
        victim = group.spawn("victim", SLEEP)
        assert group.find_ended() is None
        victim.process.kill()
        victim.process.wait()
        assert group.find_ended() is victim
        assert victim.describe_end().startswith("victim was killed by SIGKILL")

"""Child processes that start together, are watched together and never outlive their parent."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

LOG_TAIL_LINES = 15


class ServerError(Exception):
    """A server could not be started or stopped being there; the message is a sentence for people."""


@dataclass(frozen=True)
class Child:
    """One running child: its name for people, its process and the file its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log_path: Path

    def read_log(self) -> str:
        """Return all that the child has written."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def log_tail(self) -> str:
        """Return the last lines that the child has written."""
        return "\n".join(self.read_log().splitlines()[-LOG_TAIL_LINES:])

    def describe_end(self) -> str:
        """Say how the child ended, with the last lines of its log."""
        code = self.process.returncode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        return f"{self.name} {how}. The end of {self.log_path}:\n{self.log_tail()}"


class ProcessGroup:
    """The children of one run.

    Each child leads a session of its own, so that a Ctrl-C meant for the parent does not reach it and its own
    children can be stopped with it. A small watcher process (``orphan_watch.py``) stops them all should the
    parent be killed. Use as a context manager, or call :meth:`stop`.
    """

    def __init__(self, log_directory: Path) -> None:
        self.log_directory = log_directory
        self.children: list[Child] = []
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def spawn(self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> Child:
        """Start a child whose output goes to ``<name>.log`` of the log directory."""
        self.log_directory.mkdir(parents=True, exist_ok=True)
        log_path = self.log_directory / f"{name.replace(' ', '-')}.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 -- the commands are this project's own
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                start_new_session=True,
            )
        child = Child(name, process, log_path)
        self.children.append(child)
        self._tell_watcher(f"+{process.pid}")
        return child

    def run(self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> None:
        """Run a child to its end; raise ServerError unless it ended well."""
        self.finish(self.spawn(name, command, env=env))

    def finish(self, child: Child) -> None:
        """Wait for a child that ends by itself; raise ServerError unless it ended well."""
        code = child.process.wait()
        self._forget(child)
        if code:
            raise ServerError(child.describe_end())

    def find_ended(self) -> Child | None:
        """Return a child that has ended by itself, if there is one."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def wait_until(self, child: Child, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until ``is_ready`` says so; raise ServerError when the child ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if child.process.poll() is not None:
                raise ServerError(child.describe_end())
            if time.monotonic() > deadline:
                raise ServerError(f"{child.name} was not ready after {seconds:.0f} s. Its log:\n{child.log_tail()}")
            time.sleep(0.05)

    def stop(self, *names: str, seconds: float = 4) -> None:
        """Stop the named children, or all, in parallel: ask them, and kill what is left after ``seconds``."""
        chosen = [child for child in self.children if not names or child.name in names]
        for child in chosen:
            _signal_child(child, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        for child in chosen:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
        for child in chosen:
            # The leader's own children share its process group: none of them may stay either.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._forget(child)
        if not self.children and self._watcher is not None:
            watcher, self._watcher = self._watcher, None
            watcher.communicate()

    def _forget(self, child: Child) -> None:
        self.children.remove(child)
        self._tell_watcher(f"-{child.process.pid}")

    def _tell_watcher(self, line: str) -> None:
        if self._watcher is None:
            script = Path(__file__).with_name("orphan_watch.py")
            self._watcher = subprocess.Popen(  # noqa: S603 -- the project's own script
                [sys.executable, "-I", "-S", str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert self._watcher.stdin is not None  # noqa: S101 -- it was opened as a pipe
        with contextlib.suppress(BrokenPipeError):
            self._watcher.stdin.write(f"{line}\n".encode())
            self._watcher.stdin.flush()


def _signal_child(child: Child, number: signal.Signals) -> None:
    if child.process.poll() is None:
        child.process.send_signal(number)


def is_port_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def pick_free_port() -> int:
    """Return a loopback port nothing listens on, below the range that outgoing connections draw from."""
    numbers = random.SystemRandom()
    for _ in range(200):
        port = numbers.randrange(20_000, 32_000)
        if is_port_free(port):
            return port
    raise ServerError("No free port was found between 20000 and 32000.")

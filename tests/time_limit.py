"""The time limit of a task, as a worker sets it: a signal in the middle of whatever is going on."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from celery.exceptions import SoftTimeLimitExceeded

POLL_SECONDS = 0.01


@contextmanager
def soft_time_limit(is_over: Callable[[], object]) -> Iterator[None]:
    """Raise SoftTimeLimitExceeded in this block once another thread finds that its time is over."""
    main, has_ended = threading.main_thread().ident, threading.Event()

    def end(*_: object) -> NoReturn:
        raise SoftTimeLimitExceeded

    def watch() -> None:
        while not has_ended.wait(POLL_SECONDS):
            if is_over():
                return signal.pthread_kill(main, signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, end)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        has_ended.set()
        watcher.join()
        signal.signal(signal.SIGALRM, before)

"""The time limit of a task, as a worker sets it: a signal in the middle of whatever is going on."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from celery.exceptions import SoftTimeLimitExceeded


@contextmanager
def soft_time_limit(seconds: float) -> Iterator[None]:
    """Raise SoftTimeLimitExceeded in this block once its time is over."""

    def end(*_: object) -> NoReturn:
        raise SoftTimeLimitExceeded

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

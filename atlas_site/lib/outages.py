"""Servers that do not answer: MongoDB and Valkey, told apart from faults of Atlas."""

import logging

from pymongo.errors import ConnectionFailure, ExecutionTimeout
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

SERVER_AWAY = (ConnectionFailure, ExecutionTimeout, RedisConnectionError, RedisTimeoutError)
LONGEST_CAUSE = 200


def find_outage(error: BaseException | None) -> BaseException | None:
    """Return the error, among an error and what caused it, that says that a server does not answer; None without."""
    while error is not None:
        if isinstance(error, SERVER_AWAY):
            return error
        error = error.__cause__
    return None


class OutageFilter(logging.Filter):
    """Let a log tell of a server that does not answer in one line, which names it, instead of a traceback each time."""

    def filter(self, record: logging.LogRecord) -> bool:
        outage = find_outage(record.exc_info[1]) if isinstance(record.exc_info, tuple) else None
        if outage is not None:
            server = "Valkey" if isinstance(outage, RedisConnectionError | RedisTimeoutError) else "MongoDB"
            reason = " ".join(str(outage).split())[:LONGEST_CAUSE]
            head = record.getMessage().splitlines()[0]
            record.msg, record.args = f"{head} -- {server} does not answer: {type(outage).__name__}: {reason}", ()
            record.exc_info, record.exc_text = None, None
        return True

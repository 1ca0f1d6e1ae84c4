"""The circuit breaker of the skip-trace vendor: after failures in a row it is asked once a second by all workers.

Its state is in the cache, which all workers share. A cache that is emptied or away closes it: then each batch waits
longer and longer by itself, as `batches` has it.
"""

import logging

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 3
# Without a further failure it closes by itself.
REMEMBERED_SECONDS = 300
PROBE_SECONDS = 1
FAILURES, PROBE = "skip-trace:failures", "skip-trace:probe"


def may_ask() -> bool:
    """Whether the vendor may be asked now: always while it answers, and once a second while it does not."""
    try:
        if not is_open():
            return True
        return bool(cache.add(PROBE, 1, timeout=PROBE_SECONDS))
    except (RedisError, OSError):
        return True


def is_open() -> bool:
    """Whether the vendor has failed often enough in a row."""
    try:
        return int(cache.get(FAILURES) or 0) >= FAILURES_TO_OPEN
    except (RedisError, OSError):
        return False


def note_failure() -> None:
    """The vendor did not answer, or answered with a fault of its own."""
    try:
        cache.add(FAILURES, 0, timeout=REMEMBERED_SECONDS)
        if cache.incr(FAILURES) == FAILURES_TO_OPEN:
            logger.error("The skip-trace vendor fails: it is asked once a second until it answers.")
        cache.touch(FAILURES, REMEMBERED_SECONDS)
    except (RedisError, OSError, ValueError) as error:
        logger.warning("The breaker could not note a failure: %s", type(error).__name__)


def note_answer() -> None:
    """The vendor answered: it may be asked freely again."""
    try:
        if cache.get(FAILURES):
            cache.delete_many([FAILURES, PROBE])
    except (RedisError, OSError) as error:
        logger.warning("The breaker could not note an answer: %s", type(error).__name__)

"""Telling a worker that there is work. The document in MongoDB is the truth; the message is a hint."""

import logging

from celery import Task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# A hint that waited this long is worthless: the sweep has sent newer ones for the same work.
HINT_LIFE_SECONDS = 60


def nudge(task: Task, *args: str) -> None:
    """Send `task` to a worker. A broker that is down costs 200 ms at most: a beat sweep finds the work later.

    A message that no worker has taken for HINT_LIFE_SECONDS is dropped, so that sweeps do not fill the queue while
    all workers are busy.
    """
    try:
        task.apply_async(args=args, retry=False, ignore_result=True, expires=HINT_LIFE_SECONDS)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("No message for %s: %s", task.name, type(error).__name__)

"""Telling a worker that there is work. The document in MongoDB is the truth; the message is a hint."""

import logging

from celery import Task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def nudge(task: Task, *args: str) -> None:
    """Send `task` to a worker. A broker that is down costs 200 ms at most: a beat sweep finds the work later."""
    try:
        task.apply_async(args=args, retry=False, ignore_result=True)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("No message for %s: %s", task.name, type(error).__name__)

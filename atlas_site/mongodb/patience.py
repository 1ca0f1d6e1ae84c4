"""Reads that may not take longer than a reader waits."""

from collections.abc import Iterator
from contextlib import contextmanager

import pymongo
from django.db import DatabaseError
from pymongo.errors import PyMongoError


class TooSlow(Exception):
    """The server did not answer within the time that was given to it, and has stopped looking."""


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Have the server give up on what this block asks after so many seconds. Raises TooSlow then."""
    try:
        with pymongo.timeout(seconds):
            yield
    except (DatabaseError, PyMongoError) as error:
        cause = error if isinstance(error, PyMongoError) else error.__cause__
        if isinstance(cause, PyMongoError) and cause.timeout:
            raise TooSlow from error
        raise

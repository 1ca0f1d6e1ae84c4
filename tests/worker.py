"""A real Celery worker on the test's database and broker, for tests that wait for what it does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from atlas_site.celery import app
from atlas_site.lib.home import PROJECT_ROOT

QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning")


@contextmanager
def running_worker() -> Iterator[None]:
    """Run a worker of one process that finds an empty queue; it is gone when the block ends."""
    address = urlsplit(os.environ["MONGODB_URI"])
    uri = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {**os.environ, "MONGODB_URI": uri, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}
    app.control.purge()  # what other tests left; a message that comes from now on waits for the worker
    command = [sys.executable, "-m", "celery", "-A", "atlas_site", "worker", "--concurrency", "1", *QUIET]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment) as worker:
        try:
            yield
        finally:
            worker.send_signal(signal.SIGTERM)
            try:
                worker.wait(timeout=10)
            except subprocess.TimeoutExpired:
                worker.kill()

"""How gunicorn serves Atlas, in development as in production; the command line adds address and worker count."""

import multiprocessing
from pathlib import Path
from typing import Any

preload_app = True  # workers share what is the same for all
control_socket_disable = True
workers = multiprocessing.cpu_count()
threads = 8
# The workers' heartbeat files must not wait for a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 -- gunicorn makes private files
max_requests = 20_000
max_requests_jitter = 2_000
graceful_timeout = 30
timeout = 60
# The most that gunicorn allows: a search with a drawn area has a long address.
limit_request_line = 8190
forwarded_allow_ips = ""


def post_fork(_server: Any, _worker: Any) -> None:
    """Drop MongoDB clients made before the fork: a client belongs to the process that made it."""
    from django.db import connections  # noqa: PLC0415 -- Django is set up by the application, later than this file

    for connection in connections.all(initialized_only=True):
        connection.close_pool()

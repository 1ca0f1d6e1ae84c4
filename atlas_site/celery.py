"""The Celery application: workers run what the apps' ``tasks.py`` declare, beat runs the settings' schedule.

MongoDB holds the truth about every job and the queue is a hint, so tasks are acknowledged late, carry ids only
and keep no results (the ``CELERY_*`` settings).
"""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_ready
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from atlas_site.mongodb.connection import refuse_lone_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atlas_site.settings")

app = Celery("atlas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def check_database(**_details: Any) -> None:
    """End a worker on a server without transactions: Celery only logs what its receivers raise, but this exit."""
    try:
        refuse_lone_server()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None


@worker_ready.connect
def copy_price_list(**_details: Any) -> None:
    """Have the price list copied at the start, since a database that has none yet would show no plan for an hour."""
    app.send_task("billing.copy_offers")


@worker_process_init.connect
def close_inherited_pools(**_details: Any) -> None:
    """Drop the MongoDB clients that a forked worker took over: a client belongs to the process that made it."""
    for connection in connections.all(initialized_only=True):
        connection.close_pool()

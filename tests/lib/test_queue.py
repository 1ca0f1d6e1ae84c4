"""Messages to the workers: they reach the broker of the settings, from any thread."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from atlas_site.celery import app
from atlas_site.lib.queue import HINT_LIFE_SECONDS, nudge
from properties.tasks import run_property_job


@pytest.fixture
def queue():
    """The broker's list of waiting messages, emptied before and after."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete("celery")
        yield broker
        broker.delete("celery")


def test_tasks_belong_to_the_app_of_the_settings():
    assert run_property_job.app is app
    assert run_property_job.app.conf.broker_url == settings.REDIS_URL


def test_a_nudge_from_a_request_thread_waits_in_the_broker(queue):
    job_id = uuid4().hex[:24]
    with ThreadPoolExecutor(1) as thread:
        thread.submit(nudge, run_property_job, job_id).result()

    (message,) = queue.lrange("celery", 0, -1)
    headers = json.loads(message)["headers"]
    assert (headers["task"], headers["argsrepr"]) == ("properties.run_job", f"('{job_id}',)")
    assert headers["expires"] is not None
    assert HINT_LIFE_SECONDS >= 10, "shorter than two sweeps, a hint could expire before it helps"

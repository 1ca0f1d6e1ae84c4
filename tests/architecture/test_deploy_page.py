"""docs/deploy.md explains every variable that the settings read, and every task of the schedule."""

import re

from django.conf import settings as atlas_settings

from atlas_site.lib.home import PROJECT_ROOT


def test_every_variable_of_the_settings_is_explained():
    settings = (PROJECT_ROOT / "atlas_site" / "settings.py").read_text()
    read = set(re.findall(r"""env\.\w+\("([A-Z_]+)\"""", settings))
    assert {"SECRET_KEY", "MONGODB_URI"} <= read
    explained = set(re.findall(r"`([A-Z_]+)`|`([A-Z_]+)=", (PROJECT_ROOT / "docs" / "deploy.md").read_text()))
    assert read - {name for pair in explained for name in pair} == set()


def test_every_task_of_the_schedule_is_explained():
    scheduled = {entry["task"] for entry in atlas_settings.CELERY_BEAT_SCHEDULE.values()}
    explained = set(re.findall(r"`(\w+\.\w+)`", (PROJECT_ROOT / "docs" / "deploy.md").read_text()))
    assert "properties.run_due_jobs" in scheduled
    assert scheduled - explained == set()

"""Static files as production serves them: every name that a page asks for is collected under a hashed name."""

import json
import os
import re
import subprocess
import sys

import pytest

from atlas_site.lib.home import PROJECT_ROOT

TEMPLATES = sorted((PROJECT_ROOT / "templates").rglob("*.html"))
STATIC_TAG = re.compile(r"""\{% static ["']([^"']+)["']""")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> dict[str, str]:
    """Plain names and hashed names, collected into a home of this module's own with the storage of production."""
    home = tmp_path_factory.mktemp("static-home")
    env = {**os.environ, "ATLAS_HOME": str(home), "ATLAS_ENV": "development"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, PROJECT_ROOT / "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(command, env=env, check=True, timeout=120)
    return json.loads((home / "static" / "staticfiles.json").read_text())["paths"]


def test_every_static_name_in_a_template_is_collected(manifest):
    named = {name for template in TEMPLATES for name in STATIC_TAG.findall(template.read_text())}
    assert "vendor/bootstrap/bootstrap.min.css" in named
    assert named - set(manifest) == set()


def test_collected_names_carry_a_hash_of_their_content(manifest):
    assert re.fullmatch(r"css/app\.[0-9a-f]{12}\.css", manifest["css/app.css"])

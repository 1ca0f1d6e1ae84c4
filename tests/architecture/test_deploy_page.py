"""docs/deploy.md explains every variable that the settings read."""

import re

from atlas_site.lib.home import PROJECT_ROOT


def test_every_variable_of_the_settings_is_explained():
    settings = (PROJECT_ROOT / "atlas_site" / "settings.py").read_text()
    read = set(re.findall(r"""env\.\w+\("([A-Z_]+)\"""", settings))
    assert {"SECRET_KEY", "MONGODB_URI"} <= read
    explained = set(re.findall(r"`([A-Z_]+)`|`([A-Z_]+)=", (PROJECT_ROOT / "docs" / "deploy.md").read_text()))
    assert read - {name for pair in explained for name in pair} == set()

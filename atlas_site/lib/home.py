"""The home directory of one running Atlas: where it is, and the addresses its servers are found at.

Every development or test run lives in a home of its own (``ATLAS_HOME``, by default ``.atlas`` beside
``manage.py``). Its ``env`` file holds one ``NAME=value`` a line: the addresses of the home's servers and its
keys. Commands load that file as defaults, so that any of them works against the home's servers. Only the
standard library is used: this runs before Django does.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def get_home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the absolute path of the home that ``ATLAS_HOME`` names; it need not exist."""
    return Path(environ.get("ATLAS_HOME") or PROJECT_ROOT / ".atlas").resolve()


def read_env(path: Path) -> dict[str, str]:
    """Return the names and values of an ``env`` file, or an empty dict when there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Replace the ``env`` file in one step, readable by its owner alone because it holds keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{name}={value}\n" for name, value in sorted(values.items()))
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".env-")  # made with mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(lines)
    Path(draft).replace(path)


def load_environment() -> None:
    """Take the home's ``env`` file as defaults for the process environment, never in production."""
    if os.environ.get("ATLAS_ENV") == "production":
        return
    for name, value in read_env(get_home() / "env").items():
        os.environ.setdefault(name, value)

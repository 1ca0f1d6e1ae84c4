"""A whole Atlas for development: the servers of one home, started in order, watched, and stopped together.

``manage.py`` calls :func:`prepare_environment` before Django is there, so this module imports neither Django
nor anything that needs its settings.
"""

import fcntl
import hashlib
import http.client
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from atlas_site.lib.home import PROJECT_ROOT, get_home, read_env, write_env
from atlas_site.management.processes import ServerError, is_port_free, pick_free_port
from atlas_site.sandbox.streetview import secret_of

DEFAULT_PORT = 8000
MARKET_SEED = 1
START_SECONDS = 60
# Children that use the others go first, so that nobody loses what it is talking to.
FRONT = ("web server", "Celery beat", "Celery worker")
WEBHOOK_PATH = "/billing/webhooks/chargebee/"
PORT_NAMES = ("MONGODB_PORT", "REDIS_PORT", "SANDBOX_PORT")


def prepare_environment() -> None:
    """Write what the home's ``env`` file lacks: keys once, addresses of servers that may not run yet.

    Raises ServerError in production, which has servers of its own.
    """
    if os.environ.get("ATLAS_ENV") == "production":
        raise ServerError("This command is for development only, and ATLAS_ENV says production.")
    path = get_home() / "env"
    before = read_env(path)
    after = {**complete_environment(before), **before}  # the addresses of servers that run must stay
    if after != before:
        write_env(path, after)


def complete_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return the home's environment with keys, ports and addresses where they were missing."""
    ports = {name: values.get(name) or str(pick_free_port()) for name in PORT_NAMES}
    kept = {
        "ATLAS_ENV": "development",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "BATCHDATA_API_KEY": f"sandbox-{secrets.token_hex(12)}",
        "CHARGEBEE_SITE": "atlas-sandbox",
        "CHARGEBEE_API_KEY": f"sandbox-{secrets.token_hex(12)}",
        "CHARGEBEE_WEBHOOK_USERS": f"chargebee:{secrets.token_urlsafe(24)}",
        "STREETVIEW_KEY": f"sandbox-{secrets.token_hex(12)}",
        "STORE_STREET_VIEW_IMAGES": "1",
        **values,
    }
    return {
        **kept,
        "STREETVIEW_SECRET": secret_of(kept["STREETVIEW_KEY"]),
        **ports,
        "ATLAS_HOME": str(get_home()),
        "MONGODB_URI": f"mongodb://127.0.0.1:{ports['MONGODB_PORT']}/atlas?replicaSet=rs0",
        "REDIS_URL": f"redis://127.0.0.1:{ports['REDIS_PORT']}/0",
        "BATCHDATA_BASE_URL": f"http://127.0.0.1:{ports['SANDBOX_PORT']}",
        "CHARGEBEE_BASE_URL": f"http://127.0.0.1:{ports['SANDBOX_PORT']}",
        "STREETVIEW_BASE_URL": f"http://127.0.0.1:{ports['SANDBOX_PORT']}",
        "SANDBOX_MAIL_URL": f"http://127.0.0.1:{ports['SANDBOX_PORT']}/mail/",
        "SITE_URL": f"http://127.0.0.1:{get_web_port()}",
    }


def get_web_port() -> int:
    """Return the port that ``ATLAS_PORT`` names; raises ServerError when it is not one."""
    text = os.environ.get("ATLAS_PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise ServerError(f"ATLAS_PORT must be a port number, not {text!r}.")
    return int(text)


@contextmanager
def hold_home(home: Path) -> Iterator[None]:
    """Keep the home to this process; raises ServerError when an Atlas already runs in it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "running").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            address = read_env(home / "env").get("SITE_URL", "")
            raise ServerError(
                f"Atlas already runs in {home}, at {address}. Stop it first, or set ATLAS_HOME."
            ) from None
        yield


class Development:
    """One development Atlas. ``say`` prints a line of progress; ``market_size`` counts the sandbox's properties."""

    def __init__(self, home: Path, *, market_size: int, say: Callable[[str], None]) -> None:
        from atlas_site.management.servers import Servers  # noqa: PLC0415 -- PyMongo is slow to import for manage.py

        self.home = home
        self.market_size = market_size
        self.say = say
        self.servers = Servers(home)
        self.values = self._choose_addresses()
        self.env = {**os.environ, **self.values, "PYTHONPATH": str(PROJECT_ROOT), "PYTHONUNBUFFERED": "1"}

    @property
    def site_url(self) -> str:
        """The address of the web server."""
        return self.values["SITE_URL"]

    @property
    def mail_url(self) -> str:
        """The page that shows the mail that Atlas has sent."""
        return self.values["SANDBOX_MAIL_URL"]

    @property
    def console_url(self) -> str:
        """The page on which plans of the sandbox Chargebee are renewed, payments refunded and the clock moved."""
        return f"http://127.0.0.1:{self.values['SANDBOX_PORT']}/chargebee/"

    def start(self) -> None:
        """Start everything in order of need and return when the web server answers; raises ServerError."""
        sandbox_port = int(self.values["SANDBOX_PORT"])
        sandbox = self.servers.spawn_sandbox(sandbox_port, size=self.market_size, seed=MARKET_SEED, env=self.env)
        with self._step("MongoDB (one-node replica set)"):
            self.servers.start_mongod(int(self.values["MONGODB_PORT"]))
        with self._step("Valkey"):
            self.servers.start_valkey(int(self.values["REDIS_PORT"]))
        self._manage_when_changed("Database migrations", "migrate", "--noinput", sources=find_migrations())
        self._manage_when_changed("Static files", "collectstatic", "--noinput", sources=find_static_files())
        with self._step(f"Vendor sandbox with {self.market_size:,} properties"):
            self.servers.wait_for_http(sandbox, sandbox_port, seconds=START_SECONDS + self.market_size / 500)
        self._manage_when_changed("Demo market and accounts (the first time only)", "seed_demo", sources=[])
        with self._step("Celery worker and beat, web server"):
            self._start_celery_and_web()
        # At every start: the address may have changed since the sandbox was told the last time.
        point_webhooks(sandbox_port, site_url=self.site_url, users=self.values["CHARGEBEE_WEBHOOK_USERS"])

    def watch(self) -> None:
        """Return never, unless by ServerError when a child ends by itself."""
        while True:
            ended = self.servers.find_ended()
            if ended is not None:
                raise ServerError(ended.describe_end())
            time.sleep(0.3)

    def stop(self) -> None:
        """Stop every child within ten seconds, those that use the others first."""
        self.servers.stop(*FRONT)
        self.servers.stop()

    def _choose_addresses(self) -> dict[str, str]:
        """Return the home's environment with a new port for every server whose old one was taken meanwhile."""
        port = get_web_port()
        if not is_port_free(port):
            raise ServerError(f"Port {port} is taken by another program; choose one: make run ATLAS_PORT={port + 1}")
        values = read_env(self.home / "env")
        for name in PORT_NAMES:
            if name in values and not is_port_free(int(values[name])):
                del values[name]
        values = complete_environment(values)
        write_env(self.home / "env", values)
        return values

    def _manage_when_changed(self, title: str, command: str, *arguments: str, sources: Iterable[Path]) -> None:
        """Run a management command unless it was done in this home before, with the same sources and packages."""
        marker = self.home / "done" / command
        wanted = fingerprint([*sources, PROJECT_ROOT / "requirements.lock"]) if sources else "once"
        if marker.exists() and marker.read_text(encoding="utf-8") == wanted:
            return
        with self._step(title):
            self.servers.run(command, [sys.executable, PROJECT_ROOT / "manage.py", command, *arguments], env=self.env)
        marker.parent.mkdir(exist_ok=True)
        marker.write_text(wanted, encoding="utf-8")

    def _start_celery_and_web(self) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "atlas_site"]
        quiet = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
        worker = self.servers.spawn("Celery worker", [*celery, "worker", "--concurrency", "2", *quiet], env=self.env)
        schedule = ("--schedule", self.home / "beat-schedule", "--pidfile", "")
        self.servers.spawn("Celery beat", [*celery, "beat", "--loglevel", "WARNING", *schedule], env=self.env)
        port = get_web_port()
        gunicorn = [sys.executable, "-m", "gunicorn", "atlas_site.wsgi", "--config", "python:atlas_site.gunicorn_conf"]
        web = self.servers.spawn(
            "web server", [*gunicorn, "--bind", f"127.0.0.1:{port}", "--workers", "2"], env=self.env
        )
        self.servers.wait_until(worker, lambda: " ready." in worker.read_log(), seconds=START_SECONDS)
        self.servers.wait_for_http(web, port, path="/healthz/", seconds=START_SECONDS)

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        started = time.monotonic()
        self.say(f"  {title} ...")
        yield
        self.say(f"  {title}: {time.monotonic() - started:.1f} s")


def point_webhooks(sandbox_port: int, *, site_url: str, users: str) -> None:
    """Tell the sandbox Chargebee to send its events to the web server, with the first of the credentials.

    Events that could not be delivered before are delivered now. ``users`` is the setting CHARGEBEE_WEBHOOK_USERS.
    Raises ServerError when the sandbox refuses.
    """
    user, _, password = users.split(",", maxsplit=1)[0].partition(":")
    endpoint = {"url": f"{site_url}{WEBHOOK_PATH}", "user": user, "password": password}
    body = json.dumps({**endpoint, "deliver": "all"})
    connection = http.client.HTTPConnection("127.0.0.1", sandbox_port, timeout=START_SECONDS)
    try:
        connection.request("POST", "/_sandbox/webhooks", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"The sandbox could not be told where webhooks go: {error}") from None
    finally:
        connection.close()
    if response.status != 200:
        raise ServerError(f"The sandbox takes no webhook address: {answer}")


def find_migrations() -> list[Path]:
    """Return the migration files of the project."""
    return sorted([*PROJECT_ROOT.glob("*/migrations/*.py"), *PROJECT_ROOT.glob("atlas_site/**/*migrations/**/*.py")])


def find_static_files() -> list[Path]:
    """Return the project's own and vendored static files."""
    return sorted(path for path in (PROJECT_ROOT / "static").rglob("*") if path.is_file())


def fingerprint(paths: Iterable[Path]) -> str:
    """Return a digest of the names and contents of the files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(PROJECT_ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()

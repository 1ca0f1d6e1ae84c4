"""``manage.py dev``: everything Atlas needs, on this machine, until Ctrl-C."""

import importlib
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from atlas_site.lib.home import get_home
from atlas_site.management.development import Development, hold_home
from atlas_site.management.processes import ServerError

DEMO_LOGINS = {
    "investor@atlas.test": "with credits and owned properties",
    "new@atlas.test": "fresh, before its first market",
    "staff@atlas.test": "staff, sees /admin/",
    "support@atlas.test": "support",
}


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C or asked this process to end."""


class Command(BaseCommand):
    """Starts the servers of ``ATLAS_HOME``, prints where Atlas answers, and stops all of them at the end."""

    help = "Start a whole Atlas for development: MongoDB, Valkey, vendor sandbox, Celery, web server."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the size of the demo market."""
        parser.add_argument("--market-size", type=int, default=10_000, help="properties in the sandbox market")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped; exit with status 1 when a server could not start or ended by itself."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, request_stop)
        home = get_home()
        try:
            with hold_home(home):
                self.run(Development(home, market_size=options["market_size"], say=self.say))
        except ServerError as error:
            raise CommandError(str(error)) from None
        except StopRequested:
            self.say("Stopped.")

    def run(self, development: Development) -> None:
        """Start everything, say so, and wait; whatever happens, leave no child behind."""
        try:
            self.say(f"Starting Atlas in {development.home}")
            development.start()
            self.say(self.describe(development))
            development.watch()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self.say("Stopping ...")
            development.stop()

    def describe(self, development: Development) -> str:
        """Return what the developer needs to know: the address, the logins, the sandbox's pages."""
        password = importlib.import_module("atlas_site.management.commands.seed_demo").DEMO_PASSWORD
        logins = "\n".join(f"  {address:<21} {about}" for address, about in DEMO_LOGINS.items())
        return (
            f"\nAtlas is ready at {development.site_url}\n"
            f"Demo logins, all with the password {password}\n{logins}\n"
            f"Mail that Atlas sends, with its codes: {development.mail_url}\n"
            f"Payments, renewals and refunds to try: {development.console_url}\n"
            f"Logs: {development.home / 'logs'}. Ctrl-C stops everything.\n"
        )

    def say(self, line: str) -> None:
        """Print a line at once, also into a pipe."""
        self.stdout.write(line)
        self.stdout.flush()


def request_stop(number: int, _frame: object) -> None:
    """Turn a signal into an exception that ends the wait."""
    raise StopRequested(signal.Signals(number).name)

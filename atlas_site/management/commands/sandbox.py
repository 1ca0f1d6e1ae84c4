"""``manage.py sandbox``: the vendor sandbox in the foreground."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from atlas_site.sandbox.__main__ import add_arguments, run


class Command(BaseCommand):
    help = "Serve the vendor sandbox: the HTTP of Atlas's vendors over a synthetic market."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *, host: str, port: int, home: Path, size: int, seed: int, **_options: Any) -> None:
        run(host=host, port=port, home=home, size=size, seed=seed)

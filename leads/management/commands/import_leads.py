"""``manage.py import_leads``: what an import of a file would do, as JSON, and with ``--commit`` the import itself."""

import json
import time
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from leads.imports.problems import FileRefused
from leads.models import LeadGroup, LeadImport
from leads.selectors.import_rows import read_rows
from leads.services import imports
from leads.services.imports.plans import Kind

State = LeadImport.State
POLL_SECONDS = 0.2


class Command(BaseCommand):
    help = (
        "Plan the import of a list of leads (CSV or XLSX) for a user and print the plan as JSON: the form of the file, "
        "the field of each column, how many rows create and update contacts, which ones are duplicates of an earlier "
        "row, and which are rejected and why. Rows are numbered from 1 below the header. With --commit it is then "
        "carried out; without, nothing is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="EMAIL", help="whose list it is")
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--list", default="", metavar="NAME", help="the list (the file's name)")
        parser.add_argument("--commit", action="store_true", help="carry the plan out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the plan; exits 1 when there is no such user or file, or the file cannot be imported."""
        user = User.objects.filter(email=options["user"].lower()).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        try:
            lead_import = self._receive(user, options["file"], options["list"])
        except OSError as problem:
            raise CommandError(f"{options['file']}: {problem.strerror}") from None
        except (FileRefused, imports.TooManyImports) as problem:
            raise CommandError(str(problem)) from None
        try:
            lead_import = self._wait_for(user, lead_import, State.PLANNED)
            self.stdout.write(json.dumps(plan_of(lead_import), indent=2))
            if options["commit"]:
                self._commit(user, lead_import)
        except imports.MappingRefused as problem:
            raise CommandError(str(problem)) from None
        finally:
            imports.forget_import(user=user, import_id=str(lead_import.pk))

    def _receive(self, user: User, path: Path, name: str) -> LeadImport:
        lists = LeadGroup.objects.filter(user=user, is_deleted=False, name=name) if name else LeadGroup.objects.none()
        with path.open("rb") as file:
            return imports.receive_upload(
                user=user,
                content=File(file, name=path.name),
                file_name=path.name,
                group=lists.order_by("-created_at").first(),
                group_name=name,
                now=timezone.now(),
            )

    def _wait_for(self, user: User, lead_import: LeadImport, state: str) -> LeadImport:
        """Carry the import on until it is in this state; where a worker does so already, wait for it."""
        while lead_import.state != state:
            if imports.run_import(import_id=str(lead_import.pk), now=timezone.now) is None:
                time.sleep(POLL_SECONDS)
            lead_import = LeadImport.objects.get(pk=lead_import.pk)
            if lead_import.state == State.MAPPING:
                imports.confirm_mapping(
                    user=user,
                    import_id=str(lead_import.pk),
                    mapping=lead_import.mapping,
                    now=timezone.now(),
                    remembers=False,
                )
            elif lead_import.state != state and lead_import.is_over:
                raise CommandError(lead_import.problem or "The import was cancelled.")
        return lead_import

    def _commit(self, user: User, lead_import: LeadImport) -> None:
        try:
            imports.commit_import(
                user=user, import_id=str(lead_import.pk), plan_hash=lead_import.plan_hash, now=timezone.now()
            )
        except imports.PlanOutdated:
            raise CommandError("The user's lists changed since the plan was made. Run the command again.") from None
        except imports.AnotherImport:
            raise CommandError("Another import of the user is being carried out. Try again when it is done.") from None
        self._wait_for(user, lead_import, State.DONE)


def plan_of(lead_import: LeadImport) -> dict[str, Any]:
    """The plan of an import as the command prints it."""
    table, counts = lead_import.table, lead_import.counts
    return {
        "header_row": table["header_row"],
        "encoding": table["encoding"],
        "delimiter": table["delimiter"],
        "mapping": dict(zip(table["headers"], lead_import.mapping, strict=True)),
        "rows": table["rows"],
        "create": counts[Kind.CREATE],
        "update": counts[Kind.UPDATE],
        "duplicates": [[row["of"], row["n"]] for row in read_rows(lead_import, Kind.DUPLICATE)],
        "rejected": [{"row": row["n"], "why": row["why"]} for row in read_rows(lead_import, Kind.REJECTED)],
    }

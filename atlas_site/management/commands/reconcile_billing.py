"""``manage.py reconcile_billing``: compare Chargebee's books with ours."""

import json
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas_site.vendors.errors import VendorError
from billing import services as billing_services


class Command(BaseCommand):
    help = (
        "Compare what Chargebee says was paid with what was granted, both ways. What is safe to mend is mended, and "
        "the rest is listed. Exits 1 while differences are open, or customers could not be read. By default all that "
        "changed within 40 days is read. While Chargebee takes no more calls, it waits."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="read everything that Chargebee has, however old")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args, **options) -> None:
        since = billing_services.BEGINNING if options["all"] else None
        try:
            report = billing_services.reconcile(now=timezone.now(), since=since)
        except VendorError as error:
            raise CommandError(f"Chargebee cannot be asked: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report), indent=2, default=str))
        else:
            self._print(report)
        if not report.is_clean:
            raise CommandError(f"{len(report.open_now)} differences are open, {len(report.unread)} customers unread.")

    def _print(self, report: billing_services.Report) -> None:
        self.stdout.write(
            f"Compared {report.customers:,} customers with changes since {report.since:%Y-%m-%d %H:%M} UTC."
        )
        self.stdout.write(f"Stored {report.events_stored:,} events that had never arrived.")
        self.stdout.write(f"Mended {len(report.mended):,} missing entries of the ledger.")
        for key in report.mended:
            self.stdout.write(f"  {key}")
        self.stdout.write(
            f"Differences: {len(report.opened):,} new, {len(report.closed):,} gone, {len(report.open_now):,} open."
        )
        for name, detail in report.open_now.items():
            self.stdout.write(f"  {name}: {detail}")
        for customer_id in report.unread:
            self.stdout.write(f"  customer {customer_id} could not be compared; the log says why")

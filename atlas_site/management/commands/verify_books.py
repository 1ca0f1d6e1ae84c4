"""``manage.py verify_books``: check the credit books."""

import json
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing import services as billing_services
from credits import services as credit_services
from leads.services.books import LEAD_RULES, verify_imports
from leads.services.trace_books import TRACE_RULES, verify_traces
from properties.services.bills import BILL_RULES, verify_bill

RULES = {
    **credit_services.BOOK_RULES,
    **TRACE_RULES,
    **BILL_RULES,
    **billing_services.BILLING_RULES,
    **LEAD_RULES,
}


class Command(BaseCommand):
    help = (
        "Check every wallet, ledger entry and quote, the payments and events of billing, the skip traces and imports "
        "of lead lists, and the days of the vendor's bill against the rules of the books. Exits 1 on any breach."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args, **options) -> None:
        report = credit_services.verify_books()
        report.checks |= dict.fromkeys([name for name in RULES if name not in report.checks], 0)
        billing_services.verify_billing(check=report.check, now=timezone.now())
        verify_imports(check=report.check)
        verify_traces(check=report.check, now=timezone.now())
        verify_bill(check=report.check)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report), indent=2))
        else:
            self._print(report)
        if not report.is_sound:
            raise CommandError(f"The books have {len(report.breaches)} breaches.")

    def _print(self, report: credit_services.Report) -> None:
        self.stdout.write(
            f"Read {report.wallets:,} wallets, {report.entries:,} ledger entries and {report.quotes:,} quotes."
        )
        held = ", ".join(f"{amount:,} {name}" for name, amount in report.balances.items())
        self.stdout.write(f"They hold {held} credits.")
        broken = {breach.rule for breach in report.breaches}
        for rule, text in RULES.items():
            mark = "BREACH" if rule in broken else "ok"
            self.stdout.write(f"{rule:4} {mark:6} {report.checks[rule]:>9,} checks  {text}")
        for breach in report.breaches:
            self.stdout.write(f"{breach.rule} {breach.subject}: {breach.found}")

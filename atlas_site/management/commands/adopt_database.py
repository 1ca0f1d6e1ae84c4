"""``manage.py adopt_database``: take over what an earlier Atlas left, after ``migrate``."""

import json
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from credits import services as credit_services
from leads.services.do_not_call import bar_same_leads
from leads.services.people import adopt_contacts
from properties.services.adoption import adopt_permissions


class Command(BaseCommand):
    help = (
        "Take over a database of an earlier Atlas, after migrate and before users come: bring its balances into the "
        "numbered ledger by one opening entry a wallet, fill the lists of owned properties, tell who the contacts of "
        "lists are and who of them is not to be called, and check the books. "
        "Running it again does no harm. Exits 1 if the books have a breach afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args, **options) -> None:
        adoption = credit_services.adopt_wallets(now=timezone.now())
        permissions = adopt_permissions()
        contacts = adopt_contacts(now=timezone.now())
        barred = bar_same_leads(now=timezone.now())
        breaches = credit_services.verify_books().breaches
        if options["json"]:
            report = {
                "permissions": permissions,
                "contacts": contacts,
                "breaches": [asdict(breach) for breach in breaches],
            }
            self.stdout.write(json.dumps(asdict(adoption) | report))
        else:
            self.stdout.write(
                f"Adopted {adoption.wallets:,} wallets with {adoption.brought_forward:,} credits, "
                f"gave back {adoption.holds_given_back:,} that unfinished jobs held, "
                f"and corrected the available credits of {adoption.corrected:,}. "
                f"Filled the rows of {permissions:,} owned properties, "
                f"told who {contacts:,} contacts are, "
                f"and put {barred:,} people on do-not-call lists who are the same leads as others there."
            )
        if breaches:
            raise CommandError(f"The books have {len(breaches)} breaches: manage.py verify_books names them.")

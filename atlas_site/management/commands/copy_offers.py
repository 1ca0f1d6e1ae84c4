"""``manage.py copy_offers``: bring the copied price list up to date, also while its prices keep Atlas from starting."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from atlas_site.vendors.errors import VendorError
from billing import services as billing_services


class Command(BaseCommand):
    help = "Copy plans and credit packs from Chargebee, and say which of them Atlas does not sell, and why."
    requires_system_checks = []  # what it mends must not stop it

    def handle(self, *args: Any, **options: Any) -> None:
        """Copy the list and print it; exit with status 1 if something is refused or Chargebee does not answer."""
        try:
            copied = billing_services.copy_offers(now=timezone.now())
        except VendorError as error:
            raise CommandError(f"Chargebee does not answer: {error}") from error
        for offer_id in copied.sold:
            self.stdout.write(f"{offer_id}: sold")
        for offer_id in copied.withdrawn:
            self.stdout.write(f"{offer_id}: no longer offered by Chargebee")
        if copied.refused:
            reasons = "\n".join(f"{offer_id}: {reason}" for offer_id, reason in copied.refused.items())
            raise CommandError(f"Not sold:\n{reasons}")

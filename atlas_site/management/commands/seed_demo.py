"""``manage.py seed_demo``: demo accounts, the price list, and what the demo investor owns, bought as anyone would."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import services as account_services
from accounts.models import User
from atlas_site.lib import http
from atlas_site.lib.places import resolve_place
from atlas_site.vendors.errors import VendorError
from billing import services as billing_services
from properties.models import PropertyDatasetPermission
from properties.search.form import read_query
from properties.selectors.owned import owned_by
from properties.services import jobs, reveals, runner, searches, unlocks
from properties.services.budgets import CountUnavailable

DEMO_PASSWORD = "atlas-demo-2026"  # noqa: S105 -- for development only, and printed by `make run`
MARKET = "Phoenix, AZ"
OWNED = 25
UNLOCKED = 5
PLAN, PACK = "scale-USD-Monthly", "pack-500-USD"
# What a person types into the sandbox's payment page; a real Chargebee has no such card and is never asked.
TEST_CARD = {"action": "pay", "card": "4111 1111 1111 1111", "expiry": "12/39", "cvv": "123"}
FORM = "application/x-www-form-urlencoded"


class Command(BaseCommand):
    """Makes what is missing and leaves what is there, so that it may be run at any time."""

    help = "Make the demo accounts and the demo investor's properties. Not for production."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, or exit with status 1 in production or when the vendor does not answer."""
        if settings.PRODUCTION or not http.check_url(settings.CHARGEBEE_BASE_URL):
            raise CommandError("Demo accounts are never made in production, nor at a real Chargebee.")
        now = timezone.now()
        investor = self.make_user("investor@atlas.test", "Ivy Investor")
        self.make_user("new@atlas.test", "")
        self.make_colleague("staff@atlas.test", "Sam Staff", group="staff")
        self.make_colleague("support@atlas.test", "Uma Support", group="support")
        try:
            copied = billing_services.copy_offers(now=now)
            self.stdout.write(f"  {len(copied.sold)} plans and credit packs")
            self.fill(investor, now)
        except (VendorError, CountUnavailable) as error:
            raise CommandError(f"The vendor does not answer: {error}") from error

    def make_user(self, email: str, name: str, **fields: Any) -> User:
        """Return the account of this address, made with a confirmed address if there is none."""
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, DEMO_PASSWORD, name=name, **fields)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            self.stdout.write(f"  account {email}")
        return user

    def make_colleague(self, email: str, name: str, *, group: str) -> None:
        """Make somebody who works for Atlas."""
        user = self.make_user(email, name, role=User.Role.ADMIN)
        user.groups.add(Group.objects.get(name=group))

    def fill(self, investor: User, now: datetime) -> None:
        """Give the demo investor a market, credits of both kinds, properties, and a saved search."""
        place = resolve_place(MARKET)
        if place is None:
            raise CommandError(f"{MARKET} is not in the place index.")
        if not investor.onboarding_completed:
            account_services.complete_onboarding(user=investor, market=place, name=investor.name, now=now)
        for offer_id in (PLAN, PACK):
            if not investor.payments.filter(plan_id=offer_id).exists():
                self.pay(investor, offer_id)
        if not owned_by(investor).exists():
            self.buy(investor, now)

    def pay(self, investor: User, offer_id: str) -> None:
        """Buy a plan or a pack on the sandbox's payment page, as a person would, and come back from it."""
        checkout = billing_services.start_checkout(
            user=investor, offer_id=offer_id, back_url="/billing/", token=f"demo-{offer_id}", now=timezone.now()
        )
        http.send("POST", checkout.url, headers={"Content-Type": FORM}, body=urlencode(TEST_CARD).encode())
        outcome = billing_services.finish_checkout(user=investor, page_id=checkout.pk, now=timezone.now())
        if outcome.state != "done":
            raise CommandError(f"{offer_id} could not be bought: {outcome.state}.")
        self.stdout.write(f"  bought {offer_id}")

    def buy(self, investor: User, now: datetime) -> None:
        """Reveal properties and unlock datasets by the services that the pages use."""
        # By the place alone, since a small demo market holds too few properties to be narrowed by signals.
        place = read_query({"q": [MARKET]})
        quote = reveals.quote_reveal(user=investor, query=place, count=OWNED, total=None, back_url="/search/", now=now)
        self.carry_out(investor, quote.pk)
        self.stdout.write(f"  {OWNED} properties in {MARKET}")
        for permission in owned_by(investor).order_by("property_id")[:UNLOCKED]:
            self.unlock(investor, permission, now)
        high_equity = read_query({"q": [MARKET], "all": ["high-equity"]})
        searches.save_search(user=investor, name=f"High equity in {MARKET}", query=high_equity, now=now)
        self.stdout.write("  a saved search")

    def unlock(self, investor: User, permission: PropertyDatasetPermission, now: datetime) -> None:
        """Unlock value and signals of one property."""
        quote = unlocks.quote_unlock(
            user=investor,
            permission=permission,
            datasets=["VALUATION", "QUICKLIST"],
            back_url=permission.get_absolute_url(),
            now=now,
        )
        self.carry_out(investor, quote.pk)

    def carry_out(self, investor: User, quote_id: str) -> None:
        """Accept a quote and do its work here, without a worker."""
        job = jobs.accept_quote(user=investor, quote_id=quote_id, now=timezone.now())
        runner.run_job(job_id=str(job.pk), now=timezone.now)

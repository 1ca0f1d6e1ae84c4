"""Documents for tests, one factory a model: each makes the least that a test can do with.

Wallets, ledger entries and quotes made here are for tests of reading (pages, admin, contract). Tests of money use the
services of ``credits``, which are the only writers of balances.
"""

import zlib
from datetime import UTC, datetime, timedelta

import factory
from allauth.account.models import EmailAddress
from bson import ObjectId
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from accounts.models import Account, AnonymousSession, FollowedMarket, Session, User
from atlas_site.vendors.models import VendorCall
from billing.models import (
    AutoTopUp,
    Billing,
    BillingDifference,
    BillingNotice,
    Checkout,
    Offer,
    PaymentTransaction,
    ReconciliationRun,
    TopUp,
    WebhookEvent,
)
from credits.models import (
    Credit,
    CreditAdjustment,
    CreditLog,
    CreditType,
    CreditUsage,
    CreditWeight,
    Quote,
    WelcomeClaim,
)
from divorce.models import DivorceLead
from feedback.models import FeatureRequest
from helpcenter.models import HelpCenterArticle
from leads.models import (
    ColumnMapping,
    Contact,
    ContactAction,
    ContactActionStep,
    ContactExport,
    DialerChunk,
    DialerFile,
    DialerMemory,
    DoNotCall,
    Enrichment,
    EnrichmentBatch,
    Identity,
    ImportChunk,
    LeadGroup,
    LeadImport,
    LeadWorkspace,
    ListJob,
    ListPart,
    RemovedContact,
    Touch,
    TraceRefund,
)
from properties.models import (
    Allowance,
    Dataset,
    Digest,
    Export,
    OwnedCell,
    PersonTrace,
    Property,
    PropertyDatasetPermission,
    PropertyJob,
    PropertySheet,
    SavedSearch,
    SavedSearchProperty,
    SavedSearchRun,
    SavedSearchSnapshot,
    TraceOutcome,
    TracePurchase,
    VendorBillDay,
    ViewPreference,
    Watch,
)

PASSWORD = "correct horse battery staple"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def unique_text(prefix: str) -> factory.LazyFunction:
    """Give every document a value that no other document of the database has."""
    return factory.LazyFunction(lambda: f"{prefix}{ObjectId()}")


class UserFactory(DjangoModelFactory):
    """An investor with a confirmed address, who has been through onboarding; the password is PASSWORD."""

    email = factory.LazyFunction(lambda: f"{ObjectId()}@example.test")
    name = "Ida Investor"
    password = factory.LazyFunction(lambda: make_password(PASSWORD))
    onboarding_completed = True

    class Meta:
        model = User
        skip_postgeneration_save = True

    @factory.post_generation
    def verified(self, create: bool, extracted: bool | None, **kwargs) -> None:
        """Confirm the address, unless ``verified=False``."""
        if create and extracted is not False:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class SessionFactory(DjangoModelFactory):
    token = unique_text("token-")
    expires_at = NOON + timedelta(days=3650)
    user = factory.SubFactory(UserFactory)
    ip_address = "192.0.2.1"
    user_agent = "Mozilla/5.0"

    class Meta:
        model = Session


class AnonymousSessionFactory(DjangoModelFactory):
    token = unique_text("visitor-")
    expires_at = NOON + timedelta(days=3650)

    class Meta:
        model = AnonymousSession


class AccountFactory(DjangoModelFactory):
    account_id = unique_text("1")
    provider_id = "google"
    user = factory.SubFactory(UserFactory)

    class Meta:
        model = Account


class FollowedMarketFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    kind = FollowedMarket.Kind.CITY
    place = "Phoenix, AZ"
    state = "AZ"

    class Meta:
        model = FollowedMarket


class BillingFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    chargebee_customer_id = factory.SelfAttribute("user.id")
    chargebee_subscription_id = unique_text("sub-")
    subscription_status = Billing.Status.ACTIVE
    subscription_plan_id = "pro-USD-Monthly"

    class Meta:
        model = Billing


class PaymentTransactionFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    chargebee_invoice_id = unique_text("inv-")
    type = PaymentTransaction.Type.SUBSCRIPTION
    status = PaymentTransaction.Status.SUCCESS
    amount = 99.0
    credits_added = 1000
    transaction_date = NOON

    class Meta:
        model = PaymentTransaction


class OfferFactory(DjangoModelFactory):
    """A pack that is sold; plans name their kind and period."""

    id = unique_text("pack-")
    name = "500 credits"
    kind = Offer.Kind.PACK
    price_cents = 12_900
    credits = 500
    is_sold = True
    copied_at = NOON

    class Meta:
        model = Offer


class CheckoutFactory(DjangoModelFactory):
    id = unique_text("hp-")
    user_id = factory.LazyFunction(ObjectId)
    offer_id = "pack-500-USD"
    url = "https://atlas-sandbox.chargebee.com/pages/v4/token/"
    expires_at = NOON + timedelta(hours=3)

    class Meta:
        model = Checkout


class WebhookEventFactory(DjangoModelFactory):
    id = unique_text("ev_")
    event_type = "invoice_generated"
    received_at = NOON
    body = "{}"

    class Meta:
        model = WebhookEvent


class AutoTopUpFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    offer_id = "pack-100-USD"
    below_credits = 50
    monthly_cap_cents = 10_000
    accepted_at = NOON
    next_look_at = NOON

    class Meta:
        model = AutoTopUp


class TopUpFactory(DjangoModelFactory):
    id = unique_text("user:")
    user_id = factory.LazyFunction(ObjectId)
    offer_id = "pack-100-USD"
    amount_cents = 2_900
    credits = 100
    month = "2026-11"
    created_at = NOON

    class Meta:
        model = TopUp


class BillingNoticeFactory(DjangoModelFactory):
    id = unique_text("plan_started:")
    user_id = factory.LazyFunction(ObjectId)
    told_at = NOON

    class Meta:
        model = BillingNotice


class BillingDifferenceFactory(DjangoModelFactory):
    id = unique_text("paid_without_grant:")
    kind = "paid_without_grant"
    detail = "A paid invoice has no grant."
    found_at = NOON
    seen_at = NOON

    class Meta:
        model = BillingDifference


class ReconciliationRunFactory(DjangoModelFactory):
    started_at = NOON
    since = NOON - timedelta(days=40)

    class Meta:
        model = ReconciliationRun


class CreditFactory(DjangoModelFactory):
    """A wallet as it may be read; its balances have no ledger entries behind them."""

    user = factory.SubFactory(UserFactory)

    class Meta:
        model = Credit


class CreditUsageFactory(DjangoModelFactory):
    credit = factory.SubFactory(CreditFactory)
    credit_type = CreditType.SEARCH

    class Meta:
        model = CreditUsage


class CreditLogFactory(DjangoModelFactory):
    credit = factory.SubFactory(CreditFactory)
    credit_before = 0
    credit_after = 100
    change_amount = 100
    timestamp = NOON
    sequence = 1
    key = unique_text("grant:")
    input_hash = "0" * 64
    kind = CreditLog.Kind.GRANT
    purchased_change = 100
    purchased_after = 100
    reason = "Credit pack"
    actor = "system"
    previous_hash = ""
    hash = "1" * 64

    class Meta:
        model = CreditLog


class CreditWeightFactory(DjangoModelFactory):
    credit_type = CreditType.SEARCH
    weight = 1.0

    class Meta:
        model = CreditWeight


class CreditAdjustmentFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    amount = 5
    reason = "The county's records were down all day"
    limit = 500
    proposed_by = factory.SubFactory(UserFactory)
    created_at = NOON

    class Meta:
        model = CreditAdjustment


class QuoteFactory(DjangoModelFactory):
    id = unique_text("")
    user_id = factory.LazyFunction(ObjectId)
    kind = "reveal"
    title = "The next 2 properties in Phoenix, AZ"
    max_cost = 2
    input_hash = "0" * 64
    expires_at = NOON + timedelta(minutes=15)
    accept_view = "properties:accept-reveal"

    class Meta:
        model = Quote


class WelcomeClaimFactory(DjangoModelFactory):
    claim = unique_text("email:")
    user_id = factory.LazyFunction(ObjectId)
    claimed_at = NOON

    class Meta:
        model = WelcomeClaim


class PropertyFactory(DjangoModelFactory):
    property_id = unique_text("p")
    address = "1 Main St"
    city = "Phoenix"
    county = "Maricopa"
    state = "AZ"
    postal_code = "85007"
    data = factory.LazyAttribute(lambda record: {"_id": record.property_id, "address": {"street": record.address}})
    updated_at = NOON

    class Meta:
        model = Property


class PropertyDatasetPermissionFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    property_id = unique_text("p")
    datasets = [Dataset.BASIC]
    unlocked = {"BASIC": "2026-11-20T12:00:00Z"}
    revealed_at = NOON
    address = "1 Main St"
    city = "Phoenix"
    county = "Maricopa"
    state = "AZ"
    postal_code = "85007"

    class Meta:
        model = PropertyDatasetPermission


class PropertyJobFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    quote_id = unique_text("")
    kind = PropertyJob.Kind.REVEAL
    title = "The next 2 properties in Phoenix, AZ"

    class Meta:
        model = PropertyJob


class SavedSearchFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    name = "Absentee owners in Phoenix"
    filters = {"q": "Phoenix, AZ"}

    class Meta:
        model = SavedSearch


class SavedSearchPropertyFactory(DjangoModelFactory):
    saved_search = factory.SubFactory(SavedSearchFactory)
    property_id = unique_text("p")
    first_seen_at = NOON
    last_seen_at = NOON

    class Meta:
        model = SavedSearchProperty


class SavedSearchRunFactory(DjangoModelFactory):
    saved_search = factory.SubFactory(SavedSearchFactory)
    number = factory.Sequence(lambda n: n + 1)
    ran_at = NOON
    total = 40

    class Meta:
        model = SavedSearchRun


class SavedSearchSnapshotFactory(DjangoModelFactory):
    run = factory.SubFactory(SavedSearchRunFactory)
    part = 0
    content = zlib.compress(b"{}")

    class Meta:
        model = SavedSearchSnapshot


class WatchFactory(DjangoModelFactory):
    saved_search = factory.SubFactory(SavedSearchFactory)
    user = factory.SelfAttribute("saved_search.user")
    cap_per_run = 25
    cap_per_month = 100
    accepted_at = NOON
    ends_at = NOON + timedelta(days=90)

    class Meta:
        model = Watch


class DigestFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    day = unique_text("day-")
    due_at = NOON

    class Meta:
        model = Digest


class OwnedCellFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    zoom = 5
    x = factory.Sequence(lambda n: n)
    y = 1
    count = 1

    class Meta:
        model = OwnedCell


class PropertySheetFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    property_id = unique_text("p")
    updated_at = NOON

    class Meta:
        model = PropertySheet


class ViewPreferenceFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)

    class Meta:
        model = ViewPreference


class ExportFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    kind = "properties"
    label = "All of my properties"
    format = "csv"
    created_at = NOON

    class Meta:
        model = Export


class AllowanceFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    cause = "unchanged refresh"
    period = "2026-11"

    class Meta:
        model = Allowance


class VendorBillDayFactory(DjangoModelFactory):
    day = "2026-11-22"
    made_at = NOON

    class Meta:
        model = VendorBillDay


class LeadGroupFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    name = "Probate list"
    tags = ["probate"]

    class Meta:
        model = LeadGroup


class ContactFactory(DjangoModelFactory):
    lead_group = factory.SubFactory(LeadGroupFactory)
    first_name = "Ann"
    last_name = "Owner"

    class Meta:
        model = Contact


class ContactActionFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    lead_group = factory.SubFactory(LeadGroupFactory)
    kind = "remove"

    class Meta:
        model = ContactAction


class ContactActionStepFactory(DjangoModelFactory):
    action = factory.SubFactory(ContactActionFactory)
    number = factory.Sequence(lambda n: n + 1)

    class Meta:
        model = ContactActionStep


class RemovedContactFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    action = factory.SubFactory(ContactActionFactory)
    contact = {"firstName": "Ann"}
    removed_at = NOON

    class Meta:
        model = RemovedContact


class ContactExportFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    lead_group = factory.SubFactory(LeadGroupFactory)
    purpose = "dialer"
    label = "Probate list: all contacts"

    class Meta:
        model = ContactExport


class DialerFileFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    file_name = "calls.csv"
    stored_name = "kept/calls"

    class Meta:
        model = DialerFile


class DialerChunkFactory(DjangoModelFactory):
    dialer_file = factory.SubFactory(DialerFileFactory)
    number = factory.Sequence(lambda n: n + 1)

    class Meta:
        model = DialerChunk


class DialerMemoryFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)

    class Meta:
        model = DialerMemory


class LeadImportFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    group_name = "Probate list"
    file_name = "probate.csv"
    stored_name = "uploads/probate.csv"

    class Meta:
        model = LeadImport


class ImportChunkFactory(DjangoModelFactory):
    lead_import = factory.SubFactory(LeadImportFactory)
    number = factory.Sequence(lambda n: n + 1)

    class Meta:
        model = ImportChunk


class ColumnMappingFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    header_hash = factory.Sequence(lambda n: f"{n:064x}")
    headers = ["Address"]
    mapping = ["address"]

    class Meta:
        model = ColumnMapping


class LeadWorkspaceFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)

    class Meta:
        model = LeadWorkspace


class ListJobFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    kind = ListJob.Kind.COMBINE
    state = ListJob.State.COUNTING
    group_name = "Probate and vacant"

    class Meta:
        model = ListJob


class ListPartFactory(DjangoModelFactory):
    job = factory.SubFactory(ListJobFactory)
    number = factory.Sequence(lambda n: n + 1)

    class Meta:
        model = ListPart


class EnrichmentFactory(DjangoModelFactory):
    lead_group = factory.SubFactory(LeadGroupFactory)

    class Meta:
        model = Enrichment


class EnrichmentBatchFactory(DjangoModelFactory):
    enrichment = factory.SubFactory(EnrichmentFactory)
    batch_number = factory.Sequence(lambda n: n + 1)

    class Meta:
        model = EnrichmentBatch


class IdentityFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"{n:032x}")

    class Meta:
        model = Identity


class TouchFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    key = unique_text("touch")
    identity_key = "1" * 32
    contact_id = "1" * 24
    outcome = "no_answer"
    touched_at = NOON

    class Meta:
        model = Touch


class DoNotCallFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    number = "6145550174"
    added_at = NOON

    class Meta:
        model = DoNotCall


class TraceRefundFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"{n:032x}")
    quote_id = "quote"
    weight = "0.5"
    noted_at = NOON

    class Meta:
        model = TraceRefund


class PersonTraceFactory(DjangoModelFactory):
    key = factory.Sequence(lambda n: f"{n:032x}")
    outcome = TraceOutcome.MISS
    answered_at = NOON

    class Meta:
        model = PersonTrace


class TracePurchaseFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"{n:032x}")
    bought_at = NOON

    class Meta:
        model = TracePurchase


class DivorceLeadFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    case_key = unique_text("maricopa:")
    state = "AZ"
    county = "Maricopa"
    filing_date = NOON
    owner1_name = "Ann Owner"
    owner1_phones = ["+16025550100"]

    class Meta:
        model = DivorceLead


class HelpCenterArticleFactory(DjangoModelFactory):
    title = "What a credit buys"
    content = "Credits are whole numbers."
    slug = unique_text("credits-")
    category = HelpCenterArticle.Category.CREDITS_BILLING
    published = True

    class Meta:
        model = HelpCenterArticle


class FeatureRequestFactory(DjangoModelFactory):
    user = factory.SubFactory(UserFactory)
    request_type = FeatureRequest.Type.FEATURE
    description = "Please show the flood zone."

    class Meta:
        model = FeatureRequest


class VendorCallFactory(DjangoModelFactory):
    id = unique_text("call-")
    vendor = "batchdata"
    operation = "property search"
    reference = "job:1"
    request_hash = "0" * 64
    created_at = NOON
    lease_ends_at = NOON + timedelta(minutes=1)

    class Meta:
        model = VendorCall

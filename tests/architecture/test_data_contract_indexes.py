"""The look-ups and lists of the pages are answered from indexes, and every promised uniqueness is kept."""

from datetime import timedelta

import pytest
from bson import ObjectId
from django.db import IntegrityError, connection

from accounts.models import Account, AnonymousSession, FollowedMarket, Session, User
from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.explain import assert_index_scan
from atlas_site.mongodb.indexes import keys_of, meaning_of
from billing.models import Billing, PaymentTransaction
from credits.models import Credit, CreditUsage, CreditWeight, Quote, WelcomeClaim
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
    TracePurchase,
    Watch,
)
from properties.models.records import BEFORE_ALL
from tests import factories
from tests.factories import NOON

ID = ObjectId()
OWNED = PropertyDatasetPermission.objects.filter(user_id=ID)
NEWEST = ["-revealed_at", "-property_id"]

LOOK_UPS = {
    "user by e-mail": User.objects.filter(email="a@example.test"),
    "session by token": Session.objects.filter(token="t"),
    "sessions of a user, last to expire first": Session.objects.filter(user_id=ID).order_by("-expires_at"),
    "state of a visitor": AnonymousSession.objects.filter(token="t"),
    "account of a provider": Account.objects.filter(provider_id="google", account_id="1"),
    "accounts of a user": Account.objects.filter(user_id=ID),
    "markets of a user": FollowedMarket.objects.filter(user_id=ID),
    "followers of a market": FollowedMarket.objects.filter(state="AZ", place="Phoenix, AZ"),
    "billing of a user": Billing.objects.filter(user_id=ID),
    "billing of a subscription": Billing.objects.filter(chargebee_subscription_id="s"),
    "billing of a customer": Billing.objects.filter(chargebee_customer_id="c"),
    "payments of a user": PaymentTransaction.objects.filter(user_id=ID).order_by("-transaction_date"),
    "payment by invoice": PaymentTransaction.objects.filter(chargebee_invoice_id="i"),
    "wallet of a user": Credit.objects.filter(user_id=ID),
    "usage of a wallet": CreditUsage.objects.filter(credit_id=ID, credit_type="SEARCH"),
    "weight of an operation": CreditWeight.objects.filter(credit_type="SEARCH"),
    "quote by id": Quote.objects.filter(pk="q"),
    "quotes of a user": Quote.objects.filter(user_id=ID).order_by("-created_at"),
    "offers that expired": Quote.objects.filter(status="offered", expires_at__lte=NOON).order_by("expires_at"),
    "quotes of a kind by their end": Quote.objects.filter(kind="skiptrace", ended_at__gte=NOON).order_by("ended_at"),
    "newest quotes": Quote.objects.order_by("-created_at"),
    "welcome credits of an address": WelcomeClaim.objects.filter(claim="email:a@example.test"),
    "property by id": Property.objects.filter(property_id="p"),
    "several properties": Property.objects.filter(property_id__in=["p", "q"]),
    "permission of a property": OWNED.filter(property_id="p"),
    "permissions of several properties": OWNED.filter(property_id__in=["p", "q"]),
    "owned, newest first": OWNED.order_by(*NEWEST),
    "owned, the next page": OWNED.filter(revealed_at__lte=NOON).order_by(*NEWEST),
    "owned in a city": OWNED.filter(state="AZ", city="Phoenix").order_by(*NEWEST),
    "owned in a county": OWNED.filter(state="AZ", county="Maricopa").order_by(*NEWEST),
    "owned in a ZIP": OWNED.filter(postal_code="85007").order_by(*NEWEST),
    "owned by value, highest first": OWNED.order_by("-estimated_value", "-property_id"),
    "owned by value, lowest first": OWNED.order_by("estimated_value", "property_id"),
    "owned by equity": OWNED.filter(equity_percent__gte=40).order_by("-equity_percent", "-property_id"),
    "owned by last sale, earliest first": OWNED.order_by("last_sale_on", "property_id"),
    "owned by sale price": OWNED.order_by("-last_sale_price", "-property_id"),
    "owned by year built": OWNED.order_by("-year_built", "-property_id"),
    "owned by living area": OWNED.order_by("-living_area_square_feet", "-property_id"),
    "owned by stack": OWNED.order_by("-stack_count", "-property_id"),
    "owned by address": OWNED.filter(address_key__gte="1 main", address_key__lt="1 mainz").order_by(
        "address_key", "property_id"
    ),
    "owned with a tag": OWNED.filter(Matches({"tags": "call first"})).order_by(*NEWEST),
    "owned with a proof": OWNED.filter(Matches({"proofs": "Vacant"})),
    "owned in a city by value": OWNED.filter(state="AZ", city="Phoenix").order_by("-estimated_value", "-property_id"),
    "owned in view of a map": OWNED.filter(latitude__range=(33, 34), longitude__range=(-113, -112)),
    "owners of a property": PropertyDatasetPermission.objects.filter(property_id="p"),
    "jobs that are due": PropertyJob.objects.filter(state="queued", due_at__lte=NOON).order_by("due_at"),
    "job of a quote": PropertyJob.objects.filter(quote_id="q"),
    "jobs of a user": PropertyJob.objects.filter(user_id=ID).order_by("-created_at"),
    "saved searches of a user": SavedSearch.objects.filter(user_id=ID).order_by("-created_at"),
    "runs of a saved search": SavedSearchRun.objects.filter(saved_search_id=ID).order_by("-number"),
    "matches of a saved search": SavedSearchProperty.objects.filter(saved_search_id=ID),
    "saved searches that are due": SavedSearch.objects.filter(state="active", next_run_at__lte=NOON).order_by(
        "next_run_at"
    ),
    "saved searches that end": SavedSearch.objects.filter(state="active", expires_at__lte=NOON).order_by("expires_at"),
    "snapshot of a run": SavedSearchSnapshot.objects.filter(run_id=ID).order_by("part"),
    "watch of a saved search": Watch.objects.filter(saved_search_id=ID),
    "watches of a user": Watch.objects.filter(user_id=ID, state="armed"),
    "digest of a day": Digest.objects.filter(user_id=ID, day="2026-11-22"),
    "digests that are due": Digest.objects.filter(state="due", due_at__lte=NOON).order_by("due_at"),
    "cells of a map": OwnedCell.objects.filter(user_id=ID, zoom=5, x__gte=1, x__lte=9),
    "sheet of a property": PropertySheet.objects.filter(user_id=ID, property_id="p"),
    "exports of a user": Export.objects.filter(user_id=ID).order_by("-created_at"),
    "copies that rows wait for": Property.objects.filter(
        spread_due_at__gt=BEFORE_ALL, spread_due_at__lte=NOON
    ).order_by("spread_due_at"),
    "lists of a user": LeadGroup.objects.filter(user_id=ID, is_deleted=False).order_by("-created_at"),
    "contacts of a list by name": Contact.objects.filter(lead_group_id=ID).order_by("name_key", "pk"),
    "contacts with a number": Contact.objects.filter(Matches({"phones.number": {"$in": ["6145550174"]}}), user_id=ID),
    "contacts of a list by id": Contact.objects.filter(lead_group_id=ID, pk__gt=ID).order_by("pk"),
    "latest actions on a list": ContactAction.objects.filter(lead_group_id=ID).order_by("-created_at"),
    "actions that are due": ContactAction.objects.filter(state="running", due_at__lte=NOON).order_by("due_at"),
    "actions that are old": ContactAction.objects.filter(created_at__lt=NOON).order_by("created_at"),
    "steps of an action": ContactActionStep.objects.filter(action_id=ID).order_by("number"),
    "contacts that an action removed": RemovedContact.objects.filter(action_id=ID),
    "contacts that were removed long ago": RemovedContact.objects.filter(removed_at__lt=NOON).order_by("removed_at"),
    "contacts that are one lead": Contact.objects.filter(Matches({"matchKeys": {"$in": ["k", "l"]}}), user_id=ID),
    "contacts of an identity": Contact.objects.filter(user_id=ID, identity_key="k"),
    "contacts of a property": Contact.objects.filter(user_id=ID, property_id="p"),
    "contacts that are due": Contact.objects.filter(user_id=ID, next_touch_on__lte=NOON).order_by("next_touch_on"),
    "contacts traced lately": Contact.objects.filter(user_id=ID, traced_at__gt=NOON).order_by("-traced_at"),
    "identity of a person": Identity.objects.filter(user_id=ID, key="k"),
    "touches of a person": Touch.objects.filter(user_id=ID, identity_key="k").order_by("-touched_at"),
    "touches of a user": Touch.objects.filter(user_id=ID).order_by("-touched_at"),
    "number that must not be called": DoNotCall.objects.filter(user_id=ID, number="6145550174"),
    "numbers that must not be called": DoNotCall.objects.filter(user_id=ID).order_by("-added_at"),
    "refunds that wait": TraceRefund.objects.filter(user_id=ID, refunded_at=None, noted_at__gt=NOON).order_by(
        "noted_at"
    ),
    "batch that traced a person": EnrichmentBatch.objects.filter(Matches({"rows.key": "k"})),
    "contacts whose checks end": Contact.objects.filter(user_id=ID, callable_until__gt=NOON).order_by("callable_until"),
    "imports of a user": LeadImport.objects.filter(user_id=ID).order_by("-created_at"),
    "imports of a file": LeadImport.objects.filter(user_id=ID, content_hash="h").order_by("-created_at"),
    "imports that are due": LeadImport.objects.filter(state="received", due_at__lte=NOON).order_by("due_at"),
    "chunks of a plan": ImportChunk.objects.filter(lead_import_id=ID, number__gt=1).order_by("number"),
    "exports to be counted": ContactExport.objects.filter(due_at__lte=NOON).order_by("due_at"),
    "files of dialers of a user": DialerFile.objects.filter(user_id=ID).order_by("-created_at"),
    "files of dialers that are due": DialerFile.objects.filter(state="received", due_at__lte=NOON).order_by("due_at"),
    "chunks of a dialer's file": DialerChunk.objects.filter(dialer_file_id=ID, number__gt=1).order_by("number"),
    "what is remembered of dialers": DialerMemory.objects.filter(user_id=ID),
    "remembered columns": ColumnMapping.objects.filter(user_id=ID, header_hash="h"),
    "contacts at a place": Contact.objects.filter(user_id=ID, place_key__in=["k", "l"]),
    "lists that wait to be linked": LeadWorkspace.objects.filter(link_due_at__lte=NOON).order_by("link_due_at"),
    "users to look at again": LeadWorkspace.objects.order_by("looked_at"),
    "work on lists of a user": ListJob.objects.filter(user_id=ID).order_by("-created_at"),
    "work on lists that is due": ListJob.objects.filter(state="making", due_at__lte=NOON).order_by("due_at"),
    "parts of a combined list": ListPart.objects.filter(job_id=ID, number__gt=1).order_by("number"),
    "skip traces of a user": Enrichment.objects.filter(user_id=ID).order_by("-created_at"),
    "skip traces that run": Enrichment.objects.filter(phase="running").order_by("created_at"),
    "batches that are due": EnrichmentBatch.objects.filter(status="pending", due_at__lte=NOON).order_by("due_at"),
    "answer about a person": PersonTrace.objects.filter(key="k"),
    "answers about a place": PersonTrace.objects.filter(place_key="k"),
    "purchase of a trace": TracePurchase.objects.filter(user_id=ID, key="k"),
    "purchases at a place": TracePurchase.objects.filter(user_id=ID, place_key="k"),
    "skip traces of a list": Enrichment.objects.filter(lead_group_id=ID),
    "batches of a skip trace": EnrichmentBatch.objects.filter(enrichment_id=ID).order_by("batch_number"),
    "inbox of divorce leads": DivorceLead.objects.filter(user_id=ID, status="new").order_by("-filing_date"),
    "divorce lead of a case": DivorceLead.objects.filter(user_id=ID, case_key="k"),
    "article by slug": HelpCenterArticle.objects.filter(slug="s"),
    "articles of a category": HelpCenterArticle.objects.filter(published=True, category="CREDITS_BILLING").order_by(
        "order"
    ),
    "requests of a user": FeatureRequest.objects.filter(user_id=ID),
    "requests to review": FeatureRequest.objects.filter(status="PENDING").order_by("priority"),
}


@pytest.mark.parametrize("query", LOOK_UPS.values(), ids=LOOK_UPS)
def test_hot_queries_use_an_index(unblocked_db, query):
    assert_index_scan(query[:25])


def test_a_query_without_an_index_would_be_noticed(unblocked_db):
    with pytest.raises(AssertionError, match="COLLSCAN"):
        assert_index_scan(Property.objects.filter(address="1 Main St"))
    with pytest.raises(AssertionError, match="sorted"):
        assert_index_scan(OWNED.order_by("owner_name"))


TWINS = [
    (factories.UserFactory, {"email": "twin@example.test", "verified": False}),
    (factories.SessionFactory, {"token": "twin"}),
    (factories.AnonymousSessionFactory, {"token": "twin"}),
    (factories.AccountFactory, {"provider_id": "google", "account_id": "twin"}),
    (factories.BillingFactory, {"user": None}),
    (factories.CreditFactory, {"user": None}),
    (factories.CreditUsageFactory, {"credit": None, "credit_type": "SEARCH"}),
    (factories.CreditLogFactory, {"key": "twin"}),
    (factories.CreditLogFactory, {"credit": None, "sequence": 1}),
    (factories.CreditWeightFactory, {"credit_type": "SEARCH"}),
    (factories.PropertyFactory, {"property_id": "twin"}),
    (factories.PropertyDatasetPermissionFactory, {"user": None, "property_id": "twin"}),
    (factories.PropertyJobFactory, {"quote_id": "twin"}),
    (factories.PropertyJobFactory, {"turn": "twin"}),
    (factories.VendorBillDayFactory, {"day": "2026-11-21", "kind": "traces"}),
    (factories.SavedSearchPropertyFactory, {"saved_search": None, "property_id": "twin"}),
    (factories.SavedSearchRunFactory, {"saved_search": None, "number": 1}),
    (factories.SavedSearchSnapshotFactory, {"run": None, "part": 0}),
    (factories.WatchFactory, {"saved_search": None}),
    (factories.DigestFactory, {"user": None, "day": "twin"}),
    (factories.OwnedCellFactory, {"user": None, "zoom": 1, "x": 1, "y": 1}),
    (factories.PropertySheetFactory, {"user": None, "property_id": "twin"}),
    (factories.ViewPreferenceFactory, {"user": None}),
    (factories.AllowanceFactory, {"user": None, "cause": "twin", "period": "2026-11"}),
    (factories.EnrichmentBatchFactory, {"enrichment": None, "batch_number": 1}),
    (factories.ListPartFactory, {"job": None, "number": 1}),
    (factories.ContactActionStepFactory, {"action": None, "number": 1}),
    (factories.IdentityFactory, {"user": None, "key": "twin"}),
    (factories.TouchFactory, {"key": "twin"}),
    (factories.DoNotCallFactory, {"user": None, "number": "6145550174"}),
    (factories.TraceRefundFactory, {"user": None, "key": "twin", "quote_id": "twin"}),
    (factories.PersonTraceFactory, {"key": "twin"}),
    (factories.TracePurchaseFactory, {"user": None, "key": "twin"}),
    (factories.DivorceLeadFactory, {"user": None, "case_key": "twin"}),
    (factories.HelpCenterArticleFactory, {"slug": "twin"}),
    (factories.FollowedMarketFactory, {"user": None, "place": "Phoenix, AZ"}),
]


@pytest.mark.parametrize(("factory", "values"), TWINS, ids=lambda value: getattr(value, "__name__", None))
def test_a_second_document_of_the_same_kind_is_refused(db, factory, values):
    first = factory.create(**{name: value for name, value in values.items() if value is not None})
    same = {name: getattr(first, name, value) for name, value in values.items()}
    with pytest.raises(IntegrityError):
        factory.create(**same)


@pytest.mark.parametrize("collection", ["Session", "AnonymousSession"])
def test_sessions_are_removed_by_the_server_when_they_have_expired(unblocked_db, collection):
    indexes = connection.database[collection].list_indexes()
    meanings = [meaning_of(index) for index in indexes if keys_of(index) == [("expiresAt", 1)]]
    assert meanings == [{"expireAfterSeconds": 0}]


def test_no_index_is_the_beginning_of_another(unblocked_db):
    """A shorter index that a longer one begins with costs a write each time and answers nothing more."""
    needless = []
    for factory in factories.DjangoModelFactory.__subclasses__():
        collection = connection.database[factory._meta.model._meta.db_table]
        indexes = [(index["name"], keys_of(index), meaning_of(index)) for index in collection.list_indexes()]
        needless += [
            f"{collection.name}: {short} in {long}"
            for short, short_keys, short_meaning in indexes
            for long, long_keys, long_meaning in indexes
            if short != long and not short_meaning and long_meaning in ({}, {"unique": True})
            if long_keys[: len(short_keys)] == short_keys
        ]
    assert needless == []


def test_datetimes_keep_their_milliseconds(db):
    at = NOON + timedelta(milliseconds=123)
    session = factories.SessionFactory.create(expires_at=at)
    session.refresh_from_db()
    assert session.expires_at == at

"""A database as an earlier Atlas leaves it: its collections, its index names, its documents with and without keys."""

from datetime import UTC, datetime

from bson import Int64, ObjectId
from pymongo.database import Database

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
ANN, BEN = ObjectId(), ObjectId()
WALLET, GROUP, JOB = ObjectId(), ObjectId(), ObjectId()

UNIQUE = {
    "User": ["email"],
    "Session": ["token"],
    "Billing": ["userId"],
    "Credit": ["userId"],
    "CreditUsage": ["creditId", "creditType"],
    "CreditWeight": ["creditType"],
    "Properties": ["propertyId"],
    "PropertyDatasetPermission": ["userId", "propertyId"],
    "HelpCenterArticle": ["slug"],
}
PLAIN = {"Session": ["userId"], "Contacts": ["leadsId"], "CreditLog": ["creditId"], "DivorceLead": ["userId"]}

DOCUMENTS: dict[str, list[dict]] = {
    "User": [
        {"_id": ANN, "email": "ann@example.com", "name": "Ann", "role": "USER", "onboardingCompleted": True,
         "image": "ann.png", "settings": {"theme": "dark"}},
        {"_id": BEN, "email": "ben@example.com", "name": "Ben", "role": "ADMIN"},
    ],
    "Session": [
        {"token": "t1", "expiresAt": NOW, "userId": ANN, "impersonatedBy": "sam"},
        {"token": "t2", "expiresAt": NOW, "userId": BEN, "ipAddress": "10.0.0.1", "userAgent": "Firefox"},
    ],
    "Account": [{"accountId": "118", "providerId": "google", "userId": ANN, "scope": "email"}],
    "Billing": [{"userId": ANN, "subscriptionStatus": "active", "trialUsed": True}],
    "PaymentTransaction": [
        {"userId": ANN, "type": "subscription", "status": "success", "amount": 99, "creditsAdded": 500,
         "transactionDate": NOW, "couponId": "SPRING"},
    ],
    "Credit": [
        {"_id": WALLET, "userId": ANN, "subscriptionCredits": 400, "purchasedCredits": 50, "creditAvailable": 450,
         "note": "by hand"},
    ],
    "CreditUsage": [{"creditId": WALLET, "creditType": "SEARCH", "creditReserved": 0, "creditUsed": 100}],
    "CreditLog": [
        {"creditId": WALLET, "creditBefore": n, "creditAfter": n + 10, "changeAmount": 10, "timestamp": NOW}
        for n in (0, 10, 20)
    ],
    "CreditWeight": [{"creditType": "SEARCH", "weight": 1.0}, {"creditType": "SKIPTRACE", "weight": 0.5}],
    "Properties": [
        {"propertyId": "p1", "address": "1 Main St", "city": "Austin", "county": "Travis", "state": "TX",
         "postal_code": "78701", "data": {"ids": {"apn": "7"}, "seen": NOW}, "googleImages": ["a.jpg"],
         "hasImageSearched": True, "slug": "1-main-st"},
        {"propertyId": "p2", "address": "2 Main St", "city": "Austin", "county": "Travis", "state": "TX",
         "postal_code": "78701", "data": {}},
    ],
    "PropertyDatasetPermission": [{"userId": ANN, "propertyId": "p1", "datasets": ["BASIC", "OWNER"], "via": "search"}],
    "SavedSearch": [{"userId": ANN, "name": "Austin", "filters": {"city": "Austin"}, "createdAt": NOW, "color": "red"}],
    "Leads": [{"_id": GROUP, "name": "March", "totalContacts": 1, "userId": ANN, "isDeleted": False, "owner": "me"}],
    "Contacts": [{"firstName": "Cy", "leadsId": GROUP, "isEnriched": False, "facebook": "cy"}, {"leadsId": GROUP}],
    "Enrichment": [{"_id": JOB, "leadId": GROUP, "status": "completed", "totalBatches": 1, "totalLeads": 1, "cost": 1}],
    "EnrichmentBatchs": [
        {"enrichmentId": JOB, "batchNumber": 1, "totalContacts": 1, "status": "completed", "enrichedCount": 1,
         "skippedCount": 0, "vendor": "old"},
    ],
    "DivorceLead": [
        {"userId": ANN, "status": "new", "rawData": {"case": "1"}, "owner1Phones": ["5125550101"], "court": "Travis"},
        {"userId": ANN, "status": "viewed", "rawData": {}},
    ],
    "HelpCenterArticle": [
        {"title": "Start", "content": "Hello", "slug": "start", "category": "GETTING_STARTED", "published": True,
         "views": Int64(7), "order": 1, "author": "sam"},
    ],
    "FeatureRequest": [{"userId": ANN, "requestType": "BUG", "status": "PENDING", "priority": "LOW", "votes": 3}],
}  # fmt: skip


def make_earlier_atlas(database: Database) -> None:
    """Write the documents, and the indexes under the names that Prisma gives them."""
    for name, documents in DOCUMENTS.items():
        database[name].insert_many([dict(document) for document in documents])
    for name, keys in UNIQUE.items():
        database[name].create_index([(key, 1) for key in keys], unique=True, name=prisma_name(name, keys, "key"))
    for name, keys in PLAIN.items():
        database[name].create_index([(key, 1) for key in keys], name=prisma_name(name, keys, "idx"))


def prisma_name(collection: str, keys: list[str], kind: str) -> str:
    return "_".join([collection, *keys, kind])

"""`migrate` over an earlier Atlas whose indexes are not quite ours: what it had loads, and look-ups use indexes."""

import os
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connections
from pymongo.database import Database

from accounts.models import Session, User
from atlas_site.mongodb.explain import assert_index_scan
from atlas_site.mongodb.indexes import keys_of, meaning_of
from credits.models import CreditLog, CreditWeight
from helpcenter.models import HelpCenterArticle
from properties.models import Property, PropertyDatasetPermission
from tests.architecture.contract import CONTRACT, MODELS, insert_foreign

ALIAS = "earlier"
# Collection, name, keys and options: each differs in one way from the index that the models ask for.
INDEXES = [
    ("User", "User_email_key", ["email"], {"unique": True, "sparse": True}),
    ("Session", "Session_token_key", ["token"], {}),
    ("Session", "Session_expiresAt_idx", ["expiresAt"], {}),
    (
        "Properties",
        "Properties_propertyId_key",
        ["propertyId"],
        {"unique": True, "partialFilterExpression": {"propertyId": {"$type": "string"}}},
    ),
    ("PropertyDatasetPermission", "PropertyDatasetPermission_userId_propertyId_key", ["userId", "propertyId"], {}),
    ("PropertyDatasetPermission", "PropertyDatasetPermission_userId_idx", ["userId"], {}),
    ("CreditWeight", "CreditWeight_creditType_key", ["creditType"], {"unique": True}),
    (
        "HelpCenterArticle",
        "HelpCenterArticle_slug_key",
        ["slug"],
        {"unique": True, "collation": {"locale": "en", "strength": 2}},
    ),
    ("HelpCenterArticle", "article_by_category", ["category"], {}),  # our name, other keys
]


@pytest.fixture(scope="module")
def earlier(django_db_blocker) -> Iterator[Database]:
    """An earlier Atlas with some documents in each collection and indexes of its own, migrated under another alias."""
    with django_db_blocker.unblock():
        settings = connections.settings[ALIAS] = {**connections["default"].settings_dict}
        settings["NAME"] = f"earlier_odd_{os.getpid()}"
        database = connections[ALIAS].get_database()
        for collection in CONTRACT:
            for shape in ("missing", "present", "bare"):
                insert_foreign(database, collection, optional=shape)
        database["CreditWeight"].drop()  # one weight a type
        database["CreditWeight"].insert_many([{"creditType": "SEARCH", "weight": 1}, {"creditType": "SKIPTRACE"}])
        for collection, name, keys, options in INDEXES:
            database[collection].create_index([(key, 1) for key in keys], name=name, **options)
        call_command("migrate", database=ALIAS, verbosity=0)
        yield database
        database.client.drop_database(database.name)
        connections[ALIAS].close()
        del connections[ALIAS], connections.settings[ALIAS]


@pytest.mark.parametrize("collection", CONTRACT)
def test_all_documents_load(earlier, collection):
    documents = list(MODELS[collection].objects.using(ALIAS))
    assert len(documents) == earlier[collection].count_documents({}) >= 2
    assert all(isinstance(str(document), str) for document in documents)


def test_indexes_that_ask_for_less_than_ours_are_replaced(earlier):
    assert plain_unique(earlier, "Session", "token")
    assert plain_unique(earlier, "PropertyDatasetPermission", "userId", "propertyId")
    assert plain_unique(earlier, "Properties", "propertyId")
    assert plain_unique(earlier, "User", "email")
    assert plain_unique(earlier, "HelpCenterArticle", "slug")


def plain_unique(database: Database, collection: str, *keys: str) -> bool:
    """Say whether there is an index of these keys that is unique and nothing else."""
    wanted = [(key, 1) for key in keys]
    return any(
        keys_of(index) == wanted and meaning_of(index) == {"unique": True}
        for index in database[collection].list_indexes()
    )


def test_sessions_expire_although_an_index_of_the_same_key_was_there(earlier):
    meanings = [
        meaning_of(index) for index in earlier["Session"].list_indexes() if keys_of(index) == [("expiresAt", 1)]
    ]
    assert meanings == [{"expireAfterSeconds": 0}]


def test_look_ups_of_old_documents_use_indexes(earlier):
    user = User.objects.using(ALIAS).first()
    for query in (
        User.objects.filter(email=user.email),
        Session.objects.filter(token="text"),
        Property.objects.filter(property_id="text"),
        PropertyDatasetPermission.objects.filter(user=user, property_id="text"),
        HelpCenterArticle.objects.filter(slug="text"),
        CreditWeight.objects.filter(credit_type="SEARCH"),
        CreditLog.objects.filter(key="grant:1"),
        CreditLog.objects.filter(credit_id=user.pk).order_by("-sequence"),
    ):
        assert_index_scan(query.using(ALIAS))


def test_groups_are_made_in_the_migrated_database(earlier):
    assert set(Group.objects.using(ALIAS).values_list("name", flat=True)) == {"staff", "support"}

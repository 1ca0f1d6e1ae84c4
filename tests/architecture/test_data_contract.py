"""Every collection and key is as the data contract says: created through the models, read back with PyMongo."""

from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, Int64
from django.apps import apps
from django.db import connection
from django.db.models import BigIntegerField, ForeignKey, IntegerField

from tests import factories
from tests.architecture.contract import CLASSES, CONTRACT, MODELS, Key, field_of

FACTORIES = {
    factory._meta.model: factory
    for factory in vars(factories).values()
    if isinstance(factory, type)
    and issubclass(factory, factories.DjangoModelFactory)
    and factory is not factories.DjangoModelFactory
}
OURS = [config.label for config in apps.get_app_configs() if config.name.split(".")[0] not in {"django", "allauth"}]


def make_full(model) -> dict[str, Any]:
    """Create a document with a value under every key, and return it as PyMongo reads it."""
    values = {}
    for key in CONTRACT[model._meta.db_table]:
        field = field_of(model, key.name)
        if not (field.primary_key or isinstance(field, ForeignKey) or field.unique):
            value = key.sample()
            values[field.name] = Decimal("0.5") if isinstance(value, Decimal128) else value
    document = FACTORIES[model].create(**values)
    return connection.database[model._meta.db_table].find_one({"_id": document.pk})


def test_the_contract_names_every_collection_that_an_earlier_atlas_has():
    assert set(MODELS) == set(CONTRACT)
    assert len(CONTRACT) == 19


def test_every_model_of_ours_has_a_factory():
    models = {model for label in OURS if label != "mongodb_tests" for model in apps.get_app_config(label).get_models()}
    assert models == set(FACTORIES)


@pytest.mark.parametrize("collection", CONTRACT)
def test_created_documents_have_the_keys_and_types_of_the_contract(db, collection):
    document = make_full(MODELS[collection])
    problems = [
        f"{key.name}: {type(document.get(key.name)).__name__} instead of {key.kind}"
        for key in CONTRACT[collection]
        if not isinstance(document.get(key.name), CLASSES[key.kind])
        or (isinstance(document.get(key.name), bool) and key.kind != "bool")
    ]
    assert problems == []


@pytest.mark.parametrize("collection", CONTRACT)
def test_whole_numbers_are_stored_in_64_bits(db, collection):
    model = MODELS[collection]
    document = make_full(model)
    numbers = [field for field in model._meta.concrete_fields if isinstance(field, BigIntegerField | IntegerField)]
    narrow = [field.column for field in numbers if not isinstance(document[field.column], Int64 | None)]
    assert narrow == []


ENUMS = [(collection, key) for collection, keys in CONTRACT.items() for key in keys if key.values]


@pytest.mark.parametrize(("collection", "key"), ENUMS, ids=lambda value: getattr(value, "name", value))
def test_enums_are_stored_as_the_strings_of_the_contract(collection: str, key: Key):
    choices = field_of(MODELS[collection], key.name).choices
    assert [value for value, _ in choices] == list(key.values)


def test_datasets_are_those_of_the_contract():
    field = field_of(MODELS["PropertyDatasetPermission"], "datasets")
    names = (
        "BASIC BATCHRANK CONTACT DEED DEMOGRAPHIC FORECLOSURE LISTING MORTGAGE_LIENS OWNER PERMIT QUICKLIST VALUATION "
        "DIVORCE_INFO"
    )
    assert [value for value, _ in field.base_field.choices] == names.split()


@pytest.mark.parametrize("collection", CONTRACT)
def test_optional_keys_may_be_null_and_others_are_never_stored_as_null(db, collection):
    model = MODELS[collection]
    optional = {key.name for key in CONTRACT[collection] if key.optional}
    not_nullable = [name for name in optional if not field_of(model, name).null]
    assert not_nullable == []
    least = FACTORIES[model].create()
    document = connection.database[collection].find_one({"_id": least.pk})
    required = {key.name for key in CONTRACT[collection] if not (key.optional or key.added)}
    assert [name for name in required if document[name] is None] == []


def test_ids_and_references_are_object_ids(db):
    wrong = [
        f"{model._meta.db_table}.{field.column}"
        for model in MODELS.values()
        for field in model._meta.concrete_fields
        if (field.primary_key or isinstance(field, ForeignKey)) and field.db_type(connection) != "objectId"
    ]
    assert wrong == []


def test_our_own_collections_are_named_like_their_models(db):
    ours = [model for label in OURS for model in apps.get_app_config(label).get_models() if label != "mongodb_tests"]
    renamed = {model.__name__: model._meta.db_table for model in ours if model._meta.db_table != model.__name__}
    assert renamed == {
        "Property": "Properties",
        "LeadGroup": "Leads",
        "Contact": "Contacts",
        "EnrichmentBatch": "EnrichmentBatchs",
    }

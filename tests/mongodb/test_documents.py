"""Documents that another program wrote load, save, and lose nothing."""

import json
from datetime import UTC, datetime

import pytest
from bson import Decimal128, Int64, ObjectId
from django.db import IntegrityError

from tests.mongodb.models import House, Owner, Purse


@pytest.fixture
def collection(database):
    database["TestHouse"].delete_many({})
    yield database["TestHouse"]
    database["TestHouse"].delete_many({})
    database["TestOwner"].delete_many({})


def test_missing_and_null_keys_take_the_defaults_of_their_fields(collection):
    collection.insert_many([{"parcel": "missing"}, {"parcel": "null", "price": None, "tags": None, "facts": None}])
    for house in House.objects.filter(parcel__in=["missing", "null"]):
        assert (house.price, house.tags, house.facts, house.is_sold, house.city) == (0, [], {}, False, "")
        assert house.beds is None, "null is a value of a nullable field"
        assert house.owner_id is None, "there is no default for what a document belongs to"


def test_defaults_are_not_shared_between_documents(collection):
    collection.insert_many([{"parcel": "1"}, {"parcel": "2"}])
    first, second = House.objects.order_by("parcel")
    first.tags.append("mine")
    assert second.tags == []


def test_a_key_that_is_there_keeps_its_value(collection):
    collection.insert_one({"parcel": "1", "price": 0, "city": "", "tags": [], "isSold": False, "beds": 0})
    house = House.objects.get(parcel="1")
    assert (house.price, house.city, house.beds, house.is_sold) == (0, "", 0, False)


@pytest.mark.parametrize("narrow", [House.objects.only("parcel"), House.objects.defer("price")])
def test_what_was_not_asked_for_is_still_loaded_later(collection, narrow):
    collection.insert_one({"parcel": "1", "price": 7})
    house = narrow.get(parcel="1")
    assert "price" in house.get_deferred_fields()
    assert house.price == 7


def test_saving_keeps_the_keys_that_the_model_does_not_know(collection):
    owner = Owner.objects.create(email="ann@example.com")
    unknown = {"legacyId": 7, "nested": {"a": [1, {"b": None}]}, "at": datetime(2024, 1, 1)}
    collection.insert_one({"parcel": "1", "ownerId": owner.pk, **unknown})
    house = House.objects.get(parcel="1")
    house.city = "Austin"
    house.save()
    house.save(update_fields=["price"])
    House.objects.filter(pk=house.pk).update(price=8)
    stored = collection.find_one({"parcel": "1"})
    assert {key: stored[key] for key in unknown} == unknown
    assert (stored["city"], stored["price"]) == ("Austin", 8)


def test_a_document_without_anything_optional_can_be_saved_as_it_is(collection):
    collection.insert_one({"parcel": "1", "stray": 1})
    House.objects.get(parcel="1").save()
    stored = collection.find_one({"parcel": "1"})
    assert stored["stray"] == 1
    assert (stored["beds"], stored["tags"], stored["ownerId"]) == (None, [], None)


def test_numbers_of_any_width_are_read_as_integers(collection):
    collection.insert_many([{"parcel": str(n), "price": value} for n, value in enumerate((5, Int64(5), 5.0))])
    assert [type(house.price) for house in House.objects.all()] == [int, int, int]
    assert House.objects.filter(price=5).count() == 3


def test_a_document_inside_a_document_may_hold_what_json_does_not(collection):
    facts = {"id": ObjectId(), "at": datetime(2024, 1, 1, tzinfo=UTC), "amount": Decimal128("1.5"), "n": Int64(2)}
    collection.insert_one({"parcel": "1", "facts": facts})
    collection.insert_one({"parcel": "2", "facts": {"list": [facts, [facts["at"]], None, True, 0.5, ""]}})
    plain = {"id": str(facts["id"]), "at": "2024-01-01 00:00:00", "amount": "1.5", "n": 2}
    assert House.objects.get(parcel="1").facts == plain
    nested = House.objects.get(parcel="2").facts
    assert nested == {"list": [plain, ["2024-01-01 00:00:00"], None, True, 0.5, ""]}
    assert json.loads(json.dumps(nested)) == nested
    assert type(nested["list"][0]["n"]) is int


def test_a_joined_document_takes_defaults_too_and_a_missing_one_is_none(collection, database):
    database["TestOwner"].insert_one({"email": "ann@example.com"})
    owner = Owner.objects.get(email="ann@example.com")
    collection.insert_many([{"parcel": "1", "ownerId": owner.pk}])
    assert House.objects.select_related("owner").get(parcel="1").owner == owner


def test_the_key_is_made_before_the_document_is_sent(collection):
    purse = Purse(balance=3)
    assert isinstance(purse.pk, ObjectId)
    owner = Owner(email="ann@example.com")
    owner.save()
    assert Owner.objects.get(pk=str(owner.pk)) == owner
    with pytest.raises(IntegrityError):
        Owner(pk=owner.pk, email="other@example.com").save()

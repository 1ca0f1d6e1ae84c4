"""Migrations on MongoDB: they adopt what is there, keep data, may be run twice, and build indexes that are used."""

import re
from datetime import UTC, datetime

import pytest
from bson import Int64, ObjectId
from django.db import IntegrityError, connection, migrations, models
from django.db.migrations.state import ModelState, ProjectState
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError, PyMongoError, WriteError

from atlas_site.mongodb.explain import assert_index_scan, assert_index_scan_of
from atlas_site.mongodb.indexes import ensure_index, keys_of, meaning_of
from atlas_site.mongodb.migrations import EnsureIndex, LongMigration, SetValidator, one_of, whole_number
from tests.mongodb.models import House, Owner

LABEL = "mongodb_tests"
PARCEL, PRICE = [("parcel", 1)], [("price", 1)]


@pytest.fixture
def owners(database):
    """The collection of owners, without documents and without indexes."""
    database.drop_collection("TestOwner")
    return database["TestOwner"]


@pytest.fixture
def houses(database):
    """The collection of houses, without documents and without indexes."""
    database.drop_collection("TestHouse")
    return database["TestHouse"]


def create(model: type[models.Model]) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(model)


def migrate(operation, *, backwards: bool = False, model: type[models.Model] = House) -> None:
    """Run one operation, or take it back, from the state in which the models are as they stand."""
    before = ProjectState()
    for each in (Owner, House):
        before.add_model(ModelState.from_model(each))
    after = before.clone()
    operation.state_forwards(LABEL, after)
    with connection.schema_editor() as editor:
        if backwards:
            operation.database_backwards(LABEL, editor, after, before)
        else:
            operation.database_forwards(LABEL, editor, before, after)


def found(collection, keys) -> list[dict]:
    """Return what each index of these keys does."""
    return [meaning_of(index) for index in collection.list_indexes() if keys_of(index) == keys]


def names(collection) -> set[str]:
    return {index["name"] for index in collection.list_indexes()}


# Which indexes are built


def test_a_unique_key_that_is_never_null_has_a_plain_index(houses):
    create(House)
    assert found(houses, PARCEL) == [{"unique": True}]
    assert found(houses, [("ownerId", 1), ("city", 1), ("parcel", 1)]) == [{"unique": True}]


def test_a_nullable_unique_key_has_an_index_without_nulls_that_look_ups_use(owners):
    create(Owner)
    assert found(owners, [("nickname", 1)]) == [{"unique": True, "partialFilterExpression": {"nickname": {"$gte": ""}}}]
    owners.insert_many([{"email": "a"}, {"email": "b", "nickname": None}, {"email": "c", "nickname": "ann"}])
    owners.insert_one({"email": "d", "nickname": None})
    with pytest.raises(DuplicateKeyError):
        owners.insert_one({"email": "e", "nickname": "ann"})
    assert_index_scan(Owner.objects.filter(nickname="ann"))


def test_a_condition_of_a_unique_constraint_is_kept(houses):
    create(House)
    (index,) = [each for each in found(houses, [("city", 1), ("beds", 1)]) if each]
    assert index["partialFilterExpression"] == {"city": {"$eq": "Nowhere"}, "beds": {"$gte": float("-inf")}}
    houses.insert_many([{"parcel": str(n), "city": "Nowhere"} for n in range(2)])
    houses.insert_one({"parcel": "x", "city": "Nowhere", "beds": Int64(2)})
    with pytest.raises(DuplicateKeyError):
        houses.insert_one({"parcel": "y", "city": "Nowhere", "beds": 2})  # 32 bits wide, and the same number


# Running over what is there


def test_creating_a_model_twice_changes_nothing(houses):
    create(House)
    before = houses.index_information()
    houses.insert_one({"parcel": "kept"})
    create(House)
    assert houses.index_information() == before
    assert houses.count_documents({"parcel": "kept"}) == 1


def test_indexes_of_an_earlier_writer_are_adopted_under_their_names(houses):
    houses.create_index([("parcel", 1)], unique=True, name="TestHouse_parcel_key")
    houses.create_index([("price", 1)], name="TestHouse_price_idx")
    houses.create_index([("ownerId", 1), ("price", -1)], name="by owner")
    create(House)
    assert {"TestHouse_parcel_key", "TestHouse_price_idx", "by owner"} <= names(houses)
    for keys in (PARCEL, PRICE, [("ownerId", 1), ("price", -1)]):
        assert len(found(houses, keys)) == 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sparse": True},
        {"unique": True, "partialFilterExpression": {"parcel": {"$type": "string"}}},
        {"unique": True, "sparse": True},
    ],
)
def test_an_index_that_a_plain_unique_one_makes_superfluous_is_replaced(houses, options):
    houses.create_index([("parcel", 1)], name="old", **options)
    create(House)
    assert found(houses, PARCEL) == [{"unique": True}]


def test_an_index_of_our_name_and_other_keys_is_left_alone(owners):
    create(Owner)
    (ours,) = [index["name"] for index in owners.list_indexes() if keys_of(index) == [("email", 1)]]
    owners.drop_index(ours)
    owners.create_index([("joinedAt", 1)], name=ours)
    create(Owner)
    assert found(owners, [("joinedAt", 1)]) == [{}]
    assert found(owners, [("email", 1)]) == [{"unique": True}]


def test_a_plain_index_is_not_built_beside_a_unique_one(houses):
    houses.create_index([("price", 1)], unique=True, name="earlier")
    create(House)
    assert found(houses, PRICE) == [{"unique": True}]


def test_an_index_is_made_to_expire_documents_and_a_plain_wish_leaves_it_so(houses):
    create(House)
    for seconds in (0, 60):
        migrate(EnsureIndex("House", PRICE, name="expiry", expireAfterSeconds=seconds))
        assert found(houses, PRICE) == [{"expireAfterSeconds": seconds}]
    create(House)
    assert found(houses, PRICE) == [{"expireAfterSeconds": 60}]


@pytest.mark.parametrize("options", [{"expireAfterSeconds": 0}, {"collation": {"locale": "en", "strength": 2}}])
def test_an_index_that_does_something_else_stays(houses, options):
    houses.create_index([("parcel", 1)], name="other", **options)
    create(House)
    assert "other" in names(houses)
    assert {"unique": True} in found(houses, PARCEL)


def test_duplicates_are_an_error_and_the_old_index_stays(houses):
    houses.create_index([("parcel", 1)], name="old")
    houses.insert_many([{"parcel": "same"}, {"parcel": "same"}])
    with pytest.raises(IntegrityError):
        create(House)
    assert found(houses, PARCEL) == [{}]


def test_documents_that_lack_a_unique_key_do_not_stop_the_migration(houses):
    """A key that we added is missing in all documents of an earlier Atlas. What has the key is unique and found."""
    houses.insert_many([{"ownerId": ObjectId()} for _ in range(3)])
    create(House)
    create(House)
    assert found(houses, PARCEL) == [{"unique": True, "partialFilterExpression": {"parcel": {"$gte": ""}}}]
    houses.insert_one({"parcel": "one"})
    with pytest.raises(DuplicateKeyError):
        houses.insert_one({"parcel": "one"})
    assert_index_scan(House.objects.filter(parcel="one"))


def test_an_interrupted_creation_is_finished_by_the_next_run(houses):
    create(House)
    complete = {tuple(keys_of(index)): meaning_of(index) for index in houses.list_indexes()}
    for name in sorted(names(houses) - {"_id_"})[::2]:
        houses.drop_index(name)
    create(House)
    assert {tuple(keys_of(index)): meaning_of(index) for index in houses.list_indexes()} == complete


# Operations of migrations


def test_an_index_is_removed_by_its_keys_whatever_its_name_and_once_more_is_no_error(houses):
    houses.create_index([("ownerId", 1), ("price", -1)], name="by owner")
    create(House)
    for _ in range(2):
        migrate(migrations.RemoveIndex("house", "house_by_owner"))
        assert found(houses, [("ownerId", 1), ("price", -1)]) == []


def test_removing_a_plain_index_leaves_the_unique_one(houses):
    create(House)
    with connection.schema_editor() as editor:
        editor.remove_index(House, models.Index(fields=["parcel"], name="twin"))
    assert found(houses, PARCEL) == [{"unique": True}]


def test_a_constraint_is_removed_by_its_keys(houses):
    houses.create_index([("ownerId", 1), ("city", 1), ("parcel", 1)], unique=True, name="earlier")
    create(House)
    for _ in range(2):
        migrate(migrations.RemoveConstraint("house", "house_once"))
        assert found(houses, [("ownerId", 1), ("city", 1), ("parcel", 1)]) == []
    migrate(migrations.RemoveConstraint("house", "house_nowhere"))
    assert found(houses, [("city", 1), ("beds", 1)]) == [{}]  # the plain index of the same keys


def test_renaming_an_index_builds_nothing(houses):
    create(House)
    before = houses.index_information()
    migrate(migrations.RenameIndex("house", new_name="owner_idx", old_name="house_by_owner"))
    assert houses.index_information() == before


def test_unique_together_comes_and_goes(houses):
    create(House)
    keys = [("city", 1), ("price", 1)]
    operation = migrations.AlterUniqueTogether("house", {("city", "price")})
    for _ in range(2):
        migrate(operation)
        assert found(houses, keys) == [{"unique": True}]
    for _ in range(2):
        migrate(operation, backwards=True)
        assert found(houses, keys) == []


def test_a_field_gains_and_loses_its_indexes(houses):
    create(House)
    indexed = migrations.AlterField("house", "price", models.BigIntegerField(default=0, unique=True))
    migrate(indexed)
    assert found(houses, PRICE) == [{"unique": True}]
    migrate(indexed, backwards=True)
    assert found(houses, PRICE) == [{}]
    plain = migrations.AlterField("house", "price", models.BigIntegerField(default=0))
    for _ in range(2):
        migrate(plain)
        assert found(houses, PRICE) == []


def test_a_unique_field_that_stops_to_be_nullable_gets_a_plain_index(owners):
    create(Owner)
    operation = migrations.AlterField("owner", "nickname", models.CharField(max_length=50, unique=True))
    migrate(operation)
    assert found(owners, [("nickname", 1)]) == [{"unique": True}]
    migrate(operation, backwards=True)
    assert found(owners, [("nickname", 1)]) == [{"unique": True, "partialFilterExpression": {"nickname": {"$gte": ""}}}]


def test_a_new_field_keeps_the_values_that_documents_have(houses):
    create(House)
    houses.insert_many([{"parcel": "1", "garage": "two cars"}, {"parcel": "2"}, {"parcel": "3", "garage": None}])
    field = models.CharField(max_length=20, default="$none", db_index=True)
    for _ in range(2):
        migrate(migrations.AddField("house", "garage", field))
    assert [house["garage"] for house in houses.find().sort("parcel")] == ["two cars", "$none", None]
    assert found(houses, [("garage", 1)]) == [{}]


def test_a_field_is_removed_with_its_index_and_once_more_is_no_error(houses):
    create(House)
    houses.insert_one({"parcel": "1", "price": 5})
    for _ in range(2):
        migrate(migrations.RemoveField("house", "price"))
    assert "price" not in houses.find_one()
    assert found(houses, PRICE) == []


def test_a_field_is_renamed_on_the_documents_that_are_left(houses):
    create(House)
    houses.insert_many([{"parcel": "1", "price": 5}, {"parcel": "2", "cost": 6}])  # killed after the second
    for _ in range(2):
        migrate(migrations.RenameField("house", "price", "cost"))
    assert [house["cost"] for house in houses.find().sort("parcel")] == [5, 6]
    assert found(houses, [("cost", 1)]) == [{}]


def test_a_collection_is_renamed_once(houses, database):
    database.drop_collection("TestHome")
    create(House)
    houses.insert_one({"parcel": "1"})
    for _ in range(2):
        migrate(migrations.AlterModelTable("house", "TestHome"))
    assert database["TestHome"].count_documents({}) == 1
    database.drop_collection("TestHome")


def test_migrations_have_the_time_that_they_need(houses, database):
    """The time-out of requests would end an index build on a large collection."""
    slow = {"$expr": {"$function": {"body": "function() { sleep(300); return true }", "args": [], "lang": "js"}}}
    create(House)
    houses.insert_one({"parcel": "1"})
    with MongoClient(**connection.get_connection_params() | {"timeoutMS": 100}) as hasty:
        with pytest.raises(PyMongoError) as failure:
            hasty[database.name]["TestHouse"].find_one(slow)
        assert failure.value.timeout
        with connection.schema_editor():
            assert hasty[database.name]["TestHouse"].find_one(slow)["parcel"] == "1"


def test_what_a_migration_would_do_is_shown_and_not_done(houses, database):
    with connection.schema_editor(collect_sql=True) as editor:
        editor.create_model(House)
    shown = "\n".join(editor.collected_sql)
    assert "create_collection('TestHouse')" in shown
    assert re.search(r"IndexModel\({'parcel': 1}, name='\w+', unique=True\)", shown)
    assert "TestHouse" not in database.list_collection_names()


# Operations of our own


def test_a_validator_refuses_what_the_books_must_not_hold(houses):
    create(House)
    operation = SetValidator("House", {"price": whole_number(minimum=0, maximum=99), "city": one_of("Here", "There")})
    for _ in range(2):
        migrate(operation)
    for allowed in (
        {"price": 0},
        {"price": Int64(99)},
        {"price": None},
        {"city": "Here", "unknown": 1},
        {"city": None},
    ):
        houses.insert_one({"parcel": str(ObjectId()), **allowed})
    for refused in ({"price": -1}, {"price": 100}, {"price": 1.5}, {"price": "1"}, {"city": "Elsewhere"}):
        with pytest.raises(WriteError, match="validation"):
            houses.insert_one({"parcel": str(ObjectId()), **refused})
    migrate(operation, backwards=True)
    houses.insert_one({"parcel": "free", "price": -1})
    assert houses.count_documents({}) == 6


def test_a_document_that_was_invalid_before_may_still_be_changed(houses):
    create(House)
    houses.insert_one({"parcel": "old", "price": -5})
    migrate(SetValidator("House", {"price": whole_number(minimum=0)}))
    houses.update_one({"parcel": "old"}, {"$set": {"city": "Here"}})
    assert houses.find_one({"parcel": "old"})["city"] == "Here"


def test_a_validator_taken_back_gives_way_to_the_one_before(houses):
    create(House)
    first = {"price": whole_number(minimum=0)}
    migrate(SetValidator("House", {"price": whole_number(minimum=10)}, previous=first), backwards=True)
    houses.insert_one({"parcel": "1", "price": 0})
    with pytest.raises(WriteError, match="validation"):
        houses.insert_one({"parcel": "2", "price": -1})


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        ([("location", "2dsphere")], {}),
        ([("title", "text"), ("body", "text")], {"weights": {"title": 10, "body": 1}}),
        ([("expiresAt", 1)], {"expireAfterSeconds": 0}),
        ([("ownerId", 1), ("location", "2dsphere"), ("price", -1)], {}),
        ([("price", 1)], {"partialFilterExpression": {"isSold": False}}),
        ([("price", 1)], {"partialFilterExpression": {"price": {"$gte": 0}}, "unique": True}),
    ],
)
def test_a_special_index_is_adopted_or_built_and_can_be_taken_back(houses, keys, options):
    houses.create_index(keys, name="earlier", **options)
    operation = EnsureIndex("House", keys, name="special", **options)
    migrate(operation)
    assert names(houses) == {"_id_", "earlier"}
    for _ in range(2):
        migrate(operation, backwards=True)
        assert names(houses) == {"_id_"}
    for _ in range(2):
        migrate(operation)
        assert names(houses) == {"_id_", "special"}


def test_a_point_in_a_box_is_found_by_its_index(houses):
    migrate(EnsureIndex("House", [("location", "2dsphere")], name="house_location"))
    houses.insert_one({"parcel": "1", "location": {"type": "Point", "coordinates": [-97.7, 30.2]}})
    corners = [[-98, 30], [-97, 30], [-97, 31], [-98, 31], [-98, 30]]
    inside = {"location": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": [corners]}}}}
    assert houses.find_one(inside)["parcel"] == "1"
    assert_index_scan_of(houses, inside)


def test_dates_and_ids_that_are_null_are_left_out_of_unique_indexes(houses):
    for key, value in (("soldAt", datetime(2024, 5, 1, tzinfo=UTC)), ("agentId", ObjectId()), ("score", 0.5)):
        kind = {"soldAt": "date", "agentId": "objectId", "score": "double"}[key]
        with connection.schema_editor() as editor:
            field = {"date": models.DateTimeField, "objectId": models.ForeignKey, "double": models.FloatField}[kind]
            options = {"to": Owner, "on_delete": models.CASCADE} if kind == "objectId" else {}
            column = field(null=True, unique=True, db_column=key, **options)
            column.set_attributes_from_name(key.lower())
            editor._add_field_unique(House, column)
        houses.insert_many([{"parcel": f"{key}{n}", key: None} for n in range(2)])
        houses.insert_one({"parcel": f"{key}!", key: value})
        with pytest.raises(DuplicateKeyError):
            houses.insert_one({"parcel": f"{key}?", key: value})
        assert_index_scan_of(houses, {key: value})


def test_ensuring_an_index_returns_the_name_it_goes_by(houses):
    assert ensure_index(houses, [("a", 1)], name="first") == "first"
    assert ensure_index(houses, [("a", 1)], name="second") == "first"
    assert ensure_index(houses, [("b", 1)], name="first") == "first_"
    since = {"partialFilterExpression": {"soldAt": {"$gt": datetime(2024, 5, 1, tzinfo=UTC)}}}
    assert ensure_index(houses, [("c", 1)], name="since", **since) == "since"
    assert ensure_index(houses, [("c", 1)], name="again", **since) == "since", "the server tells no time zone"


@pytest.mark.parametrize("kind", [migrations.Migration, LongMigration])
def test_additions_come_together_or_one_by_one_to_the_same_and_can_be_taken_back(houses, kind):
    class Migration(kind):
        operations = [
            migrations.AddField("house", "garage", models.CharField(max_length=9, default="none")),
            migrations.AddField("house", "seller", models.ForeignKey(f"{LABEL}.owner", models.CASCADE, null=True)),
            migrations.AddIndex("house", models.Index(fields=["garage", "price"], name="by_garage")),
            migrations.AddConstraint("house", models.UniqueConstraint(fields=["garage", "parcel"], name="garages")),
            migrations.RemoveIndex("house", "house_by_city"),
            migrations.AddField("owner", "phone", models.CharField(max_length=20, null=True, db_index=True)),
        ]

    before = ProjectState()
    for each in (Owner, House):
        before.add_model(ModelState.from_model(each))
    assert before.apps.get_model(LABEL, "house"), "the classes are made before"
    houses.insert_one({"parcel": "1"})
    migration = Migration("0002_garages", LABEL)
    with connection.schema_editor() as editor:
        after = migration.apply(before.clone(), editor)
    assert houses.find_one()["garage"] == "none"
    assert [found(houses, [("garage", 1), (key, 1)]) for key in ("price", "parcel")] == [[{}], [{"unique": True}]]
    assert found(houses, [("seller_id", 1)]) == [{}]
    house = after.apps.get_model(LABEL, "house")
    assert {field.name for field in house._meta.get_fields()} >= {"garage", "seller", "owner", "price"}
    assert house._meta.get_field("seller").related_model is after.apps.get_model(LABEL, "owner")
    assert {index.name for index in house._meta.indexes} == {"house_by_owner", "by_garage"}
    assert after.apps.get_model(LABEL, "owner")._meta.get_field("phone").db_index
    with connection.schema_editor() as editor:
        migration.unapply(before.clone(), editor)
    assert "garage" not in houses.find_one()
    assert names(houses) == {"_id_", "house_by_city"}

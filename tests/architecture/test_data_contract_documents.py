"""Documents that another program wrote load, show and save, and lose nothing."""

import bson
import pytest
from bson import Int64, ObjectId
from django.db import connection
from django.urls import reverse

from accounts.models import User
from credits.models import CreditLog
from properties.models import Property
from tests.architecture.contract import CONTRACT, MODELS, field_of, foreign_document, insert_foreign
from tests.factories import UserFactory

SHAPES = ["missing", "null", "present"]
LEDGER = {"CreditLog"}


@pytest.fixture
def chief(db) -> User:
    """A superuser, who may see every page of the admin."""
    return UserFactory.create(role=User.Role.ADMIN, is_superuser=True)


def lost_or_changed(before: dict, after: dict, model) -> list[str]:
    """Return the keys whose bytes are others than before, but for numbers that grew to 64 bits and filled nulls."""
    changed = []
    for key, value in before.items():
        field = field_of(model, key)
        if key not in after:
            changed.append(f"{key} is gone")
        elif bson.encode({"v": after[key]}) != bson.encode({"v": value}):
            widened = isinstance(value, int) and isinstance(after[key], Int64) and after[key] == value
            filled = value is None and field is not None and not field.null
            if not (widened or filled):
                changed.append(f"{key}: {value!r} became {after[key]!r}")
    return changed


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("collection", CONTRACT)
def test_foreign_documents_load_show_and_save_without_loss(chief, client, sign_in, collection, shape):
    model = MODELS[collection]
    before = insert_foreign(connection.database, collection, optional=shape)

    document = model.objects.get(pk=before["_id"])
    assert str(document)

    sign_in(client, chief)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    assert client.get(reverse(f"{name}_change", args=[document.pk])).status_code == 200

    if collection not in LEDGER:
        document.save()
    after = connection.database[collection].find_one({"_id": before["_id"]})
    assert lost_or_changed(before, after, model) == []
    unknown = set(after) - set(before) - {field.column for field in model._meta.concrete_fields}
    assert unknown == set()


@pytest.mark.parametrize("collection", CONTRACT)
def test_documents_show_that_lack_even_what_the_contract_asks_for(chief, client, sign_in, collection):
    model = MODELS[collection]
    document = insert_foreign(connection.database, collection, optional="bare")
    sign_in(client, chief)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    assert client.get(reverse(f"{name}_change", args=[document["_id"]])).status_code == 200


@pytest.mark.parametrize("collection", CONTRACT)
def test_documents_show_when_what_they_refer_to_is_gone(chief, client, sign_in, collection):
    model = MODELS[collection]
    document = foreign_document(collection, optional="present")
    connection.database[collection].insert_one(document)
    sign_in(client, chief)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    assert client.get(reverse(f"{name}_change", args=[document["_id"]])).status_code == 200


def test_a_form_of_the_admin_keeps_keys_that_it_does_not_know(chief, client, sign_in):
    collection = connection.database["HelpCenterArticle"]
    before = collection.find_one({"_id": insert_foreign(connection.database, "HelpCenterArticle")["_id"]})
    sign_in(client, chief)
    form = {
        "title": "New title",
        "content": before["content"],
        "slug": before["slug"],
        "category": "ACCOUNT_SECURITY",
        "tags": "one,two",
        "published": "on",
        "order": "3",
    }
    response = client.post(reverse("admin:helpcenter_helpcenterarticle_change", args=[before["_id"]]), form)
    assert response.status_code == 302, response.context["errors"]
    after = collection.find_one({"_id": before["_id"]})
    kept = {key: value for key, value in before.items() if key not in {"title", "category"}}
    assert lost_or_changed(kept, after, MODELS["HelpCenterArticle"]) == []
    assert (after["title"], after["category"]) == ("New title", "ACCOUNT_SECURITY")


def test_a_user_without_a_password_cannot_sign_in_with_any(db):
    document = insert_foreign(connection.database, "User")
    user = User.objects.get(pk=document["_id"])
    assert not user.has_usable_password()
    assert not user.check_password("")
    assert not user.check_password("anything")


def test_a_vendor_record_of_34_kilobytes_stays_as_it_is(db):
    record = {
        "intel": [{"n": n, "half": n / 2, "text": "ü" * 20, "none": None, "flag": n % 2 == 0} for n in range(300)]
    }
    _id = connection.database["Properties"].insert_one({"propertyId": "p1", "data": record}).inserted_id
    Property.objects.get(pk=_id).save()
    assert bson.encode(connection.database["Properties"].find_one({"_id": _id})["data"]) == bson.encode(record)


def test_entries_of_an_earlier_ledger_stay_unnumbered_and_do_not_collide(db):
    credit_id = ObjectId()
    entries = [
        {
            "creditId": credit_id,
            "creditBefore": n,
            "creditAfter": n + 1,
            "changeAmount": 1,
            "timestamp": ObjectId().generation_time,
        }
        for n in range(3)
    ]
    connection.database["CreditLog"].insert_many(entries)
    loaded = list(CreditLog.objects.filter(credit_id=credit_id))
    assert [(entry.sequence, entry.key) for entry in loaded] == [(None, None)] * 3

"""The data contract as a table, and documents as another program would write them by it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import Decimal128, Int64, ObjectId
from django.apps import apps
from django.db.models import Field, ForeignKey, Model

TABLE = Path(__file__).parent.parent / "data" / "contract.txt"
CLASSES: dict[str, tuple[type, ...]] = {
    "objectId": (ObjectId,),
    "string": (str,),
    "bool": (bool,),
    "int": (int, Int64),
    "double": (float,),
    "decimal": (Decimal128,),
    "date": (datetime,),
    "object": (dict,),
    "array": (list,),
}
SAMPLES: dict[str, Any] = {
    "string": "text",
    "bool": True,
    "int": 3,  # PyMongo stores small numbers in 32 bits, as other writers do
    "double": 0.5,
    "decimal": Decimal128("0.5000"),
    "date": datetime(2025, 3, 9, 8, 7, 6, 543000, tzinfo=UTC),
    "object": {"valuation": {"estimatedValue": 250000, "asOf": None}, "tags": ["x", {"deep": [1, 2.5]}], "": "odd"},
    "array": ["one", "two"],
}
# Texts that have a form of their own.
TEXTS = {"email": "ann@example.test", "state": "AZ", "zip": "85007", "postal_code": "85007", "slug": "an-article"}
IDENTIFYING = {"email", "token", "accountId", "providerId", "propertyId", "slug", "creditType", "batchNumber"}
UNIQUE_TEXTS = {"token", "accountId", "propertyId", "slug", "key"}


@dataclass(frozen=True)
class Key:
    """One key of a collection: its BSON type, the strings of an enum, and whether it may be missing."""

    name: str
    kind: str
    values: tuple[str, ...]
    optional: bool
    added: bool

    def sample(self) -> Any:
        """A value of the right type; ids and unique texts differ each time."""
        if self.kind == "objectId":
            return ObjectId()
        if self.values:
            return self.values[0]
        if self.name == "datasets":
            return ["BASIC", "VALUATION"]
        if self.name in UNIQUE_TEXTS:
            return f"text-{ObjectId()}"
        return TEXTS.get(self.name, SAMPLES[self.kind]) if self.kind == "string" else SAMPLES[self.kind]


def read_contract() -> dict[str, list[Key]]:
    """Return the keys of every collection of the contract."""
    contract: dict[str, list[Key]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            keys = contract.setdefault(line.strip(), [])
            continue
        name, kind = line.split(None, 1)
        mark = kind[-1] if kind[-1] in "?+" else ""
        kind = kind.rstrip("?+ ")
        values = tuple(kind.split(" | ")) if kind not in CLASSES else ()
        keys.append(Key(name, "string" if values else kind, values, optional=mark == "?", added=mark == "+"))
    return contract


CONTRACT = read_contract()
MODELS: dict[str, type[Model]] = {
    model._meta.db_table: model for model in apps.get_models() if model._meta.db_table in CONTRACT
}


def field_of(model: type[Model], key: str) -> Field | None:
    """Return the field that is stored under this key."""
    return next((field for field in model._meta.concrete_fields if field.column == key), None)


def foreign_document(collection: str, *, optional: str = "missing") -> dict[str, Any]:
    """Return a document as an earlier Atlas wrote it: no added key, some keys of its own, numbers of 32 bits.

    ``optional`` says what became of the optional keys: "missing", "null" or "present"; with "bare" the others are
    missing as well, as far as the document can do without them. The foreign keys name nothing that exists.
    """
    document: dict[str, Any] = {}
    for key in CONTRACT[collection]:
        if key.added or (key.optional and optional in {"missing", "bare"}):
            continue
        if optional == "bare" and key.kind != "objectId" and key.name not in IDENTIFYING:
            continue
        document[key.name] = None if key.optional and optional == "null" else key.sample()
    model = MODELS[collection]
    for key in CONTRACT[collection]:
        field = field_of(model, key.name)
        if isinstance(field, ForeignKey) and key.name in document:
            document[key.name] = ObjectId()
    document["updatedAtByPrisma"] = datetime(2024, 2, 29, 23, 59, 59, 999000, tzinfo=UTC)
    document["__v"] = 0
    document["notes"] = {"by": ObjectId(), "history": [{"n": Int64(5), "at": datetime(2024, 1, 1, tzinfo=UTC)}, None]}
    return document


def insert_foreign(database, collection: str, *, optional: str = "missing") -> dict[str, Any]:
    """Insert a foreign document with PyMongo, and foreign documents for what it refers to; return it."""
    document = foreign_document(collection, optional=optional)
    for field in MODELS[collection]._meta.concrete_fields:
        if isinstance(field, ForeignKey) and document.get(field.column):
            parent = insert_foreign(database, field.related_model._meta.db_table, optional=optional)
            document[field.column] = parent["_id"]
    if collection == "User":
        document["email"] = f"{document['_id']}@example.test"
    database[collection].insert_one(document)
    return document

"""Indexes by what they do and not by what they are called.

An index is known here by its keys and options. Two programs that name the same index differently mean the same index,
and MongoDB refuses to build it twice; so one that exists is adopted, whatever its name.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bson import ObjectId, decode, encode
from pymongo.collection import Collection
from pymongo.operations import IndexModel

# The options that make an index another index. All others (name, version, storage) do not change what it does.
MEANING = ("unique", "sparse", "partialFilterExpression", "expireAfterSeconds", "collation")

LOWEST = float("-inf")
# The least value of each type that a column can have: "at least this" is "any value of this type, and not null".
LOWEST_VALUES = {
    "bool": False,
    "date": datetime(1, 1, 1),
    "decimal": LOWEST,
    "double": LOWEST,
    "int": LOWEST,
    "long": LOWEST,
    "objectId": ObjectId(bytes(12)),
    "string": "",
}

Keys = Sequence[tuple[str, int | str]]


def null_guard(db_type: str) -> dict:
    """Return the condition of a partial index that leaves out null and missing values of a column of this type.

    Uniqueness in SQL ignores nulls, in MongoDB it does not, hence the condition. The stock ``{$type: "string"}`` is
    never used to look a value up, because the planner does not see that ``"a"`` meets it; it sees ``"a" >= ""``.
    Numbers are compared whatever their width, so a 32-bit 5 of another writer and a 64-bit 5 of ours are the same.
    """
    return {"$gte": LOWEST_VALUES[db_type]} if db_type in LOWEST_VALUES else {"$type": db_type}


def ensure_index(collection: Collection, keys: Keys, *, name: str, **options) -> str:
    """Make sure that an index with these keys and options is there, and return its name, old or new.

    * One with the same keys and options is adopted, whatever it is called.
    * A wish for a plain index is also met by one that is unique, or that expires documents, over all documents. The
      reverse is not done: uniqueness that an earlier writer asked for is never dropped because we would do without.
    * An index that differs only in when documents expire is changed: the server does not take it beside the other.
    * A wish for a unique index replaces the indexes of the same keys that are not unique, or unique by the stock rule
      for nulls. The new one is built before the old ones are dropped, so a failure, for instance because of
      duplicates, leaves the old ones as they were. Indexes on a condition of their own, with a collation, or that
      expire documents do something else and stay.

    Raises pymongo's DuplicateKeyError if uniqueness is asked for and the documents do not have it.
    """
    options = {key: value for key, value in options.items() if _is_set(value)}
    wanted = meaning_of(decode(encode(options)))  # as the server tells them, which knows no time zones
    existing = list(collection.list_indexes())
    alike = [index for index in existing if keys_of(index) == _in_order(keys)]
    for index in alike:
        meaning = meaning_of(index)
        if meaning == wanted or (not wanted and meaning.keys() <= {"unique", "expireAfterSeconds"}):
            return index["name"]
        if "expireAfterSeconds" in wanted and {**meaning, **_expiry_of(wanted)} == wanted:
            change = {"name": index["name"], **_expiry_of(wanted)}
            collection.database.command("collMod", collection.name, index=change)
            return index["name"]
    taken = {index["name"] for index in existing}
    while name in taken:
        name += "_"
    collection.create_indexes([IndexModel(list(keys), name=name, **options)])
    if wanted.get("unique"):
        for index in alike:
            if _is_superseded(index):
                collection.drop_index(index["name"])
    return name


def drop_indexes(collection: Collection, keys: Keys, *, unique: bool, condition: Mapping | None = None) -> None:
    """Drop the indexes of these keys that are unique, or those that are not; none is no error.

    With ``condition`` only an index on that condition is dropped, without it only those that have none. That nulls are
    left out is no condition.
    """
    for index in collection.list_indexes():
        if (
            keys_of(index) == _in_order(keys)
            and bool(index.get("unique")) == unique
            and condition_of(index) == (condition or {})
            and index["name"] != "_id_"
        ):
            collection.drop_index(index["name"])


def keys_of(index: Mapping) -> list[tuple[str, int | str]]:
    """Return the keys of an index as they were asked for: ``[("userId", 1), ("createdAt", -1)]``.

    The server rewrites the keys of a text index to internal names, and keeps the asked ones, sorted, among the weights.
    """
    keys: list[tuple[str, int | str]] = []
    for key, kind in index["key"].items():
        if key == "_fts":
            keys += [(weighted, "text") for weighted in index["weights"]]
        elif key != "_ftsx":
            keys.append((key, int(kind) if isinstance(kind, float) else kind))
    return _in_order(keys)


def meaning_of(index: Mapping) -> dict:
    """Return the options of an index that change what it does."""
    return {key: index[key] for key in MEANING if _is_set(index.get(key))}


def condition_of(index: Mapping) -> dict:
    """Return the partial filter of an index without the part that leaves out nulls of its own keys."""
    condition = {}
    for key, test in index.get("partialFilterExpression", {}).items():
        if key in index["key"] and isinstance(test, Mapping):
            rest = {operator: value for operator, value in test.items() if not _guards_against_null(operator, value)}
            if rest:
                condition[key] = rest
        else:
            condition[key] = test
    return condition


def _guards_against_null(operator: str, value: object) -> bool:
    """Recognize the null guard of this engine, and that of the stock one."""
    lowest = [low for low in LOWEST_VALUES.values() if type(low) is type(value)]  # False is not 0 here
    return operator == "$type" or (operator == "$gte" and value in lowest)


def _expiry_of(options: Mapping) -> dict:
    return {"expireAfterSeconds": options["expireAfterSeconds"]}


def _is_superseded(index: Mapping) -> bool:
    return not condition_of(index) and "expireAfterSeconds" not in index and "collation" not in index


def _in_order(keys: Keys) -> list[tuple[str, int | str]]:
    """Return the keys with those of a text index sorted, as the server keeps them."""
    texts = iter(sorted(pair for pair in keys if pair[1] == "text"))
    return [next(texts) if pair[1] == "text" else pair for pair in keys]


def _is_set(option: object) -> bool:
    return option is not None and option is not False and option != {}

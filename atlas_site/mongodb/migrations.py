"""Migration operations for what Django's own cannot say. Like the schema editor, each may be run again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from django.db import migrations
from django.db.migrations.operations.base import Operation, OperationCategory

from atlas_site.mongodb.indexes import drop_indexes, ensure_index


class SetValidator(Operation):
    """Have the server refuse documents of a model that a ``$jsonSchema`` does not allow.

    ``properties`` describes keys of the documents (not names of fields), as ``whole_number`` and ``one_of`` of this
    module make them. Keys that are not described, missing keys and nulls are allowed: other programs write here too.
    The validation level is moderate, so a document that was invalid before may still be changed. Run backwards, it
    puts ``previous`` in force, or no validator.

    CHECK constraints and ``PositiveIntegerField`` are not enforced on MongoDB; this is.
    """

    reversible = True
    category = OperationCategory.ALTERATION

    def __init__(self, model_name: str, properties: Mapping, previous: Mapping | None = None):
        self.model_name = model_name
        self.properties = properties
        self.previous = previous

    def state_forwards(self, app_label, state):
        """Change nothing: Django's model state knows no validators."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        self._set(schema_editor, to_state.apps.get_model(app_label, self.model_name), self.properties)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        self._set(schema_editor, from_state.apps.get_model(app_label, self.model_name), self.previous)

    def describe(self):
        return f"Set the validator of {self.model_name}"

    @property
    def migration_name_fragment(self):
        return f"{self.model_name.lower()}_validator"

    def _set(self, schema_editor, model, properties):
        connection = schema_editor.connection
        if schema_editor.collect_sql or not self.allow_migrate_model(connection.alias, model):
            return
        schema = {"$jsonSchema": {"bsonType": "object", "properties": dict(properties)}} if properties else {}
        connection.database.command(
            "collMod", model._meta.db_table, validator=schema, validationLevel="moderate", validationAction="error"
        )


class EnsureIndex(Operation):
    """Make sure of an index that ``Meta.indexes`` cannot describe: geographic, text, expiring.

    ``keys`` are pairs of a document key and a direction or kind, such as ``("location", "2dsphere")`` or
    ``("expiresAt", 1)``; ``options`` are those of PyMongo, such as ``expireAfterSeconds=0``. An index with the same
    keys and options is adopted whatever its name. Run backwards, the index is dropped.
    """

    reversible = True
    category = OperationCategory.ADDITION

    def __init__(self, model_name: str, keys: Sequence[tuple[str, int | str]], name: str, **options):
        self.model_name = model_name
        self.keys = [tuple(pair) for pair in keys]
        self.name = name
        self.options = options

    def state_forwards(self, app_label, state):
        """Change nothing: Django's model state knows no such index."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        if self._applies_to(schema_editor, model):
            ensure_index(schema_editor.get_collection(model._meta.db_table), self.keys, name=self.name, **self.options)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        model = from_state.apps.get_model(app_label, self.model_name)
        if self._applies_to(schema_editor, model):
            drop_indexes(
                schema_editor.get_collection(model._meta.db_table),
                self.keys,
                unique=self.options.get("unique", False),
                condition=self.options.get("partialFilterExpression"),
            )

    def describe(self):
        return f"Make sure of index {self.name} on {self.model_name}"

    @property
    def migration_name_fragment(self):
        return f"{self.model_name.lower()}_{self.name.lower()}"

    def _applies_to(self, schema_editor, model):
        return not schema_editor.collect_sql and self.allow_migrate_model(schema_editor.connection.alias, model)


class AdditionsTogether(Operation):
    """Additions to models that are there, which see the models as they are after all of them.

    Django makes the classes of a model and of all that are related to it anew for each addition. Of a migration with
    thirty additions that takes 1.5 seconds; here it is done once.
    """

    reversible = True
    category = OperationCategory.ADDITION
    KINDS = (migrations.AddField, migrations.AddIndex, migrations.AddConstraint)

    def __init__(self, operations: Iterable[Operation]):
        self.operations = list(operations)

    def state_forwards(self, app_label, state):
        classes = state.__dict__.pop("apps", None)  # without them nothing is made anew
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if classes is not None:
            state.apps = classes
            names = {(app_label, operation.model_name_lower) for operation in self.operations}
            state.reload_models(names, delay=False)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, from_state)

    def describe(self):
        return "; ".join(operation.describe() for operation in self.operations)


class LongMigration(migrations.Migration):
    """A migration whose additions that follow one another are made together. It does what Django's does, sooner."""

    def __init__(self, name: str, app_label: str):
        super().__init__(name, app_label)
        self.operations = list(_with_additions_together(self.operations))


def _with_additions_together(operations: Iterable[Operation]) -> Iterator[Operation]:
    for are_additions, run in groupby(operations, lambda operation: isinstance(operation, AdditionsTogether.KINDS)):
        alike = list(run)
        yield from [AdditionsTogether(alike)] if are_additions else alike


def whole_number(*, minimum: int | None = None, maximum: int | None = None) -> dict:
    """Describe a key that holds a 32- or 64-bit integer, or null: balances, counters."""
    limits = {key: value for key, value in (("minimum", minimum), ("maximum", maximum)) if value is not None}
    return {"bsonType": ["int", "long", "null"], **limits}


def one_of(*values: str) -> dict:
    """Describe a key that holds one of these texts, or null: the states of a job, an enum."""
    return {"enum": [*values, None]}

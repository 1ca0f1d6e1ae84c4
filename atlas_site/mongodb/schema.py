"""The schema editor: migrations that run over what is there, and can be run again.

MongoDB has no transactions for collections and indexes. A migration that is killed half way leaves what it has done,
and Django starts it again from the beginning; a database of an earlier Atlas looks much the same, with collections
and indexes that nobody recorded. So every step here asks for a result and is content when it is there already.
"""

import pymongo
from django.db.models import Index, UniqueConstraint
from django_mongodb_backend import schema
from django_mongodb_backend.fields import EmbeddedModelField
from django_mongodb_backend.indexes import SearchIndex
from django_mongodb_backend.query import wrap_database_errors
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.indexes import drop_indexes, ensure_index, null_guard

# Building an index takes as long as it takes; the time-outs of requests are not for migrations.
A_DAY = 24 * 60 * 60


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """The schema editor of django_mongodb_backend, made safe to repeat."""

    def __enter__(self):
        self._patience = pymongo.timeout(A_DAY)
        self._patience.__enter__()
        return super().__enter__()

    def __exit__(self, exc_type, exc_value, traceback):
        try:
            return super().__exit__(exc_type, exc_value, traceback)
        finally:
            self._patience.__exit__(exc_type, exc_value, traceback)

    # Collections and fields

    @wrap_database_errors
    def create_model(self, model):
        """Create the collection of the model, or adopt the one there is, and see to its indexes."""
        if not self._has_collection(model._meta.db_table):
            super().create_model(model)
            return
        self._create_model_indexes(model)
        for field in model._meta.local_many_to_many:
            if field.remote_field.through._meta.auto_created:
                self.create_model(field.remote_field.through)

    def alter_db_table(self, model, old_db_table, new_db_table):
        """Rename the collection, unless that has been done."""
        if self._has_collection(old_db_table) or not self._has_collection(new_db_table):
            super().alter_db_table(model, old_db_table, new_db_table)

    @wrap_database_errors
    @schema.ignore_embedded_models
    def add_field(self, model, field):
        """Give the documents that lack the key the default of the field, and see to its index.

        The stock editor writes the default over what documents have, which on a second run, or on the documents of an
        earlier Atlas, is data.
        """
        if not field.column or isinstance(field, EmbeddedModelField):
            super().add_field(model, field)
            return
        self.get_collection(model._meta.db_table).update_many(
            {field.column: {"$exists": False}}, {"$set": {field.column: self.effective_default(field)}}
        )
        if self._field_should_be_indexed(model, field):
            self._add_field_index(model, field)
        elif self._field_should_have_unique(field):
            self._add_field_unique(model, field)

    def _alter_field(self, model, old_field, new_field, *args, **kwargs):
        """Alter the field; where it starts or stops to be nullable its unique index changes too."""
        super()._alter_field(model, old_field, new_field, *args, **kwargs)
        if old_field.null != new_field.null and self._field_should_have_unique(new_field):
            self._add_field_unique(model, new_field)

    # Indexes

    @wrap_database_errors
    @schema.ignore_embedded_models
    def add_index(self, model, index, *, field=None, unique=False, column_prefix="", parent_model=None):
        """Make sure that the index is there (see ``ensure_index`` for what is adopted and what is replaced).

        A unique index over fields that are not null is a plain one, which serves look-ups and sorted lists. If nullable
        fields are among them, or if documents of an earlier writer lack such a key, the index leaves nulls out.
        """
        if index.contains_expressions or isinstance(index, SearchIndex):
            super().add_index(
                model, index, field=field, unique=unique, column_prefix=column_prefix, parent_model=parent_model
            )
            return
        collection = self.get_collection((parent_model or model)._meta.db_table)
        keys = self._keys_of(model, index, field=field, column_prefix=column_prefix)
        condition = self._condition_of(model, index)
        if not unique:
            ensure_index(collection, keys, name=index.name, partialFilterExpression=condition)
            return
        fields = [field] if field else [model._meta.get_field(name) for name, _ in index.fields_orders]
        columns = dict(zip((key for key, _ in keys), fields, strict=True))
        guards = {column: null_guard(each.db_type(self.connection)) for column, each in columns.items()}
        nullable = {column: guard for column, guard in guards.items() if columns[column].null}
        options = {"name": index.name, "unique": True}
        try:
            ensure_index(collection, keys, partialFilterExpression=_both(nullable, condition), **options)
        except DuplicateKeyError:
            if nullable == guards:
                raise
            ensure_index(collection, keys, partialFilterExpression=_both(guards, condition), **options)

    @wrap_database_errors
    @schema.ignore_embedded_models
    def remove_index(self, model, index):
        """Drop the index with the keys of this one, if there is one, whatever it is called."""
        if index.contains_expressions or isinstance(index, SearchIndex):
            super().remove_index(model, index)
        else:
            self._drop(model, self._keys_of(model, index), unique=False, condition=self._condition_of(model, index))

    @wrap_database_errors
    @schema.ignore_embedded_models
    def remove_constraint(self, model, constraint):
        """Drop the unique index with the keys of this constraint, if there is one, whatever it is called."""
        if isinstance(constraint, UniqueConstraint) and constraint.fields:
            index = Index(fields=constraint.fields, name=constraint.name, condition=constraint.condition)
            self._drop(model, self._keys_of(model, index), unique=True, condition=self._condition_of(model, index))

    def rename_index(self, model, old_index, new_index):
        """Do nothing: an index is known by its keys, and building it anew for its name would be a waste."""

    def _remove_field_index(self, model, field, column_prefix=""):
        self._drop(model, [(column_prefix + field.column, ASCENDING)], unique=False)

    def _remove_field_unique(self, model, field, column_prefix=""):
        self._drop(model, [(column_prefix + field.column, ASCENDING)], unique=True)

    def _remove_composed_index(self, model, field_names, constraint_kwargs, column_prefix="", parent_model=None):
        keys = [(column_prefix + model._meta.get_field(name).column, ASCENDING) for name in field_names]
        self._drop(parent_model or model, keys, unique=constraint_kwargs["unique"])

    def _drop(self, model, keys, *, unique, condition=None):
        drop_indexes(self.get_collection(model._meta.db_table), keys, unique=unique, condition=condition)

    def _keys_of(self, model, index, *, field=None, column_prefix=""):
        if field:
            return [(column_prefix + field.column, ASCENDING)]
        return [
            (column_prefix + model._meta.get_field(name).column, DESCENDING if order else ASCENDING)
            for name, order in index.fields_orders
        ]

    def _condition_of(self, model, index):
        return index._get_condition_mql(model, self) if index.condition else {}

    def _has_collection(self, name):
        return name in self.connection.database.list_collection_names(filter={"name": name})


def _both(guards, condition):
    """Return the partial filter for values that are not null and for a condition that may be on the same columns."""
    return {**condition, **{key: {**guard, **condition.get(key, {})} for key, guard in guards.items()}}

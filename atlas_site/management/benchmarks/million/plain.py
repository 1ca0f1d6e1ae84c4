"""The owned list as Django on PostgreSQL would have it: plain fields, and the same indexes.

The models are made from those of Atlas, so that neither side forgets a field or an index of the other. They belong to
no installed app: only the benchmark knows them.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_mongodb_backend.fields import ArrayField as MongoArrayField
from django_mongodb_backend.fields import ObjectIdField

from properties.models import OwnedCell, Property, PropertyDatasetPermission

ID_LENGTH = 24


def _plain_field(field: models.Field) -> models.Field:
    if isinstance(field, ObjectIdField):
        return models.CharField(max_length=ID_LENGTH, primary_key=field.primary_key)
    if field.is_relation:
        return models.CharField(max_length=ID_LENGTH)
    if isinstance(field, MongoArrayField):
        return ArrayField(_plain_field(field.base_field), null=field.null, default=list)
    plain = field.clone()
    plain.db_column = None
    return plain


def _plain_index(model: type[models.Model], index: models.Index) -> models.Index | None:
    """The same index, with nulls last where MongoDB has them; None for one over an array, which PostgreSQL has not."""
    expressions: list[Any] = []
    for name, direction in index.fields_orders:
        field = model._meta.get_field(name)
        if isinstance(field, MongoArrayField):
            return None
        column = models.F(field.attname)
        expressions.append(column.desc(nulls_last=field.null or None) if direction else column.asc())
    return models.Index(*expressions, name=index.name)


def _make_plain(model: type[models.Model], table: str) -> type[models.Model]:
    fields = {field.attname: _plain_field(field) for field in model._meta.concrete_fields}
    indexes = [plain for index in model._meta.indexes if (plain := _plain_index(model, index))]
    unique = [
        models.UniqueConstraint(
            fields=[model._meta.get_field(name).attname for name in constraint.fields], name=constraint.name
        )
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
    ]
    meta = type("Meta", (), {"app_label": "bench", "db_table": table, "indexes": indexes, "constraints": unique})
    return type(f"Plain{model.__name__}", (models.Model,), {**fields, "Meta": meta, "__module__": __name__})


PlainProperty: Any = _make_plain(Property, "property")
PlainOwned: Any = _make_plain(PropertyDatasetPermission, "owned")
PlainCell: Any = _make_plain(OwnedCell, "cell")
PLAIN = {Property: PlainProperty, PropertyDatasetPermission: PlainOwned, OwnedCell: PlainCell}

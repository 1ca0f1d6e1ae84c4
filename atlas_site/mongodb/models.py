"""The base class of every model whose documents another program may have written."""

from functools import cache

from bson import ObjectId
from django.db import models
from django_mongodb_backend.fields import ObjectIdField
from django_mongodb_backend.managers import MongoManager


class Document(models.Model):
    """A document of MongoDB, known by an ObjectId that the program makes and not the server.

    Other programs leave out keys that they hold to be optional, and add keys of their own. Such documents load, show
    and save like ours:

    * a missing or null key of a field that is not null takes the field's default while loading. Text without a default
      becomes ``""``; any other field without a default stays None, which is the truth about that document;
    * ``save()`` of a loaded document sets the keys of the model and no others, so unknown keys stay.

    Because the key is made here, an insert whose answer was lost can be sent again without making a second document.
    A model with a key of another kind declares its own ``id`` with ``primary_key=True, db_column="_id"``.
    """

    id = ObjectIdField(primary_key=True, default=ObjectId, db_column="_id", editable=False)

    objects = MongoManager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values):
        """Make the instance that a row describes, with defaults in the place of missing values."""
        if None in values:
            defaults = cls._defaults_of_missing()
            values = [
                defaults[name]() if value is None and name in defaults else value
                for name, value in zip(field_names, values, strict=True)
            ]
        # Django looks up every field of the model among the names when some are left out.
        return super().from_db(db, frozenset(field_names), values)

    @classmethod
    @cache
    def _defaults_of_missing(cls):
        """What makes the value of a missing key, by the names of the fields that are not null."""
        return {
            field.attname: field.get_default
            for field in cls._meta.concrete_fields
            if not (field.null or field.primary_key)
        }

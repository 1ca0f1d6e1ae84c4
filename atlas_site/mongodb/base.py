"""The connection class that Django loads for ``ENGINE = "atlas_site.mongodb"``."""

from django_mongodb_backend import base

from atlas_site.mongodb.operations import DatabaseOperations
from atlas_site.mongodb.schema import DatabaseSchemaEditor
from atlas_site.mongodb.validation import DatabaseValidation


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection of django_mongodb_backend with the parts that Atlas mends."""

    SchemaEditorClass = DatabaseSchemaEditor
    ops_class = DatabaseOperations
    validation_class = DatabaseValidation

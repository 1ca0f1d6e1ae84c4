"""The connection class that Django loads for ``ENGINE = "atlas_site.mongodb"``."""

from atlas_site.mongodb.gis import no_search_for_gdal

with no_search_for_gdal():
    from django_mongodb_backend import base

    from atlas_site.mongodb.operations import DatabaseOperations
    from atlas_site.mongodb.schema import DatabaseSchemaEditor
    from atlas_site.mongodb.validation import DatabaseValidation


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection of django_mongodb_backend with the parts that Atlas mends."""

    SchemaEditorClass = DatabaseSchemaEditor
    ops_class = DatabaseOperations
    validation_class = DatabaseValidation

    # A missing key is null to MongoDB, and nothing but null is: to ask for its existence as well, as the stock tests
    # do, answers the same and reads every document, because an index does not know which of the two it is. That null
    # is not less than anything holds for filters without saying so.
    mongo_operators = {
        **base.DatabaseWrapper.mongo_operators,
        "isnull": lambda key, is_null: {key: None if is_null else {"$ne": None}},
        "lt": lambda key, value: {key: {"$lt": value}},
        "lte": lambda key, value: {key: {"$lte": value}},
    }

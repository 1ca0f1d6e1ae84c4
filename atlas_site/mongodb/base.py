"""The connection class that Django loads for ``ENGINE = "atlas_site.mongodb"``."""

from django_mongodb_backend import base


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection of django_mongodb_backend with the parts that Atlas mends."""

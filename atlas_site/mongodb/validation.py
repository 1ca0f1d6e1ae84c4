"""The system check of a database, run by ``migrate`` and by ``check --database default``."""

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django_mongodb_backend import validation
from pymongo.errors import PyMongoError

from atlas_site.mongodb.connection import require_replica_set


class DatabaseValidation(validation.DatabaseValidation):
    """Adds the check that the server has transactions."""

    def check(self, **kwargs):
        """Return an error that says how to start the server if it is not a replica set, or does not answer."""
        try:
            require_replica_set(self.connection)
        except ImproperlyConfigured as error:
            return [*super().check(**kwargs), checks.Error(str(error), id="atlas.E001")]
        except PyMongoError as error:
            hint = "Start MongoDB, or correct MONGODB_URI."
            return [*super().check(**kwargs), checks.Error(f"MongoDB does not answer: {error}", hint, id="atlas.E002")]
        return super().check(**kwargs)

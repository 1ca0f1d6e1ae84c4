"""Which compiler builds the queries, and how values of other writers are read."""

import json

from django_mongodb_backend import operations


class DatabaseOperations(operations.DatabaseOperations):
    """The operations of django_mongodb_backend with our compiler."""

    compiler_module = "atlas_site.mongodb.compiler"

    def convert_jsonfield_value(self, value, expression, connection):
        """Return the document as JSON text, which is what JSONField decodes.

        Another writer may have put dates or ObjectIds into it. JSON has no such values, so they are read as text;
        the stock conversion raises TypeError and makes the whole document unreadable.
        """
        return json.dumps(value, default=str)

"""Which compiler builds the queries, and how values of other writers are read."""

import json

from bson import Int64
from django_mongodb_backend import operations


class DatabaseOperations(operations.DatabaseOperations):
    """The operations of django_mongodb_backend with our compiler."""

    compiler_module = "atlas_site.mongodb.compiler"

    def convert_jsonfield_value(self, value, expression, connection):
        """Return the document as JSON text, which is what JSONField decodes.

        Values that JSON does not have are made plain; the stock conversion raises TypeError and makes the whole
        document unreadable.
        """
        return json.dumps(plain_json(value))


PLAIN = {str, int, float, bool, type(None)}


def plain_json(value):
    """Return a value of MongoDB as JSON would have brought it.

    Another writer may have put dates or ObjectIds into a document. JSON has no such values, so they are read as text.
    """
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is dict:
        return {key: item if type(item) in PLAIN else plain_json(item) for key, item in value.items()}
    if kind is list:
        return [plain_json(item) for item in value]
    return int(value) if isinstance(value, Int64) else str(value)

"""Path converters: what stands in an address, checked before a view sees it."""

from bson import ObjectId


class ObjectIdConverter:
    """The id of a document. Anything else in its place is an address that does not exist, hence 404."""

    regex = "[0-9a-f]{24}"

    def to_python(self, value: str) -> ObjectId:
        return ObjectId(value)

    def to_url(self, value: ObjectId | str) -> str:
        return str(value)

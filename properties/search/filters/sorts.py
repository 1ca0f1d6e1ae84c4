"""The orders in which the vendor can list matches. What is owned has orders of its own, by its own columns."""

SORTS: dict[str, tuple[str, tuple[str, str] | None]] = {
    "": ("Vendor's order", None),
    "-value": ("Value, highest first", ("estimatedValue", "desc")),
    "value": ("Value, lowest first", ("estimatedValue", "asc")),
    "-sold": ("Sold last first", ("soldDate", "desc")),
    "sold": ("Owned longest first", ("soldDate", "asc")),
    "-sold_for": ("Last sale price, highest first", ("lastSalePrice", "desc")),
    "sold_for": ("Last sale price, lowest first", ("lastSalePrice", "asc")),
    "-built": ("Newest buildings first", ("yearBuilt", "desc")),
    "built": ("Oldest buildings first", ("yearBuilt", "asc")),
    "listing": ("By listing status", ("listingStatus", "asc")),
    "state": ("By state", ("state", "asc")),
}
"""By the `sort` parameter: the label, and the vendor's field and direction; None for the order it chooses."""

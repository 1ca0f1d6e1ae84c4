"""Keys that were met before: in a temporary file, so that memory does not grow with them."""

from atlas_site.lib.scratch import Scratch

CACHE_KIBIBYTES = 8_192


class Seen(Scratch):
    """Tells whether a key is met for the first time."""

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID; BEGIN;", cache_kibibytes=CACHE_KIBIBYTES
        )

    def is_new(self, key: str) -> bool:
        """Whether nobody asked for this key before."""
        return bool(self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", [key]).rowcount)

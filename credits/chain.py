"""The hash chain of the ledger: what is hashed, and how. Nothing here needs Django or a database."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NOT_HASHED = frozenset({"_id", "hash"})


def canonical_json(content: Mapping[str, Any]) -> str:
    """Return the one way to write this content: sorted keys, no spaces, UTC to the millisecond, ids as text."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def entry_hash(entry: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a ledger entry as stored: of all its keys but `_id` and `hash`.

    The hash of the entry before it is one of those keys (`previousHash`), which makes the chain.
    """
    return digest({key: value for key, value in entry.items() if key not in NOT_HASHED})


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of this content, in hexadecimal digits."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC)
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return str(value)

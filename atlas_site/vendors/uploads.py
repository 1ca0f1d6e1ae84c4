"""Where uploaded files lie until they are read: a private folder of this machine, or the bucket that pictures lie in.

Nothing kept here has an address of its own, and no name of a user becomes a name here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import storages

from atlas_site.vendors.storage import as_vendor_error, storage_failures

ALIAS = "uploads"
BLOCK_BYTES = 1 << 20


def save_upload(name: str, content: File) -> None:
    """Keep a file block by block. Raises ``VendorUnavailable`` and ``VendorMisconfigured``."""
    try:
        storages[ALIAS].save(name, content)
    except storage_failures() as error:
        raise as_vendor_error(error) from error


@contextmanager
def local_copy(name: str) -> Iterator[Path]:
    """Give the path of a kept file on this machine, for the block: its own one, or that of a copy of it.

    Raises FileNotFoundError where there is none, and what ``save_upload`` raises.
    """
    storage = storages[ALIAS]
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(prefix="atlas-upload-") as copy:
            _download(name, Path(copy.name))
            yield Path(copy.name)
        return
    if not path.is_file():
        raise FileNotFoundError(name)
    yield path


def delete_upload(name: str) -> None:
    """Remove a kept file; one that is gone already is no problem. Raises what ``save_upload`` raises."""
    try:
        storages[ALIAS].delete(name)
    except storage_failures() as error:
        raise as_vendor_error(error) from error


def _download(name: str, target: Path) -> None:
    try:
        with storages[ALIAS].open(name) as kept, target.open("wb") as copy:
            for block in iter(lambda: kept.read(BLOCK_BYTES), b""):
                copy.write(block)
    except FileNotFoundError:
        raise
    except storage_failures() as error:
        raise as_vendor_error(error) from error

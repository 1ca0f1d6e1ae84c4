"""Imports of lead lists: `uploads` takes a file in, `reading` finds out what it is, `mapping` what its columns are,
`planning` says what becomes of every row, `committing` does exactly that, and `runner` carries all of it on in workers.
"""

from leads.services.imports.committing import PlanOutdated, commit_import
from leads.services.imports.leases import ImportNotFound, WrongState, due_import_ids
from leads.services.imports.mapping import MappingRefused, confirm_mapping
from leads.services.imports.runner import run_import
from leads.services.imports.uploads import TooManyImports, cancel_import, forget_import, receive_upload
from leads.services.workspaces import AnotherImport

__all__ = [
    "AnotherImport",
    "ImportNotFound",
    "MappingRefused",
    "PlanOutdated",
    "TooManyImports",
    "WrongState",
    "cancel_import",
    "commit_import",
    "confirm_mapping",
    "due_import_ids",
    "forget_import",
    "receive_upload",
    "run_import",
]

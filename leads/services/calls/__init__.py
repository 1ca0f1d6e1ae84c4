"""What dialers tell of their calls becomes touches, and never contacts.

`uploads` takes a file in, `reading` finds out what its columns and dispositions are, `planning` finds the contacts,
`committing` logs the touches, and `runner` carries all of it on in workers.
"""

from leads.services.calls.committing import commit_calls
from leads.services.calls.leases import CallsNotFound, WrongState, due_file_ids
from leads.services.calls.reading import AnswersRefused, answer
from leads.services.calls.runner import run_calls
from leads.services.calls.uploads import TooManyFiles, cancel_calls, receive_calls, take_from_import

__all__ = [
    "AnswersRefused",
    "CallsNotFound",
    "TooManyFiles",
    "WrongState",
    "answer",
    "cancel_calls",
    "commit_calls",
    "due_file_ids",
    "receive_calls",
    "run_calls",
    "take_from_import",
]

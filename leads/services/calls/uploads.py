"""Taking a dialer's file in, and letting it go."""

from datetime import datetime

from bson import ObjectId
from django.core.files.base import File

from accounts.models import User
from atlas_site.vendors import uploads
from leads.imports.kinds import refuse_large_upload
from leads.models import DialerChunk, DialerFile, LeadImport
from leads.services.calls.leases import State, change_state, find_file, hand_on
from leads.services.imports import cancel_import
from leads.services.imports.uploads import hash_of, plain_file_name

OPEN_FILES = 20
CANCELLABLE = (State.RECEIVED, State.READING, State.ASKING, State.PLANNING, State.PLANNED)


class TooManyFiles(Exception):
    """The user has OPEN_FILES files of dialers that are not over. Its text is a sentence for the page."""

    def __init__(self) -> None:
        super().__init__(f"{OPEN_FILES} files of calls are not over. Finish or cancel one of them first.")


def receive_calls(*, user: User, content: File, file_name: str, now: datetime) -> DialerFile:
    """Keep a dialer's file, for a worker to carry on.

    :raises FileRefused: by its length, before any of it is kept
    :raises TooManyFiles: when too many are open already
    :raises VendorError: when the storage does not work
    """
    name = plain_file_name(file_name)
    refuse_large_upload(content.size, name=name)
    open_files = DialerFile.objects.filter(user_id=user.pk, state__in=[*CANCELLABLE, State.COMMITTING])
    if len(open_files.values_list("pk")[:OPEN_FILES]) == OPEN_FILES:
        raise TooManyFiles
    file_id = ObjectId()
    content_hash = hash_of(content)
    stored_name = f"{user.pk}/{file_id}"
    uploads.save_upload(stored_name, content)
    return DialerFile.objects.create(
        id=file_id,
        user=user,
        file_name=name,
        stored_name=stored_name,
        size=content.size,
        content_hash=content_hash,
        due_at=now,
        created_at=now,
    )


def take_from_import(*, user: User, lead_import: LeadImport, now: datetime) -> DialerFile:
    """Log the calls of a file that was uploaded as a list, which is not imported then.

    Raises what `receive_calls` does, FileNotFoundError, and WrongState of imports when it is too late.
    """
    with uploads.local_copy(lead_import.stored_name) as path, path.open("rb") as content:
        dialer_file = receive_calls(user=user, content=File(content), file_name=lead_import.file_name, now=now)
    cancel_import(user=user, import_id=str(lead_import.pk), now=now)
    return dialer_file


def cancel_calls(*, user: User, file_id: str, now: datetime) -> None:
    """Stop a file of which nothing was logged. Raises CallsNotFound and WrongState."""
    dialer_file = find_file(user=user, file_id=file_id)
    change_state(dialer_file, states=CANCELLABLE, state=State.CANCELLED, due_at=now, lease_until=None, ended_at=now)


def let_wait_end(dialer_file: DialerFile, *, now: datetime) -> None:
    """Cancel a file whose user has said nothing for as long as uploads are kept. Raises LeaseLost."""
    hand_on(dialer_file, now=now, state=State.CANCELLED, due_at=now, ended_at=now)


def clear_up(dialer_file: DialerFile, *, now: datetime) -> None:
    """Remove the upload and the plan of a file that is over. Raises LeaseLost."""
    uploads.delete_upload(dialer_file.stored_name)
    DialerChunk.objects.filter(dialer_file_id=dialer_file.pk).delete()
    hand_on(dialer_file, now=now, due_at=None)

"""Taking a file in, and letting it go: uploads are kept until their import is over, and some time beyond."""

import hashlib
import re
import unicodedata
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath

from bson import ObjectId
from django.conf import settings
from django.core.files.base import File

from accounts.models import User
from atlas_site.vendors import uploads
from leads.imports.kinds import refuse_large_upload
from leads.models import ImportChunk, LeadGroup, LeadImport
from leads.services.imports.leases import State, change_state, find_import, hand_on

OPEN_IMPORTS = 20
CANCELLABLE = (State.RECEIVED, State.READING, State.MAPPING, State.PLANNING, State.PLANNED)
UNNAMED = "list"
SPACES = re.compile(r"\s+")


class TooManyImports(Exception):
    """The user has OPEN_IMPORTS imports that are not over. Its text is a sentence for the page."""

    def __init__(self) -> None:
        super().__init__(f"{OPEN_IMPORTS} imports of yours are not over. Finish or cancel one of them first.")


def receive_upload(
    *,
    user: User,
    content: File,
    file_name: str,
    now: datetime,
    group: LeadGroup | None = None,
    group_name: str = "",
    skips_known: bool = False,
) -> LeadImport:
    """Keep a file, and make the import that a worker is to carry on.

    It goes into `group`, or into a new list of the name `group_name`. With neither, a file that the user has imported
    before goes into the list of that time, and any other into a new list of the file's name.

    :raises FileRefused: by its length, before any of it is kept
    :raises TooManyImports: when too many are open already
    :raises VendorError: when the storage does not work
    """
    name = plain_file_name(file_name)
    refuse_large_upload(content.size, name=name)
    open_imports = LeadImport.objects.filter(user_id=user.pk, state__in=[*CANCELLABLE, State.COMMITTING])
    if len(open_imports.values_list("pk")[:OPEN_IMPORTS]) == OPEN_IMPORTS:
        raise TooManyImports
    content_hash = hash_of(content)
    if group is None and not group_name:
        group = _list_of_earlier_import(user, content_hash)
    import_id = ObjectId()
    stored_name = f"{user.pk}/{import_id}"
    uploads.save_upload(stored_name, content)
    return LeadImport.objects.create(
        id=import_id,
        user=user,
        lead_group=group,
        group_name=(group.name if group else group_name.strip() or PurePosixPath(name).stem)[:150],
        file_name=name,
        stored_name=stored_name,
        size=content.size,
        content_hash=content_hash,
        skips_known=skips_known,
        due_at=now,
        created_at=now,
    )


def cancel_import(*, user: User, import_id: str, now: datetime) -> None:
    """Stop an import whose commit has not begun. Raises ImportNotFound and WrongState."""
    lead_import = find_import(user=user, import_id=import_id)
    change_state(lead_import, states=CANCELLABLE, state=State.CANCELLED, due_at=now, lease_until=None, ended_at=now)


def forget_import(*, user: User, import_id: str) -> None:
    """Remove an import of which nothing was carried out, as if it had never been; one that was carried out stays.

    Raises ImportNotFound.
    """
    lead_import = find_import(user=user, import_id=import_id)
    removable = [*CANCELLABLE, State.REFUSED, State.CANCELLED]
    if LeadImport.objects.filter(pk=lead_import.pk, state__in=removable).delete()[0]:
        _remove_what_it_needed(lead_import)


def let_wait_end(lead_import: LeadImport, *, now: datetime) -> None:
    """Cancel an import whose user has said nothing for as long as uploads are kept. Raises LeaseLost."""
    hand_on(lead_import, now=now, state=State.CANCELLED, due_at=now, ended_at=now)


def clear_up(lead_import: LeadImport, *, now: datetime) -> None:
    """Remove the file and the plan of an import that is over: what was imported needs neither. Raises LeaseLost."""
    _remove_what_it_needed(lead_import)
    hand_on(lead_import, now=now, due_at=None)


def _remove_what_it_needed(lead_import: LeadImport) -> None:
    uploads.delete_upload(lead_import.stored_name)
    ImportChunk.objects.filter(lead_import_id=lead_import.pk).delete()


def waits_until(now: datetime) -> datetime:
    """When an import that waits for its user is cancelled, and when one that is done is cleared up."""
    return now + settings.UPLOADS_KEPT


def plain_file_name(name: str) -> str:
    """The last part of a path of any system, without signs that cannot be seen, of at most 200 characters."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    return SPACES.sub(" ", shown).strip()[-200:] or UNNAMED


def hash_of(content: File) -> str:
    """The SHA-256 of a file, which is read from its beginning and left there."""
    digest = hashlib.sha256()
    for block in content.chunks(1 << 20):
        digest.update(block)
    content.seek(0)
    return digest.hexdigest()


def _list_of_earlier_import(user: User, content_hash: str) -> LeadGroup | None:
    imports = LeadImport.objects.filter(user_id=user.pk, content_hash=content_hash).order_by("-created_at")
    ids = [pk for pk in imports.filter(state=State.DONE).values_list("lead_group_id", flat=True)[:10] if pk]
    live = LeadGroup.objects.filter(user_id=user.pk, is_deleted=False).in_bulk(ids)
    return next((live[pk] for pk in ids if pk in live), None)

"""Workers that are killed in the midst of an import, and what tells whether it ended as if they had not been."""

import os
import random
import signal
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bson import ObjectId
from django.db import connection
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, ImportChunk, LeadGroup, LeadImport
from leads.services import imports
from leads.services.imports.planning import ROWS_A_CHUNK
from leads.services.workspaces import read_workspace
from tests.leads.conftest import State, carry_on, plan
from tests.leads.lists import as_csv, lead_row, lead_rows

POLL_SECONDS = 0.002
SECONDS_OF_A_CHUNK = 0.15


def start_worker(lead_import: LeadImport, *, minutes_ahead: int) -> int:
    """Start a process that carries the import on, and return its id.

    Its clock is ahead, so that it need not wait for the end of the lease of one that was killed.
    """
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        warnings.simplefilter("ignore")
        connection.close_pool()  # a client belongs to the process that made it
        ahead = timedelta(minutes=minutes_ahead)
        imports.run_import(import_id=str(lead_import.pk), now=lambda: timezone.now() + ahead)
        status = 0
    finally:
        os._exit(status)


def kill_at(lead_import: LeadImport, process: int, row: int | None, within: float) -> bool:
    """Wait for a worker, and kill it so many seconds after that many rows are done. False when it ended by itself."""
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            assert status == 0
            return False
        if row is not None and done_rows(lead_import) >= row:
            time.sleep(within)
            os.kill(process, signal.SIGKILL)
            return os.WIFSIGNALED(os.waitpid(process, 0)[1])
        time.sleep(POLL_SECONDS)


def done_rows(lead_import: LeadImport) -> int:
    """The rows that are planned and those that are carried out, counted together, to the chunk."""
    found = LeadImport.objects.only("rows_read", "chunks_committed").get(pk=lead_import.pk)
    return found.rows_read + found.chunks_committed * ROWS_A_CHUNK


def prepare(user: User, size: int) -> tuple[LeadGroup, bytes]:
    """Give a user a list, and make the file that updates half of it and brings others and duplicates."""
    half = size // 2
    first = plan(user, as_csv(lead_rows(half)), "first.csv")
    accept(first)
    imports.run_import(import_id=str(first.pk), now=timezone.now)
    group = LeadGroup.objects.get(user=user)
    again = [lead_row(number, second=f"216{200 + number % 700}{number % 10_000:04d}") for number in range(0, half, 20)]
    return group, as_csv([*again, *lead_rows(size - len(again), start=half)])


def accept(lead_import: LeadImport) -> None:
    """Have a plan carried out."""
    imports.commit_import(
        user=lead_import.user, import_id=str(lead_import.pk), plan_hash=lead_import.plan_hash, now=timezone.now()
    )


def carry_through(lead_import: LeadImport, run: Callable[[LeadImport], object] = carry_on) -> LeadImport:
    """Let workers carry an import on until it is done, and answer what it asks."""
    while lead_import.state != State.DONE:
        if lead_import.state == State.MAPPING:
            imports.confirm_mapping(
                user=lead_import.user,
                import_id=str(lead_import.pk),
                mapping=lead_import.mapping,
                now=timezone.now(),
            )
        elif lead_import.state == State.PLANNED:
            accept(lead_import)
        else:
            run(lead_import)
        lead_import = LeadImport.objects.get(pk=lead_import.pk)
    return lead_import


def carry_through_kills(lead_import: LeadImport, rows: list[int]) -> tuple[LeadImport, int]:
    """Let workers carry an import on of which one is killed at each of these rows, and count those that were."""
    left = sorted(rows)
    chance = random.Random(len(rows))
    workers = kills = 0

    def run(lead_import: LeadImport) -> None:
        nonlocal workers, kills
        workers += 1
        process = start_worker(lead_import, minutes_ahead=2 * workers)
        if kill_at(lead_import, process, left[0] if left else None, chance.uniform(0, SECONDS_OF_A_CHUNK)):
            left.pop(0)
            kills += 1

    return carry_through(lead_import, run), kills


def outcome_of(lead_import: LeadImport) -> dict[str, Any]:
    """Everything that an import leaves, without what differs between any two: ids and moments."""
    user_id = lead_import.user_id
    names = {str(user_id): "the user"}
    for model in (LeadImport, LeadGroup):
        made = model.objects.filter(user_id=user_id).order_by("created_at").values_list("pk", flat=True)
        names |= {str(pk): f"{model.__name__} {number}" for number, pk in enumerate(made) if str(pk) not in names}
    contacts = list(collection_of(Contact).find({"userId": user_id}))
    for contact in contacts:
        names[str(contact["_id"])] = f"{names[contact['origin']['importId']]}, row {contact['origin']['row']}"
    chunks = collection_of(ImportChunk).find({"importId": lead_import.pk}).sort("number", 1)
    lists = collection_of(LeadGroup).find({"userId": user_id})
    workspace = read_workspace(user_id)
    return {
        "contacts": sorted((_named(each, names) for each in contacts), key=lambda contact: contact["_id"]),
        "lists": [_named(each, names) for each in lists],
        "chunks": [_named(chunk["rows"], names) for chunk in chunks],
        "plan_hash": lead_import.plan_hash,
        "counts": lead_import.counts,
        "causes": _named(lead_import.causes, names),
        "workspace": (workspace.version, workspace.committing),
    }


def some_rows(count: int, size: int, seed: int) -> list[int]:
    """Rows at which workers are killed, in their order."""
    return sorted(random.Random(seed).sample(range(1, 2 * size), count))


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _named(each, names) for key, each in value.items() if key not in {"createdAt", "usedAt"}}
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    return names.get(str(value), value) if isinstance(value, str | ObjectId) else value

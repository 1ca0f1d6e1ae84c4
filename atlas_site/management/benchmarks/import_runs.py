"""One measurement of the benchmark of imports, in the process that is measured. See `imports`."""

import csv
import json
import resource
import time
from itertools import islice
from pathlib import Path
from typing import Any

from bson import ObjectId
from django.apps import apps
from django.core.files import File
from django.db import connection
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors import uploads
from leads.imports.columns import guess_columns
from leads.imports.rows import Lead, LeadReader
from leads.models import Contact, LeadImport
from leads.services import imports
from leads.services.imports.plans import document_of

ROWS_A_BATCH = 1_000


def measure_one(what: str, path: str) -> None:
    """Measure "floor" or "import" on a list, in a database that is empty before and gone after; print it as JSON."""
    connection.ensure_connection()
    client, name = connection.connection, connection.settings_dict["NAME"]
    client.drop_database(name)
    try:
        with connection.schema_editor() as editor:
            for model in apps.get_app_config("leads").get_models():
                editor.create_model(model)
        found = {"floor": _floor, "import": _import}[what](Path(path))
    finally:
        client.drop_database(name)
    print(json.dumps({**found, "peak_mebibytes": _peak_mebibytes()}))


def _floor(path: Path) -> dict[str, Any]:
    """The least that an import must do: read, understand, insert."""
    user_id, list_id, now = ObjectId(), ObjectId(), timezone.now()
    contacts = collection_of(Contact)
    with path.open(newline="") as file:
        rows = csv.reader(file)
        headers = next(rows)
        sample = list(islice(rows, 200))
        reader = LeadReader({at: guess.field for at, guess in enumerate(guess_columns(headers, sample))}, headers)
        file.seek(0)
        rows = csv.reader(file)
        next(rows)
        began, core = time.perf_counter(), time.process_time()
        number = 0
        while batch := list(islice(rows, ROWS_A_BATCH)):
            made = []
            for cells in batch:
                number += 1
                lead = reader.read(cells)
                if isinstance(lead, Lead):
                    made.append(
                        {
                            "_id": ObjectId(),
                            "userId": user_id,
                            "leadsId": list_id,
                            **document_of(lead, lead.match_keys),
                            "stage": "new",
                            "isEnriched": False,
                            "isDivorceLead": False,
                            "origin": {"importId": str(list_id), "row": number, "cells": cells},
                            "createdAt": now,
                        }
                    )
            contacts.insert_many(made, ordered=False)
        return {"seconds": time.perf_counter() - began, "core_seconds": time.process_time() - core, "stages": {}}


def _import(path: Path) -> dict[str, Any]:
    """An import from the upload to the list that is done."""
    user = User(pk=ObjectId())
    began, core = time.perf_counter(), time.process_time()
    with path.open("rb") as file:
        lead_import = imports.receive_upload(
            user=user, content=File(file, name=path.name), file_name=path.name, now=timezone.now()
        )
    stages: dict[str, float] = {}
    key = str(lead_import.pk)
    while lead_import.state != LeadImport.State.DONE:
        stage_began, state = time.perf_counter(), lead_import.state
        if state == LeadImport.State.MAPPING:
            imports.confirm_mapping(user=user, import_id=key, mapping=lead_import.mapping, now=timezone.now())
        elif state == LeadImport.State.PLANNED:
            imports.commit_import(user=user, import_id=key, plan_hash=lead_import.plan_hash, now=timezone.now())
        else:
            imports.run_import(import_id=key, now=timezone.now)
            name = "committing" if state == LeadImport.State.COMMITTING else "reading and planning"
            stages[name] = stages.get(name, 0.0) + time.perf_counter() - stage_began
        lead_import = LeadImport.objects.get(pk=lead_import.pk)
    found = {"seconds": time.perf_counter() - began, "core_seconds": time.process_time() - core, "stages": stages}
    uploads.delete_upload(lead_import.stored_name)
    return found


def _peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024

"""The processes of the benchmark of skip traces: the one that makes a job, and the workers that carry it out."""

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors import batchdata
from credits import services as credit_services
from leads.models import Contact, EnrichmentBatch, LeadGroup, RowState
from leads.services import traces
from leads.services.people import values_of_person
from leads.services.traces import batches

APPS = ("accounts", "credits", "properties", "leads", "vendors")
FIRST_NAMES = ("Ada", "Bruno", "Clara", "Dmitri", "Elena", "Felix", "Greta", "Hugo", "Irma", "Jonas")
LAST_NAMES = ("Berchon", "Dallfen", "Gardhart", "Kinlock", "Mondridge", "Steadton", "Fenber", "Lockgard")
STREETS = ("Oak St", "N Maple Ave", "W 3rd St", "Elm Dr", "Juniper Ln", "Birchwood Ct", "S Vinewood Way")
PLACES = (("Springfield", "MA", "01109"), ("Columbus", "OH", "43211"), ("Orlando", "FL", "32808"))
PARTS = {
    "the vendor's answer": (batches.batchdata, "trace_people"),
    "freezing the question": (batches, "_freeze_question"),
    "keeping the answer": (batches, "store_traces"),
    "settling and charging": (batches, "settle"),
    "bringing contacts up": (batches, "show_traces"),
}


def prepare(contacts: str) -> None:
    """Make the database, a user with credits, a list, and an accepted job; print the job's id."""
    connection.ensure_connection()
    connection.connection.drop_database(connection.settings_dict["NAME"])
    with connection.schema_editor() as editor:
        for label in APPS:
            for model in apps.get_app_config(label).get_models():
                if not model._meta.proxy and model._meta.managed:
                    editor.create_model(model)
    now, count = timezone.now(), int(contacts)
    user = User.objects.create(email="bench@example.test", name="Bench")
    credit_services.grant(
        user_id=user.pk, amount=count, bucket="purchased", source="bench", reason="Benchmark", now=now
    )
    group = LeadGroup.objects.create(user=user, name="Benchmark", total_contacts=count)
    collection_of(Contact).insert_many(_document(number, group, user) for number in range(count))
    quote = traces.quote_trace(user=user, group=group, now=now)
    print(traces.accept_trace(user=user, quote_id=quote.pk, now=now).pk)


def _document(number: int, group: LeadGroup, user: User) -> dict[str, Any]:
    city, state, code = PLACES[number % len(PLACES)]
    document = {
        "leadsId": group.pk,
        "firstName": FIRST_NAMES[number % len(FIRST_NAMES)],
        "lastName": LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)],
        "address": f"{100 + number} {STREETS[number % len(STREETS)]}",
        "city": city,
        "state": state,
        "zip": code,
        "phones": [],
        "emails": [],
        "stage": "new",
        "isEnriched": False,
        "isDivorceLead": False,
        "createdAt": timezone.now(),
    }
    return {**document, **values_of_person(document, user.pk)}


def work(job_id: str) -> None:
    """Wait for a line, carry the job on until nothing of it is due, and print where the time went."""
    seconds = _measure_parts()
    connection.ensure_connection()
    connection.connection.admin.command("ping")
    print("ready", flush=True)
    sys.stdin.readline()
    began, core = time.perf_counter(), time.process_time()
    while traces.run_trace(enrichment_id=job_id, now=timezone.now):
        pass
    report = {
        "seconds": time.perf_counter() - began,
        "core_seconds": time.process_time() - core,
        "parts": {name: sum(each) for name, each in seconds.items()},
        "batches": len(seconds["settling and charging"]),
    }
    print(json.dumps(report), flush=True)


def _measure_parts() -> dict[str, list[float]]:
    """Let each part of a batch note how long it takes."""
    seconds: dict[str, list[float]] = defaultdict(list)
    lock = threading.Lock()

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                with lock:
                    seconds[name].append(time.perf_counter() - began)

        return run

    for name, (module, function) in PARTS.items():
        setattr(module, function, timed(name, getattr(module, function)))
    return seconds


def check(job_id: str) -> None:
    """Print how many rows ended in each state, and drop the database."""
    found = collection_of(EnrichmentBatch).find({}, {"rows.state": 1})
    counts: dict[str, int] = defaultdict(int)
    for batch in found:
        for row in batch["rows"]:
            counts[row["state"]] += 1
    is_sound = credit_services.verify_books().is_sound
    connection.connection.drop_database(connection.settings_dict["NAME"])
    print(json.dumps({"states": counts, "is_sound": is_sound, "open": counts.get(RowState.QUEUED, 0)}))


__all__ = ["batchdata", "check", "prepare", "work"]

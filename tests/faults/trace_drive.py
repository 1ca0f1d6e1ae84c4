"""What the tests of killed servers do within Atlas, in processes of their own: prepare a job, tell its outcome.

Each function writes one line of JSON. See `trace_world.World.drive`.
"""

import json
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from atlas_site.lib.queue import nudge
from credits import services as credit_services
from credits.models import Credit, Quote
from leads.models import Enrichment, RowState
from leads.selectors.trace_bill import expect_trace_bill
from leads.services import traces
from leads.services.trace_books import verify_traces
from leads.tasks import run_trace
from properties.models import PersonTrace
from properties.selectors.vendor_bill import LOST_LOOKUP
from tests.factories import UserFactory
from tests.leads.traces.conftest import make_list
from tests.leads.traces.killing import outcome_of


def migrate() -> None:
    """Make the collections and indexes."""
    call_command("migrate", verbosity=0)
    tell({})


def prepare(size: str) -> None:
    """Make a user with credits, a list of so many people, and accept a skip trace of it; the worker is told."""
    now = timezone.now()
    user = UserFactory.create()
    amount = int(size)
    credit_services.grant(user_id=user.pk, amount=amount, bucket="purchased", source=str(user.pk), reason="x", now=now)
    PersonTrace.objects.all().delete()
    quote = traces.quote_trace(user=user, group=make_list(user, int(size)), now=now)
    job = traces.accept_trace(user=user, quote_id=quote.pk, now=now)
    nudge(run_trace, str(job.pk))
    tell({"job": str(job.pk)})


def finish(job_id: str) -> None:
    """Let a day and more go by for the answers that were lost, and tell the outcome and what the books say."""
    late = timezone.now() + timedelta(hours=25)
    for _ in range(3):
        if not Enrichment.objects.get(pk=job_id).is_over:
            traces.run_trace(enrichment_id=job_id, now=lambda: late)
    job = Enrichment.objects.get(pk=job_id)
    states = Counter(row["state"] for batch in job.batches.all() for row in batch.rows)
    quote = Quote.objects.get(pk=job.quote_ids[0])
    bill = expect_trace_bill(since=job.created_at, until=job.created_at + timedelta(microseconds=1_000))
    breaches: list[str] = []
    verify_traces(check=lambda rule, holds, *_: None if holds else breaches.append(rule), now=timezone.now())
    wallet = Credit.objects.get(user=job.user_id)
    found = {
        "is_over": job.is_over,
        "states": states,
        "captured": quote.captured,
        "price": -(-states[RowState.HIT] // 2),
        "reserved": wallet.reserved,
        "left": wallet.credit_available,
        "is_sound": credit_services.verify_books().is_sound,
        "breaches": breaches,
        "residual": sum(abs(count) for count in bill.residual.values()),
        "explained": sorted(row_id for row_id, _ in bill.units.elements()),
        "lost": sorted(row_id for row_id, _ in bill.by_cause.get(LOST_LOOKUP, Counter()).elements()),
        "outcome": outcome_of(job),
    }
    tell(found)


def tell(found: dict[str, Any]) -> None:
    """Write the answer."""
    sys.stdout.write(json.dumps(found, default=str) + "\n")

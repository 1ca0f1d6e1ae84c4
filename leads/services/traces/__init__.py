"""Skip traces: offered, paid for, carried out in batches by workers that may die at any line, and told to contacts.

`batches` has the life of one batch, `runner` how workers share a job, `jobs` what its user does with it, `choice` whom
it is about, `ending` its receipts.
"""

from leads.services.traces.choice import TraceCount
from leads.services.traces.jobs import (
    TraceStopping,
    accept_trace,
    cancel_trace,
    pause_trace,
    resume_trace,
    retry_trace,
)
from leads.services.traces.quotes import (
    MOST_TRACED,
    NothingToTrace,
    TraceNotFound,
    count_traceable,
    drop_unaccepted,
    quote_rest,
    quote_trace,
    quote_what_fits,
)
from leads.services.traces.runner import due_trace_ids, run_trace, send_due_mails

__all__ = [
    "MOST_TRACED",
    "NothingToTrace",
    "TraceCount",
    "TraceNotFound",
    "TraceStopping",
    "accept_trace",
    "cancel_trace",
    "count_traceable",
    "drop_unaccepted",
    "due_trace_ids",
    "pause_trace",
    "quote_rest",
    "quote_trace",
    "quote_what_fits",
    "resume_trace",
    "retry_trace",
    "run_trace",
    "send_due_mails",
]

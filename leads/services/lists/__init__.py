"""Work on whole lists: `combining` makes a list of several, `adding` puts what users have elsewhere on one, and
`runner` carries both on in workers.
"""

from leads.services.lists.adding import (
    MOST_ADDED,
    Added,
    Address,
    NewLead,
    NothingToAdd,
    TooManyToAdd,
    add_lead,
    start_adding,
)
from leads.services.lists.combining import (
    ListsOutdated,
    NothingToCombine,
    cancel_job,
    make_combined_list,
    start_combining,
)
from leads.services.lists.leases import JobNotFound, WrongState, due_job_ids
from leads.services.lists.runner import run_list_job
from leads.services.workspaces import AnotherImport

__all__ = [
    "MOST_ADDED",
    "Added",
    "Address",
    "AnotherImport",
    "JobNotFound",
    "ListsOutdated",
    "NewLead",
    "NothingToAdd",
    "NothingToCombine",
    "TooManyToAdd",
    "WrongState",
    "add_lead",
    "cancel_job",
    "due_job_ids",
    "make_combined_list",
    "run_list_job",
    "start_adding",
    "start_combining",
]

"""What the page of one import shows, by its state."""

from dataclasses import dataclass, field, replace

from credits.models import CreditType
from credits.selectors.balances import price_each
from leads.imports.fields import Field
from leads.models import Enrichment, LeadGroup, LeadImport
from leads.selectors.imports import MappedColumn, PlanGroup, Progress, columns_of, plan_groups, progress_of

State = LeadImport.State

DOWNLOADS = ("rejected", "duplicate", "known")
"""The kinds of rows that can be downloaded."""

WITH_COLUMNS = {State.MAPPING, State.PLANNED}
HEADINGS = {
    State.RECEIVED: "Waiting to be read",
    State.READING: "Reading the file",
    State.MAPPING: "Check the columns",
    State.PLANNING: "Making the plan",
    State.PLANNED: "Check the plan",
    State.COMMITTING: "Importing",
    State.DONE: "Imported",
    State.REFUSED: "This file cannot be imported",
    State.CANCELLED: "Cancelled",
}
REMEMBERED = "You said so for the last file with these columns."
"""What the guess of a column gives as its reason when its field was said before."""

TEMPLATE_FIELDS = (
    *(Field.FIRST_NAME, Field.LAST_NAME, Field.COMPANY, Field.PHONE, Field.EMAIL),
    *(Field.ADDRESS, Field.CITY, Field.STATE, Field.ZIP),
    *(Field.MAILING_ADDRESS, Field.MAILING_CITY, Field.MAILING_STATE, Field.MAILING_ZIP, Field.APN, Field.COUNTY),
)
TEMPLATE_HEADERS = [each.label for each in TEMPLATE_FIELDS]


TRACED_FIRST = 10
"""So many are traced to try it."""


@dataclass(frozen=True)
class OldList:
    """What of a list that somebody brings is free, and what tracing only the rest would cost at most."""

    duplicates: int
    rejected: int
    with_phone: int
    # New ones who were traced on another list.
    traced: int
    # New ones without a phone number, and of those the first few.
    rest: int
    cost: int
    first: int
    first_cost: int


@dataclass(frozen=True)
class ImportPage:
    """An import with what its state needs: `progress` while a worker is at it, `columns`, and the plan's `groups`."""

    lead_import: LeadImport
    progress: Progress | None
    columns: list[MappedColumn] = field(default_factory=list)
    groups: list[PlanGroup] = field(default_factory=list)
    # The list that it goes into, or went into; None for one that is not made yet, or deleted.
    group: LeadGroup | None = None
    old_list: OldList | None = None

    @property
    def state(self) -> str:
        return self.lead_import.state

    @property
    def heading(self) -> str:
        """What the page is about, in a few words."""
        return HEADINGS[State(self.state)]

    @property
    def has_rows(self) -> bool:
        """Whether the rows of the plan are still kept."""
        return self.state in {State.PLANNED, State.COMMITTING} or self.is_kept

    @property
    def is_kept(self) -> bool:
        """Whether it was carried out, and its rows can still be downloaded."""
        return self.state == State.DONE and self.lead_import.due_at is not None

    @property
    def can_be_cancelled(self) -> bool:
        return not self.lead_import.is_over and self.state != State.COMMITTING

    @property
    def is_remembered(self) -> bool:
        """Whether all columns are read as the user said for an earlier file."""
        return bool(self.columns) and all(column.sureness == "remembered" for column in self.columns)

    @property
    def read_columns(self) -> list[MappedColumn]:
        """The columns of which something is read."""
        return [column for column in self.columns if column.field is not Field.IGNORE]

    @property
    def ignored_columns(self) -> list[MappedColumn]:
        return [column for column in self.columns if column.field is Field.IGNORE]

    @property
    def written(self) -> int:
        """How many rows make a contact or bring one up to date."""
        counts = self.lead_import.counts
        return counts.get("create", 0) + counts.get("update", 0)


def page_of(lead_import: LeadImport) -> ImportPage:
    """What the page of an import shows now."""
    state = lead_import.state
    has_plan = state == State.PLANNED or (state == State.DONE and lead_import.due_at is not None)
    group = LeadGroup.objects.filter(pk=lead_import.lead_group_id, is_deleted=False).first()
    tells_price = has_plan and lead_import.counts.get("create") and not _was_traced_since(lead_import)
    return ImportPage(
        lead_import=lead_import,
        progress=progress_of(lead_import),
        columns=_columns(lead_import) if state in WITH_COLUMNS else [],
        groups=plan_groups(lead_import) if has_plan else [],
        group=group,
        old_list=_old_list(lead_import) if tells_price else None,
    )


def _was_traced_since(lead_import: LeadImport) -> bool:
    """Whether a skip trace of its list began after it: what is left to trace is another number then."""
    traces = Enrichment.objects.filter(lead_group_id=lead_import.lead_group_id)
    return lead_import.ended_at is not None and traces.filter(created_at__gte=lead_import.ended_at).exists()


def _old_list(lead_import: LeadImport) -> OldList:
    """Of the new contacts of a plan, how many have a phone number, and the price of tracing the others."""
    counts = lead_import.counts
    rest = counts.get("create", 0) - counts.get("with_phone", 0)
    first = min(rest, TRACED_FIRST)
    unit = CreditType.SKIPTRACE.value
    cost, first_cost = price_each(user_id=lead_import.user_id, offers=[{unit: rest}, {unit: first}])
    return OldList(
        duplicates=counts.get("duplicate", 0),
        rejected=counts.get("rejected", 0),
        with_phone=counts.get("with_phone", 0),
        traced=counts.get("traced", 0),
        rest=rest,
        cost=cost,
        first=first,
        first_cost=first_cost,
    )


def _columns(lead_import: LeadImport) -> list[MappedColumn]:
    """The columns; those whose field the user has said, now or before, are "chosen" or "remembered", and no guess."""
    columns = []
    for column, guess in zip(columns_of(lead_import), lead_import.guesses, strict=True):
        if column.field != guess["field"]:
            columns.append(replace(column, sureness="chosen", why="You chose this field."))
        else:
            columns.append(replace(column, sureness="remembered") if column.why == REMEMBERED else column)
    return columns

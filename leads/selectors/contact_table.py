"""What the table of a list's contacts shows: the contacts, their numbers, and the ways on from here."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from accounts.models import User
from atlas_site.mongodb.orders import Sort, opposite
from leads.calling import PERMISSION, Number, numbers_of
from leads.models import Contact, ContactAction, LeadGroup
from leads.selectors import contacts as selectors
from leads.selectors.contact_actions import open_actions
from leads.selectors.contact_orders import DEFAULT, SORTS
from leads.selectors.contacts import Chip, ContactChoice, ContactPage, list_contacts
from leads.selectors.groups import list_groups
from leads.selectors.people import dnc_numbers_of
from properties.selectors.owned import COUNTED_UP_TO, PENDING, CappedCount
from properties.selectors.owned_columns import view_of

NUMBERS_SHOWN = 2

COLUMNS = (
    ("Name", "name-up"),
    ("Address", ""),
    ("Phones", ""),
    ("Stage", "stage-up"),
    ("Next touch", "next-up"),
    ("Score", "score"),
    ("Last touched", "touched"),
)
"""The columns with the order that their headings give first."""


@dataclass(frozen=True)
class Heading:
    """One heading: with the query string of the table in its order, if there is one."""

    label: str
    url: str = ""
    # "ascending" or "descending" for the order that is shown, else "".
    direction: str = ""


@dataclass(frozen=True)
class ContactRow:
    """A contact with its numbers, the best first."""

    contact: Contact
    numbers: list[Number]

    @property
    def shown(self) -> list[Number]:
        return self.numbers[:NUMBERS_SHOWN]

    @property
    def more(self) -> int:
        """How many numbers there are beyond those shown."""
        return max(0, len(self.numbers) - NUMBERS_SHOWN)


@dataclass(frozen=True)
class ContactTable:
    """One page of the table."""

    group: LeadGroup
    choice: ContactChoice
    page: ContactPage
    rows: list[ContactRow]
    density: str
    today: datetime
    headings: list[Heading] = field(default_factory=list)
    # What workers have still to do with contacts of this list, and other lists to which some can be added.
    open_actions: list[ContactAction] = field(default_factory=list)
    targets: list[LeadGroup] = field(default_factory=list)

    permission = PERMISSION
    stages = tuple(selectors.STAGES.items())

    @property
    def chips(self) -> list[Chip]:
        return self.choice.chips()

    @property
    def query(self) -> str:
        return self.choice.urlencode()

    @property
    def state(self) -> str:
        """The query string of this table in this order, without the page."""
        return urlencode(state_of(self.choice, self.page.sort))

    @property
    def paging(self) -> str:
        """What a link to another page begins with, after the question mark."""
        return f"{self.state}&" if self.state else ""

    @property
    def sorts(self) -> dict[str, Sort]:
        return dict(SORTS)

    @property
    def filters(self) -> list[tuple[str, str, dict[str, str], str]]:
        """The filters that have a few values: name, label, values, and the one that is chosen."""
        offered = (
            ("stage", "Stage", selectors.STAGES),
            ("call", "Calls", selectors.CALLABLE),
            ("traced", "Skip trace", selectors.TRACED),
            ("phone", "Phone", selectors.PHONE),
            ("dnc", "Do not call", selectors.BARRED),
        )
        return [(name, label, values, getattr(self.choice, name)) for name, label, values in offered]


def state_of(choice: ContactChoice, sort: str) -> dict[str, str]:
    """The URL parameters of a table: its conditions, and its order unless it is the usual one."""
    return {**choice.params(), **({"sort": sort} if sort != DEFAULT and sort in SORTS else {})}


def contact_table(
    *,
    user: User,
    group: LeadGroup,
    choice: ContactChoice,
    now: datetime,
    sort: str = "",
    after: str = "",
    before: str = "",
    counts_now: bool = False,
) -> ContactTable:
    """One page of the contacts of a user's list that `choice` holds.

    What a choice holds of a long list is counted after the page is shown, or with it if `counts_now`.
    """
    total: CappedCount | None = None
    if not choice.params():
        total = _all_of(group)
    elif group.total_contacts > COUNTED_UP_TO and not counts_now:
        total = PENDING
    page = list_contacts(group, now=now, choice=choice, sort=sort, after=after, before=before, total=total)
    return ContactTable(
        group=group,
        choice=choice,
        page=page,
        rows=rows_of(user, page.contacts, now),
        density=view_of(user).density,
        today=now,
        open_actions=open_actions(group),
        targets=[each for each in list_groups(user) if each.pk != group.pk],
        headings=[_heading(label, first, choice, page.sort) for label, first in COLUMNS],
    )


class ExactCount(CappedCount):
    """A count that is kept, and so is never capped."""

    @property
    def is_capped(self) -> bool:
        return False


def _all_of(group: LeadGroup) -> CappedCount:
    return ExactCount(group.total_contacts)


def rows_of(user: User, contacts: list[Contact], now: datetime) -> list[ContactRow]:
    """Contacts of a user with their numbers."""
    numbers = {phone.get("number") for contact in contacts for phone in contact.phones or ()}
    numbers |= {contact.phone for contact in contacts}
    barred = dnc_numbers_of(user.pk, [number for number in numbers if number])
    return [ContactRow(contact, numbers_of(contact, barred, now)) for contact in contacts]


def _heading(label: str, first: str, choice: ContactChoice, sort: str) -> Heading:
    if not first:
        return Heading(label)
    is_shown = sort.removesuffix("-up") == first.removesuffix("-up")
    wanted = opposite(sort) if is_shown else first
    direction = ("ascending" if sort.endswith("-up") else "descending") if is_shown else ""
    return Heading(label, urlencode({**choice.params(), "sort": wanted}), direction)

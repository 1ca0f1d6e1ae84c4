"""The contacts of a list: narrowed, ordered, a page at a time, and what stands before and after one of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bson import ObjectId
from django.db.models import QuerySet

from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.patience import TooSlow, no_longer_than
from leads.imports.lookup import digits_of, words_of
from leads.models import Contact, LeadGroup
from leads.selectors.contact_orders import DEFAULT, SORTS, in_stage
from properties.models.traces import TraceOutcome
from properties.selectors.owned import CappedCount, count_capped

CONTACTS_A_PAGE = 25
MOST_CHOSEN = 5_000
SECONDS_FOR_A_PAGE = 4.0
FEWEST_DIGITS = 3
# What a table does not show.
UNSHOWN = ("origin", "match_keys", "find_keys")
# Above every character that names, addresses and numbers are written with, so that a range holds all that begins alike.
LAST_CHARACTER = "\uffff"

Contacts = QuerySet[Contact]

YES, NO = "yes", "no"
ANY_TRACE, NO_TRACE = "any", "none"
STAGES = {value: str(label) for value, label in Contact.Stage.choices}
CALLABLE = {YES: "Callable now", NO: "Not callable now"}
PHONE = {YES: "Has a phone number", NO: "Without a phone number"}
BARRED = {YES: "On your list", NO: "Not on your list"}
TRACED = {
    ANY_TRACE: "Traced",
    NO_TRACE: "Not traced yet",
    **{value: f"Traced: {str(label).lower()}" for value, label in TraceOutcome.choices},
}


@dataclass(frozen=True)
class Chip:
    """One condition of a table, and the query string of the table without it."""

    label: str
    query: str


@dataclass(frozen=True)
class ContactChoice:
    """What narrows the contacts of a list. Every value is that of the URL, "" for no condition."""

    find: str = ""
    stage: str = ""
    call: str = ""
    traced: str = ""
    phone: str = ""
    dnc: str = ""
    state: str = ""

    def rows(self, group: LeadGroup, now: datetime) -> Contacts:
        """The contacts of the list that fit, in no order."""
        rows = Contact.objects.filter(lead_group_id=group.pk)
        for condition in self.conditions(group, now):
            rows = rows.filter(condition)
        return rows

    def conditions(self, group: LeadGroup, now: datetime) -> list[Matches]:
        """What narrows the contacts of the list."""
        conditions = [in_stage(self.stage)] if self.stage else []
        if self.call:
            is_callable = {"$gt": now}
            conditions.append(Matches({"callableUntil": is_callable if self.call == YES else {"$not": is_callable}}))
        if self.traced in {ANY_TRACE, NO_TRACE}:
            conditions.append(Matches({"traceOutcome": {"$gt": ""} if self.traced == ANY_TRACE else None}))
        elif self.traced:
            conditions.append(Matches({"traceOutcome": self.traced}))
        if self.phone:
            conditions.append(Matches({"phone": {"$gt": ""} if self.phone == YES else {"$in": [None, ""]}}))
        if self.dnc:
            conditions.append(Matches({"doNotCall": True if self.dnc == YES else {"$ne": True}}))
        if self.state:
            conditions.append(Matches({"state": self.state}))
        return [*conditions, *_found_by(self.find, group)]

    def params(self) -> dict[str, str]:
        """The URL parameters, from which the same choice can be read again."""
        return {name: value for name, value in vars(self).items() if value}

    def urlencode(self) -> str:
        """The query string that pages link by."""
        return urlencode(self.params())

    def chips(self) -> list[Chip]:
        """What is active, each removable on its own."""
        return [
            Chip(self._label_of(name), urlencode({key: each for key, each in self.params().items() if key != name}))
            for name in self.params()
        ]

    def describe(self) -> str:
        """The choice in a sentence part, for the log of exports."""
        return "; ".join(self._label_of(name) for name in self.params()) or "All contacts"

    def _label_of(self, name: str) -> str:
        value = getattr(self, name)
        if name == "find":
            return f"Begins with {value}"
        if name == "stage":
            return f"Stage: {STAGES[value]}"
        if name == "state":
            return f"State: {value}"
        if name == "dnc":
            return f"Do not call: {BARRED[value].lower()}"
        return VALUES[name][value]


FIND_LENGTH = 120
STATE_LENGTH = 50
VALUES = {"stage": STAGES, "call": CALLABLE, "traced": TRACED, "phone": PHONE, "dnc": BARRED}


def read_choice(params: str | Mapping[str, str]) -> ContactChoice:
    """The choice of a query string or of URL parameters. What is none of the values of a filter is no condition."""
    given = dict(parse_qsl(params)) if isinstance(params, str) else params
    values = {name: given.get(name, "") for name in VALUES}
    return ContactChoice(
        find=" ".join(given.get("find", "").split())[:FIND_LENGTH],
        state=given.get("state", "").strip().upper()[:STATE_LENGTH],
        **{name: value if value in VALUES[name] else "" for name, value in values.items()},
    )


def _found_by(text: str, group: LeadGroup) -> list[Matches]:
    """Whose name, company or address begins with the text, or one of whose numbers does."""
    digits, words = digits_of(text), words_of(text)
    found = [{"leadsId": group.pk, "findKeys": {"$elemMatch": _begins_with(words)}}] if words else []
    if len(digits) >= FEWEST_DIGITS:
        number = {"phones": {"$elemMatch": {"number": _begins_with(digits)}}}
        found.append({"userId": group.user_id, **number})
    if not found:
        return [Matches({"_id": {"$in": []}})] if text else []
    return [Matches({"$or": found} if len(found) > 1 else found[0])]


def _begins_with(text: str) -> dict[str, str]:
    return {"$gte": text, "$lt": text + LAST_CHARACTER}


@dataclass(frozen=True)
class ContactSelection:
    """What an action or an export is about: contacts that were checked, or all of a list that a choice holds."""

    choice: ContactChoice
    ids: tuple[str, ...] = ()

    def rows(self, group: LeadGroup, now: datetime) -> Contacts:
        """The selected contacts; ids that are none of this list select nothing."""
        if not self.ids:
            return self.choice.rows(group, now)
        ids = [ObjectId(each) for each in self.ids if ObjectId.is_valid(each)]
        return Contact.objects.filter(lead_group_id=group.pk, pk__in=ids)

    def condition(self, group: LeadGroup, now: datetime) -> dict[str, Any]:
        """The same contacts as the server's own language says them, for reading a million documents as they are."""
        if self.ids:
            return {
                "leadsId": group.pk,
                "_id": {"$in": [ObjectId(each) for each in self.ids if ObjectId.is_valid(each)]},
            }
        conditions = [dict(condition.rhs) for condition in self.choice.conditions(group, now)]
        return {"leadsId": group.pk, **({"$and": conditions} if conditions else {})}

    def describe(self) -> str:
        """The selection in a sentence part."""
        if not self.ids:
            return self.choice.describe()
        return f"{len(self.ids):,} chosen contact{'' if len(self.ids) == 1 else 's'}"


@dataclass(frozen=True)
class ContactPage:
    """One page of contacts. `following` and `preceding` are the keys of the pages beside it, "" at an end.

    A table that takes too long to read has no contacts and `is_too_broad`.
    """

    contacts: list[Contact]
    total: CappedCount
    following: str
    preceding: str
    sort: str
    is_too_broad: bool = False


def list_contacts(
    group: LeadGroup,
    *,
    now: datetime,
    choice: ContactChoice | None = None,
    sort: str = DEFAULT,
    after: str = "",
    before: str = "",
    total: CappedCount | None = None,
    count: int = CONTACTS_A_PAGE,
) -> ContactPage:
    """One page of a list's contacts: what follows the contact of the id `after`, or precedes `before`.

    `total` is how many there are, if that is known; they are counted otherwise. `sort` is one of SORTS, any other text
    means by name. An id that is none of this list means the first page; a contact that does not fit the choice any
    more still says where a page begins.
    """
    rows = (choice or ContactChoice()).rows(group, now)
    sort = sort if sort in SORTS else DEFAULT
    order = SORTS[sort]
    try:
        with no_longer_than(SECONDS_FOR_A_PAGE):
            edge = find_contact(group, after or before)
            goes_back = edge is not None and not after
            shown = rows.defer(*UNSHOWN)
            found = _read(order.before(shown, edge) if edge and goes_back else order.after(shown, edge), count + 1)
    except TooSlow:
        return ContactPage([], CappedCount(0, is_known=False), "", "", sort, is_too_broad=True)
    contacts = found[:count][::-1] if goes_back else found[:count]
    has_more = len(found) > count
    if edge is None and not has_more:
        total = CappedCount(len(contacts))
    return ContactPage(
        contacts=contacts,
        total=total or count_capped(rows),
        following=str(contacts[-1].pk) if contacts and (has_more or goes_back) else "",
        preceding=str(contacts[0].pk) if contacts and (has_more if goes_back else edge is not None) else "",
        sort=sort,
    )


def find_contact(group: LeadGroup, contact_id: str) -> Contact | None:
    """The contact of this id, if it is on the list."""
    if not ObjectId.is_valid(contact_id):
        return None
    return Contact.objects.filter(pk=ObjectId(contact_id), lead_group_id=group.pk).first()


@dataclass(frozen=True)
class Neighbors:
    """The ids of the contacts before and after one, "" at an end."""

    preceding: str
    following: str


def neighbors_of(contact: Contact, group: LeadGroup, *, choice: ContactChoice, sort: str, now: datetime) -> Neighbors:
    """What stands beside a contact of a list, whether or not it fits the choice itself."""
    rows = choice.rows(group, now).only("pk")
    order = SORTS.get(sort, SORTS[DEFAULT])
    try:
        with no_longer_than(SECONDS_FOR_A_PAGE):
            before, after = (_read(parts, 1) for parts in (order.before(rows, contact), order.after(rows, contact)))
    except TooSlow:
        return Neighbors("", "")
    return Neighbors(*(str(found[0].pk) if found else "" for found in (before, after)))


def _read(parts: Iterable[Contacts], count: int) -> list[Contact]:
    """The first contacts of the parts; a part is asked for only when those before it are too short."""
    found: list[Contact] = []
    for part in parts:
        found += part[: count - len(found)]
        if len(found) == count:
            break
    return found

"""Union, intersection and difference of lists of leads, of any size: in a temporary file, so that memory stays flat.

Two contacts are one lead when they share a key that names person and property. A contact without a property is the
lead that was seen first with any of its keys (an e-mail address, a phone number, a mailing address), whichever list it
is on: an owner of two houses is two leads, and their phone number alone does not make them one.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from atlas_site.lib.scratch import Scratch

MOST_LISTS = 20
# A lead that is on a list a thousand times is named by so many of its contacts, and by as many that mark it.
MEMBERS_KEPT = 50
MARKED = 16
"""The bit of the facts of a contact that is not left out for others: it says nothing of how much is known of it."""
CACHE_KIBIBYTES = 32_768
FIRST_LEADS = "SELECT seen.key, seen.lead FROM json_each(?) AS asked CROSS JOIN seen ON seen.key = asked.value"
MEMBERS = "SELECT lead, list, id, facts FROM member ORDER BY lead, facts & ~? DESC, list, number"


class Operation(StrEnum):
    """What is made of several lists."""

    UNION = "union"
    INTERSECTION = "intersection"
    MINUS = "minus"
    AT_LEAST = "at_least"


@dataclass(frozen=True)
class Rule:
    """Which leads belong to the result: of all lists, by their bits in a mask."""

    operation: Operation
    lists: int
    at_least: int = 2

    def takes(self, mask: int) -> bool:
        """Whether a lead belongs to it that is on the lists of these bits; bit 0 is the first list."""
        if self.operation == Operation.INTERSECTION:
            return mask == (1 << self.lists) - 1
        if self.operation == Operation.MINUS:
            return mask == 1
        return mask.bit_count() >= (self.at_least if self.operation == Operation.AT_LEAST else 1)


class Overlap:
    """How many leads each two of some lists have in common, and on the diagonal how many each has."""

    def __init__(self, lists: int) -> None:
        self.leads = [[0] * lists for _ in range(lists)]

    def add(self, mask: int) -> None:
        """Count a lead that is on the lists of these bits."""
        on = [number for number in range(len(self.leads)) if mask >> number & 1]
        for one in on:
            for other in on:
                self.leads[one][other] += 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One contact of a list: its id, the keys that name person and property, and all others that it has.

    The bits of `facts` tell what is known of it. Of several contacts of a lead the one with the highest is copied.
    """

    id: str
    place_keys: Sequence[str]
    other_keys: Sequence[str]
    facts: int = 0


@dataclass(slots=True)
class CombinedLead:
    """A lead of the result, with its contacts: the one that is copied first."""

    mask: int
    ids: list[str] = field(default_factory=list)
    facts: int = 0


class Combiner(Scratch):
    """Takes the contacts of lists, list by list, and tells which leads they are."""

    def __init__(self) -> None:
        super().__init__(
            """
            CREATE TABLE seen (key TEXT PRIMARY KEY, lead INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE member (
                number INTEGER PRIMARY KEY, lead INTEGER NOT NULL, list INTEGER NOT NULL, id TEXT NOT NULL,
                facts INTEGER NOT NULL
            );
            CREATE TABLE waiting (list INTEGER NOT NULL, id TEXT NOT NULL, keys TEXT NOT NULL, facts INTEGER);
            BEGIN;
            """,
            cache_kibibytes=CACHE_KIBIBYTES,
        )
        self._leads = 0
        # Leads that turned out to be one with an earlier lead.
        self._same_as: dict[int, int] = {}

    def add(self, list_number: int, entries: Iterable[Entry]) -> None:
        """Take contacts of a list in. Those without a property wait until all others are there."""
        there = list(entries)
        placed = [each for each in there if each.place_keys]
        others = [each for each in there if not each.place_keys]
        waiting = [(list_number, each.id, json.dumps([*each.other_keys]), each.facts) for each in others]
        self._database.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?)", waiting)
        known = self._first_leads(key for each in placed for key in each.place_keys)
        new: dict[str, int] = {}
        members = []
        for each in placed:
            found = {self._root(lead) for key in each.place_keys if (lead := new.get(key) or known.get(key))}
            lead = min(found) if found else self._new_lead()
            for other in found - {lead}:
                self._same_as[other] = lead
            new.update((key, lead) for key in each.place_keys if key not in known)
            new.update((key, lead) for key in each.other_keys if key not in known and key not in new)
            members.append((lead, list_number, each.id, each.facts))
        self._keep(new, members)

    def settle(self, hold_on: Callable[[], object] = bool) -> None:
        """Say that all contacts of all lists are in: those without a property find their leads now.

        `hold_on` is called after each thousand of them.
        """
        waiting = self._database.cursor().execute("SELECT list, id, keys, facts FROM waiting ORDER BY rowid")
        while rows := waiting.fetchmany(1_000):
            keys = [json.loads(row[2]) for row in rows]
            known = self._first_leads(key for each in keys for key in each)
            new: dict[str, int] = {}
            members = []
            for (list_number, contact_id, _, facts), each in zip(rows, keys, strict=True):
                found = [self._root(lead) for key in each if (lead := new.get(key) or known.get(key))]
                lead = min(found) if found else self._new_lead()
                new.update((key, lead) for key in each if key not in known and key not in new)
                members.append((lead, list_number, contact_id, facts))
            self._keep(new, members)
            hold_on()
        merged = [(self._root(lead), lead) for lead in self._same_as]
        self._database.execute("CREATE INDEX member_by_lead ON member (lead)")
        self._database.executemany("UPDATE member SET lead = ? WHERE lead = ?", merged)

    def leads(self) -> Iterator[CombinedLead]:
        """All leads, in the order in which they were first seen. To be called after `settle`."""
        for _, members in groupby(self._database.cursor().execute(MEMBERS, (MARKED,)), itemgetter(0)):
            lead = CombinedLead(0)
            for _, list_number, contact_id, facts in members:
                lead.mask |= 1 << list_number
                lead.facts |= facts
                if len(lead.ids) < (2 * MEMBERS_KEPT if facts & MARKED else MEMBERS_KEPT):
                    lead.ids.append(contact_id)
            yield lead

    def _new_lead(self) -> int:
        self._leads += 1
        return self._leads

    def _root(self, lead: int) -> int:
        while (earlier := self._same_as.get(lead)) is not None:
            lead = earlier
        return lead

    def _first_leads(self, keys: Iterable[str]) -> dict[str, int]:
        return dict(self._database.execute(FIRST_LEADS, [json.dumps(list(dict.fromkeys(keys)))]))

    def _keep(self, keys: dict[str, int], members: list[tuple[int, int, str, int]]) -> None:
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", keys.items())
        self._database.executemany("INSERT INTO member (lead, list, id, facts) VALUES (?, ?, ?, ?)", members)

"""What goes out with a file and what is left out, with why: shown before the download and kept with its record."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Every contact either goes out or is left out for one reason; so does every number of a file for dialers."""

    contacts: int = 0
    contacts_out: int = 0
    rows: int = 0
    numbers_out: int = 0
    left_contacts: Counter[str] = field(default_factory=Counter)
    left_numbers: Counter[str] = field(default_factory=Counter)
    # The most numbers of one person that go out.
    widest: int = 0

    def leave(self, why: str) -> None:
        """Note that the contact at hand stays behind."""
        self.left_contacts[why] += 1

    def as_document(self) -> dict[str, Any]:
        """As it is kept: causes as pairs, the most frequent first, because a key may not hold every sign."""
        return {
            "contacts": self.contacts,
            "contactsOut": self.contacts_out,
            "rows": self.rows,
            "numbersOut": self.numbers_out,
            "leftContacts": _pairs(self.left_contacts),
            "leftNumbers": _pairs(self.left_numbers),
            "widest": self.widest,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Tally":
        """What `as_document` has kept."""
        return cls(
            contacts=document.get("contacts", 0),
            contacts_out=document.get("contactsOut", 0),
            rows=document.get("rows", 0),
            numbers_out=document.get("numbersOut", 0),
            left_contacts=Counter(dict(document.get("leftContacts", ()))),
            left_numbers=Counter(dict(document.get("leftNumbers", ()))),
            widest=document.get("widest", 0),
        )

    @property
    def contacts_left(self) -> int:
        return self.left_contacts.total()

    @property
    def numbers_left(self) -> int:
        return self.left_numbers.total()

    @property
    def why_contacts(self) -> list[tuple[str, int]]:
        """The reasons for which contacts are left out, the most frequent first."""
        return self.left_contacts.most_common()

    @property
    def why_numbers(self) -> list[tuple[str, int]]:
        """The reasons for which numbers are left out, the most frequent first."""
        return self.left_numbers.most_common()


def _pairs(counter: Counter[str]) -> list[list[Any]]:
    return [[why, count] for why, count in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))]

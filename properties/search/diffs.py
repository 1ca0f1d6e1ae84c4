"""What lies between two snapshots of a saved search's owned matches: pure, streamed, and exact.

A snapshot is a stream of (property id, {field: value}) in rising order of the ids. A field that is not there belongs
to a dataset that was not unlocked; one that is None is unlocked and unknown. Applying the differences of A and B to A
gives B.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Values = Mapping[str, Any]
Entry = tuple[str, Values]


class Locked:
    """The value of a field whose dataset was not unlocked."""

    def __repr__(self) -> str:
        return "LOCKED"


LOCKED = Locked()


class Kind(StrEnum):
    """What happened to a property between two snapshots."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True)
class FieldChange:
    """One field of a property that is not what it was; LOCKED stands for a dataset that was not unlocked."""

    field: str
    before: Any
    after: Any

    @property
    def is_news(self) -> bool:
        """Whether the property changed, and not merely what its owner has unlocked of it."""
        return self.before is not LOCKED and self.after is not LOCKED

    def as_json(self) -> dict[str, Any]:
        """The change as a run keeps it: what was locked is left out."""
        ends = (("from", self.before), ("to", self.after))
        return {"field": self.field, **{name: value for name, value in ends if value is not LOCKED}}

    @classmethod
    def from_json(cls, document: Values) -> "FieldChange":
        """The change that a run kept."""
        return cls(document["field"], document.get("from", LOCKED), document.get("to", LOCKED))


@dataclass(frozen=True)
class Difference:
    """One property that is new, changed or gone. `values` are those of a new one, as it is now."""

    property_id: str
    kind: Kind
    values: Values | None = None
    changes: tuple[FieldChange, ...] = ()

    @property
    def news(self) -> tuple[FieldChange, ...]:
        """The changes of the property itself."""
        return tuple(change for change in self.changes if change.is_news)


def compare(before: Iterable[Entry], after: Iterable[Entry]) -> Iterator[Difference]:
    """Yield what is new, changed and gone from one snapshot to the next, in rising order of the ids.

    Both streams are read once, side by side, so that snapshots of any size take the memory of two of their parts.
    """
    older, newer = iter(before), iter(after)
    old, new = next(older, None), next(newer, None)
    while old is not None or new is not None:
        if old is None or (new is not None and new[0] < old[0]):
            assert new is not None  # noqa: S101 -- for the type checker: the loop has ended otherwise
            yield Difference(new[0], Kind.NEW, values=new[1])
            new = next(newer, None)
        elif new is None or old[0] < new[0]:
            yield Difference(old[0], Kind.GONE)
            old = next(older, None)
        else:
            changes = compare_values(old[1], new[1])
            if changes:
                yield Difference(new[0], Kind.CHANGED, changes=changes)
            old, new = next(older, None), next(newer, None)


def compare_values(before: Values, after: Values) -> tuple[FieldChange, ...]:
    """The fields that differ, by name; 1 and 1.0 are the same, True and 1 are not."""
    changes = []
    for field in sorted({*before, *after}):
        was, now = before.get(field, LOCKED), after.get(field, LOCKED)
        if was is not now and (was != now or isinstance(was, bool) is not isinstance(now, bool)):
            changes.append(FieldChange(field, was, now))
    return tuple(changes)


def apply_to(snapshot: Iterable[Entry], differences: Iterable[Difference]) -> dict[str, dict[str, Any]]:
    """The snapshot that the differences lead to, by property id."""
    values = {property_id: dict(held) for property_id, held in snapshot}
    for each in differences:
        if each.kind == Kind.GONE:
            del values[each.property_id]
        elif each.kind == Kind.NEW:
            values[each.property_id] = dict(each.values or {})
        else:
            for change in each.changes:
                if change.after is LOCKED:
                    del values[each.property_id][change.field]
                else:
                    values[each.property_id][change.field] = change.after
    return dict(sorted(values.items()))

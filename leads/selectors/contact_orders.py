"""The orders of the contacts of a list. Equals go by their ids, which grow with time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Model, QuerySet

from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.orders import Sort
from leads.models import Contact

STAGES = tuple(Contact.Stage.values)
DEFAULT = "name-up"


def in_stage(stage: str) -> Matches:
    """The condition of a stage. What an earlier Atlas wrote has none, and is new."""
    return Matches({"stage": {"$in": [stage, None]} if stage == Contact.Stage.NEW else stage})


@dataclass(frozen=True)
class StageSort(Sort):
    """By stage, in the order in which a lead comes along them."""

    def after(self, rows: QuerySet, edge: Model | None) -> Iterator[QuerySet]:
        """The parts of what follows `edge`, each of one stage."""
        return self._parts(rows, edge, rises=self.rises)

    def before(self, rows: QuerySet, edge: Model) -> Iterator[QuerySet]:
        """The parts of what precedes `edge`, nearest first."""
        return self._parts(rows, edge, rises=not self.rises)

    @staticmethod
    def _parts(rows: QuerySet, edge: Model | None, *, rises: bool) -> Iterator[QuerySet]:
        stages = list(STAGES if rises else STAGES[::-1])
        order = "pk" if rises else "-pk"
        if isinstance(edge, Contact):
            stage = edge.stage or Contact.Stage.NEW.value
            stages = stages[stages.index(stage) + 1 :] if stage in stages else stages
            beyond = {"pk__gt" if rises else "pk__lt": edge.pk}
            yield rows.filter(in_stage(stage), **beyond).order_by(order)
        for stage in stages:
            yield rows.filter(in_stage(stage)).order_by(order)


@dataclass(frozen=True)
class NewestSort(Sort):
    """By the ids alone."""

    def after(self, rows: QuerySet, edge: Model | None) -> Iterator[QuerySet]:
        """What follows `edge`."""
        yield self._part(rows, edge, rises=self.rises)

    def before(self, rows: QuerySet, edge: Model) -> Iterator[QuerySet]:
        """What precedes `edge`, nearest first."""
        yield self._part(rows, edge, rises=not self.rises)

    @staticmethod
    def _part(rows: QuerySet, edge: Model | None, *, rises: bool) -> QuerySet:
        rows = rows if edge is None else rows.filter(**{"pk__gt" if rises else "pk__lt": edge.pk})
        return rows.order_by("pk" if rises else "-pk")


def _both_ways(name: str, field: str, falling: str, rising: str) -> dict[str, Sort]:
    return {
        f"{name}-up": Sort(rising, field, rises=True, has_many_equals=True),
        name: Sort(falling, field, has_many_equals=True),
    }


SORTS: Mapping[str, Sort] = {
    **_both_ways("name", "name_key", "Name, from Z", "Name, from A"),
    "score": Sort("Score, highest first", "engagement_score", has_many_equals=True),
    "score-up": Sort("Score, lowest first", "engagement_score", rises=True, has_many_equals=True),
    "stage-up": StageSort("Stage, new first", "stage", rises=True),
    "stage": StageSort("Stage, dead first", "stage"),
    **_both_ways("next", "next_touch_on", "Next touch, latest first", "Next touch, earliest first"),
    "touched": Sort("Last touched, latest first", "last_touched_at", has_many_equals=True),
    "touched-up": Sort("Last touched, longest ago first", "last_touched_at", rises=True, has_many_equals=True),
    "newest": NewestSort("Newest first", "pk"),
    "newest-up": NewestSort("Oldest first", "pk", rises=True),
}

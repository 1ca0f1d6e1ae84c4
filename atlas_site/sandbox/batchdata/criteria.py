"""Search criteria as one question to the catalog: conditions in SQL, the rest as tests on records."""

import json
from typing import Any, NamedTuple

from atlas_site.sandbox.batchdata import areas, comparables
from atlas_site.sandbox.batchdata.conditions import Parameters, matches, sql_conditions
from atlas_site.sandbox.batchdata.fields import FIELDS, OR_GROUPS, Field
from atlas_site.sandbox.market import quicklists
from atlas_site.sandbox.market.catalog import Catalog
from atlas_site.sandbox.web import as_dict, as_list


class RecordTest(NamedTuple):
    """A filter that only the record decides."""

    field: Field
    wanted: Any
    today: int

    @property
    def group(self) -> str:
        """The group of a record that the test looks at."""
        return self.field.path.partition(".")[0]

    def holds(self, record: dict[str, Any]) -> bool:
        """Tell whether a record passes."""
        return matches(values_at(record, self.field.path.split(".")), self.field, self.wanted, self.today)


class Question(NamedTuple):
    """What a search asks: ``where`` for the catalog, ``tests`` for what only the record tells."""

    where: str
    parameters: Parameters
    tests: list[RecordTest]

    @property
    def fingerprint(self) -> str:
        """A text that is the same for the same question."""
        tests = [(test.field.path, test.wanted) for test in self.tests]
        return json.dumps([self.where, self.parameters.values, tests], sort_keys=True)


def read_criteria(criteria: dict[str, Any], options: dict[str, Any], catalog: Catalog, today: int) -> Question:
    """Return the question that these criteria ask; groups, fields and operators that are not known are ignored."""
    parameters = Parameters(today)
    conditions = areas.query_conditions(criteria.get("query"), parameters, catalog.places)
    conditions += _quicklist_conditions(criteria)
    conditions += areas.shape_conditions(as_dict(criteria.get("address")), parameters)
    conditions += comparables.conditions(criteria, options, catalog, parameters)
    if options.get("useBoundingBox"):
        conditions += areas.box_conditions(options.get("boundingBoxNw"), options.get("boundingBoxSe"), parameters)
    field_conditions, tests = _group_conditions(criteria, set(FIELDS), parameters)
    conditions += field_conditions
    if block := _or_condition(criteria.get("or"), parameters):
        conditions.append(block)
    return Question(" AND ".join(f"({c})" for c in conditions) or "1", parameters, tests)


def _quicklist_conditions(criteria: dict[str, Any]) -> list[str]:
    """``quickList`` and ``quickLists`` are all required, of ``orQuickLists`` one is."""
    required = [criteria.get("quickList"), *as_list(criteria.get("quickLists"))]
    conditions = [c for c in map(_slug_condition, required) if c]
    alternatives = [c for c in map(_slug_condition, as_list(criteria.get("orQuickLists"))) if c]
    if alternatives:
        conditions.append(" OR ".join(f"({c})" for c in alternatives))
    return conditions


def _slug_condition(slug: Any) -> str | None:
    return quicklists.condition(slug) if isinstance(slug, str) else None


def _group_conditions(
    criteria: dict[str, Any], groups: set[str], parameters: Parameters
) -> tuple[list[str], list[RecordTest]]:
    conditions: list[str] = []
    tests: list[RecordTest] = []
    for group in sorted(groups & criteria.keys()):
        for name, wanted in as_dict(criteria[group]).items():
            field = FIELDS[group].get(name)
            if field is None:
                continue
            if field.sql:
                found = sql_conditions(field, wanted, parameters)
                conditions += [*found, field.guard] if found and field.guard else found
            elif _is_filter(field, wanted, parameters.today):
                conditions += [field.guard] if field.guard else []
                tests.append(RecordTest(field, wanted, parameters.today))
    return conditions, tests


def _is_filter(field: Field, wanted: Any, today: int) -> bool:
    return not matches([], field, wanted, today)


def _or_condition(blocks: Any, parameters: Parameters) -> str:
    """``or`` takes small blocks of listing and sale filters, one of which must hold."""
    alternatives = []
    for block in as_list(blocks):
        conditions, _ = _group_conditions(as_dict(block), OR_GROUPS, parameters)
        if conditions:
            alternatives.append(" AND ".join(f"({c})" for c in conditions))
    return " OR ".join(f"({a})" for a in alternatives)


def values_at(record: Any, path: list[str]) -> list[Any]:
    """Return all values at a path; ``*`` stands for every element of a list, a number for one."""
    if not path:
        return [record]
    step, rest = path[0], path[1:]
    if step == "*":
        return [value for item in as_list(record) for value in values_at(item, rest)]
    if step.isdigit():
        items = as_list(record)[int(step) : int(step) + 1]
        return values_at(items[0], rest) if items else []
    return values_at(record[step], rest) if isinstance(record, dict) and step in record else []

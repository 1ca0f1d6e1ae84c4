"""For tests: what the server does to answer a query, and the assertion that it uses an index.

An unindexed query is fast on the data of a test and takes the site down at a hundred thousand documents, so every
query of a page has a test that asks the server for its plan:

    assert_index_scan(Property.objects.filter(user=alice).order_by("-created_at")[:25])
    assert_index_scan(lambda: selectors.owned_properties(user=alice))  # any code; each of its reads is looked at
    assert_index_scan_of(connection.database["Credit"], {"userId": alice.pk})
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from pymongo.collection import Collection

Pipeline = list[dict]

INDEX_STAGES = {"IXSCAN", "IDHACK", "COUNT_SCAN", "DISTINCT_SCAN", "CLUSTERED_IXSCAN", "GEO_NEAR_2DSPHERE"}
# The bounds of an open range of moments lie beyond what a datetime can be.
ANY_MOMENT: CodecOptions = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
BLOCKING_SORTS = {"SORT", "$sort"}
# Where a plan holds further plans. The plans that were weighed and rejected are elsewhere.
PARTS = {
    *("stages", "$cursor", "queryPlanner", "winningPlan", "queryPlan", "shards"),
    *("inputStage", "inputStages", "outerStage", "innerStage", "thenStage", "elseStage"),
}


def explain(reads: QuerySet | Callable[[], object]) -> dict:
    """Return the server's plan of a queryset, or of the one read that a function makes through the ORM.

    Raises AssertionError if the function makes no read or several.
    """
    plans = [explain_of(collection, pipeline) for collection, pipeline in _reads_of(reads)]
    if len(plans) != 1:
        raise AssertionError(f"Expected one read, saw {len(plans)}.")
    return plans[0]


def explain_of(collection: Collection, query: Mapping | Pipeline) -> dict:
    """Return the server's plan of a pipeline, or of a filter, on a collection of PyMongo."""
    pipeline = [{"$match": query}] if isinstance(query, Mapping) else query
    command: dict = {"aggregate": collection.name, "pipeline": pipeline, "cursor": {}}
    return collection.database.command("explain", command, verbosity="queryPlanner", codec_options=ANY_MOMENT)


def assert_index_scan(reads: QuerySet | Callable[[], object]) -> None:
    """Raise AssertionError unless every read of a queryset or function finds and orders its documents by an index.

    The filters of updates and deletes are looked at too. What a join (``$lookup``) does in the other collection is
    not part of a plan and goes unseen.
    """
    seen = _reads_of(reads)
    if not seen:
        raise AssertionError("No read was made, so there is nothing to look at.")
    for collection, pipeline in seen:
        assert_index_scan_of(collection, pipeline)


def assert_index_scan_of(collection: Collection, query: Mapping | Pipeline) -> None:
    """Raise AssertionError, naming the stage, unless a pipeline or filter is answered from an index.

    Documents have to be found by an index, no stage may read the whole collection, and none may sort: a sort reads
    all matches before it gives the first one out.
    """
    stages = stages_of(explain_of(collection, query))
    description = f"{collection.name}: {query}\nStages: {', '.join(stages)}"
    if "COLLSCAN" in stages:
        raise AssertionError(f"The whole collection is read (COLLSCAN) by {description}")
    for sort in BLOCKING_SORTS.intersection(stages):
        raise AssertionError(f"All matches are sorted ({sort}) by {description}")
    if not any(stage in INDEX_STAGES or stage.startswith("EXPRESS") for stage in stages):
        raise AssertionError(f"No index is read by {description}")


def stages_of(plan: Mapping) -> list[str]:
    """Return the names of the stages of the plan that won, from the outermost in, as in ``["FETCH", "IXSCAN"]``."""
    names = [plan["stage"]] if isinstance(plan.get("stage"), str) else []
    for key, value in plan.items():
        if key.startswith("$") and key != "$clusterTime":
            names.append(key)
        if key in PARTS:
            parts = list(value.values()) if key == "shards" and isinstance(value, Mapping) else value
            for part in parts if isinstance(parts, list) else [parts]:
                names += stages_of(part)
    return names


def _reads_of(reads: QuerySet | Callable[[], object]) -> list[tuple[Collection, Pipeline]]:
    using = reads.db if isinstance(reads, QuerySet) else DEFAULT_DB_ALIAS
    with recorded_reads(using) as seen:
        if isinstance(reads, QuerySet):
            list(reads.all())
        else:
            reads()
    return seen


@contextmanager
def recorded_reads(using: str = DEFAULT_DB_ALIAS) -> Iterator[list[tuple[Collection, Pipeline]]]:
    """Collect what is asked of the server in this block: pipelines, and the filters of updates, deletes and counts."""
    connection: Any = connections[using]
    seen: list[tuple[Collection, Pipeline]] = []
    get_collection = connection.get_collection

    def recording_collection(name, **options):
        return _Recorder(get_collection(name, **options), seen)

    connection.get_collection = recording_collection
    try:
        yield seen
    finally:
        del connection.get_collection


class _Recorder:
    """A collection that notes what it is asked, and asks the real one."""

    def __init__(self, collection, seen):
        self._collection, self._seen = collection, seen

    def __getattr__(self, name):
        return getattr(self._collection, name)

    def aggregate(self, pipeline, **options):
        self._seen.append((self._collection, pipeline))
        return self._collection.aggregate(pipeline, **options)

    def find(self, query, projection=None, *, sort=None, limit=0, **options):
        stages = {"$match": query, "$sort": dict(sort or ()), "$limit": limit, "$project": projection}
        self._seen.append((self._collection, [{name: stage} for name, stage in stages.items() if stage]))
        return self._collection.find(query, projection, sort=sort, limit=limit, **options)

    def update_many(self, query, *arguments, **options):
        self._seen.append((self._collection, [{"$match": query}]))
        return self._collection.update_many(query, *arguments, **options)

    def delete_many(self, query, **options):
        self._seen.append((self._collection, [{"$match": query}]))
        return self._collection.delete_many(query, **options)

    @property
    def database(self):
        return _CountRecorder(self._collection, self._seen)


class _CountRecorder:
    """A database that notes the filters of counts, and asks the real one."""

    def __init__(self, collection, seen):
        self._collection, self._seen = collection, seen

    def __getattr__(self, name):
        return getattr(self._collection.database, name)

    def command(self, command, *arguments, **options):
        if isinstance(command, Mapping) and command.get("count") == self._collection.name:
            counted = [{"$match": command["query"]}, {"$limit": command["limit"]}, {"$count": "n"}]
            self._seen.append((self._collection, counted))
        return self._collection.database.command(command, *arguments, **options)

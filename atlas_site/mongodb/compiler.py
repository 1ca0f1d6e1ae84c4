"""Compilers: what Django's query becomes on MongoDB. Two shapes are mended, all others are the stock ones."""

from bson import SON
from django.db.models import Count, JSONField
from django.db.models.expressions import Col, Ref, Star
from django.db.models.lookups import Exact
from django.db.models.sql.where import AND
from django.utils.functional import cached_property
from django_mongodb_backend import compiler
from django_mongodb_backend.compiler import SQLDeleteCompiler, SQLInsertCompiler, SQLUpdateCompiler
from pymongo import ASCENDING, DESCENDING

from atlas_site.mongodb.operations import plain_json
from atlas_site.mongodb.query import MongoQuery

__all__ = ["SQLAggregateCompiler", "SQLCompiler", "SQLDeleteCompiler", "SQLInsertCompiler", "SQLUpdateCompiler"]


class PlainCount:
    """Counts documents without loading them.

    The stock pipeline sends the matching documents through ``$facet``, which needs all of each of them, only to have a
    row when there are none. ``QuerySet.count()`` takes no row for zero, so a ``$group`` does, and one that
    asks for no key of the document is answered from the index.
    """

    def _build_aggregation_pipeline(self, ids, group):
        if not ids and self._is_plain_count():
            return [{"$group": {"_id": None, "__count": {"$sum": 1}}}]
        return super()._build_aggregation_pipeline(ids, group)

    def _is_plain_count(self):
        """Say whether this is the query of ``QuerySet.count()``, which alone uses the name ``__count``."""
        annotations = self.query.annotation_select
        count = annotations.get("__count")
        return (
            len(annotations) == 1
            and isinstance(count, Count)
            and isinstance(count.get_source_expressions()[0], Star)
            and not (count.distinct or count.filter or self.having)
        )


class SQLCompiler(PlainCount, compiler.SQLCompiler):
    """The compiler of reads: lists ordered by plain columns are sorted by their index."""

    query_class = MongoQuery

    def build_query(self, columns=None):
        """Return the query, sorted before all else if its filter and ordering are by keys of its own documents.

        The stock compiler also adds every ordering key to the document as itself (``{$addFields: {price: "$price"}}``).
        That changes nothing but hides the key from the index, so those additions are dropped.
        """
        query = super().build_query(columns)
        computed = (query.subqueries, query.aggregation_pipeline, query.combinator_pipeline, query.search_pipeline)
        query.is_plain = not any(computed) and self._filters_and_sorts_own_keys()
        if query.is_plain and self.order_by_objs:
            query.extra_fields = None
            query.sorts_first = True
            query.ordering = None if self._finds_one_at_most() else self._ordering_by_keys()
        return query

    def compile(self, node):
        """Return a column as Django tells columns apart; no SQL is ever sent, and a row has many columns to quote."""
        return (f"{node.alias}.{node.target.column}", []) if isinstance(node, Col) else super().compile(node)

    @cached_property
    def columns(self):
        """The names and expressions of what a row holds; a plain one holds what has been selected, in its order."""
        query = self.query
        if query.default_cols and query.selected is None and not (query.annotations or query.select_related):
            return tuple((column.target.column, column) for column, _, _ in self.select)
        return super().columns

    def get_converters(self, expressions):
        """Return the converters of the row; a document in it is taken as it is.

        The stock converters write it as JSON text, which JSONField then reads, at twice the cost.
        """
        converters = super().get_converters(expressions)
        for position, (_, expression) in converters.items():
            field = expression.output_field
            if isinstance(expression, Col) and type(field) is JSONField and field.decoder is None:
                converters[position] = ([_convert_json], expression)
        return converters

    @cached_property
    def _own_keys(self):
        """The keys of a row if all of them are the document's own, None if some are of a joined one."""
        is_joined = [getattr(column, "alias", None) not in {None, self.collection_name} for _, column in self.columns]
        return None if any(is_joined) else [name for name, _ in self.columns]

    def _make_result(self, entity, columns):
        """Return the values of a row, without asking for each of them which document it is of if there is one only."""
        if self._own_keys is None or columns is not self.columns:
            return super()._make_result(entity, columns)
        return [entity.get(key) for key in self._own_keys]

    def _filters_and_sorts_own_keys(self):
        filtered_by = self._get_all_expressions_of_type(self.get_where(), Col)
        return all(column.alias == self.collection_name for column in filtered_by) and all(
            isinstance(_sorted_by(order), Col)
            and _sorted_by(order).alias == self.collection_name
            and not (order.nulls_first or order.nulls_last)
            for order in self.order_by_objs
        )

    def _ordering_by_keys(self):
        """Return the ordering by the keys of the documents, whatever they are called where they are shown."""
        return SON(
            (_sorted_by(order).target.column, DESCENDING if order.descending else ASCENDING)
            for order in self.order_by_objs
        )

    def _finds_one_at_most(self):
        """Say whether the filter names a unique key. ``first()`` asks for an order even then."""
        where, options = self.get_where(), self.query.get_meta()
        if not where or where.negated or where.connector != AND:
            return False
        tests = [test for test in where.children if isinstance(test, Exact) and not hasattr(test.rhs, "as_mql")]
        named = {test.lhs.target for test in tests if isinstance(test.lhs, Col)}
        keys = [{field} for field in options.concrete_fields if field.unique]
        keys += [set(map(options.get_field, constraint.fields)) for constraint in options.total_unique_constraints]
        return any(key <= named for key in keys)


def _convert_json(value, expression, connection):
    return plain_json(value)


def _sorted_by(order):
    """Return the expression that is sorted by; Django refers to one that is shown as well by its position."""
    return order.expression.source if isinstance(order.expression, Ref) else order.expression


class SQLAggregateCompiler(PlainCount, compiler.SQLAggregateCompiler):
    """The compiler of aggregates over a query, such as the count of a slice."""

    def build_query(self, columns=None):
        """Return the query; how many documents a slice has does not depend on their order or on what is shown."""
        query = super().build_query(columns)
        (counted,) = query.subqueries
        if self._is_plain_count() and counted.is_plain:
            counted.ordering = counted.project_fields = counted.extra_fields = None
        return query

"""The aggregation pipeline of a query, in an order that lets indexes work."""

from django_mongodb_backend import query

# Find by index, walk it in order, join what comes along, stop at the end of the page, and project what is left.
INDEX_ORDER = {
    "$match": 0,
    "$sort": 1,
    **dict.fromkeys(("$lookup", "$set", "$unwind"), 2),
    **dict.fromkeys(("$skip", "$limit"), 3),
    "$project": 4,
}


class MongoQuery(query.MongoQuery):
    """A query that filters and sorts before all else, when the compiler says that it may."""

    sorts_first = False

    def get_pipeline(self):
        """Return the stages of the pipeline.

        The stock order is join, match, project, sort, skip, limit. Joined or projected documents cannot be sorted by an
        index: the server makes all of them and sorts them to return one page. Sorted first, they are made one by one
        until the page is full.
        """
        pipeline = super().get_pipeline()
        if self.sorts_first and not self.subquery_lookup:
            pipeline.sort(key=lambda stage: INDEX_ORDER[next(iter(stage))])  # stable: equals keep their order
        return pipeline

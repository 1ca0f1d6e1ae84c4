"""The aggregation pipeline of a query, in an order that lets indexes work."""

from django_mongodb_backend import query


class MongoQuery(query.MongoQuery):
    """A query that sorts, skips and limits before it projects, when the compiler says that it may."""

    projects_last = False

    def get_pipeline(self):
        """Return the stages of the pipeline.

        The stock order is match, project, sort, skip, limit. A sort of projected documents cannot come from an index:
        the server reads every match and sorts them all to return one page. Project last, and it walks the index.
        """
        pipeline = super().get_pipeline()
        if self.projects_last and not self.subquery_lookup:
            pipeline.sort(key=lambda stage: "$project" in stage)  # stable: all else keeps its order
        return pipeline

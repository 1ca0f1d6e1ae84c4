"""The database engine of Atlas: a thin layer over ``django_mongodb_backend``.

Use it with ``ENGINE = "atlas_site.mongodb"``. It changes four things, and answers every query as the stock engine does:

* ``compiler``, ``query``, ``base``: lists that are filtered and sorted by their own keys walk an index, before anything
  is joined or projected, and neither a plain count nor a test for null loads documents;
* ``schema``, ``indexes``: unique indexes are ones that the query planner can use, and ``migrate`` adopts the
  collections and indexes that an earlier Atlas left, as often as it is run;
* ``operations``, ``models``: documents that another program wrote load and save without losing anything;
* ``validation``: ``migrate`` and ``check --database default`` say so when the server has no transactions.

Beside the engine: ``connection`` (the DATABASES entry), ``documents`` (PyMongo within the transaction that runs),
``migrations`` (operations for validators and special indexes) and ``explain`` (assertions for tests that a query uses
an index).
"""

"""The database engine of Atlas: a thin layer over ``django_mongodb_backend``.

Use it with ``ENGINE = "atlas_site.mongodb"``. It changes three things and nothing else:

* ``compiler``, ``query``: lists sorted by plain columns use indexes, and a plain count does not load documents;
* ``schema``, ``indexes``: unique indexes are ones that the query planner can use, and ``migrate`` adopts the
  collections and indexes that an earlier Atlas left, as often as it is run;
* ``models``: documents that another program wrote load and save without losing anything.

Beside the engine: ``connection`` (the DATABASES entry, the start-up check), ``migrations`` (operations for validators
and special indexes) and ``explain`` (assertions for tests that a query uses an index).
"""

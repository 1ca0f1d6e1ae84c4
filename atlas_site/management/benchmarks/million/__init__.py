"""The owned list at its real size: one user of a million properties, one of ten thousand, and others beside them.

``servers`` starts a MongoDB and a PostgreSQL that keep their data, ``plain`` is the list as Django on PostgreSQL would
have it, ``dataset`` fills both once, ``cases`` says what is read from them, ``pages`` which whole pages are made, and
``report`` measures and tells.
"""

from atlas_site.management.benchmarks.million.report import measure

__all__ = ["measure"]

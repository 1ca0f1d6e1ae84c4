"""The owned list at its real size: one user of a million properties, one of ten thousand, and others beside them.

``servers`` starts a MongoDB and a PostgreSQL that keep their data, ``plain`` is the list as Django on PostgreSQL would
have it, ``dataset`` fills both once, and ``cases`` says what is read from them.
"""

from atlas_site.management.benchmarks.million.cases import (
    MOST_GROWTH,
    MOST_OVER_POSTGRES,
    MOST_OVER_PYMONGO,
    make_cases,
)
from atlas_site.management.benchmarks.million.dataset import SMALL_SIZE, fill
from atlas_site.management.benchmarks.million.race import measure_big
from atlas_site.management.benchmarks.million.servers import POSTGRES, kept_servers

EXPECTED = (
    f"expected: Atlas within {MOST_OVER_PYMONGO:g}× of PyMongo and no slower than Django on PostgreSQL "
    f"({MOST_OVER_POSTGRES:g}×); what does not grow, at most {MOST_GROWTH:g}× from few to many"
)

__all__ = ["EXPECTED", "POSTGRES", "SMALL_SIZE", "fill", "kept_servers", "make_cases", "measure_big"]

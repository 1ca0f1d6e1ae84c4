"""What each dataset shows, in the order of the property page.

Not listed, although the vendor has them: religion, sex, marital status, children, age and what stands for them
(household size, ownership rights that name a marriage, tax exemptions that name an age, the vendor's senior flag), and
codes that repeat a text. What is not listed here is neither shown nor charged for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from properties.datasets.basic import BASIC
from properties.datasets.fields import DatasetInfo
from properties.datasets.filings import DEED, DIVORCE_INFO, FORECLOSURE, MORTGAGE_LIENS, PERMIT
from properties.datasets.market import BATCHRANK, LISTING, QUICKLIST, VALUATION
from properties.datasets.people import CONTACT, DEMOGRAPHIC, OWNER

_IN_ORDER = (
    BASIC,
    VALUATION,
    DEED,
    LISTING,
    FORECLOSURE,
    DEMOGRAPHIC,
    BATCHRANK,
    OWNER,
    QUICKLIST,
    MORTGAGE_LIENS,
    PERMIT,
    CONTACT,
    DIVORCE_INFO,
)
DATASET_INFOS: Mapping[str, DatasetInfo] = MappingProxyType({str(info.code): info for info in _IN_ORDER})

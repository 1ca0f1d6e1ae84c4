"""The gateway to BatchData: property search, lookup, counts, completion of addresses and skip traces.

Only services call it. Everything else of Atlas sees the frozen dataclasses it returns and the errors of
``atlas_site.vendors.errors``.
"""

from atlas_site.vendors.batchdata.answers import LookupAnswer, SearchCount, SearchPage, Suggestion, WalletBalance
from atlas_site.vendors.batchdata.client import (
    MOST_RECORDS,
    SearchSession,
    autocomplete,
    count_properties,
    lookup_properties,
    search_properties,
    trace_people,
    wallet_balance,
)
from atlas_site.vendors.batchdata.comparables import Comparables
from atlas_site.vendors.batchdata.contacts import Email, Phone
from atlas_site.vendors.batchdata.criteria import (
    CriteriaRefused,
    build_criteria,
    check_criteria,
    check_sort,
    quicklist_cap,
    quicklist_warnings,
)
from atlas_site.vendors.batchdata.datasets import DATASETS, extract_dataset, groups_of
from atlas_site.vendors.batchdata.quicklists import QUICKLISTS, QUICKLISTS_BY_KEY, Quicklist, find_quicklist
from atlas_site.vendors.batchdata.records import Address, PersonName, PropertyRecord
from atlas_site.vendors.batchdata.skiptrace import TraceAnswer, TracedPerson, TraceRequest, TraceRow, read_trace
from atlas_site.vendors.batchdata.trace_links import TraceLinks, link_rows

__all__ = [
    "DATASETS",
    "MOST_RECORDS",
    "QUICKLISTS",
    "QUICKLISTS_BY_KEY",
    "Address",
    "Comparables",
    "CriteriaRefused",
    "Email",
    "LookupAnswer",
    "PersonName",
    "Phone",
    "PropertyRecord",
    "Quicklist",
    "SearchCount",
    "SearchPage",
    "SearchSession",
    "Suggestion",
    "TraceAnswer",
    "TraceLinks",
    "TraceRequest",
    "TraceRow",
    "TracedPerson",
    "WalletBalance",
    "autocomplete",
    "build_criteria",
    "check_criteria",
    "check_sort",
    "count_properties",
    "extract_dataset",
    "find_quicklist",
    "groups_of",
    "link_rows",
    "lookup_properties",
    "quicklist_cap",
    "quicklist_warnings",
    "read_trace",
    "search_properties",
    "trace_people",
    "wallet_balance",
]

"""The one registry of search filters: form fields, URL parameters, chips, vendor criteria and owned rows follow it.

A new filter is one line in the module of its noun. What a filter can do is in `base`; its kinds are in `numbers` and
`words`. Traits that product policy forbids (age, sex, religion, marital status, children, lists of names) have none.
"""

from properties.search.filters.base import Chip, Filter, Group, Values
from properties.search.filters.building import BUILDING, BUILDING_FILTERS, KIND, KIND_FILTERS
from properties.search.filters.events import (
    FORECLOSURE,
    FORECLOSURE_FILTERS,
    LISTING,
    LISTING_FILTERS,
    PERMIT_FILTERS,
    PERMITS,
    PROPENSITY,
    PROPENSITY_FILTERS,
)
from properties.search.filters.money import (
    LIEN_FILTERS,
    LIENS,
    LOAN_FILTERS,
    LOANS,
    SALE,
    SALE_FILTERS,
    VALUE,
    VALUE_FILTERS,
)
from properties.search.filters.numbers import Days, Number
from properties.search.filters.owners import (
    HOUSEHOLD,
    HOUSEHOLD_FILTERS,
    OWNER,
    OWNER_FILTERS,
    PORTFOLIO,
    PORTFOLIO_FILTERS,
)
from properties.search.filters.place import (
    ADDRESS,
    ADDRESS_FILTERS,
    LAND,
    LAND_FILTERS,
    ROLL,
    ROLL_FILTERS,
)
from properties.search.filters.sorts import SORTS
from properties.search.filters.words import Choice, Text, YesNo
from properties.search.signals import SIGNALS

__all__ = [
    "FILTERS",
    "FILTERS_BY_NAME",
    "GROUPS",
    "POSITIONS",
    "SIGNAL_CHOICES",
    "SORTS",
    "Chip",
    "Choice",
    "Days",
    "Filter",
    "Group",
    "Number",
    "Text",
    "Values",
    "YesNo",
]

# What an investor sets first comes first.
GROUPS: tuple[Group, ...] = (
    *(VALUE, KIND, BUILDING, OWNER, SALE, LISTING, FORECLOSURE, LOANS, LIENS, ROLL, LAND, PORTFOLIO, PERMITS),
    *(PROPENSITY, HOUSEHOLD, ADDRESS),
)

FILTERS: tuple[Filter, ...] = (
    *(*VALUE_FILTERS, *KIND_FILTERS, *BUILDING_FILTERS, *OWNER_FILTERS, *SALE_FILTERS, *LISTING_FILTERS),
    *(*FORECLOSURE_FILTERS, *LOAN_FILTERS, *LIEN_FILTERS, *ROLL_FILTERS, *LAND_FILTERS, *PORTFOLIO_FILTERS),
    *(*PERMIT_FILTERS, *PROPENSITY_FILTERS, *HOUSEHOLD_FILTERS, *ADDRESS_FILTERS),
)

FILTERS_BY_NAME = {each.name: each for each in FILTERS}

# Where in FILTERS the one is that a parameter belongs to.
POSITIONS = {param: position for position, each in enumerate(FILTERS) for param in each.params}

SIGNAL_CHOICES = tuple((signal.slug, signal.label) for signal in SIGNALS.values())

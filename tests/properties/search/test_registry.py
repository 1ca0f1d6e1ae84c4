"""The registry as a whole: complete, unambiguous, and without the traits that Atlas never filters by."""

import re
from collections import Counter

from atlas_site.vendors.batchdata.criteria import FIELDS, SORT_FIELDS
from atlas_site.vendors.batchdata.datasets import DATASETS, extract_dataset
from properties.models import Dataset, PropertyDatasetPermission
from properties.search.filters import FILTERS, FILTERS_BY_NAME, GROUPS, SORTS
from properties.search.form import SearchForm
from properties.search.signals import SIGNALS

# What is told by another filter, or is a key and no condition: names of places, hashes, ids; and names of people.
NOT_OFFERED = {
    *("address.locality", "address.formattedStreet", "address.streetNoUnit", "address.cityState"),
    *("address.countyState", "ids.propertyId", "ids.fipsCode", "ids.addressHash", "ids.mailingAddressHash"),
    *("owner.firstName", "owner.lastName"),
    *("intel.lastSoldPrice", "intel.lengthOfResidenceMonths", "intel.lengthOfResidenceYears"),
}
FORBIDDEN = (
    r"\b(age|aged|sex|gender|male|female|religio\w*|faith|church|marital|married|single parent|divorce\w*|widow\w*"
    r"|child\w*|kids|senior\w*|elder\w*|surname\w*|last ?name\w*|first ?name\w*|ethnic\w*|race|household ?size)\b"
)
DATED = {"last_sale", "listed", "listing_sold", "listing_failed", "foreclosure_recorded", "auction", "lien_filed",
         "first_permit", "last_permit", "owned_since"}  # fmt: skip


def test_everything_on_the_whitelist_is_offered():
    offered = {each.at for each in FILTERS}
    allowed = {f"{group}.{name}" for group, fields in FIELDS.items() for name in fields}
    assert offered == allowed - NOT_OFFERED
    assert {each.path[0] for each in FILTERS} == set(FIELDS)


def test_names_and_parameters_are_used_once():
    form = SearchForm()
    params = [name for each in FILTERS for name in each.params]
    own = ["q", "area", "all", "any", "none", "exclude", "sort"]
    assert Counter([*params, *own]) == Counter(list(form.fields))
    assert len(FILTERS_BY_NAME) == len(FILTERS) >= 60
    # Groups of the page have ids of their own, too.
    keys = [group.key for group in form.groups()]
    assert len(keys) == len(set(keys))


def test_each_filter_has_a_group_a_label_and_words_of_its_own():
    assert {each.group for each in FILTERS} == set(GROUPS)
    labels = Counter(each.label for each in FILTERS)
    assert [label for label, count in labels.items() if count > 1 and label != "Property type"] == []


def test_days_are_offered_for_what_happens():
    assert {name for name in DATED if FILTERS_BY_NAME[name].kind == "days"} == DATED


def test_forbidden_traits_are_nowhere():
    for each in FILTERS:
        words = [each.name, each.label, each.at, each.help, each.found_at, *each.aliases, each.group.title]
        words += each.group.aliases
        for key, field in each.form_fields().items():
            words += [key, str(field.label), field.help_text]
            words += [f"{value} {label}" for value, label in getattr(field, "choices", ())]
        text = re.sub(r"[._]|(?<=[a-z])(?=[A-Z])", " ", " | ".join(words)).lower()
        assert not re.search(FORBIDDEN, text), (each.name, re.search(FORBIDDEN, text))
    for signal in SIGNALS.values():
        assert not re.search(FORBIDDEN, f"{signal.slug} {signal.label}".replace("-", " ").lower()), signal


def test_a_fact_is_told_by_the_dataset_that_is_said_to_tell_it():
    for each in FILTERS:
        nested: object = "x"
        for step in reversed(each.record_path.split(".")):
            nested = [nested] if step == "*" else [nested] * 5 if step.isdigit() else {step: nested}
        tellers = {dataset for dataset in DATASETS if extract_dataset(nested, dataset)}
        assert tellers == {each.dataset}, each.name


def test_columns_are_columns_of_the_row():
    names = {field.name for field in PropertyDatasetPermission._meta.get_fields()}
    for each in FILTERS:
        assert (each.column in names) if each.column else each.row_key == f"facts.{each.name}"
        assert each.is_public is (each.dataset == Dataset.BASIC)


def test_sorts_are_the_vendor_s():
    assert {chosen[0] for _, chosen in SORTS.values() if chosen} == set(SORT_FIELDS)

"""A search is the same search as a URL, as a form, as criteria and as saved parameters."""

import json

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas_site.vendors.batchdata import check_criteria
from properties.search.filters import FILTERS
from properties.search.form import OwnedForm, SearchForm, read_query
from tests.properties.search.strategies import TODAY, params_of, searches


@given(params=searches())
@settings(max_examples=120)
def test_any_search_survives_url_form_and_saving(params):
    query = read_query(params)

    form = SearchForm(QueryDict(query.urlencode()))
    assert form.is_valid(), form.errors
    saved = json.loads(json.dumps(query.params()))

    for again in (form.query, read_query(saved)):
        assert again == query
        assert (again.hash(), again.criteria()) == (query.hash(), query.criteria())
    assert len(query.conditions()) == len({each.name for each in query.conditions()})


@given(params=searches())
@settings(max_examples=120)
def test_the_vendor_is_only_asked_what_is_on_the_whitelist(params):
    criteria = read_query(params).criteria()

    assert check_criteria(criteria) == criteria
    assert check_criteria(read_query(params).public_criteria())


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_each_filter_reaches_the_vendor_the_words_and_the_row(each):
    @given(params=params_of(each))
    @settings(max_examples=8)
    def check(params):
        query = read_query({"q": ["Phoenix, AZ"], **params})
        group, name = each.path
        assert query.criteria()[group][name]
        assert [condition.name for condition in query.what_conditions()] == [each.name]
        assert [condition.words for condition in query.what_conditions()] == [each.say(query.values)]
        assert query.proofs(TODAY) == [each.say_for_good(query.values, TODAY)]
        assert each.row_key in str(query.owned_document())

    check()


@given(params=searches())
@settings(max_examples=60)
def test_each_chip_takes_one_condition_away(params):
    query = read_query({"q": ["Phoenix, AZ"], **params})
    for chip in query.chips():
        rest = SearchForm(QueryDict(chip.query))
        assert rest.is_valid(), rest.errors
        assert rest.query != query
        assert len(rest.query.chips()) == len(query.chips()) - 1


def test_the_order_of_choosing_does_not_matter():
    one = read_query({"q": ["Phoenix, AZ"], "type": ["Duplex", "Triplex"], "all": ["vacant", "inherited"]})
    other = read_query({"q": ["phoenix, az"], "type": ["Triplex", "Duplex"], "all": ["inherited", "vacant"]})
    assert one == other
    assert one.hash() == other.hash()


def test_what_is_left_out_makes_another_search():
    query = read_query({"q": ["Phoenix, AZ"], "exclude": ["list:1"]})
    assert query.hash() != read_query({"q": ["Phoenix, AZ"]}).hash()
    assert query.criteria() == read_query({"q": ["Phoenix, AZ"]}).criteria()
    assert [chip.label for chip in query.chips({"list:1": "Mailed in May"})] == ["Left out: Mailed in May"]


@given(noise=st.dictionaries(st.text(min_size=1, max_size=12), st.lists(st.text(max_size=20), max_size=2), max_size=4))
@settings(max_examples=60)
def test_unknown_parameters_are_ignored(noise):
    known = {"q", *SearchForm().fields}
    data = {"q": ["Phoenix, AZ"], **{name: values for name, values in noise.items() if name not in known}}
    assert read_query(data) == read_query({"q": ["Phoenix, AZ"]})


@given(
    values=st.dictionaries(
        st.sampled_from(list(SearchForm().fields)), st.lists(st.text(max_size=30), max_size=3), max_size=6
    )
)
@settings(max_examples=150)
def test_no_nonsense_breaks_the_form(values):
    data = QueryDict(mutable=True)
    for name, given_values in values.items():
        data.setlist(name, given_values)
    form = SearchForm(data)
    if form.is_valid():
        assert check_criteria(form.query.criteria())
    else:
        assert set(form.errors) <= set(form.fields)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "q"),
        ({"q": "Nowhere at all"}, "q"),
        ({"q": "Phoenix, AZ", "area": "circle:33,-112,0"}, "area"),
        ({"area": "box:1,2,3"}, "area"),
        ({"q": "Phoenix, AZ", "beds_min": "three"}, "beds_min"),
        ({"q": "Phoenix, AZ", "beds_min": "4", "beds_max": "2"}, "beds_max"),
        ({"q": "Phoenix, AZ", "value_min": "-1"}, "value_min"),
        ({"q": "Phoenix, AZ", "last_sale_min": "tomorrow"}, "last_sale_min"),
        ({"q": "Phoenix, AZ", "last_sale_min": "2026-02-01", "last_sale_max": "2026-01-01"}, "last_sale_max"),
        ({"q": "Phoenix, AZ", "last_sale_months": "7"}, "last_sale_months"),
        ({"q": "Phoenix, AZ", "type": "Castle"}, "type"),
        ({"q": "Phoenix, AZ", "zip": "8500"}, "zip"),
        ({"q": "Phoenix, AZ", "mail_state": "Arizona"}, "mail_state"),
        ({"q": "Phoenix, AZ", "all": "senior-owner"}, "all"),
        ({"q": "Phoenix, AZ", "all": "vacant", "none": "vacant"}, "none"),
        ({"q": "Phoenix, AZ", "exclude": "../etc"}, "exclude"),
        ({"q": "Phoenix, AZ", "sort": "age"}, "sort"),
    ],
)
def test_each_problem_is_told_at_its_field(params, field):
    form = SearchForm(QueryDict("&".join(f"{name}={value}" for name, value in params.items())))
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_people_may_type_amounts_as_they_write_them():
    assert read_query({"q": ["Phoenix, AZ"], "value_min": ["$300,000"], "equity_min": ["40.50 %"]}).values == {
        "value_min": 300_000,
        "equity_min": 40.5,
    }


def test_a_shape_is_enough_and_narrows_a_place():
    shape = "circle:33.45,-112.07,2"
    assert read_query({"area": [shape]}).criteria() == {
        "address": {"geoLocationDistance": {"geoPoint": {"latitude": 33.45, "longitude": -112.07}, "distanceMiles": 2}}
    }
    both = read_query({"q": ["Phoenix, AZ"], "area": [shape], "zip": ["85007"], "city": ["Phoenix"]})
    assert both.criteria()["address"]["city"] == {"equals": "Phoenix", "inList": ["Phoenix"]}
    assert both.criteria()["address"].keys() == {"state", "city", "zip", "geoLocationDistance"}
    assert both.describe() == "Phoenix, AZ, Within 2 miles of 33.45, -112.07: ZIP codes: 85007; Cities: Phoenix"


def test_what_is_owned_may_be_looked_at_everywhere():
    form = OwnedForm(QueryDict("beds_min=3&sort=value"))
    assert form.is_valid()
    assert form.query.describe() == "Everywhere: Bedrooms from 3"
    with pytest.raises(ValueError, match="needs a place"):
        form.query.criteria()

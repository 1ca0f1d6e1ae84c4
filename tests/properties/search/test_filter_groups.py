"""Groups of the search form in which nothing is set are kept for all pages, and hold nobody's values."""

import pytest
from django.http import QueryDict

from properties.forms import OwnedListForm
from properties.search.filters import GROUPS
from properties.search.form import SearchForm
from properties.templatetags import search_form

SEARCHES = [
    "",
    "q=Phoenix%2C+AZ",
    "q=Phoenix%2C+AZ&beds_min=3&value_max=600000&all=vacant&none=absentee-owner",
    "q=Phoenix%2C+AZ&beds_min=&kind=&last_sale_months=6&owner=Smith+%3Cb%3E",
    "q=Phoenix%2C+AZ&beds_min=many&value_min=5&value_max=4",
]


@pytest.mark.parametrize("kind", [SearchForm, OwnedListForm])
def test_what_is_kept_of_groups_is_what_would_be_rendered(kind, settings):
    for search in [*SEARCHES, *SEARCHES]:  # twice, so that each comes after each
        form, whole = kind(QueryDict(search)), kind(QueryDict(search))
        whole.fields = {**SearchForm().fields, **whole.fields}
        whole.named_groups = set(GROUPS)

        shown = [search_form.filter_group(group) for group in form.groups()]

        settings.DEBUG = True  # nothing is kept
        assert shown == [search_form.filter_group(group) for group in whole.groups()]
        settings.DEBUG = False
        assert form.errors == whole.errors
        assert form.cleaned_data == {name: whole.cleaned_data[name] for name in form.cleaned_data}

"""The search form: the one reader of search parameters, whether typed, linked, saved or imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict

from atlas_site.lib.places import AmbiguousPlace, resolve_place
from properties.search.filters import FILTERS, SIGNAL_CHOICES, SORTS
from properties.search.query import SearchQuery


@dataclass
class FilterGroup:
    """One collapsible group of the form."""

    title: str
    filters: list[list[BoundField]] = field(default_factory=list)
    active_count: int = 0


class SearchForm(forms.Form):
    """The search page's form: a place, the registry's filters, and signals that must all or any hold."""

    q = forms.CharField(label="City, county, ZIP or state", max_length=120)
    all = forms.MultipleChoiceField(
        label="All of these", required=False, choices=SIGNAL_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    any = forms.MultipleChoiceField(
        label="Any of these", required=False, choices=SIGNAL_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    sort = forms.ChoiceField(
        label="Order", required=False, choices=[(value, label) for value, (label, _) in SORTS.items()]
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for each in FILTERS:
            self.fields.update(each.form_fields())

    def clean_q(self) -> str:
        text = self.cleaned_data["q"]
        if not text:
            return ""
        try:
            place = resolve_place(text)
        except AmbiguousPlace as ambiguous:
            names = ", ".join(each.label for each in ambiguous.places[:5])
            raise forms.ValidationError(f"Several places are called that. Did you mean {names}?") from None
        if place is None:
            raise forms.ValidationError(
                "Atlas does not know this place. Try a city with its state (Phoenix, AZ), a county, a ZIP or a state."
            )
        self.cleaned_data["place"] = place
        return place.label

    def clean(self) -> dict:
        cleaned = super().clean()
        for each in FILTERS:
            if len(each.params) != 2:
                continue
            low, high = (cleaned.get(param) for param in each.params)
            if low is not None and high is not None and low > high:
                self.add_error(each.params[1], f"{each.label}: “to” must not be below “from”.")
        return cleaned

    def groups(self) -> list[FilterGroup]:
        """The filters as the page shows them: by group, each filter with its one or two controls."""
        groups: dict[str, FilterGroup] = {}
        for each in FILTERS:
            group = groups.setdefault(each.group, FilterGroup(each.group))
            group.filters.append([self[name] for name in each.params])
            group.active_count += any(self[name].value() not in (None, "", []) for name in each.params)
        return list(groups.values())

    def signal_counts(self) -> dict[str, int]:
        """How many signals are chosen, of those that must all hold and of those of which any may."""
        return {name: len(self[name].value() or []) for name in ("all", "any")}

    @property
    def query(self) -> SearchQuery:
        """The search that valid input describes; read it after `is_valid()`."""
        return SearchQuery.from_cleaned(self.cleaned_data)


def read_query(params: Mapping[str, list[str]]) -> SearchQuery:
    """Rebuild a search from parameters that `SearchQuery.params` wrote.

    Raises ValueError when the place or a value is not known any more.
    """
    data = QueryDict(mutable=True)
    for name, values in params.items():
        data.setlist(name, values)
    form = SearchForm(data)
    if not form.is_valid():
        raise ValueError("These search parameters cannot be read.")
    return form.query


class OwnedForm(SearchForm):
    """The owned list's form: the same filters, and the place may be left out."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["q"].required = False

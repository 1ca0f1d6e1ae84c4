"""The search form: the one reader of search parameters, whether typed, linked, saved or imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.text import slugify

from atlas_site.lib.places import AmbiguousPlace, Place, resolve_place
from properties.search.filters import FILTERS, SIGNAL_CHOICES, SORTS
from properties.search.query import SearchQuery
from properties.search.signals import SIGNALS, Signal

PLACES_OFFERED = 8


@dataclass(frozen=True)
class FilterControls:
    """One filter as the page shows it: its label, and one control, or two for "from" and "to"."""

    label: str
    controls: list[BoundField]

    @property
    def is_range(self) -> bool:
        return len(self.controls) == 2

    @property
    def is_active(self) -> bool:
        return any(control.value() not in (None, "", []) for control in self.controls)


@dataclass(frozen=True)
class SignalRow:
    """One signal as the page shows it: whether it must hold, or is one of which any may."""

    signal: Signal
    is_in_all: bool
    is_in_any: bool


@dataclass(frozen=True)
class FilterGroup:
    """One collapsible group of the form: filters, or signals."""

    key: str
    title: str
    filters: list[FilterControls] = field(default_factory=list)
    signals: list[SignalRow] = field(default_factory=list)

    @property
    def active_count(self) -> int:
        """How many conditions of this group are set."""
        chosen = sum(row.is_in_all + row.is_in_any for row in self.signals)
        return chosen + sum(each.is_active for each in self.filters)


class SearchForm(forms.Form):
    """The search page's form: a place, the registry's filters, and signals that must all or any hold."""

    hides_optional = True

    q = forms.CharField(
        label="City, county, ZIP or state",
        max_length=120,
        error_messages={"required": "Name a place first: a city, a county, a ZIP or a state."},
    )
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
        self.places: list[Place] = []
        for each in FILTERS:
            self.fields.update(each.form_fields())

    def clean_q(self) -> str:
        text = self.cleaned_data["q"]
        if not text:
            return ""
        try:
            place = resolve_place(text)
        except AmbiguousPlace as ambiguous:
            self.places = ambiguous.places[:PLACES_OFFERED]
            raise forms.ValidationError("Several places are called that. Which one do you mean?") from None
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
                self.add_error(each.params[1], "“To” must not be below “from”.")
        return cleaned

    def groups(self) -> list[FilterGroup]:
        """The conditions as the page shows them: filters by group, then signals by group."""
        groups: dict[str, FilterGroup] = {}
        for each in FILTERS:
            group = groups.setdefault(each.group, FilterGroup(slugify(each.group), each.group))
            group.filters.append(FilterControls(each.label, [self[name] for name in each.params]))
        chosen = {name: self[name].value() or [] for name in ("all", "any")}
        for slug, signal in SIGNALS.items():
            title = f"{signal.group} signals"
            group = groups.setdefault(title, FilterGroup(slugify(title), title))
            group.signals.append(SignalRow(signal, slug in chosen["all"], slug in chosen["any"]))
        return list(groups.values())

    def place_choices(self) -> list[tuple[Place, str]]:
        """The places that an ambiguous name may mean, each with the query string of the search there."""
        given = {name: [value for value in values if value] for name, values in self.data.lists()}
        return [(place, urlencode({**given, "q": [place.option_text]}, doseq=True)) for place in self.places]

    def has_filter_errors(self) -> bool:
        """Whether anything but the place needs mending."""
        return any(name != "q" for name in self.errors)

    def active_count(self) -> int:
        """How many conditions are set besides the place."""
        return sum(group.active_count for group in self.groups())

    @property
    def query(self) -> SearchQuery:
        """The search that valid input describes; read it after `is_valid()`."""
        return SearchQuery.from_cleaned(self.cleaned_data)


def read_query(params: Mapping[str, list[str]]) -> SearchQuery:
    """Rebuild a search from parameters that `SearchQuery.params` wrote.

    Raises ValueError when the place or a value is not known any more.
    """
    if not isinstance(params, Mapping):  # as another program may have saved it
        raise ValueError("Search parameters are values by name.")
    data = QueryDict(mutable=True)
    for name, values in params.items():
        data.setlist(name, values if isinstance(values, list) else [values])
    form = SearchForm(data)
    if not form.is_valid():
        raise ValueError("These search parameters cannot be read.")
    return form.query


class OwnedForm(SearchForm):
    """The owned list's form: the same conditions, the place may be left out, and the list has orders of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["q"].required = False
        del self.fields["sort"]

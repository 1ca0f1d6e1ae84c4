"""The search form: the one reader of search parameters, whether typed, linked, saved or imported."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from urllib.parse import urlencode

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict

from atlas_site.lib.places import AmbiguousPlace, Place, resolve_place
from properties.search.areas import Area, parse_area
from properties.search.filters import FILTERS, GROUPS, SIGNAL_CHOICES, SORTS, Filter, Group
from properties.search.query import SearchQuery
from properties.search.signals import GROUPS as SIGNAL_GROUPS
from properties.search.signals import SIGNALS, Signal

PLACES_OFFERED = 8
MOST_EXCLUSIONS = 20
# The name of a kind of list, a colon, and its key: "list:64f0…".
EXCLUSION = re.compile(r"[a-z][a-z_-]{0,30}:[\w.-]{1,80}")


@dataclass(frozen=True)
class FilterControls:
    """One filter as the page shows it: one control; two for "from" and "to"; for days also one for the last months."""

    filter: Filter
    controls: list[BoundField]

    @property
    def label(self) -> str:
        return self.filter.label

    @property
    def is_range(self) -> bool:
        return len(self.controls) >= 2

    @property
    def within(self) -> BoundField | None:
        """The control for "within the last months", which only days have."""
        return self.controls[2] if len(self.controls) == 3 else None

    @property
    def is_active(self) -> bool:
        return any(control.value() not in (None, "", []) for control in self.controls)

    @property
    def has_errors(self) -> bool:
        return any(control.errors for control in self.controls)

    @property
    def words(self) -> str:
        """What "find a filter" compares with what is typed."""
        group = self.filter.group
        return " ".join([self.label, group.title, self.filter.help, *self.filter.aliases, *group.aliases]).lower()


@dataclass(frozen=True)
class SignalRow:
    """One signal as the page shows it: whether it must hold, is one of which any may, or must not hold."""

    signal: Signal
    is_in_all: bool
    is_in_any: bool
    is_in_none: bool = False

    @property
    def words(self) -> str:
        """What "find a filter" compares with what is typed."""
        return f"{self.signal.label} {self.signal.definition}".lower()


@dataclass(frozen=True)
class FilterGroup:
    """One collapsible group of the form: filters, or signals."""

    key: str
    title: str
    filters: list[FilterControls] = field(default_factory=list)
    signals: list[SignalRow] = field(default_factory=list)
    group: Group | None = None

    @cached_property
    def active_count(self) -> int:
        """How many conditions of this group are set."""
        chosen = sum(row.is_in_all + row.is_in_any + row.is_in_none for row in self.signals)
        return chosen + sum(each.is_active for each in self.filters)

    @property
    def has_errors(self) -> bool:
        return any(each.has_errors for each in self.filters)


class ExclusionsField(forms.Field):
    """Keys of what is left out; whether there is such a list shows when the search is carried out."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: object) -> list[str]:
        keys = list(dict.fromkeys(str(key) for key in value)) if isinstance(value, list | tuple) else []
        if len(keys) > MOST_EXCLUSIONS or not all(EXCLUSION.fullmatch(key) for key in keys):
            raise forms.ValidationError("One of the lists to leave out is not known. Choose it again.")
        return keys


def _signals_field(label: str) -> forms.MultipleChoiceField:
    widget = forms.CheckboxSelectMultiple
    return forms.MultipleChoiceField(label=label, required=False, choices=SIGNAL_CHOICES, widget=widget)


@cache
def _fields_of(each: Filter) -> dict[str, forms.Field]:
    """The fields of a filter, made once for all forms, which only read them: there are two hundred."""
    return each.form_fields()


class SearchForm(forms.Form):
    """The search page's form: where, the registry's filters, and signals of which all, any or none must hold.

    Parameters that it does not know are ignored. The filters have two hundred fields: of these, a form with data has
    the groups that the data name, and one without has all.
    """

    hides_optional = True
    needs_where = True

    q = forms.CharField(label="Place, address or parcel number", max_length=120, required=False)
    area = forms.CharField(label="Area on the map", max_length=6_000, required=False, widget=forms.HiddenInput)
    all = _signals_field("All of these")
    any = _signals_field("Any of these")
    none = _signals_field("None of these")
    exclude = ExclusionsField(label="Left out", required=False)
    sort = forms.ChoiceField(
        label="Order", required=False, choices=[(value, label) for value, (label, _) in SORTS.items()]
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.places: list[Place] = []
        self.named_groups = {each.group for each in FILTERS if any(name in self.data for name in each.params)}
        for each in FILTERS:
            if not self.data or each.group in self.named_groups:
                self.fields |= _fields_of(each)

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

    def clean_area(self) -> Area | None:
        text = self.cleaned_data["area"]
        try:
            return parse_area(text) if text else None
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None

    def clean(self) -> dict:
        super().clean()
        cleaned = self.cleaned_data
        if (
            self.needs_where
            and not cleaned.get("place")
            and not cleaned.get("area")
            and not self.errors.keys() & {"q", "area"}
        ):
            self.add_error("q", "Name a place first: a city, a county, a ZIP or a state.")
        for each in FILTERS:
            if problem := each.problem(cleaned):
                self.add_error(*problem)
        wanted = {*(cleaned.get("all") or ())}
        if both := [SIGNALS[slug].label for slug in cleaned.get("none") or () if slug in wanted]:
            self.add_error("none", f"This cannot both hold and not hold: {', '.join(both)}.")
        return cleaned

    def groups(self) -> list[FilterGroup]:
        """The conditions as the page shows them: filters by group, then signals by group."""
        groups = {
            group.key: self._group(group) if group in self.named_groups else _blank_group(group) for group in GROUPS
        }
        chosen = {name: self[name].value() or [] for name in ("all", "any", "none")}
        for title in SIGNAL_GROUPS:
            key = f"{title.lower()}-signals"
            groups[key] = FilterGroup(key, f"{title} signals")
        for slug, signal in SIGNALS.items():
            row = SignalRow(signal, slug in chosen["all"], slug in chosen["any"], slug in chosen["none"])
            groups[f"{signal.group.lower()}-signals"].signals.append(row)
        return list(groups.values())

    def _group(self, group: Group) -> FilterGroup:
        filters = [
            FilterControls(each, [self[name] for name in each.params]) for each in FILTERS if each.group == group
        ]
        return FilterGroup(group.key, group.title, filters, group=group)

    def signal_sets(self) -> list[BoundField]:
        """The sets of signals, for what is wrong with them; the page shows each signal as a row of its group."""
        return [self[name] for name in ("all", "any", "none")]

    def place_choices(self) -> list[tuple[Place, str]]:
        """The places that an ambiguous name may mean, each with the query string of the search there."""
        given = {name: [value for value in values if value] for name, values in self.data.lists()}
        return [(place, urlencode({**given, "q": [place.option_text]}, doseq=True)) for place in self.places]

    def has_filter_errors(self) -> bool:
        """Whether anything but the place needs mending."""
        return any(name != "q" for name in self.errors)

    @property
    def query(self) -> SearchQuery:
        """The search that valid input describes; read it after `is_valid()`."""
        return SearchQuery.from_cleaned(self.cleaned_data)


@cache
def _blank_group(group: Group) -> FilterGroup:
    """A group that the data do not name, which is the same in all forms and only read."""
    return SearchForm()._group(group)


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
    """The owned list's form: place and area may be left out, and the list has orders of its own."""

    needs_where = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["sort"]

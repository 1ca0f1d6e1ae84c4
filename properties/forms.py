"""Forms of quotes and saved searches; the search form itself is `properties.search.form`."""

from django import forms
from django.http import QueryDict

from accounts.models import User
from atlas_site.lib.forms import check_year, ids_of, in_a_sentence
from properties.datasets import DATASET_INFOS
from properties.exclusions import exclusion_choices
from properties.models import SavedSearch
from properties.models.jobs import MOST_REVEALED
from properties.search.form import OwnedForm, SearchForm
from properties.selectors.comparables import Limits
from properties.selectors.owned_choice import MOST_CHOSEN, OwnedChoice, Selection
from properties.selectors.owned_columns import COLUMNS, DENSITIES, FORMATS, MOST_LIST_COLUMNS, SHOWN_ALWAYS
from properties.selectors.property_page import SOLD


class RevealForm(forms.Form):
    """How many of the next matches to reveal."""

    count = forms.IntegerField(label="How many", min_value=1, max_value=MOST_REVEALED)

    def problem(self) -> str:
        """Why invalid input asks for nothing, in a sentence."""
        return f"Choose how many properties to reveal: a whole number from 1 to {MOST_REVEALED:,}."


class OwnSearchForm(SearchForm):
    """The search form of one user, who can leave out lists of their own: `exclusions` has their keys and labels."""

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.exclusions = exclusion_choices(user)

    @property
    def gone(self) -> list[str]:
        """The keys of what is to be left out and is not there, or not this user's."""
        known = {key for key, _ in self.exclusions}
        return [key for key in self["exclude"].value() or () if key not in known]

    def clean_exclude(self) -> list[str]:
        """The keys of what is left out."""
        if self.gone:
            raise forms.ValidationError("This list is gone; take it away.")
        return self.cleaned_data["exclude"]


class SaveSearchForm(forms.Form):
    """The name that a search is saved under."""

    name = forms.CharField(label="Name", max_length=120)

    def clean_name(self) -> str:
        """The name on one line, with single spaces."""
        return " ".join(self.cleaned_data["name"].split())


class UnlockForm(forms.Form):
    """Which datasets of a property to unlock, of all that are sold; its page offers those that may bring something."""

    datasets = forms.MultipleChoiceField(
        label="Datasets", choices=[(dataset, DATASET_INFOS[dataset].title) for dataset in SOLD]
    )


class ComparableLimitsForm(forms.Form):
    """How far a comparable may differ; what is left empty is any."""

    miles = forms.FloatField(label="Within miles", min_value=0.1, max_value=25)
    bedrooms = forms.IntegerField(label="Beds ±", min_value=0, max_value=20, required=False)
    bathrooms = forms.FloatField(label="Baths ±", min_value=0, max_value=20, required=False)
    area_percent = forms.IntegerField(label="Area ± %", min_value=0, max_value=100, required=False)
    years = forms.IntegerField(label="Built ± years", min_value=0, max_value=200, required=False)
    months = forms.IntegerField(label="Sold within months", min_value=1, max_value=600, required=False)
    same_type = forms.BooleanField(label="Same property type", required=False)

    @property
    def limits(self) -> Limits:
        """The limits of a valid form."""
        return Limits(**self.cleaned_data)


class SheetForm(forms.Form):
    """The figures of an offer, in whole dollars; without an ARV the pinned comparables decide."""

    MOST = 1_000_000_000

    arv = forms.IntegerField(label="After-repair value (ARV)", min_value=0, max_value=MOST, required=False)
    percent = forms.IntegerField(label="Share of it, in percent", min_value=1, max_value=150)
    repairs = forms.IntegerField(label="Repairs", min_value=0, max_value=MOST)
    fee = forms.IntegerField(label="Your fee", min_value=0, max_value=MOST)


class NotesForm(forms.Form):
    """The user's own words: a note, and tags with commas between them."""

    notes = forms.CharField(
        label="Notes", required=False, max_length=10_000, widget=forms.Textarea({"rows": 4}), strip=False
    )
    tags = forms.CharField(label="Tags", required=False, max_length=1_000, help_text="With commas between them.")

    def clean_tags(self) -> list[str]:
        """The tags one by one."""
        return self.cleaned_data["tags"].split(",")


class CadenceForm(forms.Form):
    """How often a saved search runs by itself."""

    cadence = forms.ChoiceField(label="Run it by itself", choices=SavedSearch.Cadence.choices)


class WatchForm(forms.Form):
    """The terms of a standing quote: what it may do, its caps in credits, and its last day."""

    MOST = 100_000

    reveals_new = forms.BooleanField(label="Reveal matches that are not mine yet", required=False)
    refreshes_owned = forms.BooleanField(label="Ask again for matches that are mine", required=False)
    cap_per_run = forms.IntegerField(label="Credits in one run, at most", min_value=1, max_value=MOST)
    cap_per_month = forms.IntegerField(label="Credits in a calendar month, at most", min_value=1, max_value=MOST)
    ends_on = forms.DateField(
        label="Last day", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), validators=[check_year]
    )


class OwnedListForm(OwnedForm):
    """What narrows the list of everything owned: the conditions of a search, a tag, and how an address begins."""

    find = forms.CharField(label="Address begins with", max_length=120, required=False)
    tag = forms.CharField(label="Tag", max_length=40, required=False)

    def clean_tag(self) -> str:
        """The tag as tags are kept: in lower case, with single spaces."""
        return " ".join(self.cleaned_data["tag"].lower().replace(",", " ").split())

    def clean_find(self) -> str:
        """The beginning of an address with single spaces."""
        return " ".join(self.cleaned_data["find"].split())

    @property
    def choice(self) -> OwnedChoice:
        """What valid input chooses."""
        return OwnedChoice(query=self.query, tag=self.cleaned_data["tag"], find=self.cleaned_data["find"])

    def problem(self) -> str:
        """Why invalid input chooses nothing: each parameter with what is wrong about it."""
        return " ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in self.errors.items())


def read_choice(query: str) -> OwnedChoice:
    """Read a choice from the query string that `OwnedChoice.urlencode` wrote. Raises ValueError."""
    if not query:
        return OwnedChoice()
    form = OwnedListForm(QueryDict(query))
    if not form.is_valid():
        raise ValueError("These conditions cannot be read any more.")
    return form.choice


class SelectionForm(forms.Form):
    """The checked rows of a list, or all that match it.

    `ids` are property ids: one a checkbox, or many with commas between them, as the script keeps them across pages.
    """

    scope = forms.ChoiceField(choices=[("chosen", "The checked ones"), ("matching", "All that match")], required=False)
    query = forms.CharField(
        required=False,
        max_length=20_000,
        error_messages={"max_length": "These conditions are too long to be carried out. Narrow the list again."},
    )

    def clean(self) -> dict:
        cleaned = super().clean()
        try:
            choice = read_choice(cleaned.get("query") or "")
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None
        ids = ids_of(self.data)
        if cleaned.get("scope") == "matching":
            cleaned["selection"] = Selection(choice=choice)
        elif not ids:
            raise forms.ValidationError("Choose properties first: check their rows, or take all that match.")
        elif len(ids) > MOST_CHOSEN:
            raise forms.ValidationError(f"Choose at most {MOST_CHOSEN:,} by hand, or take all that match.")
        else:
            cleaned["selection"] = Selection(choice=choice, ids=ids)
        return cleaned

    @property
    def selection(self) -> Selection:
        """What valid input selects."""
        return self.cleaned_data["selection"]

    def problem(self) -> str:
        """Why invalid input selects nothing, in a sentence."""
        return in_a_sentence(self.errors)


COLUMN_CHOICES = [(name, column.label) for name, column in COLUMNS.items()]


class ExportForm(forms.Form):
    """Which columns a file has, and of which kind it is."""

    columns = forms.MultipleChoiceField(
        choices=COLUMN_CHOICES, error_messages={"required": "Choose at least one column."}
    )
    format = forms.ChoiceField(choices=[(each, each) for each in FORMATS])


class ListViewForm(forms.Form):
    """Which columns the list shows beside the address, and how dense its rows are."""

    columns = forms.MultipleChoiceField(choices=COLUMN_CHOICES, required=False)
    density = forms.ChoiceField(choices=[(each, each) for each in DENSITIES])

    def clean_columns(self) -> list[str]:
        """The columns beside the address, at most so many."""
        chosen = [name for name in self.cleaned_data["columns"] if name != SHOWN_ALWAYS]
        if len(chosen) > MOST_LIST_COLUMNS:
            raise forms.ValidationError(f"Choose at most {MOST_LIST_COLUMNS} columns.")
        return chosen


class TagForm(forms.Form):
    """One tag that selected properties get or lose."""

    tag = forms.CharField(max_length=40, error_messages={"required": "Name a tag."})
    action = forms.ChoiceField(choices=[("add", "Add"), ("remove", "Remove")])

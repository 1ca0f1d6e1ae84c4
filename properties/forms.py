"""Forms of quotes and saved searches; the search form itself is `properties.search.form`."""

from django import forms


class RevealForm(forms.Form):
    """How many of the next matches to reveal."""

    count = forms.IntegerField(label="How many", min_value=1, max_value=10_000)


class SaveSearchForm(forms.Form):
    """The name that a search is saved under."""

    name = forms.CharField(label="Name", max_length=120)

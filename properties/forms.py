"""Forms of quotes and saved searches; the search form itself is `properties.search.form`."""

from django import forms

from properties.selectors.property_page import PropertyPage


class RevealForm(forms.Form):
    """How many of the next matches to reveal."""

    count = forms.IntegerField(label="How many", min_value=1, max_value=10_000)


class SaveSearchForm(forms.Form):
    """The name that a search is saved under."""

    name = forms.CharField(label="Name", max_length=120)


class UnlockForm(forms.Form):
    """Which datasets of a property to unlock: those that its page offers."""

    datasets = forms.MultipleChoiceField(label="Datasets")

    def __init__(self, *args, page: PropertyPage, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["datasets"].choices = [(each.dataset, each.info.title) for each in page.sections]

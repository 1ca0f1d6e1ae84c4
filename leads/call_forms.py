"""Forms of dialers' files: the upload, and what columns and dispositions are."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from leads.dialers.columns import ResultField
from leads.dialers.wordings import IGNORED
from leads.models import DialerFile, Outcome

ENDINGS = ".csv,.tsv,.txt,.xlsx"
OUTCOMES = [("", "Choose what it means"), *Outcome.choices, (IGNORED, "Leave these calls out")]


class CallsUploadForm(forms.Form):
    """A dialer's file."""

    hides_optional = True

    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ENDINGS}),
        error_messages={
            "required": "Choose a CSV or XLSX file.",
            "empty": "This file is empty. Choose one with a row for each call.",
        },
    )


class CallsForm(forms.Form):
    """The field of each column of a file, and the outcome of each disposition in it."""

    hides_optional = True

    def __init__(self, *args, dialer_file: DialerFile, **kwargs):
        super().__init__(*args, **kwargs)
        self.file = dialer_file
        self.headers = dialer_file.table.get("headers", [])
        fields = [(field.value, field.label) for field in ResultField]
        for number, (header, field) in enumerate(zip(self.headers, dialer_file.mapping, strict=True)):
            self.fields[f"column-{number}"] = forms.ChoiceField(label=header, choices=fields, initial=field)
        for number, wording in enumerate(dialer_file.wordings):
            self.fields[f"wording-{number}"] = forms.ChoiceField(
                label=wording["text"], choices=OUTCOMES, initial=wording["outcome"] or "", required=False
            )

    def columns(self) -> Iterator[tuple[str, list[str], BoundField]]:
        """Each column with its first values and its control."""
        samples = self.file.table.get("samples", [])
        for number, header in enumerate(self.headers):
            yield header, samples[number] if number < len(samples) else [], self[f"column-{number}"]

    def wordings(self) -> Iterator[tuple[dict[str, Any], BoundField]]:
        """Each disposition with its control, those that nobody understands first."""
        found = [(wording, self[f"wording-{number}"]) for number, wording in enumerate(self.file.wordings)]
        yield from sorted(found, key=lambda each: bool(each[0]["outcome"]))

    @property
    def is_unclear(self) -> bool:
        """Whether a disposition is not understood."""
        return any(not wording["outcome"] for wording in self.file.wordings)

    @property
    def lacks_columns(self) -> bool:
        """Whether the number or the disposition was not found."""
        return not {ResultField.NUMBER.value, ResultField.DISPOSITION.value} <= set(self.file.mapping)

    @property
    def mapping(self) -> list[str]:
        """The fields of the columns in their order, once the form is valid."""
        return [self.cleaned_data[f"column-{number}"] for number in range(len(self.headers))]

    @property
    def outcomes(self) -> dict[str, str]:
        """What the dispositions mean, by their plain wording, as far as something was chosen."""
        chosen = ((each["plain"], self.cleaned_data[f"wording-{n}"]) for n, each in enumerate(self.file.wordings))
        return {plain: outcome for plain, outcome in chosen if outcome}

    def clean(self) -> None:
        """Ask at each disposition that is not explained, unless other columns make others of them."""
        columns = [self.cleaned_data.get(f"column-{number}") for number in range(len(self.headers))]
        if columns != self.file.mapping:
            return
        for number, wording in enumerate(self.file.wordings):
            if not self.cleaned_data.get(f"wording-{number}"):
                self.add_error(f"wording-{number}", f"Choose what “{wording['text']}” means, or leave its calls out.")

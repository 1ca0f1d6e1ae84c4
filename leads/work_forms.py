"""Forms of the working week: how a call ended, and numbers for the do-not-call list."""

from django import forms

from atlas_site.lib.forms import check_year, in_a_sentence
from leads.imports.values.phones import read_any_phones
from leads.models import Outcome

LARGEST_FILE = 5 * 1024 * 1024
MOST_NUMBERS = 50_000
MANY = f"These are more than {MOST_NUMBERS:,} numbers. Divide the file."


class TouchForm(forms.Form):
    """How an attempt ended. `key` is made with the page, so that a form that is sent twice is logged once."""

    hides_optional = True

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=Outcome.choices, error_messages={"required": "Choose how the call ended."})
    number = forms.RegexField(r"^\d{10}$", required=False)
    text = forms.CharField(
        label="Note",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "What was said, what to ask next"}),
    )
    call_back_on = forms.DateField(
        label="Next touch on",
        required=False,
        validators=[check_year],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Left empty: tomorrow after no answer, interested or call back, in three days after a voicemail.",
    )

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("outcome") in {Outcome.WRONG_NUMBER, Outcome.DISCONNECTED} and not cleaned.get("number"):
            self.add_error("number", "Choose which number it was.")
        return cleaned

    def problem(self) -> str:
        """Why nothing was logged, in a sentence."""
        return in_a_sentence(self.errors)


class NumbersForm(forms.Form):
    """Numbers for the do-not-call list: typed, one a line or with commas, or in a text file such as CSV."""

    hides_optional = True

    numbers = forms.CharField(
        label="Numbers", required=False, max_length=200_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    file = forms.FileField(
        label="Or a file with numbers",
        required=False,
        help_text="CSV or text, to 5 MB. Every US phone number in it counts, whatever the columns are.",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt"}),
        error_messages={"empty": "This file is empty."},
    )
    why = forms.CharField(
        label="Why", required=False, max_length=200, help_text="Kept with each number, for the record."
    )

    def clean_file(self):
        """The file, if it is short enough to be read at once."""
        file = self.cleaned_data["file"]
        if file is not None and file.size > LARGEST_FILE:
            raise forms.ValidationError("The file is larger than 5 MB. Divide it.")
        return file

    def clean(self) -> dict:
        cleaned = super().clean()
        text = cleaned.get("numbers") or ""
        file = cleaned.get("file")
        if file is not None:
            text = f"{text}\n{_decoded(file.read())}"
        cleaned["found"] = list(dict.fromkeys(number for line in text.splitlines() for number in _numbers_in(line)))
        if len(cleaned["found"]) > MOST_NUMBERS:
            raise forms.ValidationError(MANY)
        if not self.errors and not cleaned["found"]:
            where = "this file" if file is not None else "what you wrote"
            raise forms.ValidationError(f"There is no US phone number in {where}. A number has ten digits.")
        return cleaned


def _numbers_in(line: str) -> list[str]:
    """The numbers of a line, cell by cell, so that two numbers side by side are not read as one."""
    return [number for cell in line.replace(";", ",").replace("\t", ",").split(",") for number in read_any_phones(cell)]


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    return content.decode(encoding, errors="replace")

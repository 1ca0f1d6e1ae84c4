"""What the pages of credits are asked by their address: which entries, and which moment."""

from datetime import datetime

from django import forms
from django.utils import timezone

from atlas_site.lib.forms import check_year
from credits.models import Bucket, CreditLog, CreditType
from credits.selectors import StatementFilter

ANY = [("", "Any")]


class DayField(forms.DateField):
    """A day, chosen in the browser's own calendar."""

    default_validators = [check_year]

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))


class StatementForm(forms.Form):
    """Which entries of the statement are shown. What cannot be read is said, and left out of the filter."""

    hides_optional = True

    kind = forms.ChoiceField(label="What", choices=ANY + CreditLog.Kind.choices, required=False)
    type = forms.ChoiceField(label="Operation", choices=ANY + CreditType.choices, required=False)
    bucket = forms.ChoiceField(
        label="Changed", choices=[*ANY, *Bucket.choices, ("held", "Held credits")], required=False
    )
    since = DayField(label="From day")
    until = DayField(label="To day")
    text = forms.CharField(label="Reason contains", required=False, max_length=100)

    @property
    def filter(self) -> StatementFilter:
        """The part of what was asked that can be read."""
        self.is_valid()
        asked = self.cleaned_data
        return StatementFilter(
            kind=asked.get("kind", ""),
            credit_type=asked.get("type", ""),
            bucket=asked.get("bucket", ""),
            since=asked.get("since"),
            until=asked.get("until"),
            text=asked.get("text", ""),
        )


class MomentForm(forms.Form):
    """A moment of the past, in the reader's time zone."""

    hides_optional = True

    at = forms.DateTimeField(
        label="Moment",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
        validators=[check_year],
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
    )

    @property
    def moment(self) -> datetime | None:
        """What was asked for, None if nothing was or it cannot be read."""
        return self.cleaned_data.get("at") if self.is_valid() else None

    @property
    def zone(self) -> str:
        return str(timezone.get_current_timezone())


class AutomaticSpendingForm(forms.Form):
    """The switch: `stopped` is yes or no, and nothing else."""

    stopped = forms.TypedChoiceField(
        choices=[("yes", "Stop"), ("no", "Allow")], coerce=lambda answer: answer == "yes", empty_value=None
    )

"""Forms of imports: the upload, and what the columns of a file are."""

from collections.abc import Iterator, Sequence

from django import forms
from django.forms.boundfield import BoundField

from accounts.models import User
from leads.imports.fields import Field
from leads.imports.limits import CSV_BYTES, WORKBOOK_BYTES
from leads.models import LeadGroup
from leads.selectors.groups import find_group, list_groups
from leads.selectors.imports import MappedColumn

ENDINGS = ".csv,.tsv,.txt,.xlsx"


class UploadForm(forms.Form):
    """A file, and the list that it goes into: one of the user's, or a new one."""

    hides_optional = True

    file = forms.FileField(
        label="File",
        widget=forms.FileInput(
            attrs={"accept": ENDINGS, "data-csv-bytes": str(CSV_BYTES), "data-workbook-bytes": str(WORKBOOK_BYTES)}
        ),
        error_messages={
            "required": "Choose a CSV or XLSX file.",
            "empty": "This file is empty. Choose one with a row for each lead.",
        },
    )
    group = forms.ChoiceField(
        label="Import into",
        required=False,
        help_text="A file that you have imported before goes into its list again, unless you choose one.",
    )
    group_name = forms.CharField(
        label="Name of the new list", required=False, max_length=150, help_text="Left empty, it is the file's name."
    )

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        lists = [(str(group.pk), group.name) for group in list_groups(user)]
        self.fields["group"].choices = [("", "A new list"), *lists]

    def clean_group(self) -> LeadGroup | None:
        """The chosen list, or None for a new one."""
        chosen = self.cleaned_data["group"]
        return find_group(self.user, chosen) if chosen else None


class FieldSelect(forms.Select):
    """A select that is written quickly, for forms that have hundreds of them."""

    template_name = "leads/_field_select.html"


class ColumnsForm(forms.Form):
    """The field of each column of a file. A field that takes one column is given to one."""

    hides_optional = True

    def __init__(self, *args, columns: Sequence[MappedColumn], **kwargs):
        super().__init__(*args, **kwargs)
        self.columns = columns
        choices = [(Field.IGNORE.value, Field.IGNORE.label)]
        choices += [(field.value, field.label) for field in Field if field is not Field.IGNORE]
        for column in columns:
            self.fields[self.name_of(column)] = forms.ChoiceField(
                label=column.header, choices=choices, initial=column.field.value, widget=FieldSelect
            )

    @staticmethod
    def name_of(column: MappedColumn) -> str:
        """The name of the control of a column."""
        return f"column-{column.number}"

    def rows(self) -> Iterator[tuple[MappedColumn, BoundField]]:
        """Each column with its control."""
        for column in self.columns:
            yield column, self[self.name_of(column)]

    @property
    def ignored(self) -> list[str]:
        """The headers of the columns of which nothing is read, as the form stands."""
        return [column.header for column, control in self.rows() if control.value() == Field.IGNORE]

    @property
    def mapping(self) -> list[str]:
        """The fields of the columns in their order, once the form is valid."""
        return [self.cleaned_data[self.name_of(column)] for column in self.columns]

    def clean(self) -> None:
        """Refuse the second column of a field that takes one, at that column."""
        first: dict[Field, MappedColumn] = {}
        for column in self.columns:
            name = self.name_of(column)
            if name not in self.cleaned_data:
                continue
            field = Field(self.cleaned_data[name])
            earlier = first.setdefault(field, column)
            if earlier is not column and not field.is_repeatable:
                self.add_error(
                    name, f"“{field.label}” is chosen for “{earlier.header}” already. Choose another field, or Ignore."
                )

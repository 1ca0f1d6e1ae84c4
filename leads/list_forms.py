"""Forms of lists: a list itself, several that are combined, and one that something is added to."""

from bson import ObjectId
from django import forms

from accounts.models import User
from leads.combining import MOST_LISTS, Operation
from leads.models import LeadGroup
from leads.selectors.groups import find_group, list_groups
from leads.selectors.lists import chosen_groups
from properties.services.notes import LONGEST_TAG, MOST_TAGS, TooLong, TooManyTags, normalize_tags

LONGEST_NAME = 150


class GroupForm(forms.Form):
    """The name of a list, what it is about, and tags with commas between them."""

    hides_optional = True

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    description = forms.CharField(
        label="Description", required=False, max_length=2_000, widget=forms.Textarea({"rows": 3})
    )
    tags = forms.CharField(
        label="Tags", required=False, max_length=1_000, help_text="With commas between them: probate, columbus."
    )

    def clean_name(self) -> str:
        """The name on one line, with single spaces."""
        return " ".join(self.cleaned_data["name"].split())

    def clean_tags(self) -> list[str]:
        """The tags as they are kept."""
        try:
            return normalize_tags(self.cleaned_data["tags"].split(","))
        except TooLong:
            raise forms.ValidationError(f"A tag has at most {LONGEST_TAG} characters.") from None
        except TooManyTags:
            raise forms.ValidationError(f"A list has at most {MOST_TAGS} tags.") from None


class CombineForm(forms.Form):
    """What is made of several lists. `lists` are ids, the first of them the one that others are taken from."""

    OPERATIONS = (
        (Operation.UNION.value, "Everybody, once (union)"),
        (Operation.INTERSECTION.value, "Those who are on all of them (intersection)"),
        (Operation.MINUS.value, "Those of one list who are on none of the others (minus)"),
        (Operation.AT_LEAST.value, "Those who are on at least so many of them"),
    )

    operation = forms.ChoiceField(label="Who", choices=OPERATIONS, widget=forms.RadioSelect)
    at_least = forms.IntegerField(label="On at least", min_value=1, max_value=MOST_LISTS, required=False)
    first = forms.CharField(required=False, max_length=24)
    name = forms.CharField(label="Name of the new list", max_length=LONGEST_NAME)

    def __init__(self, *args, user: User, ids: list[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.groups = chosen_groups(user, ids)

    def clean_name(self) -> str:
        """The name on one line, with single spaces."""
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict:
        cleaned = super().clean()
        if not 2 <= len(self.groups) <= MOST_LISTS:
            raise forms.ValidationError(f"Choose from 2 to {MOST_LISTS} lists: check them on the page of lists.")
        if cleaned.get("operation") == Operation.AT_LEAST and not cleaned.get("at_least"):
            self.add_error("at_least", "Say on how many of the lists somebody has to be.")
        elif (cleaned.get("at_least") or 0) > len(self.groups):
            self.add_error("at_least", f"You chose {len(self.groups)} lists; nobody can be on more of them.")
        return cleaned

    @property
    def in_order(self) -> list[LeadGroup]:
        """The lists, the one that others are taken from first."""
        first = self.cleaned_data.get("first")
        return sorted(self.groups, key=lambda group: str(group.pk) != first)


class TargetForm(forms.Form):
    """The list that something is added to: one of the user's, or a new one."""

    hides_optional = True

    group = forms.ChoiceField(label="List", required=False)
    group_name = forms.CharField(label="Name of the new list", required=False, max_length=LONGEST_NAME)
    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=24)

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        lists = [(str(group.pk), group.name) for group in list_groups(user)]
        self.fields["group"].choices = [("", "A new list"), *lists]

    def clean_group(self) -> LeadGroup | None:
        """The chosen list, or None for a new one."""
        chosen = self.cleaned_data["group"]
        return find_group(self.user, chosen) if chosen else None

    def clean_group_name(self) -> str:
        """The name on one line, with single spaces."""
        return " ".join(self.cleaned_data["group_name"].split())

    def clean(self) -> dict:
        cleaned = super().clean()
        if not cleaned.get("group") and not cleaned.get("group_name") and "group" not in self.errors:
            self.add_error("group_name", "Choose a list, or name a new one.")
        return cleaned

    @property
    def job_id(self) -> ObjectId | None:
        """The id that the form gives to what it starts, so that sending it twice starts it once."""
        token = self.cleaned_data.get("token")
        return ObjectId(token) if token and ObjectId.is_valid(token) else None

"""Forms of contacts: which of a list are selected and what is done with them, and what is written of one."""

import re
from typing import Any

from django import forms

from accounts.models import User
from atlas_site.lib.forms import check_year, ids_of, in_a_sentence
from leads.exports.purposes import Purpose
from leads.imports.values.phones import read_phone
from leads.imports.values.places import state_code
from leads.models import Contact, ContactAction, LeadGroup
from leads.selectors.contacts import MOST_CHOSEN, ContactSelection, read_choice
from leads.selectors.groups import find_group


class ContactSelectionForm(forms.Form):
    """The checked contacts of a list, or all that match it.

    `ids` are ids of contacts: one a checkbox, or many with commas between them, as the script keeps them across pages.
    """

    scope = forms.ChoiceField(choices=[("chosen", "The checked ones"), ("matching", "All that match")], required=False)
    query = forms.CharField(required=False, max_length=2_000)

    def clean(self) -> dict:
        cleaned = super().clean()
        choice = read_choice(cleaned.get("query") or "")
        ids = ids_of(self.data)
        if cleaned.get("scope") == "matching":
            cleaned["selection"] = ContactSelection(choice=choice)
        elif not ids:
            raise forms.ValidationError("Choose contacts first: check their rows, or take all that match.")
        elif len(ids) > MOST_CHOSEN:
            raise forms.ValidationError(f"Choose at most {MOST_CHOSEN:,} by hand, or take all that match.")
        else:
            cleaned["selection"] = ContactSelection(choice=choice, ids=ids)
        return cleaned

    @property
    def selection(self) -> ContactSelection:
        """What valid input selects."""
        return self.cleaned_data["selection"]

    def problem(self) -> str:
        """Why invalid input selects nothing, in a sentence."""
        return in_a_sentence(self.errors)


class ContactExportForm(ContactSelectionForm):
    """The selected contacts of a list, and what the file with them is for. Without a purpose it is asked for."""

    purpose = forms.ChoiceField(choices=[(each.value, each.label) for each in Purpose], required=False)


class ActionForm(forms.Form):
    """What is to be done with the selected contacts: the button that was pressed, and what stands beside it."""

    # The kinds of actions, by what the buttons send.
    KINDS = {
        **{kind: kind for kind in ContactAction.Kind.values},
        "no_next_touch": ContactAction.Kind.NEXT_TOUCH.value,
        "mail_again": ContactAction.Kind.DO_NOT_MAIL.value,
    }

    action = forms.ChoiceField(choices=[(action, action) for action in KINDS])
    stage = forms.ChoiceField(choices=[("", ""), *Contact.Stage.choices], required=False)
    reason = forms.CharField(max_length=200, required=False)
    on = forms.DateField(required=False, validators=[check_year])
    target = forms.CharField(max_length=24, required=False)

    def __init__(self, *args, user: User, group: LeadGroup, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.group = user, group

    def clean(self) -> dict:
        cleaned = super().clean()
        action = cleaned.get("action")
        if action == "stage" and not cleaned.get("stage"):
            raise forms.ValidationError("Choose a stage.")
        if action == "next_touch" and not cleaned.get("on"):
            raise forms.ValidationError("Choose the day of the next touch.")
        if action == "copy":
            target = find_group(self.user, cleaned.get("target", ""))
            if target is None or target.pk == self.group.pk:
                raise forms.ValidationError("Choose another of your lists.")
        return cleaned

    @property
    def kind(self) -> str:
        """The kind of action."""
        return self.KINDS[self.cleaned_data["action"]]

    @property
    def what(self) -> dict[str, Any]:
        """What an action of the kind needs to know."""
        values = self.cleaned_data
        if self.kind == "stage":
            return {"stage": values["stage"], "reason": values["reason"]}
        if self.kind == "next_touch":
            on = values["on"] if values["action"] == "next_touch" else None
            return {"on": on.isoformat() if on else None}
        if self.kind == "do_not_mail":
            return {"is_on": values["action"] == "do_not_mail"}
        return {"group": values["target"]} if self.kind == "copy" else {}

    def problem(self) -> str:
        """Why invalid input does nothing, in a sentence."""
        return in_a_sentence(self.errors)


class ContactForm(forms.Form):
    """What a user may write of a contact."""

    first_name = forms.CharField(label="First name", max_length=100, required=False)
    middle_name = forms.CharField(label="Middle name", max_length=100, required=False)
    last_name = forms.CharField(label="Last name", max_length=100, required=False)
    suffix = forms.CharField(label="Suffix", max_length=20, required=False)
    company = forms.CharField(label="Company", max_length=200, required=False)
    address = forms.CharField(label="Property address", max_length=200, required=False)
    city = forms.CharField(label="City", max_length=100, required=False)
    state = forms.CharField(label="State", max_length=50, required=False)
    zip = forms.CharField(label="ZIP", max_length=10, required=False)
    county = forms.CharField(label="County", max_length=100, required=False)
    apn = forms.CharField(label="Parcel number", max_length=60, required=False)
    mailing_address = forms.CharField(label="Mailing address", max_length=200, required=False)
    mailing_city = forms.CharField(label="Mailing city", max_length=100, required=False)
    mailing_state = forms.CharField(label="Mailing state", max_length=50, required=False)
    mailing_zip = forms.CharField(label="Mailing ZIP", max_length=10, required=False)
    linkedin = forms.CharField(label="LinkedIn", max_length=300, required=False)
    phone = forms.CharField(label="Another phone number", max_length=40, required=False)
    email = forms.EmailField(label="Another e-mail address", max_length=254, required=False)
    version = forms.CharField(widget=forms.HiddenInput)

    hides_optional = True

    def clean_state(self) -> str:
        """The state by its postal code."""
        return _state_code(self.cleaned_data["state"])

    def clean_mailing_state(self) -> str:
        """The state by its postal code."""
        return _state_code(self.cleaned_data["mailing_state"])

    def clean_zip(self) -> str:
        """The ZIP code with five digits, or nine."""
        return _zip_code(self.cleaned_data["zip"])

    def clean_mailing_zip(self) -> str:
        """The ZIP code with five digits, or nine."""
        return _zip_code(self.cleaned_data["mailing_zip"])

    def clean_phone(self) -> str:
        """The number as ten digits."""
        text = self.cleaned_data["phone"]
        number = read_phone(text) if text else ""
        if text and not number:
            raise forms.ValidationError("This is no US phone number. Write ten digits.")
        return number or ""

    def clean(self) -> dict:
        cleaned = super().clean()
        if not any(cleaned.get(name) for name in ("first_name", "last_name", "company", "address")):
            self.add_error("last_name", "Name somebody, a company or an address.")
        return cleaned


def _state_code(text: str) -> str:
    code = state_code(text) if text else ""
    if text and not code:
        raise forms.ValidationError("There is no such state. Write its name or its two letters.")
    return code or ""


def _zip_code(text: str) -> str:
    if text and not re.fullmatch(r"\d{5}(-\d{4})?", text):
        raise forms.ValidationError("A ZIP code has five digits: 43215, or 43215-1234.")
    return text

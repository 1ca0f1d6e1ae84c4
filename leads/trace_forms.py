"""The form of skip traces: whom of a list to trace."""

from django import forms

from atlas_site.lib.forms import ids_of, in_a_sentence
from leads.selectors.contacts import MOST_CHOSEN, ContactChoice, ContactSelection, read_choice


class TraceForm(forms.Form):
    """Whom of a list to trace: chosen contacts, all that match, those without a number or some of them, everybody, or
    those of them (chosen, matching, or of the whole list) who are to be asked for anew.

    `ids` are ids of contacts: one a checkbox, or many with commas between them. `query` are the conditions of a table.
    """

    SCOPES = ("chosen", "matching", "first", "rest", "all", "anew")

    scope = forms.ChoiceField(choices=[(each, each) for each in SCOPES], required=False)
    query = forms.CharField(required=False, max_length=2_000)

    def clean(self) -> dict:
        cleaned = super().clean()
        ids = ids_of(self.data)
        scope = cleaned.get("scope")
        if len(ids) > MOST_CHOSEN:
            raise forms.ValidationError(f"Choose at most {MOST_CHOSEN:,} by hand, or take all that match.")
        if scope == "chosen" and not ids:
            raise forms.ValidationError("Choose contacts first: check their rows on the list.")
        choice = read_choice(cleaned.get("query") or "") if scope in {"matching", "anew"} else ContactChoice()
        # All that match no condition are the whole list.
        is_narrowed = bool(ids or choice.params())
        cleaned["selection"] = ContactSelection(choice, () if scope == "matching" else ids) if is_narrowed else None
        return cleaned

    def problem(self) -> str:
        """Why invalid input traces nobody, in a sentence."""
        return in_a_sentence(self.errors)

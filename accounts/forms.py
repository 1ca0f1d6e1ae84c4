"""What people tell about themselves and the markets they work."""

import phonenumbers
from django import forms

from accounts.models import User
from atlas_site.lib.places import TEXT_MAX_LENGTH, AmbiguousPlace, Place, resolve_place

PROFESSIONS = [
    ("wholesaler", "Wholesaler"),
    ("flipper", "Flipper"),
    ("landlord", "Landlord"),
    ("agent", "Agent"),
    ("lender", "Lender"),
    ("other", "Other"),
]
UTC = "UTC"
TIME_ZONES = [
    (UTC, "UTC"),
    ("America/New_York", "Eastern (New York)"),
    ("America/Chicago", "Central (Chicago)"),
    ("America/Denver", "Mountain (Denver)"),
    ("America/Phoenix", "Mountain without daylight saving time (Phoenix)"),
    ("America/Los_Angeles", "Pacific (Los Angeles)"),
    ("America/Anchorage", "Alaska (Anchorage)"),
    ("Pacific/Honolulu", "Hawaii (Honolulu)"),
    ("America/Puerto_Rico", "Atlantic (Puerto Rico)"),
    ("Pacific/Guam", "Chamorro (Guam)"),
    ("Pacific/Pago_Pago", "Samoa (Pago Pago)"),
]
CHOICES_SHOWN = 8
PHONE_ERROR = (
    "Enter a US phone number with its area code, such as (602) 555-0123, or one that begins with + and a country."
)


class PhoneField(forms.CharField):
    """A phone number in any usual spelling, of the US unless it begins with +; cleaned to E.164."""

    def __init__(self, **options) -> None:
        super().__init__(max_length=32, widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}), **options)

    def clean(self, value: str) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text, "US")
        except phonenumbers.NumberParseException:
            raise forms.ValidationError(PHONE_ERROR) from None
        if not phonenumbers.is_valid_number(number):
            raise forms.ValidationError(PHONE_ERROR)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def prepare_value(self, value: str | None) -> str | None:
        """Show a stored number as Americans write it, and anything else as it is."""
        try:
            number = phonenumbers.parse(value or "", None)
        except phonenumbers.NumberParseException:
            return value
        return phonenumbers.format_in_original_format(number, "US") if number.country_code != 1 else _national(number)


def _national(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


class MarketForm(forms.Form):
    """One place by name. After a name that several places have, it offers them to choose from."""

    market = forms.CharField(
        label="Market",
        max_length=TEXT_MAX_LENGTH,
        help_text="A city, county, ZIP code or state, such as Phoenix, AZ.",
        error_messages={"required": "Enter the city, county, ZIP code or state that you work in."},
        widget=forms.TextInput({"autocomplete": "off", "list": "places", "spellcheck": "false"}),
    )
    which_market = forms.CharField(label="Which one do you mean?", required=False, widget=forms.RadioSelect)

    def clean_market(self) -> Place | None:
        text = self.cleaned_data["market"]
        try:
            place = resolve_place(text)
        except AmbiguousPlace as error:
            return self._chosen_of(error.places[:CHOICES_SHOWN])
        if place is None:
            raise forms.ValidationError("Atlas knows no place of this name. Check the spelling, or try its ZIP code.")
        return place

    @property
    def has_choice(self) -> bool:
        """Whether the name that was entered is that of several places."""
        return bool(self.fields["which_market"].widget.choices)

    def clean(self) -> dict | None:
        self.fields["which_market"].required = self.has_choice  # for the page: it is needed now
        return super().clean()

    def _chosen_of(self, places: list[Place]) -> Place | None:
        """Return the place that was chosen, or ask; a choice that is not of this name was made for another."""
        chosen = self.data.get(self.add_prefix("which_market"))
        for place in places:
            if place.option_text == chosen:
                return place
        self.fields["which_market"].widget.choices = [
            (place.option_text, f"{place.label} – {place.hint}") for place in places
        ]
        self.add_error("which_market", "Several places have this name. Choose one, or add the state above.")
        return None


class PersonForm(forms.Form):
    """What a user tells about themselves, all of it optional."""

    name = forms.CharField(
        label="Your name", max_length=150, required=False, widget=forms.TextInput({"autocomplete": "name"})
    )
    phone = PhoneField(label="Phone", required=False)
    location = forms.CharField(label="Where you are based", max_length=150, required=False)
    profession = forms.ChoiceField(label="What you do", choices=[("", "Choose…"), *PROFESSIONS], required=False)

    def __init__(self, *args, user: User, **options) -> None:
        about = {name: getattr(user, name) for name in ("name", "phone", "location", "profession")}
        super().__init__(*args, initial=about, **options)
        self._keep_choice("profession", user.profession)

    def _keep_choice(self, name: str, stored: str | None) -> None:
        """Offer what is stored too, where another program wrote something that is not on the list."""
        field = self.fields[name]
        if stored and stored not in dict(field.choices):
            field.choices += [(stored, stored)]


class ProfileForm(PersonForm):
    """What a user tells about themselves, and the time zone that Atlas writes times in for them: UTC unless chosen."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=TIME_ZONES,
        required=False,
        help_text="Atlas shows you all dates and times in this zone, also those of your statement.",
    )

    def __init__(self, *args, user: User, **options) -> None:
        super().__init__(*args, user=user, **options)
        self.initial["time_zone"] = user.time_zone or UTC
        self._keep_choice("time_zone", user.time_zone)


class OnboardingForm(PersonForm, MarketForm):
    """The one page between confirming the address and the first search; only the market is required."""

    field_order = ["market", "which_market", "name", "phone", "location", "profession"]

"""What the buttons of billing send along."""

from uuid import uuid4

from django import forms
from django.http import QueryDict

from atlas_site.templatetags.atlas import cents
from billing.selectors import AutoTopUpSection


class OrderForm(forms.Form):
    """One click of an order: a token, so that a second click of the same page is the same order."""

    token = forms.RegexField(regex=r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    @classmethod
    def fresh(cls, **initial: object) -> "OrderForm":
        """Return the form for a page, with a token of its own."""
        return cls(initial={"token": uuid4().hex, **initial}, auto_id=False)


class ChangeForm(OrderForm):
    """The order of another plan, with what the page said that it costs now, in cents."""

    most_cents = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class ResumeForm(OrderForm):
    """The order to go on, with what the page said that it costs now, in cents; empty where it could not say it."""

    most_cents = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)


class CheckoutForm(OrderForm):
    """The way to a hosted page, with the page of Atlas to come back to."""

    next = forms.CharField(required=False, widget=forms.HiddenInput)


class AutoTopUpForm(forms.Form):
    """The standing order of a pack: which one, when, and at most how many dollars in a month."""

    offer_id = forms.ChoiceField(label="Pack")
    below_credits = forms.IntegerField(label="Buy it when fewer credits can be spent than", min_value=1)
    monthly_cap = forms.IntegerField(label="At most in a calendar month, in dollars", min_value=1, max_value=100_000)

    def __init__(self, data: QueryDict | None = None, *, section: AutoTopUpSection) -> None:
        """Offer the packs of the section, with the present order or the smallest pack filled in."""
        rule, smallest = section.rule, section.packs[0] if section.packs else None
        initial: dict[str, object] = {}
        if rule is not None:
            initial = {"offer_id": rule.offer_id, "below_credits": rule.below_credits}
            initial["monthly_cap"] = rule.monthly_cap_cents // 100
        elif smallest is not None:
            initial = {"below_credits": max(1, smallest.credits // 5), "monthly_cap": 2 * smallest.price_cents // 100}
        super().__init__(data, initial=initial, auto_id="top-up-%s")
        names = [(offer.pk, f"{offer.credits:,} credits for {cents(offer.price_cents)}") for offer in section.packs]
        self.fields["offer_id"].choices = names  # type: ignore[attr-defined] -- it is a ChoiceField

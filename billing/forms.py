"""What the buttons of billing send along."""

from uuid import uuid4

from django import forms


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


class CheckoutForm(OrderForm):
    """The way to a hosted page, with the page of Atlas to come back to."""

    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)

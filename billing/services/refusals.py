"""What billing refuses, in sentences that a page shows as they are; and what a vendor's error means for a payer."""

from collections.abc import Iterator
from contextlib import contextmanager

from atlas_site.vendors.errors import (
    PaymentDeclined,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
)
from billing.models import Checkout


class BillingRefused(Exception):
    """Nothing was changed or charged. The text is a sentence for the page."""


class OfferGone(BillingRefused):
    """The offer is not sold any more."""


class PlanIsLive(BillingRefused):
    """There is a plan already: it is changed, never bought a second time."""


class PlanPageIsOpen(BillingRefused):
    """The page of `checkout`, for another plan, can still be paid: two such pages would make two plans."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__("Chargebee's page for another plan is still open. Nothing was charged.")
        self.checkout = checkout


class PaidAlready(BillingRefused):
    """An earlier checkout was paid meanwhile."""


class TooManyCheckouts(BillingRefused):
    """The user has started too many checkouts within an hour."""


class NotPossibleNow(BillingRefused):
    """The plan is in a state in which this cannot be done."""


class PriceChanged(BillingRefused):
    """It would cost more than the page had said."""


class CardDeclined(BillingRefused):
    """The bank declined."""


class ProviderAway(BillingRefused):
    """Chargebee cannot be reached or is not set up."""


class OutcomeUnknown(BillingRefused):
    """The order was sent and it may have been carried out, or it was and the new state cannot be read yet."""


@contextmanager
def vendor_errors_in_words() -> Iterator[None]:
    """Turn the errors of a call of Chargebee into refusals that tell the user what did and did not happen."""
    try:
        yield
    except VendorOutcomeUnknown as error:
        raise OutcomeUnknown(
            "Our payment provider did not answer in time, so we do not know yet whether this was done. "
            "We are finding out. Do not do it again: this page will show how it is within minutes."
        ) from error
    except VendorUnavailable as error:
        raise ProviderAway(
            "Our payment provider cannot be reached at the moment. Nothing was changed and nothing was charged. "
            "Please try again in a few minutes."
        ) from error
    except PaymentDeclined as error:
        bank_said = f"Your bank declined: “{error.reason}”" if error.reason else "Your bank declined the payment."
        raise CardDeclined(f"{bank_said} Nothing was changed and nothing was charged.") from error
    except VendorRejected as error:
        raise NotPossibleNow(
            "Our payment provider did not accept this. Nothing was changed and nothing was charged. "
            "This page shows how your plan stands now."
        ) from error
    except VendorMisconfigured as error:
        raise ProviderAway(
            "Payments are not available at the moment. Nothing was changed and nothing was charged. "
            "Our team has been told."
        ) from error

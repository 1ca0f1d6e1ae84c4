"""What can go wrong with a vendor, sorted by who has to act.

Every error carries a ``public_message`` that a page may show as it is, and ``call_id``, the record of the call. Neither
they nor ``str(error)`` hold a key, a request or anything about a person: what the vendor said is in the call's record.
"""

from __future__ import annotations


class VendorError(Exception):
    """A vendor call did not give what was asked for. ``status`` is the HTTP status, or the one in the envelope.

    ``may_be_billed`` says that the vendor may have charged for the attempt although nothing usable came back.
    """

    public_message = "Our data provider could not answer. Nothing was lost and nothing was charged."

    def __init__(
        self,
        detail: str = "",
        *,
        call_id: str | None = None,
        status: int | None = None,
        may_be_billed: bool = False,
    ) -> None:
        super().__init__(detail or self.public_message)
        self.call_id = call_id
        self.status = status
        self.may_be_billed = may_be_billed

    def __str__(self) -> str:
        known = [f"HTTP {self.status}" if self.status else "", f"call {self.call_id}" if self.call_id else ""]
        notes = ", ".join(note for note in known if note)
        return f"{self.args[0]} ({notes})" if notes else str(self.args[0])


class VendorUnavailable(VendorError):
    """The vendor cannot answer now: try again later, after ``retry_after_seconds`` when the vendor named a time."""

    public_message = (
        "Our data provider is temporarily unavailable. Nothing was lost and nothing was charged. "
        "Please try again in a few minutes."
    )

    def __init__(self, detail: str = "", *, retry_after_seconds: float | None = None, **known) -> None:
        super().__init__(detail, **known)
        self.retry_after_seconds = retry_after_seconds


class VendorBadAnswer(VendorUnavailable):
    """The vendor answered something that cannot be read: empty, cut, or of another shape. The raw answer is kept."""


class VendorWalletEmpty(VendorUnavailable):
    """The operator's prepaid account at the vendor is empty: users wait, the operator is told."""


class VendorCallInProgress(VendorUnavailable):
    """The same request is under way in another process, which will store the answer: come back for it."""


class VendorRejected(VendorError):
    """The vendor refused what was asked, and would refuse it again: tell the user what to change.

    ``code`` is the vendor's name for the reason, where it has one.
    """

    public_message = (
        "Our data provider did not accept this request. Nothing was charged. Please change what you asked for."
    )

    def __init__(self, detail: str = "", *, code: str = "", **known) -> None:
        super().__init__(detail, **known)
        self.code = code


class NotFound(VendorRejected):
    """The vendor knows nothing under this id, or not any more."""


class PaymentDeclined(VendorRejected):
    """The bank refused the payment, or there is nothing to pay with. ``reason`` is what the bank said, or empty.

    ``reason`` may be shown to the payer, as text, and is never logged.
    """

    public_message = (
        "The payment was declined, so nothing was charged. Please use another payment method or ask your bank."
    )

    def __init__(self, detail: str = "", *, reason: str = "", **known) -> None:
        super().__init__(detail, **known)
        self.reason = reason


class VendorMisconfigured(VendorError):
    """Address, key or permission is wrong: only the operator can mend it."""

    public_message = (
        "This feature is not available at the moment. Nothing was lost and nothing was charged. Our team has been told."
    )


class VendorOutcomeUnknown(VendorError):
    """The request was sent and no whole answer came: it may have been billed, so it is never repeated blindly."""

    public_message = (
        "Our data provider has not confirmed this request yet. Nothing was charged. "
        "We are checking whether it went through; you need not do anything."
    )

    def __init__(self, detail: str = "", **known) -> None:
        super().__init__(detail, **{"may_be_billed": True, **known})

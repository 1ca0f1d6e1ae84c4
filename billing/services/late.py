"""The booking of an account, found when it is first needed."""

from datetime import datetime


def sync_customer(*, customer_id: str, now: datetime) -> None:
    """Book what Chargebee says of a customer now."""
    from billing.services import sync  # noqa: PLC0415 -- it may come later

    sync.sync_customer(customer_id=customer_id, now=now)

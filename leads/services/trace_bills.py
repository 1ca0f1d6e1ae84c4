"""Keeping the vendor's bill of skip traces day by day, beside that of property jobs."""

from datetime import datetime

from leads.selectors.trace_bill import trace_part_of_day
from properties.models import VendorBillDay
from properties.services.bills import STINT, BillSource, roll_up_bill

TRACES = BillSource(VendorBillDay.Kind.TRACES, trace_part_of_day)


def roll_up_trace_bill(*, now: datetime, seconds: float = STINT) -> bool:
    """Go on summing up the bill of the days that are not closed, as `roll_up_bill` does; say whether all is done."""
    return roll_up_bill(now=now, seconds=seconds, source=TRACES)

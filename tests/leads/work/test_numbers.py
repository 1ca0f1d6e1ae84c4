"""What a page says of each number: whether it may be dialed, and what is known of its check."""

from types import SimpleNamespace

from django.template.loader import render_to_string

from leads.calling import numbers_of
from tests.factories import NOON
from tests.leads.work.people import checked


def test_a_check_that_told_nothing_of_the_lists_is_not_called_good():
    phones = [checked("6145550101"), checked("6145550102", tcpa=None), {"number": "6145550103"}]
    phones.append(checked("6145550104", dnc=True, tcpa=None))
    contact = SimpleNamespace(phone=None, phones=phones, is_litigator=False, do_not_call=False)
    person = SimpleNamespace(contact=contact, numbers=numbers_of(contact, (), NOON))
    good, silent, never, barred = render_to_string("leads/_numbers.html", {"person": person}).split("<li ")[1:]
    assert "Callable" in good and "good until" in good
    assert "unchecked" in silent and "the vendor did not say" in silent and "good until" not in silent
    assert "unchecked" in never and "Not checked against" in never
    assert "DNC" in barred and "Checked" in barred

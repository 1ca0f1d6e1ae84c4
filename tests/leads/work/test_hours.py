"""What time it is where somebody lives, and whether it is one to call."""

from datetime import UTC, datetime

import pytest

from leads.hours import hours_of, today_of, zone_of_zip
from leads.models import Contact
from leads.selectors.people import clock_time

NOON_IN_LONDON = datetime(2026, 1, 15, 12, 30, tzinfo=UTC)


def lives(**values) -> Contact:
    return Contact(**values)


@pytest.mark.parametrize(
    ("address", "zones", "told_by"),
    [
        ({"mailing_zip": "37402", "zip": "94103"}, ("America/New_York",), "mailing ZIP"),
        ({"zip": "37203-1234"}, ("America/Chicago",), "property ZIP"),
        ({"mailing_state": "TN", "zip": "94103"}, ("America/Chicago", "America/New_York"), "mailing state"),
        ({"state": "Arizona"}, ("America/Denver", "America/Phoenix"), "property state"),
        ({"phone": "2065550174"}, ("America/Los_Angeles",), "area code"),
        ({"phone": "8005550174"}, (), ""),
        ({"zip": "00000", "state": "ZZ", "phone": "1"}, (), ""),
        ({}, (), ""),
    ],
)
def test_an_address_tells_the_time_zone(address, zones, told_by):
    hours = hours_of(lives(**address))
    assert (hours.zones, hours.told_by) == (zones, told_by)


def test_a_state_of_two_zones_is_called_when_both_may_be():
    tennessee = hours_of(lives(state="TN"))
    one_too_early = datetime(2026, 1, 15, 13, 30, tzinfo=UTC)  # 7:30 in Nashville, 8:30 in Knoxville
    assert tennessee.is_split(one_too_early)
    assert [clock_time(moment) for moment in tennessee.times(one_too_early)] == ["7:30 am", "8:30 am"]
    assert tennessee.may_call(one_too_early) is False
    assert tennessee.may_call(datetime(2026, 1, 15, 14, 0, tzinfo=UTC)) is True


@pytest.mark.parametrize(("hour", "minute", "may_call"), [(12, 59, False), (13, 0, True), (1, 59, True), (2, 0, False)])
def test_people_are_called_from_eight_to_nine_their_time(hour, minute, may_call):
    ohio = hours_of(lives(zip="43211"))
    assert ohio.may_call(datetime(2026, 1, 15, hour, minute, tzinfo=UTC)) is may_call


def test_without_an_address_nobody_knows():
    assert hours_of(lives()).may_call(NOON_IN_LONDON) is None


def test_zones_that_differ_in_summer_only_are_one_in_winter():
    arizona = hours_of(lives(state="AZ"))
    assert not arizona.is_split(datetime(2026, 1, 15, 18, tzinfo=UTC))
    assert arizona.is_split(datetime(2026, 7, 15, 18, tzinfo=UTC))


def test_a_place_that_stands_for_a_zone_is_none():
    assert zone_of_zip("99634") in {"", "America/Anchorage"}


def test_the_day_is_that_of_the_users_zone(make_user):
    late = datetime(2026, 1, 15, 5, 0, tzinfo=UTC)
    assert today_of(make_user(time_zone="America/Phoenix"), late).day == 14
    assert today_of(make_user(time_zone="Nowhere/Land"), late).day == 15
    assert today_of(make_user(), late).day == 15

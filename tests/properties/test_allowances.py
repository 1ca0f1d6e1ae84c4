"""What the house pays for one user: by cause, by span of time, each user alone."""

from datetime import UTC, datetime

import pytest

from properties.models import Allowance
from properties.services import allowances
from properties.services.allowances import EMPTY_REVEAL, OWNED_ALREADY, UNCHANGED_REFRESH

pytestmark = pytest.mark.django_db

LATE_IN_NOVEMBER = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)


def use(user, cause, count, now, **limit) -> bool:
    allowances.open_allowance(user.pk, cause, now)
    return allowances.take(user.pk, cause, count, now, **limit)


def test_each_cause_and_each_user_has_an_allowance_of_its_own(carol, bob, settings):
    use(carol, UNCHANGED_REFRESH, 3, DECEMBER)
    use(carol, OWNED_ALREADY, 7, DECEMBER)

    assert allowances.free_refreshes_left(carol.pk, DECEMBER) == settings.FREE_REFRESHES_A_MONTH - 3
    assert allowances.owned_records_left(carol.pk, DECEMBER) == settings.OWNED_RECORDS_A_DAY - 7
    assert allowances.free_refreshes_left(bob.pk, DECEMBER) == settings.FREE_REFRESHES_A_MONTH
    assert allowances.owned_records_left(bob.pk, DECEMBER) == settings.OWNED_RECORDS_A_DAY


def test_a_month_and_a_day_end_at_midnight_utc(carol, settings):
    use(carol, UNCHANGED_REFRESH, 50, LATE_IN_NOVEMBER)
    use(carol, OWNED_ALREADY, 500, LATE_IN_NOVEMBER)

    assert allowances.free_refreshes_left(carol.pk, LATE_IN_NOVEMBER) == 0
    assert allowances.owned_records_left(carol.pk, LATE_IN_NOVEMBER) == 0
    assert allowances.free_refreshes_left(carol.pk, DECEMBER) == 50
    assert allowances.owned_records_left(carol.pk, DECEMBER) == 500


def test_what_was_used_beyond_the_limit_leaves_nothing(carol):
    use(carol, OWNED_ALREADY, 599, DECEMBER)
    assert allowances.owned_records_left(carol.pk, DECEMBER) == 0


def test_opening_twice_makes_one_document_and_keeps_what_was_used(carol):
    use(carol, OWNED_ALREADY, 2, DECEMBER)
    use(carol, OWNED_ALREADY, 0, DECEMBER)
    use(carol, OWNED_ALREADY, 5, DECEMBER)
    assert Allowance.objects.get(user=carol).used == 7


def test_what_passes_the_limit_is_not_counted_and_what_is_given_back_is_free_again(carol):
    taken = [use(carol, EMPTY_REVEAL, count, DECEMBER, limit=3) for count in (2, 2, 1, 1)]
    allowances.give_back(carol.pk, EMPTY_REVEAL, DECEMBER)

    assert taken == [True, False, True, False]
    assert allowances.used(carol.pk, EMPTY_REVEAL, DECEMBER) == 2
    assert use(carol, EMPTY_REVEAL, 1, DECEMBER, limit=3)

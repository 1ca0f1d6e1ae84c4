"""A thousand times a new period meets spends and releases of the same wallet, from three processes at once (C19)."""

import time

import pytest

from tests.credits.test_reset_while_spending import run_and_check

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

RACES = 1000


def test_a_thousand_new_periods_race_spends_and_releases(db, capsys):
    started = time.perf_counter()
    orders = run_and_check(RACES)
    seconds = time.perf_counter() - started
    places = {order.index("|") for order in orders}
    with capsys.disabled():
        print(f"\nC19 {RACES:,} races in {seconds:.0f} s: no breach; the ledgers show {len(orders)} different orders")  # noqa: T201
    assert len(places) > 3

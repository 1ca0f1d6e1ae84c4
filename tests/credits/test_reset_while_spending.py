"""A new period that meets spends and releases of the same wallet (C19); `make faults` runs a thousand of them."""

from collections import Counter

from django.db import connection

from credits import services as credit_services
from credits.models import Credit, CreditLog, Quote
from tests.credits.racers import GRANT, PURCHASED, SECOND, Race, prepare_race, racers, run_race

ANSWERS = {"reset", "accept", "accept: too few", "capture", "release"}


def run_and_check(count: int) -> Counter[str]:
    """Run this many races, check every one, and return how often the reset came before how many of its rivals."""
    orders: Counter[str] = Counter()
    with racers(connection.settings_dict["NAME"]) as processes:
        for _ in range(count):
            race = prepare_race()
            run_race(processes, race)
            assert set(race.answers) <= ANSWERS, race.answers
            orders["".join(check_race(race))] += 1
    assert credit_services.verify_books().breaches == []
    return orders


def check_race(race: Race) -> list[str]:
    """Check B9 to B11 for one wallet from its ledger alone, and return the kinds of entries in their order."""
    wallet = Credit.objects.get(user_id=race.user_id)
    entries = list(CreditLog.objects.filter(credit=wallet).order_by("sequence"))
    resets = [entry for entry in entries if entry.kind == "reset" and entry.timestamp == SECOND]
    assert len(resets) == 1
    assert (resets[0].purchased_change, resets[0].reserved_change) == (0, 0)
    assert resets[0].subscription_after == GRANT
    assert (wallet.latest_period_at, wallet.period_grant) == (SECOND, GRANT)
    after = [entry for entry in entries if entry.sequence > resets[0].sequence]
    came_back = [entry for entry in after if entry.kind == "release" and entry.reference_id in race.open_quotes]
    revived = sum(entry.subscription_change for entry in came_back)
    assert revived == wallet.period_returned <= GRANT // 5
    spent = Quote.objects.filter(user_id=race.user_id, status="accepted")
    assert wallet.reserved == sum(quote.reserved - quote.captured for quote in spent)
    assert min(wallet.subscription_credits, wallet.purchased_credits, wallet.reserved) >= 0
    assert wallet.purchased_credits <= PURCHASED
    cancelled = Quote.objects.get(pk=race.open_quotes[1])
    assert cancelled.captured + cancelled.released + cancelled.lapsed == cancelled.reserved
    return [entry.kind[0] if entry is not resets[0] else "|" for entry in entries[8:]]


def test_a_new_period_races_spends_and_releases(db):
    orders = run_and_check(10)
    assert orders.total() == 10

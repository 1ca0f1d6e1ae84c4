"""Standing quotes of saved searches: what a user accepted in advance is spent by ordinary quotes, and never more."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from credits import selectors as credit_selectors
from credits import services as credit_services
from credits.models import Quote
from properties.models import Dataset, Property, PropertyDatasetPermission, SavedSearch, SavedSearchRun, Watch
from properties.search.query import SearchQuery
from properties.selectors.owned import owned_matches
from properties.selectors.searches import query_of
from properties.selectors.watches import SPENDS_WITHIN, committed_since, start_of_month, unopened_runs
from properties.services.allowances import EmptyRevealsSpent
from properties.services.budgets import CountUnavailable
from properties.services.jobs import accept_quote
from properties.services.refreshes import NothingToRefresh, quote_refresh
from properties.services.reveals import NothingToReveal, TooNarrow, quote_reveal
from properties.services.schedules import at_local_time, local_day

# The money rule: a standing quote ends within 90 days, and two runs that nobody opened disarm it.
LONGEST = timedelta(days=90)
UNOPENED_RUNS = 2
MOST_REFRESHES_A_RUN = 50
REFRESHED_AMONG = 2_000
REFRESHED_AGAIN_AFTER = timedelta(days=7)
State = Watch.State

ENDED = "Its last day is over."
UNOPENED = "Nobody opened the last two runs that spent."
BY_HAND = "You turned it off."
STOPPED = "Automatic spending is stopped on your credits page."
NO_ROOM_IN_MONTH = "The cap of this month is reached."
NOT_ENOUGH = "There were not enough credits."
BLOCKED = "Spending is blocked on this account."
NOT_POSSIBLE = "The search, or a price, changed in that moment, so nothing was spent."
NOTHING_NEW = "Every match is yours already."


class InvalidWatch(Exception):
    """These terms cannot be accepted. Its text is a sentence for the page."""


class MayNotSpend(Exception):
    """The standing quote does not cover this spend, or not any more; nothing was spent. Its text says why."""


def check_terms(
    *,
    search: SavedSearch,
    reveals_new: bool,
    refreshes_owned: bool,
    cap_per_run: int,
    cap_per_month: int,
    ends_at: datetime,
    now: datetime,
) -> None:
    """Raise InvalidWatch where terms cannot be accepted for a search."""
    if not (reveals_new or refreshes_owned):
        raise InvalidWatch("Choose what it may do: reveal new matches, refresh owned ones, or both.")
    if not 1 <= cap_per_run <= cap_per_month:
        raise InvalidWatch("The cap of a run is at least 1 credit, and at most the cap of a month.")
    if not now < ends_at <= now + LONGEST:
        raise InvalidWatch("The last day lies within the next 90 days.")
    if search.state != SavedSearch.State.ACTIVE or search.cadence == SavedSearch.Cadence.OFF:
        raise InvalidWatch("The search does not run by itself. Let it run every day or every week first.")


def proposed_terms(search: SavedSearch, now: datetime) -> dict[str, Any]:
    """What the form of a standing quote begins with: the terms of the last one, or small ones for a month."""
    last = Watch.objects.filter(saved_search=search).first()
    return {
        "reveals_new": last.reveals_new if last else True,
        "refreshes_owned": last.refreshes_owned if last else False,
        "cap_per_run": last.cap_per_run if last else 10,
        "cap_per_month": last.cap_per_month if last else 50,
        "ends_on": local_day(user=search.user, at=now) + timedelta(days=30),
    }


def end_of_day(user: User, day: date) -> datetime:
    """The moment at which a day ends where the user lives."""
    return at_local_time(user=user, day=day + timedelta(days=1), at=time(0))


def arm_watch(
    *,
    search: SavedSearch,
    reveals_new: bool,
    refreshes_owned: bool,
    cap_per_run: int,
    cap_per_month: int,
    ends_at: datetime,
    now: datetime,
) -> Watch:
    """Accept a standing quote for a saved search: its scheduled runs may spend up to the caps, in credits, until then.

    A search has one; accepting again replaces its terms, and what was spent in the month still counts. Raises
    InvalidWatch.
    """
    check_terms(
        search=search,
        reveals_new=reveals_new,
        refreshes_owned=refreshes_owned,
        cap_per_run=cap_per_run,
        cap_per_month=cap_per_month,
        ends_at=ends_at,
        now=now,
    )
    terms = {
        "user_id": search.user_id,
        "reveals_new": reveals_new,
        "refreshes_owned": refreshes_owned,
        "cap_per_run": cap_per_run,
        "cap_per_month": cap_per_month,
        "ends_at": ends_at,
        "accepted_at": now,
        "state": State.ARMED,
        "why_disarmed": "",
    }
    if not Watch.objects.filter(saved_search=search).update(**terms):
        try:
            Watch.objects.create(saved_search=search, **terms)
        except IntegrityError:  # another tab was first
            Watch.objects.filter(saved_search=search).update(**terms)
    return Watch.objects.get(saved_search=search)


def disarm_watch(*, search: SavedSearch, why: str = BY_HAND) -> bool:
    """Turn the standing quote of a search off, and say whether it was on. What runs already goes on."""
    return bool(
        Watch.objects.filter(saved_search=search, state=State.ARMED).update(state=State.DISARMED, why_disarmed=why)
    )


def spend_for_run(*, run: SavedSearchRun, now: datetime) -> None:
    """Spend what the standing quote of a search allows for one of its scheduled runs, by ordinary quotes and jobs.

    Each quote is accepted in one transaction with its note on the run, so that repeating this spends nothing twice.
    What stands in the way is said on the run. No purchase is ever made, and no cap exceeded.
    """
    search = run.saved_search
    watch = Watch.objects.filter(saved_search=search, state=State.ARMED).first()
    if watch is None or now - run.ran_at > SPENDS_WITHIN:
        return
    why = _why_to_disarm(watch, run, now)
    if why:
        disarm_watch(search=search, why=why)
        _say(run, f"The standing quote was turned off: {why}")
        return
    if not credit_selectors.may_spend_automatically(search.user_id):
        _say(run, STOPPED)
        return
    try:
        query = query_of(search)
        if watch.reveals_new:
            _reveal(watch, run, query, now)
        if watch.refreshes_owned:
            _refresh(watch, run, query, now)
    except (MayNotSpend, TooNarrow, EmptyRevealsSpent, CountUnavailable) as reason:
        _say(run, str(reason))
    except credit_services.NotEnoughCredits:
        _say(run, NOT_ENOUGH)
    except credit_services.AccountBlocked:
        _say(run, BLOCKED)
    except (ValueError, credit_services.QuoteChanged, credit_services.QuoteExpired):
        _say(run, NOT_POSSIBLE)


def _why_to_disarm(watch: Watch, run: SavedSearchRun, now: datetime) -> str:
    if watch.ends_at <= now:
        return ENDED
    is_first = watch.last_run_number < run.number
    return UNOPENED if is_first and unopened_runs(watch) >= UNOPENED_RUNS else ""


def disarm_ended_watches(*, now: datetime) -> int:
    """Turn the standing quotes off whose end has come, and return how many."""
    return Watch.objects.filter(state=State.ARMED, ends_at__lte=now).update(state=State.DISARMED, why_disarmed=ENDED)


# ---------------------------------------------------------------- the two ways to spend


def _reveal(watch: Watch, run: SavedSearchRun, query: SearchQuery, now: datetime) -> None:
    """Accept one quote for as many of the next matches as the caps and the balance allow."""
    if _has_spent(run, "reveal"):
        return
    if run.total is not None and run.total_is_exact and run.total <= run.owned:
        _say(run, NOTHING_NEW)
        return
    unowned = run.total - run.owned if run.total is not None and run.total_is_exact else None

    def offer(count: int) -> Quote:
        count = count if unowned is None else min(count, unowned)
        return quote_reveal(
            user=run.saved_search.user, query=query, count=count, total=None, back_url=run.get_absolute_url(), now=now
        )

    try:
        _spend(watch, run, key="reveal", offer=offer, now=now)
    except NothingToReveal:
        _say(run, NOT_ENOUGH)


def _refresh(watch: Watch, run: SavedSearchRun, query: SearchQuery, now: datetime) -> None:
    """Accept a quote for each of the owned matches whose copy is oldest, as far as the caps and the balance allow.

    Phones are not asked for again by themselves: they are bought by hand.
    """
    user = run.saved_search.user
    before = SavedSearchRun.objects.filter(saved_search_id=run.saved_search_id, number=run.number - 1).first()
    for permission in _oldest_matches(user, query, now):
        key = f"refresh:{permission.property_id}"
        datasets = [each for each in permission.datasets if each != Dataset.CONTACT]
        if _has_spent(run, key):
            continue
        room = min(_room(watch, run, now), credit_selectors.header_balance(user))
        with suppress(NothingToRefresh):
            quote = quote_refresh(
                user=user,
                permission=permission,
                datasets=datasets,
                back_url=run.get_absolute_url(),
                now=now,
                last_look=before.ran_at if before else None,
            )
            if quote.max_cost > room:
                raise MayNotSpend("The next one would not fit into what is left of the caps, or of the credits.")
            _accept(watch, run, key=key, quote=quote, user=user, now=now)


def _oldest_matches(user: User, query: SearchQuery, now: datetime) -> list[PropertyDatasetPermission]:
    """Of the newest owned matches, those that were asked for longest ago, and not within REFRESHED_AGAIN_AFTER."""
    ids = list(owned_matches(user, query).values_list("property_id", flat=True)[:REFRESHED_AMONG])
    old = Property.objects.filter(property_id__in=ids, updated_at__lte=now - REFRESHED_AGAIN_AFTER)
    oldest = list(old.order_by("updated_at").values_list("property_id", flat=True)[:MOST_REFRESHES_A_RUN])
    rows = {row.property_id: row for row in PropertyDatasetPermission.objects.filter(user=user, property_id__in=oldest)}
    return [rows[each] for each in oldest]


def _spend(watch: Watch, run: SavedSearchRun, *, key: str, offer: Callable[[int], Quote], now: datetime) -> None:
    """Make an offer that fits and accept it. `offer` is given how many units there is room for.

    Raises MayNotSpend, and what accepting a quote raises.
    """
    user = run.saved_search.user
    room = _room(watch, run, now)
    balance = credit_selectors.header_balance(user)
    if not balance:
        raise MayNotSpend(NOT_ENOUGH)
    quote = offer(room)
    if quote.max_cost > min(room, balance):
        fits = sum(credit_selectors.fitting_units(quote.lines, min(room, balance)).values())
        if not fits:
            raise MayNotSpend(NOT_ENOUGH)
        quote = offer(fits)
    _accept(watch, run, key=key, quote=quote, user=user, now=now)


def _room(watch: Watch, run: SavedSearchRun, now: datetime) -> int:
    """How many credits may still be committed for a run. Raises MayNotSpend when there are none."""
    in_run = watch.cap_per_run - sum(spend["most"] for spend in run.spends)
    in_month = watch.cap_per_month - committed_since(watch=watch, since=start_of_month(now))
    if in_month <= 0:
        raise MayNotSpend(NO_ROOM_IN_MONTH)
    if in_run <= 0:
        raise MayNotSpend("The cap of a run is reached.")
    return min(in_run, in_month)


def _accept(watch: Watch, run: SavedSearchRun, *, key: str, quote: Quote, user: User, now: datetime) -> None:
    """Accept a quote for a run in one transaction with its note, if the terms still cover it at that moment."""

    def accept() -> None:
        job = accept_quote(user=user, quote_id=quote.pk, now=now)
        held = Quote.objects.get(pk=quote.pk).reserved
        terms = Watch.objects.get(pk=watch.pk)
        noted = SavedSearchRun.objects.get(pk=run.pk)
        if terms.state != State.ARMED:
            raise MayNotSpend(terms.why_disarmed or BY_HAND)
        why = _why_to_disarm(terms, noted, now)
        if why or terms.last_run_number > noted.number:
            raise MayNotSpend(why or "A newer run has spent already.")
        if _has_spent(noted, key):
            raise MayNotSpend("")
        if not credit_selectors.may_spend_automatically(user.pk):
            raise MayNotSpend(STOPPED)
        if held > _room(terms, noted, now):
            raise MayNotSpend(NO_ROOM_IN_MONTH)
        committed = committed_since(watch=terms, since=start_of_month(now)) + held
        spend = {"kind": key, "quoteId": quote.pk, "jobId": str(job.pk), "most": held, "title": quote.title}
        SavedSearchRun.objects.filter(pk=run.pk).update(spends=[*noted.spends, spend])
        Watch.objects.filter(pk=watch.pk).update(
            month=f"{now.astimezone(UTC):%Y-%m}",
            committed_in_month=committed,
            last_run_number=noted.number,
        )

    run_txn(accept, lock=user.pk)
    run.refresh_from_db()


def _has_spent(run: SavedSearchRun, key: str) -> bool:
    return any(spend["kind"] == key for spend in run.spends)


def _say(run: SavedSearchRun, why: str) -> None:
    """Say on a run why it spent nothing, or nothing more."""
    if why:
        SavedSearchRun.objects.filter(pk=run.pk).update(spend_note=why[:300])

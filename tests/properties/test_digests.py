"""The mail of a day: one for a user, each thing once, never twice, and in the user's own time."""

import smtplib
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from pymongo import MongoClient

from properties.models import Digest, PropertyDatasetPermission, SavedSearch, SavedSearchRun
from properties.services import digests, follow_ups
from properties.services.schedules import local_day, next_slot
from tests.factories import (
    PropertyDatasetPermissionFactory,
    PropertyJobFactory,
    QuoteFactory,
    SavedSearchFactory,
)
from tests.failpoints import HANG_UP, fail_commands

pytestmark = pytest.mark.django_db
EIGHT = datetime(2026, 11, 17, 15, tzinfo=UTC)  # 8 in the morning in Phoenix


@pytest.fixture
def carol(carol):
    carol.time_zone = "America/Phoenix"
    carol.save()
    return carol


@pytest.fixture
def owned(carol):
    return [
        PropertyDatasetPermissionFactory(user=carol, property_id=f"p-{number}", address=f"{number} Main St")
        for number in range(4)
    ]


def search_of(user, name):
    return SavedSearchFactory(user=user, name=name, filters={"q": ["Phoenix, AZ"]}, cadence="daily")


def news(search, number, now=EIGHT, **values):
    """A scheduled run with something new, as it is recorded, and what follows from it."""
    run = SavedSearchRun.objects.create(
        **{"saved_search": search, "number": number, "ran_at": now, "cause": "schedule", "total": 40, "owned": 4},
        **{"digest_due": True, "follow_up_due_at": now, **values},
    )
    follow_ups.follow_up(run_id=str(run.pk), now=now)
    return run


def send(now=EIGHT):
    return [digests.send_digest(digest_id=each, now=now) for each in digests.due_digest_ids(now=now)]


CHANGE = {"propertyId": "p-1", "changes": [{"field": "owner_name", "from": "Ann", "to": "Bea"}]}


def test_one_mail_tells_of_all_searches_and_names_both_that_found_a_thing(carol, owned):
    first, second = search_of(carol, "Cheap"), search_of(carol, "Vacant")
    news(first, 2, new_ids=["p-0"], new_count=1, changed=[CHANGE], changed_count=1)
    news(second, 2, new_ids=["p-0"], new_count=1, gone_ids=["p-2"], gone_count=1, gone_why={"p-2": "Vacant: No"})

    assert send() == [True]

    [message] = mail.outbox
    text, html = message.body, message.alternatives[0][0]
    assert message.to == [carol.email]
    assert message.subject == "1 new, 1 changed, 1 gone in 2 saved searches"
    for body in (text, html):
        assert body.count("0 Main St") == 1
        assert "in Cheap and Vacant" in body
        assert "Owner: Ann → Bea" in body
        assert "Vacant: No" in body
        assert "Tuesday, November 17" in body
        assert "/searches/" in body
    assert message.extra_headers["List-Unsubscribe"].endswith("/searches/>")
    assert send() == []


def test_nothing_new_is_no_mail(carol, owned):
    run = news(search_of(carol, "Quiet"), 2, digest_due=False)

    assert send() == []
    assert (mail.outbox, Digest.objects.count(), run.digested_at) == ([], 0, None)


def test_what_another_search_has_told_is_not_told_again(carol, owned):
    daily, weekly = search_of(carol, "Daily"), search_of(carol, "Weekly")
    news(daily, 2, new_ids=["p-0"], new_count=1)
    assert send() == [True]
    tomorrow = EIGHT + timedelta(days=1)

    news(weekly, 2, now=tomorrow, new_ids=["p-0", "p-3"], new_count=2)
    assert send(tomorrow) == [True]

    assert "0 Main St" not in mail.outbox[1].body
    assert "3 Main St" in mail.outbox[1].body


def test_a_mail_with_nothing_left_to_tell_is_not_sent(carol, owned):
    news(search_of(carol, "Daily"), 2, new_ids=["p-0"], new_count=1)
    send()
    tomorrow = EIGHT + timedelta(days=1)

    news(search_of(carol, "Weekly"), 2, now=tomorrow, new_ids=["p-0"], new_count=1)

    assert send(tomorrow) == [False]
    assert len(mail.outbox) == 1
    assert send(tomorrow + timedelta(days=1)) == []


def test_a_thing_that_comes_back_to_the_same_search_is_told_again(carol, owned):
    search = search_of(carol, "Daily")
    for days in (0, 1):
        now = EIGHT + timedelta(days=days)
        news(search, 2 + days, now=now, new_ids=["p-0"], new_count=1)
        assert send(now) == [True]

    assert len(mail.outbox) == 2


def test_a_run_after_the_mail_of_the_day_waits_for_the_next(carol, owned):
    search = search_of(carol, "Daily")
    news(search, 2, new_ids=["p-0"], new_count=1)
    send()

    news(search, 3, now=EIGHT + timedelta(hours=1), new_ids=["p-1"], new_count=1)

    assert send(EIGHT + timedelta(hours=1)) == []
    assert [digest.day for digest in Digest.objects.order_by("day")] == ["2026-11-17", "2026-11-18"]
    assert send(EIGHT + timedelta(days=1)) == [True]
    assert len(mail.outbox) == 2


def test_following_a_run_up_again_puts_it_into_one_mail(carol, owned):
    run = news(search_of(carol, "Daily"), 2, new_ids=["p-0"], new_count=1)
    send()
    SavedSearchRun.objects.filter(pk=run.pk).update(follow_up_due_at=EIGHT, digested_at=None)

    follow_ups.follow_up(run_id=str(run.pk), now=EIGHT)

    assert Digest.objects.count() == 1
    assert send(EIGHT + timedelta(days=2)) == []
    assert len(mail.outbox) == 1


def test_it_waits_for_seven_in_the_morning_where_the_user_lives(carol, owned):
    five = EIGHT - timedelta(hours=3)
    news(search_of(carol, "Daily"), 2, now=five, new_ids=["p-0"], new_count=1)

    assert send(five) == []
    assert send(EIGHT - timedelta(hours=1, minutes=1)) == []
    assert send(EIGHT - timedelta(hours=1)) == [True]


def test_what_is_no_longer_owned_and_what_never_was_is_not_named(carol, owned):
    PropertyDatasetPermission.objects.filter(pk=owned[0].pk).delete()
    news(search_of(carol, "Daily"), 2, gone_ids=["p-0"], gone_count=1, gone_why={"p-0": "no longer yours"})

    send()

    assert "0 Main St" not in mail.outbox[0].body
    assert "A property that was yours" in mail.outbox[0].body


def test_an_address_or_a_name_of_many_lines_makes_no_line_of_its_own(carol, owned):
    forged = "0 Main St\n\nYour account is locked:\nhttps://evil.example/"
    PropertyDatasetPermission.objects.filter(pk=owned[0].pk).update(address=f"{forged} {'x' * 200}")
    change = {"propertyId": "p-1", "changes": [{"field": "owner_name", "from": "Ann", "to": forged}]}
    news(search_of(carol, "Daily"), 2, new_ids=["p-0"], new_count=1, changed=[change], changed_count=1)

    send()

    lines = mail.outbox[0].body.splitlines()
    assert [line for line in lines if line.startswith(("Your account", "https://evil"))] == []
    (address,) = [line for line in lines if line.startswith("- 0 Main St")]
    assert len(address) <= 82


def test_a_banned_user_gets_none(carol, owned):
    news(search_of(carol, "Daily"), 2, new_ids=["p-0"], new_count=1)
    carol.banned = True
    carol.save()

    assert send() == [False]
    assert mail.outbox == []


# ---------------------------------------------------------------- what a standing quote brought


def bought(user, ids, *, kind="reveal", status="settled", captured=0, **values):
    """A quote that a standing quote accepted, its job, and how the run notes it. Only `ids` became the user's."""
    met = [{"propertyId": "p-3", "outcome": "already yours"}]
    rows = [{"propertyId": each, "outcome": "charged"} for each in ids] + met
    quote = QuoteFactory(user_id=user.pk, kind=kind, status=status, reserved=20, captured=captured, max_cost=20)
    job = PropertyJobFactory(user=user, quote_id=quote.pk, kind=kind, rows=rows, hit_count=len(ids), **values)
    return {"kind": kind, "quoteId": quote.pk, "jobId": str(job.pk), "most": 20, "title": "The next 20"}, job


def test_what_a_standing_quote_revealed_is_named_with_what_it_charged(alice, carol, owned):
    ids = [f"r-{number:02}" for number in range(12)]
    for each in ids:
        PropertyDatasetPermissionFactory(user=carol, property_id=each, address=f"Elm {each}", city="Mesa", state="AZ")
    PropertyDatasetPermissionFactory(user=alice, property_id="r-11", address="Elm r-11", notes="alice's own")
    spend, job = bought(carol, ids, captured=12)
    asked, _ = bought(carol, [], kind="refresh", captured=1, property_id="p-2")
    run = news(search_of(carol, "Cheap"), 2, digest_due=False, spends=[spend, asked])

    assert send() == [True]

    [message] = mail.outbox
    assert message.subject == "12 revealed in 1 saved search"
    for body in (message.body, message.alternatives[0][0]):
        assert "charged 13 credits by your standing quote" in body
        assert "Revealed for “Cheap”: charged 12 credits" in body
        assert "Asked again for “Cheap”: charged 1 credit" in body
        assert [each in body for each in ids] == [False] * 2 + [True] * 10
        assert "Elm r-11, Mesa, AZ" in body
        assert "And 2 more" in body
        assert f"{job.get_absolute_url()}" in body
        assert "2 Main St" in body
        assert run.get_absolute_url() in body
        assert "3 Main St" not in body
        assert "alice" not in body


def test_what_it_revealed_is_not_told_once_more_as_new_the_next_day(carol, owned):
    search, tomorrow = search_of(carol, "Cheap"), EIGHT + timedelta(days=1)
    spend, _ = bought(carol, ["p-0"], captured=1)
    news(search, 2, digest_due=False, spends=[spend])
    assert send() == [True]

    news(search, 3, now=tomorrow, new_ids=["p-0", "p-1"], new_count=2)
    assert send(tomorrow) == [True]

    assert "0 Main St" in mail.outbox[0].body
    assert "0 Main St" not in mail.outbox[1].body
    assert "1 Main St" in mail.outbox[1].body


def test_what_is_still_being_carried_out_is_said_so_and_named_by_the_next_mail(carol, owned):
    search, tomorrow = search_of(carol, "Cheap"), EIGHT + timedelta(days=1)
    spend, _ = bought(carol, ["p-0"], status="accepted", captured=1)
    news(search, 2, digest_due=False, spends=[spend])
    assert send() == [True]
    assert "charged 1 credit by your standing quote, 19 credits held for what is still being carried out" in (
        mail.outbox[0].body
    )
    assert "0 Main St" not in mail.outbox[0].body

    news(search, 3, now=tomorrow, new_ids=["p-0"], new_count=1)
    assert send(tomorrow) == [True]

    assert "0 Main St" in mail.outbox[1].body


# ---------------------------------------------------------------- faults


class Backend(EmailBackend):
    """A mail server that goes wrong in a chosen way."""

    error: BaseException | None = None
    takes_it_first = False

    def send_messages(self, messages):
        if self.error is None or self.takes_it_first:
            super().send_messages(messages)
        if self.error is not None:
            raise self.error
        return len(messages)


@pytest.fixture
def mail_server(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Backend"
    yield Backend
    Backend.error, Backend.takes_it_first = None, False


def test_a_mail_that_the_server_refuses_for_now_is_sent_later(carol, owned, mail_server):
    news(search_of(carol, "Daily"), 2, new_ids=["p-0"], new_count=1)
    mail_server.error = ConnectionRefusedError()
    assert send() == [False]
    assert send() == []

    mail_server.error = None
    later = EIGHT + timedelta(hours=1)
    assert send(later) == [True]
    assert [digest.state for digest in Digest.objects.all()] == ["sent"]
    assert len(mail.outbox) == 1


def test_a_mail_that_is_always_refused_is_given_up(carol, owned, mail_server):
    news(search_of(carol, "Daily"), 2, new_ids=["p-0"], new_count=1)
    mail_server.error = smtplib.SMTPRecipientsRefused({})

    tried = [send(EIGHT + timedelta(days=day)) for day in range(10)]

    assert sum(map(len, tried)) == digests.ATTEMPTS
    assert Digest.objects.get().state == "failed"


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected(), TimeoutError(), KeyboardInterrupt()])
def test_a_mail_that_may_have_left_is_never_sent_again(carol, owned, mail_server, error):
    """The server, or the worker itself, dies after the mail has gone and before anybody knows."""
    news(search_of(carol, "Daily"), 2, new_ids=["p-0"], new_count=1)
    mail_server.error, mail_server.takes_it_first = error, True
    try:
        send()
    except KeyboardInterrupt:
        assert isinstance(error, KeyboardInterrupt)
    mail_server.error = None

    for hours in range(1, 60, 5):
        send(EIGHT + timedelta(hours=hours))

    assert len(mail.outbox) == 1


def test_a_database_that_hangs_up_before_the_note_sends_nothing_twice(carol, owned, mail_server, settings):
    news(search_of(carol, "Daily"), 2, new_ids=["p-0"], new_count=1)
    client = MongoClient(settings.MONGODB_URI)
    for command in ("findAndModify", "update"):
        with fail_commands(client, command, times=2, **HANG_UP) as fault:
            try:
                send()
            except Exception:  # the worker's task fails, and the sweep comes again
                assert fault is not None
    for hours in range(1, 30, 3):
        send(EIGHT + timedelta(hours=hours))
    client.close()

    assert len(mail.outbox) == 1
    assert Digest.objects.get().state == "sent"


# ---------------------------------------------------------------- mornings


@pytest.mark.parametrize(
    ("zone", "after", "slot"),
    [
        ("America/New_York", "2026-03-07T12:00", "2026-03-08T09:00"),  # the night in which clocks go forward
        ("America/New_York", "2026-03-07T09:00", "2026-03-07T10:00"),
        ("America/New_York", "2026-10-31T12:00", "2026-11-01T10:00"),  # and back
        ("America/Phoenix", "2026-07-01T00:00", "2026-07-01T12:00"),
        ("Pacific/Kiritimati", "2026-07-01T00:00", "2026-07-01T15:00"),
        ("", "2026-07-01T05:00", "2026-07-02T05:00"),
        ("Nowhere/Atall", "2026-07-01T04:59", "2026-07-01T05:00"),
    ],
)
def test_a_daily_search_runs_at_five_in_the_morning_of_its_user(carol, zone, after, slot):
    carol.time_zone = zone

    found = next_slot(user=carol, cadence="daily", after=datetime.fromisoformat(after).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(slot).replace(tzinfo=UTC)


def test_a_year_of_mornings_has_one_run_a_day_and_one_a_week(carol):
    carol.time_zone = "America/New_York"
    for cadence, count in (("daily", 365), ("weekly", 52)):
        moment, days = datetime(2026, 1, 1, 12, tzinfo=UTC), set()
        while (moment := next_slot(user=carol, cadence=cadence, after=moment)) <= datetime(2027, 1, 1, 12, tzinfo=UTC):
            days.add(local_day(user=carol, at=moment))
        assert len(days) == count, cadence
    assert {day.weekday() for day in days} == {0}
    assert next_slot(user=carol, cadence=SavedSearch.Cadence.OFF, after=moment) is None

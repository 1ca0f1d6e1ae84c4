"""The server fails in the middle of a spend: it happens once or not at all, and the caller learns which."""

from functools import partial

import pytest
from django.db import connection

from atlas_site.lib.transactions import run_txn
from credits import services as credit_services
from credits.models import Credit, CreditLog
from credits.services import ledger
from tests.credits.conftest import NOW
from tests.failpoints import HANG_UP, TRANSIENT, fail_commands

ILLEGAL_OPERATION = 20  # an error of the server that no driver tries again


@pytest.fixture
def spend(alice, fund, quote_for):
    """Accept a quote of one credit; the wallet holds ten."""
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=1)
    return partial(credit_services.accept_quote, quote_id=quote.id, user_id=alice.pk, now=NOW)


def assert_spent_once(alice):
    assert Credit.objects.get(user_id=alice.pk).credit_available == 9
    assert CreditLog.objects.filter(kind="reserve").count() == 1
    assert credit_services.verify_books().breaches == []


@pytest.mark.parametrize("times", [1, 2, 3])
def test_connections_lost_at_the_commit(alice, spend, times):
    with fail_commands(connection.database.client, "commitTransaction", times=times, **HANG_UP):
        assert spend().quote.reserved == 1
    assert_spent_once(alice)


@pytest.mark.parametrize("command", ["findAndModify", "update", "insert"])
@pytest.mark.parametrize("fault", [HANG_UP, TRANSIENT], ids=["hung up", "conflict"])
def test_a_statement_that_fails_is_run_again(alice, spend, command, fault):
    with fail_commands(connection.database.client, command, times=2, **fault):
        assert spend().is_new
    assert_spent_once(alice)


def test_a_commit_whose_answer_never_comes_is_answered_from_the_ledger(alice, spend, monkeypatch):
    monkeypatch.setattr(ledger, "run_txn", partial(run_txn, seconds=1))
    lost = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
    with fail_commands(connection.database.client, "commitTransaction", **lost):
        accepted = spend()
    assert (accepted.is_new, accepted.quote.reserved) == (False, 1)
    assert_spent_once(alice)


def test_a_spend_that_was_refused_in_the_middle_leaves_nothing(alice, spend):
    with (
        fail_commands(connection.database.client, "insert", times=1, errorCode=20),
        pytest.raises(Exception, match="20"),
    ):
        spend()
    assert Credit.objects.get(user_id=alice.pk).credit_available == 10
    assert spend().is_new
    assert_spent_once(alice)


def test_a_spend_is_undone_with_the_job_it_was_for(alice, spend):
    class JobFailed(Exception):
        pass

    def accept_and_fail():
        spend()
        raise JobFailed

    with pytest.raises(JobFailed):
        run_txn(accept_and_fail)
    assert Credit.objects.get(user_id=alice.pk).credit_available == 10
    assert CreditLog.objects.filter(kind="reserve").count() == 0

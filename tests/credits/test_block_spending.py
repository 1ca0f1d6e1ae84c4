"""Who may not spend: banned accounts and those in debt, checked by the write that spends (B12)."""

import pytest

from accounts.models import User
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.credits.conftest import NOW


def test_a_banned_account_spends_nothing_until_the_ban_ends(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=2)
    alice.banned = True
    alice.save()
    with pytest.raises(credit_services.AccountBlocked) as refusal:
        credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    assert refusal.value.banned
    assert Credit.objects.get(user_id=alice.pk).credit_available == 10
    alice.banned = False
    alice.save(update_fields=["banned"])
    assert credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW).is_new


def test_a_wallet_opened_for_a_banned_account_is_blocked(carol):
    User.objects.filter(pk=carol.pk).update(banned=True)
    credit_services.open_wallet(user_id=carol.pk)
    assert Credit.objects.get(user_id=carol.pk).banned


def test_a_ban_does_not_stop_running_work_from_being_settled(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=2)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    credit_services.set_spending_ban(user_id=alice.pk, banned=True)
    assert credit_services.capture(quote_id=quote.id, step="1", units={"SEARCH": 1}, reason="Page", now=NOW).amount == 1
    assert credit_services.release(quote_id=quote.id, now=NOW).released == 1


def test_a_refund_takes_what_is_there_and_the_next_purchase_pays_the_rest(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    spent = quote_for(alice.pk, SEARCH=6)
    credit_services.accept_quote(quote_id=spent.id, user_id=alice.pk, now=NOW)
    credit_services.capture(quote_id=spent.id, step="1", units={"SEARCH": 6}, reason="Page", now=NOW)
    credit_services.release(quote_id=spent.id, now=NOW)

    refund = {"user_id": alice.pk, "amount": 10, "refund_id": "r1", "reason": "Refund", "now": NOW}
    entry = credit_services.claw_back(**refund)
    assert (entry.change_amount, entry.debt_after) == (-4, 6)
    assert credit_services.claw_back(**refund).sequence == entry.sequence
    quote = quote_for(alice.pk, SEARCH=1)
    with pytest.raises(credit_services.AccountBlocked) as refusal:
        credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    assert (refusal.value.banned, refusal.value.debt) == (False, 6)

    wallet = fund(alice.pk, purchased=8)
    assert (wallet.debt, wallet.purchased_credits) == (0, 2)
    assert CreditLog.objects.filter(kind="grant").latest("sequence").debt_change == -6
    assert credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW).is_new
    assert credit_services.verify_books().breaches == []


def test_a_debt_blocks_subscription_credits_too(alice, fund, quote_for):
    fund(alice.pk, subscription=50)
    credit_services.claw_back(user_id=alice.pk, amount=3, refund_id="r2", reason="Refund", now=NOW)
    quote = quote_for(alice.pk, SEARCH=1)
    with pytest.raises(credit_services.AccountBlocked):
        credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    assert Credit.objects.get(user_id=alice.pk).credit_available == 50

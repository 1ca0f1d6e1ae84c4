"""Every write of credits. Import it as ``from credits import services as credit_services``.

The order of a spend: `make_quote`, then `accept_quote` in one `run_txn` with the job, then for each page or batch
`capture` in one `run_txn` with what was paid for, then `release` with the end of the job. All amounts are whole
credits, all moments are passed in as ``now``, and each operation may be repeated without doing anything twice.
"""

from credits.services.adjustments import (
    LARGEST_ADJUSTMENT,
    LEAST_REASON,
    approve_adjustment,
    propose_adjustment,
    reject_adjustment,
)
from credits.services.adoption import Adoption, adopt_wallets
from credits.services.books import RULES as BOOK_RULES
from credits.services.books import Breach, Report, verify_books
from credits.services.exceptions import (
    AccountBlocked,
    AdjustmentDecided,
    CreditsError,
    EntryNotFound,
    KeyReused,
    LedgerConflict,
    NotEnoughCredits,
    PeriodIsOver,
    QuoteChanged,
    QuoteExpired,
    QuoteNotFound,
    SecondPersonNeeded,
)
from credits.services.grants import adjust, claw_back, grant, lapse, period_name, reset_period
from credits.services.ledger import (
    applied_keys,
    open_wallet,
    set_automatic_spending,
    set_spending_ban,
    set_subscription_frozen,
)
from credits.services.low_credits import warn_of_low_credits
from credits.services.quotes import Acceptance, QuoteSource, accept_quote, make_quote, purge_quotes
from credits.services.settlement import Capture, Expired, capture, expire_quotes, release
from credits.services.weights import HIGHEST_WEIGHT, set_weight, start_of_weight
from credits.services.welcome import claim_welcome_credits, lapse_welcome_credits

__all__ = [
    "BOOK_RULES",
    "HIGHEST_WEIGHT",
    "LARGEST_ADJUSTMENT",
    "LEAST_REASON",
    "Acceptance",
    "AccountBlocked",
    "AdjustmentDecided",
    "Adoption",
    "Breach",
    "Capture",
    "CreditsError",
    "EntryNotFound",
    "Expired",
    "KeyReused",
    "LedgerConflict",
    "NotEnoughCredits",
    "PeriodIsOver",
    "QuoteChanged",
    "QuoteExpired",
    "QuoteNotFound",
    "QuoteSource",
    "Report",
    "SecondPersonNeeded",
    "accept_quote",
    "adjust",
    "adopt_wallets",
    "applied_keys",
    "approve_adjustment",
    "capture",
    "claim_welcome_credits",
    "claw_back",
    "expire_quotes",
    "grant",
    "lapse",
    "lapse_welcome_credits",
    "make_quote",
    "open_wallet",
    "period_name",
    "propose_adjustment",
    "purge_quotes",
    "reject_adjustment",
    "release",
    "reset_period",
    "set_automatic_spending",
    "set_spending_ban",
    "set_subscription_frozen",
    "set_weight",
    "start_of_weight",
    "verify_books",
    "warn_of_low_credits",
]

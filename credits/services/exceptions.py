"""What can go wrong with credits, in the words that pages need."""

from pymongo.errors import PyMongoError


class CreditsError(Exception):
    """The base of all refusals of this app; when one is raised, nothing was changed."""


class NotEnoughCredits(CreditsError):
    """The wallet holds less than is needed. All figures are whole credits, except `fits`.

    `fits` is how many units of each type, in the order of the quote's lines, the available credits would pay for:
    ``{"SEARCH": 12}``.
    """

    def __init__(self, *, needed: int, available: int, fits: dict[str, int] | None = None) -> None:
        super().__init__(f"{needed} credits are needed and {available} are available.")
        self.needed = needed
        self.available = available
        self.fits = fits or {}

    @property
    def fitting_units(self) -> int:
        """How many units in all would fit."""
        return sum(self.fits.values())


class QuoteNotFound(CreditsError):
    """There is no such quote, or it is another user's."""


class QuoteExpired(CreditsError):
    """The offer's time is over; a new quote is free."""


class QuoteChanged(CreditsError):
    """The quote would now cost more than it said, because another quote took the prepaid fraction. Nothing is held."""


class KeyReused(CreditsError):
    """The key of an operation came again with another amount, user or job. The first one stands."""


class AccountBlocked(CreditsError):
    """The account may not spend: it is banned, or a refund left it in debt (`debt` in credits)."""

    def __init__(self, *, banned: bool, debt: int) -> None:
        super().__init__("This account is banned." if banned else f"{debt} credits of a refunded purchase are owed.")
        self.banned = banned
        self.debt = debt


class LedgerConflict(CreditsError):
    """An operation does not fit the state of the books, such as a charge beyond what was quoted."""


class PeriodIsOver(LedgerConflict):
    """A reset or an upgrade for a period that a later one has already followed, or that has ended."""


class EntryNotFound(CreditsError):
    """The ledger of this wallet has no entry with this key."""


class SecondPersonNeeded(CreditsError):
    """An adjustment above the limit is approved by somebody who neither proposed it nor gains by it."""


class AdjustmentDecided(CreditsError):
    """The adjustment was applied or rejected before."""


class LostRace(PyMongoError):
    """Another transaction was first. Its label makes `run_txn` run the work again, which then sees it done."""

    def __init__(self) -> None:
        super().__init__("Another change of this wallet was first.", ["TransientTransactionError"])

"""MORTGAGE_LIENS: what is still owed, loan by loan, and liens that the owner did not agree to."""

from dataclasses import dataclass
from datetime import date

from properties.selectors.charts import bar_widths
from properties.selectors.dossier.facts import Facts, Row, text_of, value_of


@dataclass(frozen=True)
class OpenLoan:
    """A loan that is still owed. Texts are "" and days None where nothing is on file."""

    lender: str
    kind: str
    purpose: str
    amount: str
    balance: str
    rate: str
    payment: str
    recorded_on: date | None
    due_on: date | None
    notes: tuple[str, ...]
    width: float


@dataclass(frozen=True)
class Lien:
    """A lien without the owner's consent."""

    kind: str
    amount: str
    parties: str
    document: str
    on: date | None


@dataclass(frozen=True)
class LoanStory:
    """Open loans and liens; a count of None is unknown."""

    loan_count: int | None
    balance: float | None
    value: float | None
    loans: tuple[OpenLoan, ...]
    liens: tuple[Lien, ...]

    @property
    def is_free_and_clear(self) -> bool:
        """Whether the vendor says that no loan is open, which is more than not listing one."""
        return self.loan_count == 0 and not self.loans


def tell_loans(facts: Facts, *, value: float | None) -> LoanStory:
    """Arrange MORTGAGE_LIENS; bars are drawn against the estimated value where that is unlocked."""
    rows = facts.rows("openLien.mortgages")
    balance = facts.value("openLien.totalOpenLienBalance")
    balances = [value_of(row, "currentEstimatedBalance") for row in rows]
    widths = bar_widths(balances, whole=max(value or 0, balance or 0) or None)
    return LoanStory(
        loan_count=facts.value("openLien.totalOpenLienCount"),
        balance=balance,
        value=value,
        loans=tuple(_loan(row, width) for row, width in zip(rows, widths, strict=True)),
        liens=tuple(_lien(row) for row in facts.rows("involuntaryLien.liens")),
    )


def _loan(row: Row, width: float) -> OpenLoan:
    notes = [text_of(row, "financingType")] if text_of(row, "financingType") != text_of(row, "loanType") else []
    notes += [label for path, label in (("adjustableRateRider", "adjustable rate"), ("equityCreditLine", "credit line"))
              if value_of(row, path)]  # fmt: skip
    assigned = text_of(row, "assignedLenderName")
    if assigned:
        notes.append(f"assigned to {assigned}")
    return OpenLoan(
        lender=text_of(row, "lenderName"),
        kind=text_of(row, "loanType"),
        purpose=text_of(row, "purposeOfLoan"),
        amount=text_of(row, "loanAmount"),
        balance=text_of(row, "currentEstimatedBalance"),
        rate=text_of(row, "currentEstimatedInterestRate") or text_of(row, "interestRate"),
        payment=text_of(row, "estimatedPaymentAmount"),
        recorded_on=value_of(row, "recordingDate"),
        due_on=value_of(row, "dueDate"),
        notes=tuple(filter(None, notes)),
        width=width,
    )


def _lien(row: Row) -> Lien:
    return Lien(
        kind=text_of(row, "lienType") or "Lien",
        amount=text_of(row, "lienAmount") or text_of(row, "judgementAmount"),
        parties=text_of(row, "parties"),
        document=text_of(row, "documentType"),
        on=value_of(row, "recordingDate") or value_of(row, "filingDate"),
    )

"""What a file of contacts is for: each purpose has its own rows, and leaves out what it must not carry."""

from enum import StrEnum


class Purpose(StrEnum):
    """The four files of contacts."""

    DIALER = "dialer"
    NUMBERS = "numbers"
    MAIL = "mail"
    CRM = "crm"

    @property
    def label(self) -> str:
        """The file's name for people."""
        return TEXTS[self][0]

    @property
    def row(self) -> str:
        """What one row of it is."""
        return TEXTS[self][1]

    @property
    def explanation(self) -> str:
        """What is in it and what is not, in a sentence or two."""
        return TEXTS[self][2]

    @property
    def is_for_calls(self) -> bool:
        return self in {Purpose.DIALER, Purpose.NUMBERS}


TEXTS = {
    Purpose.DIALER: (
        "Dialer, a row per person",
        "person",
        "Callable numbers side by side in the order in which to call them, with the time zone of the owner. "
        "Whoever has no callable number is left out.",
    ),
    Purpose.NUMBERS: (
        "Dialer, a row per number",
        "number",
        "Every callable number once, with its person and the time zone of the owner, for dialers that take one number "
        "a row.",
    ),
    Purpose.MAIL: (
        "Mail",
        "mailing address",
        "One letter to each mailing address, whoever lives there. Who wants no mail, and the deceased, are left out.",
    ),
    Purpose.CRM: (
        "CRM or spreadsheet",
        "contact",
        "The original columns of your files as they were, in their order, and behind them everything that Atlas knows. "
        "Numbers that may not be called are marked as such.",
    ),
}

"""Whose the columns are: the lead's name, and the phones and e-mails that are the lead's and nobody else's."""

from collections.abc import Sequence
from dataclasses import replace

from leads.imports.columns.headers import SECOND
from leads.imports.columns.kinds import NAME_KINDS, Kind
from leads.imports.columns.looks import FEW, Column
from leads.imports.columns.words import words_of
from leads.imports.fields import Field
from leads.imports.profiles import Shape
from leads.imports.vocabulary import DEED_WORDS, PARTY_OF, SURPLUS_WORDS

# Whom a list is about when it names them so, the nearest first: they are one and the same.
GENERIC = ("", "owner", "seller", "taxpayer", "landlord", "responsible", "contact", "lead", "caller")
# The parties of court papers, deeds and notices: the first of them that a list names is its lead.
OF_PAPERS = (
    "executor",
    "plaintiff",
    "defendant",
    "respondent",
    "borrower",
    "decedent",
    "grantee",
    "grantor",
    "former",
    "tenant",
)

REACHED = frozenset({*NAME_KINDS, Kind.PHONE, Kind.EMAIL, Kind.STREET, Kind.FULL_ADDRESS})
GOVERNMENTS = ("county", "city of", "state of", "town of", "village of", "treasurer", "municipal")

FIELD_OF_NAME = {
    Kind.FIRST_NAME: Field.FIRST_NAME,
    Kind.LAST_NAME: Field.LAST_NAME,
    Kind.FULL_NAME: Field.FULL_NAME,
}


def lead_party(columns: Sequence[Column]) -> str:
    """The party whose names are the leads': "" stands for all the words that mean the owner or the contact."""
    named = [column for column in columns if column.kind in NAME_KINDS | {Kind.COMPANY} and not column.is_empty]
    named = named or [column for column in columns if column.kind in NAME_KINDS]
    parties = {column.reading.party for column in named if column.reading.ordinal == 1}
    if parties & set(GENERIC):
        return ""
    if "plaintiff" in parties and "defendant" in parties:
        plaintiffs = [column for column in named if column.reading.party == "plaintiff"]
        return "defendant" if any(_sues_owners(column) for column in plaintiffs) else "plaintiff"
    if {"plaintiff", "borrower"} <= parties:
        return "borrower"  # "Creditor" and "Debtor"
    if (
        {"grantor", "grantee"} <= parties
        and _is_reached(columns, {"grantor"})
        and not _is_reached(columns, {"grantee"})
    ):
        return "grantor"
    of_papers = next((party for party in OF_PAPERS if party in parties), "")
    if of_papers or any(column.kind in REACHED and is_of_lead(column, "") for column in columns):
        return of_papers
    return next((column.reading.party for column in named), "")  # a list of agents, or of callers


def _sues_owners(column: Column) -> bool:
    """True when these plaintiffs are lenders or governments: they sue the owner, where a landlord sues a tenant."""
    values = [value.lower() for value in column.profile.values]
    if not values:
        return False
    governments = sum(any(word in value for word in GOVERNMENTS) for value in values) / len(values)
    return column.profile.lenders() + governments >= 0.4


def take_buyers_for_leads(columns: Sequence[Column]) -> None:
    """In a list without sellers and owners the buyers are the people it is about, unless banks took the houses."""
    buyers = [column for column in columns if column.reading.party == "grantee"]
    takers = "grantor" if any(_sues_owners(column) for column in buyers if column.kind in NAME_KINDS) else "grantee"
    others = {"owner", "seller", "grantor"} - {takers}
    parties = {column.reading.party for column in columns}
    if any(not SURPLUS_WORDS.isdisjoint(words_of(column.header)) for column in columns):
        takers, others = "former", {"owner", "seller"}
    has_bought = "owner" not in parties and _have_bought(columns)
    if has_bought:
        takers, others = "grantee", set()  # a list of sales with the addresses of those who own now
    if has_bought or (_names_owners(columns) and not _is_reached(columns, {"seller"})):
        for column in columns:
            if column.reading.party in {"seller", "grantor"}:
                column.reading = replace(column.reading, party="former")
    if any(column.reading.party in others for column in columns):
        return
    for column in columns:
        if column.reading.party == takers:
            column.reading = replace(column.reading, party="lead")


def _names_owners(columns: Sequence[Column]) -> bool:
    """True when a column names the owners, and not only the staff that programs call so."""
    return any(
        column.kind in NAME_KINDS and column.reading.party == "owner" and len(words_of(column.header)) > 1
        for column in columns
    )


def _have_bought(columns: Sequence[Column]) -> bool:
    """True for a list of sales that were recorded, or that says how to reach the buyers and not the sellers."""
    if _is_reached(columns, {"seller", "grantor"}):
        return False
    is_of_deeds = any(not DEED_WORDS.isdisjoint(words_of(column.header)) for column in columns)
    names_both = {"seller", "grantee"} <= {column.reading.party for column in columns if column.kind in NAME_KINDS}
    return _is_reached(columns, {"grantee"}) or (is_of_deeds and names_both)


def _is_reached(columns: Sequence[Column], parties: set[str]) -> bool:
    """True when the list says how to reach somebody of these parties."""
    return any(column.kind in REACHED - NAME_KINDS and column.reading.party in parties for column in columns)


def is_of_lead(column: Column, lead: str) -> bool:
    """True when the column is of the lead, and of no second owner, agent, lawyer or opponent."""
    party = column.reading.party
    if column.reading.ordinal > 1:
        return False
    return party in GENERIC or (party == lead and lead != "")


def assign_people(columns: Sequence[Column], lead: str) -> None:
    """Give the columns of names, companies, phones, e-mails and profiles their fields."""
    _set_staff_aside(columns)
    ours = [column for column in columns if is_of_lead(column, lead)]
    _assign_names(ours, lead)
    companies = [column for column in ours if column.kind is Kind.COMPANY]
    if companies:
        _best(companies, lead).field = Field.COMPANY
    for column in ours:
        if column.kind is Kind.PHONE:
            column.field = Field.PHONE
        elif column.kind is Kind.EMAIL:
            column.field = Field.EMAIL
    profiles = [column for column in ours if column.kind is Kind.LINKEDIN]
    if profiles:
        _best(profiles, lead).field = Field.LINKEDIN


def set_repeated_names_aside(columns: Sequence[Column]) -> None:
    """Take "Person" for the user's own staff and "Owner/Tenant" for a class, where other columns have the names."""
    named = any(column.kind in NAME_KINDS and not _is_repeated(column) for column in columns)
    unread = (column for column in columns if column.kind is None and column.profile.share(Shape.PERSON) >= 0.6)
    if not named and all(map(_is_repeated, unread)):
        return
    for column in columns:
        words = words_of(column.header)
        is_plain = bool(words) and all(word in PARTY_OF for word in words)
        is_class = column.reading.rank < 2 and not column.reading.party
        if column.kind is Kind.FULL_NAME and (is_plain or is_class) and _is_repeated(column):
            column.kind = Kind.NOTHING
            column.why = "The same few values again and again: they are not the names of the leads."


def _is_repeated(column: Column) -> bool:
    return column.profile.count >= 8 and column.profile.distinct <= max(1, column.profile.count // 5)


def _set_staff_aside(columns: Sequence[Column]) -> None:
    """Take a column "Owner" for the user's own staff, when other columns name the people and it names none of them."""
    names = [column for column in columns if column.kind in NAME_KINDS and column.reading.ordinal == 1]
    others = [
        column
        for column in names
        if column.reading.party in GENERIC and column.reading.party != "owner" and column.reading.rank == 2
        if not column.is_empty
    ]
    people = {word for column in others for value in column.profile.values for word in value.lower().split()}
    for column in names:
        profile = column.profile
        if words_of(column.header) not in {("owner",), ("owners",)} or not others or profile.count < FEW:
            continue
        known = sum(not people.isdisjoint(value.lower().split()) for value in profile.values) / profile.count
        if _is_repeated(column) or (known < 0.2 and profile.share(Shape.COMPANY) < 0.2):
            column.kind = Kind.NOTHING
            column.why = "These names are not those of the people in the list: your own staff, it seems."


def _assign_names(ours: Sequence[Column], lead: str) -> None:
    names = [column for column in ours if column.kind in NAME_KINDS]
    halves = [column for column in names if column.kind is not Kind.FULL_NAME]
    wholes = [column for column in names if column.kind is Kind.FULL_NAME]
    if len(halves) == 1 and not wholes and halves[0].profile.share(Shape.PERSON) >= 0.7:
        halves[0].kind, wholes, halves = Kind.FULL_NAME, halves, []
    is_first_missing = bool(halves) and all(half.kind is Kind.LAST_NAME for half in halves)
    for column in wholes if halves else ():
        if is_first_missing and column.profile.share(Shape.WORD) >= 0.8:
            column.kind = Kind.FIRST_NAME  # "His Name" beside "Family Name"
        elif column.profile.share(Shape.COMPANY) >= 0.6:
            column.kind = Kind.COMPANY  # "Legal Name" beside first and last names
    for kind in (Kind.FIRST_NAME, Kind.LAST_NAME):
        same = [column for column in names if column.kind is kind]
        if same:
            _best(same, lead).field = FIELD_OF_NAME[kind]
    wholes = [column for column in wholes if column.kind is Kind.FULL_NAME]
    if wholes:
        _best(wholes, lead).field = Field.FULL_NAME


def set_second_people_aside(columns: Sequence[Column]) -> None:
    """Take "Secondary Email" for the second person's, where a "Secondary First Name" names that person."""
    begun = {
        words_of(column.header)[0]
        for column in columns
        if column.kind in NAME_KINDS and column.reading.ordinal > 1 and not column.reading.party
    }
    for column in columns:
        is_free = column.kind in {Kind.PHONE, Kind.EMAIL} and not column.reading.party
        if is_free and not (begun & SECOND).isdisjoint(words_of(column.header)[:1]):
            column.reading = replace(column.reading, ordinal=2)


def _best(columns: Sequence[Column], lead: str) -> Column:
    """The column that says most plainly that it is the lead's; the first of equals."""

    def order(column: Column) -> tuple[bool, bool, bool, int, int, int]:
        reading = column.reading
        party = 0 if lead and reading.party == lead else GENERIC.index(reading.party) if reading.party in GENERIC else 9
        if reading.party == "owner" and column.kind is Kind.FULL_NAME:
            party = -1  # "Owner" of a roll before any other name; the staff of programs is set aside by now
        is_mail_name = reading.place == "mail" and column.kind in NAME_KINDS
        party += 5 * is_mail_name
        is_unclear = reading.rank < 2 and not reading.party  # "Host Name"
        return column.is_empty, reading.is_found, is_unclear, party, reading.number, column.at

    return min(columns, key=order)

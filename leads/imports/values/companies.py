"""Companies, trusts, estates and public bodies among the owners of a list, and the key that compares them."""

import re
from functools import lru_cache
from pathlib import Path

LEGAL_FORMS = {
    "LLC": "LLC", "LC": "LC", "LLLP": "LLLP", "LLP": "LLP", "LP": "LP", "PLLC": "PLLC", "PC": "PC", "INC": "INC",
    "INCORPORATED": "INC", "CORP": "CORP", "CORPORATION": "CORP", "LTD": "LTD", "LIMITED": "LTD", "COMPANY": "CO",
    "CO": "CO", "TRUST": "TRUST", "TRST": "TRUST", "TRUSTS": "TRUST", "TR": "TRUST", "REVOCABLE": "REV", "REVOC": "REV",
    "LIVING": "LIV", "LVG": "LIV", "IRREVOCABLE": "IRREV", "FAMILY": "FAM", "AND": "&", "ASSOCIATION": "ASSN",
    "ASSOC": "ASSN", "ESTATES": "ESTATE", "PROPERTIES": "PROP", "PROPERTY": "PROP", "PROPS": "PROP",
    "INVESTMENTS": "INV", "INVESTMENT": "INV", "ASSOCIATES": "ASSOCS", "PARTNERSHIP": "PSHIP", "DEPARTMENT": "DEPT",
    "HOLDING": "HOLDINGS", "ENTERPRISE": "ENTERPRISES", "MANAGEMENT": "MGMT", "MGT": "MGMT", "DEVELOPMENT": "DEV",
    "SERVICE": "SERVICES", "SVCS": "SERVICES", "INTL": "INTERNATIONAL", "NATL": "NATIONAL",
}  # fmt: skip
"""Legal forms and usual words of companies, in capitals, by the spelling that compares them."""

SURE_WORDS = frozenset(
    (
        "llc", "llp", "lllp", "pllc", "inc", "incorporated", "corp", "corporation", "ltd", "limited", "lp", "trust",
        "trst", "trusts", "estate", "heirs", "bank", "fsb", "assn", "association", "hoa", "partners", "partnership",
        "properties", "property", "investments", "investment", "investors", "holdings", "enterprises", "enterprise",
        "realty", "rentals", "rental", "university", "school", "schools", "district", "authority", "department",
        "dept", "company", "companies", "management", "mgmt", "ventures", "development", "developers", "builders",
        "construction", "associates", "mortgage", "apartments", "apts", "condominium", "condominiums", "condo",
        "hospital", "foundation", "ministries", "baptist", "methodist", "lutheran", "catholic", "presbyterian",
        "homeowners", "acquisitions", "acquisition", "federal", "municipality", "township", "county", "borough",
        "society", "institute", "diocese", "archdiocese", "congregation", "synagogue", "mosque", "corporate",
        "capital", "equities", "equity", "lending", "savings", "insurance", "solutions", "logistics", "leasing",
        "borrower", "homebuyers", "reit", "fund", "funds", "funding", "co-op", "coop", "cooperative", "housing",
        "secretary", "hud", "usa", "railroad", "railway", "utilities", "llc.", "revocable", "irrevocable", "ira",
        "fbo", "assoc", "servicing", "group", "international", "industries", "systems", "technologies", "consulting",
        "contractors", "restaurant", "restaurants", "motel", "hotel", "hotels", "inn", "museum", "cemetery", "library",
        "church", "churches", "services", "homes", "land", "farms", "ranch", "academy", "college", "club", "center",
        "centre", "studio", "studios", "salon", "shop", "store", "stores", "market", "pharmacy", "clinic", "dental",
        "medical", "attorneys", "brothers", "bros", "sons", "community", "national", "american", "united", "global",
        "commercial", "residential", "plaza", "mall", "village", "gardens", "towers", "heights", "lodge", "post",
    )
)  # fmt: skip
NAMES_TOO = frozenset(
    (
        "bank", "church", "land", "farms", "ranch", "shop", "store", "market", "center", "club", "college", "homes",
        "post", "lodge", "village", "sons", "fund", "inn", "american", "ira", "county", "national", "equity",
        "gardens", "heights", "borough", "capital", "savings", "studio", "group", "plaza", "dental", "property",
        "brothers", "baptist", "catholic", "salon", "stores", "schools", "condo",
        "school", "federal", "united", "global", "community", "housing", "limited", "mall", "towers", "rental",
    )
)  # fmt: skip
"""Words of companies that are names of people too: they count beside another such word or where no given name is."""

BEGINNINGS = re.compile(
    r"(?:the|city of|town of|village of|county of|state of|estate of|est of|heirs of|commonwealth of|township of"
    r"|borough of|united states|us department|secretary of|bank of|church of|board of|department of|university of"
    r"|trustees? of)\b",
    re.IGNORECASE,
)
ENDINGS = re.compile(
    r"\b(?:est|estate|city|town|village|county|state|township) of\W*$|(?<!\blife) est\W*$|\bbank\b.* na\W*$"
    r"|\w (?:for|of) \w",
    re.IGNORECASE,
)
"""Rolls turn names of public bodies round as they do those of people: "TAMPA CITY OF"."""

ESTATE_FIRST = re.compile(r"^(?:EST|ESTATE) OF (.+)$")
ESTATE_LAST = re.compile(r" (?:EST|ESTATE)(?: OF)?$")
"""An estate is one however its kind is written: "EST OF JOHN SMITH", "JOHN SMITH ESTATE"."""

DOTTED = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?\b\.?", re.IGNORECASE)
SPACED_FORM = re.compile(r"\bl[ .]+l[ .]+([cp])\b|\bl[ .]+(p)\b(?=\W*$)", re.IGNORECASE)
WORD = re.compile(r"[a-z0-9'’-]+")
AT_THE_END = frozenset({"co", "pc", "pa", "na", "lc", "ptnr", "ptnrs", "tr", "trs"})
KEY_WORD = re.compile(r"[A-Z0-9&]+")


@lru_cache(maxsize=2048)
def is_company(text: str) -> bool:
    """True if an owner is a company, a trust, an estate or a public body and not a person.

    Legal forms in any spelling ("L.L.C."), words of companies, "City of", "Estate of" and names with digits decide. A
    word that is a family name too ("Church", "Bank") decides where no given name stands beside it.
    """
    if BEGINNINGS.match(text) or ENDINGS.search(text):
        return True
    words = company_words(text)
    if len(words) < 2:
        return bool(words) and words[0] in SURE_WORDS and words[0] not in NAMES_TOO
    known = [word for word in words if word in SURE_WORDS]
    if any(word not in NAMES_TOO for word in known) or len(set(known)) > 1:
        return True
    if known and not any(is_given_name(word) for word in words):
        return True
    if words[-1] in AT_THE_END and (len(words) > 3 or "&" in text) and words[-1] not in {"tr", "trs"}:
        return True
    return any(word[0].isdigit() and not is_ordinal(word) for word in words)


def has_legal_form(text: str) -> bool:
    """True if a text holds a word that no person's name holds: "LLC", "Inc", "Trust"."""
    words = [text.lower()] if text.isalpha() else company_words(text)
    return any(word in SURE_WORDS and word not in NAMES_TOO for word in words)


def company_words(text: str) -> list[str]:
    """Return the words of a name in small letters, with "L.L.C." and "L L C" as one."""
    text = DOTTED.sub(lambda match: match[0].replace(".", "") + " ", text.lower())
    text = SPACED_FORM.sub(lambda match: f"ll{match[1]}" if match[1] else "lp", text)
    return WORD.findall(text)


def is_ordinal(word: str) -> bool:
    """True for "2nd" and "3rd", which follow names of people."""
    return word in {"1st", "2nd", "3rd", "4th", "5th"}


@lru_cache(maxsize=2048)
def company_key(name: str) -> str:
    """Return what compares companies: case, punctuation and the spelling of legal forms do not matter.

    "Juniper Street Rentals, L.L.C." and "JUNIPER STREET RENTALS LLC" have one key; a leading "The" does not count.
    """
    text = DOTTED.sub(lambda match: match[0].replace(".", "") + " ", name)
    text = SPACED_FORM.sub(lambda match: f"LL{match[1]}" if match[1] else "LP", text)
    words = KEY_WORD.findall(re.sub(r"['’`.]", "", text.upper()))
    if words[:1] == ["THE"] and len(words) > 1:
        del words[0]
    words = ESTATE_FIRST.sub(r"\1 ESTATE", ESTATE_LAST.sub(" ESTATE", " ".join(words))).split()
    joined = " ".join(LEGAL_FORMS.get(word, word) for word in words)
    return joined.replace("LTD PSHIP", "LP").replace("LTD LIABILITY CO", "LLC").replace("LTD CO", "LLC")


def is_given_name(word: str) -> bool:
    """True if a word (any case) is a given name rather than a family name. See `given_names`."""
    return word.lower() in given_names()


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """Return the given names of `given_names.txt`, in small letters."""
    lines = Path(__file__).with_name("given_names.txt").read_text(encoding="ascii").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())

"""Writes owner, contact fields, the owner's portfolio and the household of a record."""

from typing import Any

from atlas_site.sandbox.market.people import Person, pick
from atlas_site.sandbox.market.writer import Group, Writer, as_bool, iso

CARRIERS = ("Sample Wireless", "Example Mobile", "Prairie Telephone", "Lakes Cable Voice")


def owner(writer: Writer) -> Group:
    """Write ``owner`` with names, mailing address, tenure and contact fields."""
    facts = writer.facts
    group = writer.known({
        "fullName": facts["owner_name"], "names": _names(writer), "mailingAddress": _mailing_address(writer),
        "ownerOccupied": as_bool(facts["owner_occupied"]), "ownerStatusType": facts["owner_status"],
        "ownershipRights": pick(writer.rnd, ("Joint Tenants", "Community Property", "Tenants In Common"))
        if facts["co_owner"] else None,
        "ownershipStartDate": iso(facts["owned_since"]),
    })  # fmt: skip
    group.update(_contact(writer))
    return group


def _names(writer: Writer) -> list[Group]:
    facts = writer.facts
    if facts["first_name"] is None:
        return [{"full": facts["owner_name"]}]
    people = [facts["owner_person"]] + ([facts["co_owner"]] if facts["co_owner"] else [])
    return [{"first": p.first, "middle": p.middle, "last": p.last, "full": p.full} for p in people]


def _mailing_address(writer: Writer) -> Group | None:
    facts, rnd = writer.facts, writer.rnd
    if facts["mail_street"] is None:
        return writer.empty({"addressValidity": "Invalid"})
    is_same = facts["mail_street"] == facts["street"]
    return {
        "street": facts["mail_street"], "city": facts["mail_city"], "county": facts["mail_place"].county,
        "state": facts["mail_state"], "zip": facts["mail_zip"], "zipPlus4": f"{int(rnd() * 9000) + 1000}",
        "hash": facts["hash"] if is_same else f"{abs(hash_text(facts['mail_street'] + facts['mail_zip'])):032x}",
        "addressValidity": "Valid", "dpvMatchCode": "Y", "dpvFootnotes": "AABB",
        "deliveryPointCode": f"{int(rnd() * 90) + 10}",
    }  # fmt: skip


def hash_text(text: str) -> int:
    """Return a number for a text that is the same in every process (``hash`` is not)."""
    number = 0
    for character in text:
        number = (number * 1_000_003 + ord(character)) % 2**127
    return number


def _contact(writer: Writer) -> Group:
    """Write the keys of the ``contact`` dataset: most owners have a phone, some only e-mail, some nothing."""
    rnd = writer.rnd
    share, tcpa = rnd(), rnd() < 0.03
    phone_count = 1 + int(rnd() * 4) if share < 0.78 else 0
    phones = [_phone(writer, 95 - 12 * rank) for rank in range(phone_count)]
    person: Person = writer.facts["owner_person"]
    email_count = 1 + int(rnd() * 2) if share < 0.62 or 0.78 <= share < 0.86 else 0
    emails = [
        f"{person.first}.{person.last}{int(rnd() * 90) + 10}@example.{pick(rnd, ('com', 'net', 'org'))}".lower()
        for _ in range(email_count)
    ]
    is_litigator, is_bankrupt, is_dead = rnd() < 0.02, rnd() < 0.02, rnd() < 0.02
    filed = iso(writer.facts["day"] - 300 - int(rnd() * 2000))
    return {
        # A known litigator's numbers are withheld by the vendor itself.
        "phoneNumbers": [] if is_litigator else phones, "emails": emails,
        "enrichedEmails": [{"email": email, "tested": rnd() < 0.7} for email in emails],
        "hasLandline": any(phone["type"] == "Land Line" for phone in phones), "mailingOptOut": rnd() < 0.03,
        "dnc": {"tcpa": tcpa}, "litigator": is_litigator,
        "bankruptcy": {"bankruptcy": True, "filingDate": filed} if is_bankrupt else {},
        "death": {"deceased": True, "dateOfDeath": filed} if is_dead else {"deceased": False},
        "involuntaryLien": {"lien": writer.facts["involuntary_lien_count"] > 0, "judgement": False},
    }  # fmt: skip


def _phone(writer: Writer, score: int) -> Group:
    rnd = writer.rnd
    day = writer.facts["day"]
    kind = pick(rnd, ("Mobile", "Mobile", "Mobile", "Land Line", "VoIP"))
    return {
        "number": f"{writer.facts['place'].area_code}555{int(rnd() * 10000):04}", "type": kind,
        "carrier": pick(rnd, CARRIERS), "tested": rnd() < 0.8, "reachable": rnd() < 0.85, "score": score,
        "dnc": rnd() < 0.25, "tcpa": False, "firstReportedDate": iso(day - 900 - int(rnd() * 2000)),
        "lastReportedDate": iso(day - int(rnd() * 400)),
    }  # fmt: skip


def portfolio(writer: Writer) -> Group | None:
    """Write ``propertyOwnerProfile``: what the owner of this mailing address holds in all."""
    facts, rnd = writer.facts, writer.rnd
    count = facts["portfolio_count"]
    keys = ("propertiesCount", "propertiesTotalEstimatedValue", "propertiesTotalEquity", "totalPurchasePrice",
            "averagePurchasePrice", "averageAssessedValue", "averageYearBuilt", "mortgagesCount",
            "mortgagesTotalBalance", "mortgagesAverageBalance")  # fmt: skip
    if not count:
        return writer.empty(dict.fromkeys(keys, 0))
    value = facts["portfolio_value"]
    paid, owed = int(value * 0.7), value - facts["portfolio_equity"]
    mortgages = max(int(owed > 0), int(count * rnd()))
    values = (count, value, facts["portfolio_equity"], paid, paid // count, int(value * 0.54) // count,
              1950 + int(rnd() * 60), mortgages, owed, owed // max(1, mortgages))  # fmt: skip
    return dict(zip(keys, values, strict=True))


def demographics(writer: Writer) -> Group | None:
    """Write ``demographics`` of the owner's household; companies and trusts have none."""
    facts, rnd = writer.facts, writer.rnd
    if not facts["is_household_known"]:
        return writer.empty({"genderCode": "U", "hasChildren": False, "petOwner": False, "smoker": False})
    is_parent = bool(facts["has_children"])
    marital: Any = pick(rnd, ("Married", "Married", "Married", "Single", "Divorced", "Widowed"))
    moved = rnd() < 0.08
    return writer.known({
        "age": facts["age"], "gender": facts["gender"], "genderCode": facts["gender"][0], "maritalStatus": marital,
        "householdSize": facts["household_size"], "childCount": facts["household_size"] - 2 if is_parent else 0,
        "hasChildren": is_parent, "singleParent": is_parent and marital != "Married", "income": facts["income"],
        "netWorth": facts["net_worth"], "discretionaryIncome": facts["discretionary_income"],
        "homeownerRenter": facts["homeowner_renter"],
        "homeownerRenterCode": facts["homeowner_renter"] and facts["homeowner_renter"][0],
        "individualEducation": pick(rnd, ("High School", "College", "Graduate School")),
        "individualOccupation": pick(rnd, ("Professional", "Trades", "Sales", "Health", "Retired")),
        "businessOwner": rnd() < 0.1, "investments": ["Stocks"] if rnd() < 0.3 else [],
        "millionaire": facts["net_worth"] >= 1_000_000, "petOwner": rnd() < 0.4, "smoker": rnd() < 0.1,
        "recentlyMoved": moved, "recentlyMovedYear": facts["year"] if moved else None,
        "recentlyMovedMonth": 1 + int(rnd() * 12) if moved else None,
        "recentlyDivorced": marital == "Divorced" and rnd() < 0.2, "religious": rnd() < 0.3,
        "religiousAffiliation": None, "emailDomain": "example.com", "estimatedAreaCreditRating": pick(rnd, "ABCD"),
    })  # fmt: skip

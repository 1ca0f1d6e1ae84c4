"""Draws who owns a property, since when, where they get their mail, and what is known about the household."""

import math
from random import Random
from typing import Any

from atlas_site.sandbox.market.people import Person, Rnd, draw_company, draw_person, draw_street
from atlas_site.sandbox.market.places import Place, Places

INVESTORS_PER_STATE = 400
STATUS_TYPES = {"Individual": "Individual", "Company": "Company Owned", "Trust": "Trust", "Public": "Government Owned"}


def draw_tenure(facts: dict[str, Any], rnd: Rnd) -> None:
    """Add the kind of owner and the day of the last sale: half of all homes change hands within six years."""
    share = rnd()
    if facts["category"] == "Residential":
        kind = "Individual" if share < 0.81 else "Company" if share < 0.92 else "Trust" if share < 0.99 else "Public"
    else:
        kind = "Individual" if share < 0.4 else "Company" if share < 0.88 else "Trust" if share < 0.96 else "Public"
    years = min(-math.log(1 - rnd()) * 8.5, 45.0, max(0.3, facts["year"] - facts["building_year"] - 0.2))
    facts.update(owner_kind=kind, sale_day=facts["day"] - 12 - int(years * 365.25))


def draw(facts: dict[str, Any], rnd: Rnd, places: Places) -> None:
    """Add owner, mailing address, occupancy, household and portfolio."""
    kind = facts["owner_kind"]
    lives_there = (
        kind in ("Individual", "Trust") and facts["category"] in ("Residential", "Agricultural") and rnd() < 0.72
    )
    if lives_there:
        owner = draw_person(rnd)
        facts["owner_person"], facts["company"] = owner, ""
        _mail_to(facts, facts["street"], facts["place"])
        facts["portfolio_count"] = 1 if rnd() < 0.8 else 2 + int(rnd() * 3)
    else:
        _draw_investor(facts, rnd, places)
    _name_owner(facts, rnd)
    known = rnd()
    is_mail_known = lives_there or known > 0.03
    if not is_mail_known:
        facts.update(mail_street=None, mail_city=None, mail_state=None, mail_zip=None)
    facts.update(
        owner_status=STATUS_TYPES[kind],
        owner_occupied=(int(lives_there) if known > 0.02 else None),
        vacant=int(not lives_there and facts["category"] == "Residential" and rnd() < 0.14),
        mail_vacant=int(is_mail_known and not lives_there and rnd() < 0.03),
        quicklists_known=int(rnd() > 0.015),
    )  # fmt: skip
    _draw_household(facts, rnd)
    count, value = facts["portfolio_count"], facts["true_value"]
    others = int(value * (0.7 + 0.6 * rnd())) * (count - 1)
    is_profile_known = rnd() > 0.06
    facts.update(
        portfolio_value=value + others if is_profile_known else None,
        portfolio_equity=max(0, int((value + others) * (0.3 + 0.6 * rnd()))) if is_profile_known else None,
        portfolio_count=count if is_profile_known else None,
    )  # fmt: skip


def _draw_investor(facts: dict[str, Any], rnd: Rnd, places: Places) -> None:
    """Add an owner who lives elsewhere, from a pool of the state: the same owner turns up on several properties."""
    number = int(INVESTORS_PER_STATE * rnd() ** 2)
    pool_key = f"{facts['seed']}|{facts['owner_kind']}|{facts['state']}|{number}"
    own = Random(pool_key).random  # noqa: S311 -- a synthetic market, not a secret
    is_local = own() < 0.62
    drawn = places.draw(own())
    home = facts["place"] if is_local and drawn.state != facts["state"] else drawn
    facts["owner_person"] = draw_person(own)
    facts["company"] = draw_company(own)
    _mail_to(facts, f"{int(100 + own() * 8000)} {draw_street(own)}", home)
    facts["portfolio_count"] = 1 + int(30 * own() ** 4)


def _mail_to(facts: dict[str, Any], street: str, place: Place) -> None:
    facts.update(mail_street=street, mail_city=place.city, mail_state=place.state, mail_zip=place.zip, mail_place=place)


def _name_owner(facts: dict[str, Any], rnd: Rnd) -> None:
    person: Person = facts["owner_person"]
    kind = facts["owner_kind"]
    facts.update(first_name=None, last_name=None, co_owner=None)
    if kind == "Company":
        facts["owner_name"] = facts["company"]
    elif kind == "Trust":
        facts["owner_name"] = f"{person.last} Family Trust"
    elif kind == "Public":
        facts["owner_name"] = f"City Of {facts['city']}"
    else:
        facts.update(first_name=person.first, last_name=person.last, owner_name=person.full)
        if rnd() < 0.45:
            facts["co_owner"] = draw_person(rnd, person.last)


def _draw_household(facts: dict[str, Any], rnd: Rnd) -> None:
    keys = ("age", "gender", "household_size", "has_children", "income", "net_worth", "discretionary_income",
            "homeowner_renter")  # fmt: skip
    facts.update(dict.fromkeys(keys))
    facts["is_household_known"] = facts["owner_kind"] == "Individual" and rnd() > 0.1
    company_share = rnd()
    has_score = facts["owner_kind"] in ("Individual", "Trust") and company_share > 0.12
    facts["propensity"] = round(100 * (rnd() + rnd() + rnd()) / 3, 1) if has_score else None
    if not facts["is_household_known"]:
        return
    youngest = 22 + (facts["day"] - facts["sale_day"]) // 366
    size = 1 + int(4 * rnd() ** 1.5)
    income = int(28_000 + 30_000 * rnd() + facts["true_value"] * 0.16 * rnd()) // 1000 * 1000
    facts.update(
        age=min(96, youngest + int(48 * rnd() ** 1.3)) if rnd() > 0.06 else None,
        gender="Female" if facts["owner_person"].is_woman else "Male",
        household_size=size, has_children=int(size > 2 and rnd() < 0.8), income=income,
        net_worth=int(income * (0.5 + 7 * rnd() ** 2)), discretionary_income=int(income * (0.1 + 0.3 * rnd())),
        homeowner_renter="Owner" if rnd() < 0.9 else None,
    )  # fmt: skip

"""Everything that is decided about one property, drawn from (seed, number) and correlated.

The facts are a flat dict. Days are proleptic ordinals (``date.toordinal``), money is whole dollars, and ``None`` means
that nobody knows. Keys that searches filter by are the columns of the catalog (``COLUMNS``); the other keys only help
to write the record. The same (seed, number, day) gives the same facts on every machine.

Listings and foreclosures may lie in the future of the day on which the market was made: they come to light when the
sandbox's clock reaches them, so that a market changes while one watches it.
"""

import hashlib
from random import Random
from typing import Any

from atlas_site.sandbox.market import draw_building, draw_events, draw_money, draw_owner
from atlas_site.sandbox.market.people import draw_street
from atlas_site.sandbox.market.places import Places

Facts = dict[str, Any]

FACTS_VERSION = 3
"""Raised when the same seed would give another market, so that stored catalogs are made anew."""

COLUMNS = {
    # identity and place
    "i": "INTEGER PRIMARY KEY", "id": "TEXT", "hash": "TEXT", "apn": "TEXT", "fips": "TEXT", "state": "TEXT",
    "county": "TEXT", "city": "TEXT", "zip": "TEXT", "street": "TEXT", "unit": "TEXT", "lat": "REAL", "lon": "REAL",
    # building and lot
    "category": "TEXT", "detail": "TEXT", "year_built": "INTEGER", "beds": "INTEGER", "baths": "REAL",
    "living_area": "INTEGER", "total_area": "INTEGER", "stories": "INTEGER", "rooms": "INTEGER", "units": "INTEGER",
    "garage_spaces": "INTEGER", "lot_sqft": "INTEGER", "lot_acres": "REAL", "zoning": "TEXT",
    "subdivision": "TEXT", "pool": "TEXT", "cooling": "TEXT", "hoa": "INTEGER", "hoa_fees": "INTEGER",
    # assessment and tax
    "assessed_land": "INTEGER", "assessed_improvement": "INTEGER", "assessed_total": "INTEGER",
    "market_total": "INTEGER", "tax_delinquent_year": "INTEGER",
    # owner
    "owner_status": "TEXT", "first_name": "TEXT", "last_name": "TEXT", "owner_name": "TEXT", "mail_street": "TEXT",
    "mail_city": "TEXT", "mail_state": "TEXT", "mail_zip": "TEXT", "owner_occupied": "INTEGER",
    "owned_since": "INTEGER", "vacant": "INTEGER", "mail_vacant": "INTEGER", "quicklists_known": "INTEGER",
    # value, loans and sales
    "value": "INTEGER", "equity": "INTEGER", "equity_percent": "REAL", "ltv": "REAL", "lien_count": "INTEGER",
    "lien_balance": "INTEGER", "first_loan_type": "TEXT", "first_loan_rate": "REAL", "first_loan_ltv": "REAL",
    "first_loan_day": "INTEGER", "last_loan_day": "INTEGER", "sale_day": "INTEGER", "sale_price": "INTEGER",
    "sale_price_per_sqft": "REAL", "sale_document": "TEXT", "deed_document": "TEXT", "cash_purchase": "INTEGER",
    "flip_months": "INTEGER", "flip_profit": "INTEGER",
    # events
    "listing_status": "TEXT", "listing_category": "TEXT", "listing_price": "INTEGER", "listing_day": "INTEGER",
    "listing_end_day": "INTEGER", "listing_sold_day": "INTEGER", "listing_failed_day": "INTEGER",
    "listing_rental": "INTEGER", "listing_rent": "INTEGER", "listing_by_owner": "INTEGER",
    "foreclosure_status": "TEXT", "foreclosure_code": "TEXT", "foreclosure_day": "INTEGER",
    "auction_day": "INTEGER", "auction_minimum_bid": "INTEGER", "past_due": "INTEGER",
    "involuntary_lien_count": "INTEGER", "permit_count": "INTEGER", "permit_value": "INTEGER",
    "permit_first_day": "INTEGER", "permit_last_day": "INTEGER",
    # household, portfolio and scores
    "age": "INTEGER", "gender": "TEXT", "household_size": "INTEGER", "has_children": "INTEGER", "income": "INTEGER",
    "net_worth": "INTEGER", "discretionary_income": "INTEGER", "homeowner_renter": "TEXT", "propensity": "REAL",
    "portfolio_count": "INTEGER", "portfolio_value": "INTEGER", "portfolio_equity": "INTEGER",
}  # fmt: skip
"""The keys of the facts that the catalog stores, with their SQLite types."""


def property_id(seed: int, number: int) -> str:
    """Return the vendor id of a property: 24 hexadecimal digits that tell nothing."""
    return hashlib.blake2b(number.to_bytes(8, "big"), digest_size=12, key=f"market-{seed}".encode()).hexdigest()


def draw_facts(seed: int, number: int, day: int, places: Places) -> Facts:
    """Return the facts of property ``number`` of the market ``seed`` that was made on ``day``."""
    rnd = Random((abs(seed) << 32) + number).random  # noqa: S311 -- a synthetic market, not a secret
    place = places.draw(rnd())
    facts: Facts = {"i": number, "id": property_id(seed, number), "day": day, "place": place, "seed": seed}
    _draw_address(facts, rnd)
    draw_building.draw(facts, rnd)
    if facts["unit"]:
        facts["street"] += f" Unit {facts['unit']}"
    draw_owner.draw_tenure(facts, rnd)
    draw_money.draw(facts, rnd)
    draw_owner.draw(facts, rnd, places)
    draw_events.draw(facts, rnd)
    return facts


def _draw_address(facts: Facts, rnd: Any) -> None:
    place = facts["place"]
    house_number = int(100 + 9800 * rnd() ** 2)
    street = f"{house_number} {draw_street(rnd)}"
    facts.update(
        state=place.state, county=place.county, city=place.city, zip=place.zip, fips=place.fips,
        house_number=str(house_number), street=street,
        # Three draws give a bell: most homes lie within two miles of the middle of their ZIP code.
        lat=round(place.latitude + (rnd() + rnd() + rnd() - 1.5) * 0.03, 6),
        lon=round(place.longitude + (rnd() + rnd() + rnd() - 1.5) * 0.035, 6),
        apn=f"{int(rnd() * 900) + 100}-{int(rnd() * 90) + 10}-{int(rnd() * 900) + 100}",
        hash=hashlib.md5(f"{street}|{place.zip}|{facts['id']}".encode(), usedforsecurity=False).hexdigest(),
    )  # fmt: skip

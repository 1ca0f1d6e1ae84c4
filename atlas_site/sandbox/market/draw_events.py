"""Draws what happened to a property lately: listing, foreclosure, involuntary liens, permits.

Events later than the day of the market stay hidden until the sandbox's clock reaches them (see ``facts``).
"""

from typing import Any

from atlas_site.sandbox.market.people import Rnd, pick
from atlas_site.sandbox.market.places import JUDICIAL_STATES

LISTING_CATEGORIES = {"Active": "Active", "Pending": "Pending", "Contingent": "Pending", "Sold": "Sold",
                      "Canceled": "Failed", "Expired": "Failed", "Off Market": "Off Market"}  # fmt: skip
FORECLOSURE_STATUSES = {"C": "Notice of Sale", "D": "Cancelled", "E": "Rescission Recording",
                        "F": "Rescission Release", "G": "Notice of Default", "H": "Notice of Lis Pendens",
                        "I": "Foreclosure Canceled"}  # fmt: skip
CODES_WITH_AUCTION = "CD"
INVOLUNTARY_LIEN_TYPES = ("Federal Tax", "State Tax", "Mechanic's", "Assessment", "Economic", "Support", "Other")


def draw(facts: dict[str, Any], rnd: Rnd) -> None:
    """Add the keys of all events; ``None`` where nothing happened."""
    _draw_listing(facts, rnd)
    _draw_foreclosure(facts, rnd)
    facts["involuntary_lien_count"] = (1 + (rnd() < 0.2)) if rnd() < 0.04 else 0
    _draw_permits(facts, rnd)


def _draw_listing(facts: dict[str, Any], rnd: Rnd) -> None:
    day, sale_day = facts["day"], facts["sale_day"]
    facts.update(dict.fromkeys((
        "listing_status", "listing_category", "listing_price", "listing_day", "listing_end_day", "listing_sold_day",
        "listing_failed_day", "listing_rental", "listing_rent", "listing_by_owner",
    )))  # fmt: skip
    chance, on_market = rnd(), 4 + int(140 * rnd() ** 1.6)
    if day - sale_day < 500 and chance < 0.75:
        status, listed, ended = "Sold", sale_day - on_market, sale_day
    elif chance < 0.13:
        status = pick(rnd, ("Active",) * 8 + ("Pending",) * 3 + ("Contingent", "Off Market", "Off Market")
                      + ("Canceled",) * 4 + ("Expired",) * 5)  # fmt: skip
        listed = day - on_market - int(30 * rnd())
        ended = None if status in ("Active", "Pending", "Contingent") else min(day, listed + on_market)
        if ended and rnd() < 0.6:
            earlier = int(330 * rnd())
            listed, ended = listed - earlier, ended - earlier
    elif chance < 0.2:
        status, listed, ended = "Active", day + 1 + int(365 * rnd()), None
    else:
        return
    is_rental = status == "Active" and rnd() < 0.12
    category = LISTING_CATEGORIES[status]
    facts.update(
        listing_status=status, listing_category=category, listing_day=listed, listing_end_day=ended,
        listing_sold_day=ended if status == "Sold" else None,
        listing_failed_day=ended if category == "Failed" else None,
        listing_price=None if is_rental else int(facts["true_value"] * (0.84 + 0.34 * rnd()) / 1000) * 1000 + 900,
        listing_rental=int(is_rental), listing_rent=int(facts["true_value"] * 0.0062) if is_rental else None,
        listing_by_owner=int(status == "Active" and rnd() < 0.08),
    )  # fmt: skip


def _draw_foreclosure(facts: dict[str, Any], rnd: Rnd) -> None:
    day = facts["day"]
    facts.update(dict.fromkeys((
        "foreclosure_status", "foreclosure_code", "foreclosure_day", "auction_day", "auction_minimum_bid", "past_due",
    )))  # fmt: skip
    chance, when, which = rnd(), rnd(), rnd()
    if not facts["loans"] or chance > 0.095:
        return
    first_notice = "H" if facts["state"] in JUDICIAL_STATES else "G"
    if chance > 0.065:
        code, recorded = first_notice, day + 1 + int(365 * when)
    else:
        code = first_notice if which < 0.6 else "C" if which < 0.82 else "DEFI"[int((which - 0.82) / 0.0451)]
        recorded = day - 3 - int(300 * when**1.4)
    recorded = max(recorded, facts["loans"][0]["day"] + 90)
    first = facts["loans"][0]
    has_auction = code in CODES_WITH_AUCTION
    facts.update(
        foreclosure_code=code, foreclosure_status=FORECLOSURE_STATUSES[code], foreclosure_day=recorded,
        auction_day=recorded + 21 + int(70 * rnd()) if has_auction else None,
        auction_minimum_bid=int(first["balance"] * 0.9) if has_auction and rnd() < 0.8 else None,
        past_due=first["payment"] * (3 + int(9 * rnd())),
    )  # fmt: skip


def _draw_permits(facts: dict[str, Any], rnd: Rnd) -> None:
    has_permits = rnd() < 0.28 and facts["area"] > 0
    count = 1 + int(4 * rnd() ** 2) if has_permits else 0
    last = facts["day"] - 20 - int(3800 * rnd())
    facts.update(
        permit_count=count or None,
        permit_value=int(1500 + 30_000 * rnd() ** 2) // 100 * 100 * count if has_permits else None,
        permit_last_day=last if has_permits else None,
        permit_first_day=last - (int(1500 * rnd()) if count > 1 else 0) if has_permits else None,
    )  # fmt: skip

"""The vendor's quicklists: for each slug the response key and the condition on the catalog's columns.

This is the only place that says who is on a list; search filters, counts and the ``quickLists`` group of a record
all ask SQLite with these conditions. ``:today`` is the ordinal of the sandbox's day. An unknown column makes a
condition unknown, which counts as "not on the list".
"""

from atlas_site.sandbox.market.draw_money import INHERITANCE_DEEDS

YEAR_DAYS = 365
TIRED_AFTER_DAYS = 3652

_listed = "coalesce(listing_day, 0) <= :today AND coalesce(listing_rental, 0) = 0 AND "
_filed = "coalesce(foreclosure_day, 0) <= :today AND "
_elsewhere = "mail_street IS NOT NULL AND NOT (mail_street = street AND mail_zip = zip)"
_inheritance = ", ".join("'" + deed.replace("'", "''") + "'" for deed in INHERITANCE_DEEDS)

CONDITIONS = {
    # owner
    "absentee-owner": _elsewhere,
    "in-state-absentee-owner": f"{_elsewhere} AND mail_state = state",
    "out-of-state-absentee-owner": f"{_elsewhere} AND mail_state <> state",
    "out-of-state-owner": "mail_state <> state",
    "owner-occupied": "owner_occupied = 1",
    "corporate-owned": "owner_status = 'Company Owned'",
    "trust-owned": "owner_status = 'Trust'",
    "senior-owner": "age >= 65",
    "tired-landlord": f"{_elsewhere} AND detail = 'Single Family' AND owned_since <= :today - {TIRED_AFTER_DAYS}",
    "inherited": f"deed_document IN ({_inheritance})",
    "same-property-and-mailing-address": "mail_street = street AND mail_zip = zip",
    "cash-buyer": "cash_purchase = 1",
    # equity
    "high-equity": "equity_percent > 20",
    "low-equity": "equity_percent < 20",
    "unknown-equity": "equity_percent IS NULL",
    "free-and-clear": "lien_count = 0",
    # distress
    "preforeclosure": f"{_filed}foreclosure_code IN ('C', 'G', 'H')",
    "notice-of-default": f"{_filed}foreclosure_code = 'G'",
    "notice-of-lis-pendens": f"{_filed}foreclosure_code = 'H'",
    "notice-of-sale": f"{_filed}foreclosure_code = 'C'",
    "active-auction": f"{_filed}foreclosure_code = 'C' AND auction_day >= :today",
    "tax-default": "tax_delinquent_year IS NOT NULL",
    "involuntary-lien": "involuntary_lien_count > 0",
    "vacant": "vacant = 1",
    "mailing-address-vacant": "mail_vacant = 1",
    "vacant-lot": "category = 'Vacant Land'",
    # market
    "on-market": f"{_listed}listing_category IN ('Active', 'Pending')",
    "active-listing": f"{_listed}listing_status = 'Active'",
    "pending-listing": f"{_listed}listing_category = 'Pending'",
    "canceled-listing": f"{_listed}listing_status = 'Canceled'",
    "expired-listing": f"{_listed}listing_status = 'Expired'",
    "failed-listing": f"{_listed}listing_category = 'Failed'",
    "for-sale-by-owner": f"{_listed}listing_status = 'Active' AND listing_by_owner = 1",
    "listed-below-market-price": f"{_listed}listing_status = 'Active' AND listing_price < value",
    "recently-sold": f"sale_day BETWEEN :today - {YEAR_DAYS} AND :today",
    "fix-and-flip": "flip_months <= 24",
    # homeowners' association
    "has-hoa": "hoa = 1",
    "has-hoa-fees": "hoa_fees = 1",
}

ODD_KEYS = {"in-state-absentee-owner": "absenteeOwnerInState", "out-of-state-absentee-owner": "absenteeOwnerOutOfState"}


def response_key(slug: str) -> str:
    """Return the key of a quicklist in a record: the camel case of its slug, but for two."""
    first, *rest = slug.split("-")
    return ODD_KEYS.get(slug) or first + "".join(word.capitalize() for word in rest)


def condition(slug: str) -> str | None:
    """Return the SQL condition of a slug that may begin with ``not-``, or ``None`` for an unknown slug."""
    positive = slug.removeprefix("not-")
    if positive not in CONDITIONS:
        return None
    held = f"coalesce(quicklists_known = 1 AND {CONDITIONS[positive]}, 0)"
    return held if slug == positive else f"NOT {held}"

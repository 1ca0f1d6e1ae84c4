"""Draws value, sales, loans and what they leave as equity: equity = value − balances, ltv = 100 − equity percent."""

from typing import Any, NamedTuple

from atlas_site.sandbox.market.people import LENDERS, Rnd, pick
from atlas_site.sandbox.market.places import NON_DISCLOSURE_STATES

YEARLY_GROWTH = 1.045
DOLLARS_PER_SQUARE_FOOT = 175
DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = 30.4375

RATES = {1975: 9.5, 1982: 15.0, 1988: 10.3, 1995: 7.9, 2001: 7.0, 2005: 5.9, 2010: 4.7, 2014: 4.2, 2017: 4.0,
         2020: 3.1, 2022: 5.3, 2023: 6.8, 2025: 6.6}  # fmt: skip
"""Thirty-year mortgage rates (percent) from the year named until the next."""

INHERITANCE_DEEDS = ("Affidavit of Death", "Administrator's Deed", "Executor's Deed", "Deed of Distribution")
DIVORCE_DEED = "Divorce/Dissolution of Marriage Transfer"
SALE_DEEDS = ("Warranty Deed", "Warranty Deed", "Special Warranty Deed", "Grant Deed")


def draw(facts: dict[str, Any], rnd: Rnd) -> None:
    """Add value, last and prior sale, loans, balances and equity."""
    value = _true_value(facts, rnd)
    facts["true_value"] = value
    _draw_sales(facts, rnd, value)
    _draw_loans(facts, rnd, value)
    _settle(facts, rnd, value)


def _true_value(facts: dict[str, Any], rnd: Rnd) -> int:
    level = facts["place"].price_level * (0.75 + 0.5 * (rnd() + rnd()) / 2)
    if not facts["area"]:
        return int(8_000 + level * 60_000 * rnd()) + (facts["lot_sqft"] or 0) // 4
    age = facts["year"] - facts["building_year"]
    worn = max(0.62, 1 - 0.0035 * age)
    size_discount = (facts["area"] / 1600) ** -0.18
    return int(facts["area"] * DOLLARS_PER_SQUARE_FOOT * level * worn * size_discount / 100) * 100


def _draw_sales(facts: dict[str, Any], rnd: Rnd, value: int) -> None:
    day, sale_day = facts["day"], facts["sale_day"]
    years = (day - sale_day) / DAYS_PER_YEAR
    price = int(value / YEARLY_GROWTH**years * (0.86 + 0.26 * rnd()) / 500) * 500
    is_flip = rnd() < 0.06
    gap = int(70 + 480 * rnd()) if is_flip else int(500 + 5000 * rnd())
    has_prior = is_flip or rnd() < 0.7
    prior_price = int(price * (0.55 + 0.3 * rnd()) if is_flip else price / YEARLY_GROWTH ** (gap / DAYS_PER_YEAR))
    has_later_transfer = rnd()
    transfer_day = min(day - 1, sale_day + int((day - sale_day) * (0.3 + 0.65 * rnd())))
    deed = pick(rnd, SALE_DEEDS)
    last_deed, transferred = deed, None
    if facts["owner_kind"] == "Individual" and day - sale_day > 400:
        if has_later_transfer < 0.055:
            last_deed, transferred = pick(rnd, INHERITANCE_DEEDS), transfer_day
        elif has_later_transfer < 0.07:
            last_deed, transferred = DIVORCE_DEED, transfer_day
        elif has_later_transfer < 0.12:
            last_deed, transferred = "Quit Claim Deed", transfer_day
    is_public = facts["state"] not in NON_DISCLOSURE_STATES and rnd() > 0.03
    flip_months = round(gap / DAYS_PER_MONTH) if has_prior and gap <= 730 else None
    facts.update(
        price_paid=price, sale_document=deed, deed_document=last_deed, transfer_day=transferred,
        owned_since=transferred or sale_day,
        sale_price=price if is_public else None,
        sale_price_per_sqft=round(price / facts["living_area"], 2) if is_public and facts["living_area"] else None,
        prior_day=sale_day - gap if has_prior else None,
        prior_price=prior_price if has_prior and is_public else None,
        flip_months=flip_months, flip_profit=price - prior_price if flip_months is not None and is_public else None,
    )  # fmt: skip


class _Terms(NamedTuple):
    kind: str
    purpose: str
    amount: float
    day: int
    months: int


def _draw_loans(facts: dict[str, Any], rnd: Rnd, value: int) -> None:
    """Add ``loans`` (open ones, first lien first) and ``paid_loans``."""
    day, sale_day, price = facts["day"], facts["sale_day"], facts["price_paid"]
    is_cash = rnd() < (0.2 if facts["owner_kind"] == "Individual" else 0.45)
    open_loans, paid_loans = [], []
    if not is_cash:
        kind = pick(rnd, ("Conventional", "Conventional", "Conventional", "FHA", "VA"))
        share = 0.965 if kind == "FHA" else 1.0 if kind == "VA" else 0.7 + 0.25 * rnd()
        months = 360 if rnd() < 0.85 else 180
        terms = _Terms(kind, "Purchase", price * share, sale_day, months)
        open_loans.append(_loan(rnd, terms, day))
    if day - sale_day > 900 and rnd() < 0.3:
        refinanced = sale_day + int((day - sale_day - 300) * (0.3 + 0.7 * rnd()))
        worth = value / YEARLY_GROWTH ** ((day - refinanced) / DAYS_PER_YEAR)
        paid_loans.extend(open_loans)
        terms = _Terms("Conventional", "Refinance", worth * (0.45 + 0.45 * rnd()), refinanced, 360)
        open_loans = [_loan(rnd, terms, day)]
    if open_loans and rnd() < 0.13:
        later = open_loans[0]["day"] + int((day - open_loans[0]["day"]) * rnd())
        terms = _Terms("Home Equity Line of Credit", "Home Equity", value * (0.04 + 0.14 * rnd()), later, 180)
        open_loans.append(_loan(rnd, terms, day))
    facts["cash_purchase"] = int(is_cash)
    facts["paid_loans"] = paid_loans + [loan for loan in open_loans if loan["balance"] <= 0]
    facts["loans"] = [loan for loan in open_loans if loan["balance"] > 0]


def _loan(rnd: Rnd, terms: _Terms, today: int) -> dict[str, Any]:
    """Return a loan with its rate, payment and what is left of it today, by the annuity formula."""
    year = terms.day / 365.2425
    oldest = min(RATES)
    rate = next(rate for start, rate in reversed(RATES.items()) if start <= year or start == oldest)
    rate = round((rate + rnd() * 0.9 - 0.3) * 8) / 8
    monthly = rate / 1200
    paid = min(terms.months, int((today - terms.day) / DAYS_PER_MONTH))
    full, sofar = (1 + monthly) ** terms.months, (1 + monthly) ** paid
    amount = max(10_000, int(terms.amount / 100) * 100)
    return {
        "kind": terms.kind, "amount": amount, "day": terms.day, "months": terms.months, "rate": rate,
        "purpose": terms.purpose, "lender": pick(rnd, LENDERS), "balance": int(amount * (full - sofar) / (full - 1)),
        "payment": int(amount * monthly * full / (full - 1)),
    }  # fmt: skip


def _settle(facts: dict[str, Any], rnd: Rnd, value: int) -> None:
    loans = facts["loans"]
    balance = sum(loan["balance"] for loan in loans)
    if rnd() < 0.035:
        value = max(20_000, int(value * 0.55))  # a market that fell: equity may be below zero
    stated = value if rnd() > 0.05 else None
    is_equity_known = stated is not None and rnd() > 0.04
    percent = round(100 * (value - balance) / value, 1) if is_equity_known else None
    dates = [loan["day"] + 12 for loan in loans]
    facts.update(
        value=stated, lien_count=len(loans), lien_balance=balance,
        equity=value - balance if is_equity_known else None,
        equity_percent=percent, ltv=None if percent is None else round(100 - percent, 1),
        first_loan_type=loans[0]["kind"] if loans else None, first_loan_rate=loans[0]["rate"] if loans else None,
        first_loan_ltv=round(100 * loans[0]["balance"] / value, 1) if loans and stated else None,
        first_loan_day=dates[0] if dates else None, last_loan_day=max(dates, default=None),
        assessed_land=int(value * 0.14), assessed_improvement=int(value * 0.4), assessed_total=int(value * 0.54),
        market_total=int(value * (0.8 + 0.15 * rnd())),
        tax_delinquent_year=facts["year"] - 1 - int(rnd() * 3) if rnd() < 0.05 else None,
    )  # fmt: skip
    facts["assessed_total"] = facts["assessed_land"] + facts["assessed_improvement"]

"""Writes valuation, sales, deeds, mortgages and liens of a record."""

from typing import Any

from atlas_site.sandbox.market.draw_events import INVOLUNTARY_LIEN_TYPES
from atlas_site.sandbox.market.draw_money import DAYS_PER_MONTH, DIVORCE_DEED
from atlas_site.sandbox.market.people import draw_company, draw_person, pick
from atlas_site.sandbox.market.writer import Group, Writer, iso, iso_time

RECORDING_DELAY_DAYS = 12
DEED_STREAM = 1000
DEED_CODES = {"Warranty Deed": "WD", "Special Warranty Deed": "SW", "Grant Deed": "GD", "Quit Claim Deed": "QC",
              "Affidavit of Death": "AD", "Administrator's Deed": "AM", "Executor's Deed": "EX",
              "Deed of Distribution": "DD", DIVORCE_DEED: "AH"}  # fmt: skip
FLIP_CATEGORIES = (3, 6, 12, 24)


def valuation(writer: Writer) -> Group | None:
    """Write ``valuation``: equity percent is 100 − ltv and may be negative."""
    facts, rnd = writer.facts, writer.rnd
    value = facts["value"]
    if value is None:
        return writer.empty({"confidenceScore": 0, "standardDeviation": 0})
    deviation = 4 + int(rnd() * 14)
    return writer.known({
        "estimatedValue": value, "priceRangeMin": int(value * (1 - deviation / 100)),
        "priceRangeMax": int(value * (1 + deviation / 100)), "confidenceScore": 100 - deviation,
        "standardDeviation": deviation, "asOfDate": iso(facts["day"] - facts["day"] % 30),
        "equityCurrentEstimatedBalance": facts["equity"], "equityPercent": facts["equity_percent"], "ltv": facts["ltv"],
    })  # fmt: skip


def intel(writer: Writer) -> Group:
    """Write ``intel``: last sold, length of residence, and the vendor's sale propensity (its dataset batchrank)."""
    facts = writer.facts
    months = int((writer.today - facts["owned_since"]) / DAYS_PER_MONTH)
    score = facts["propensity"]
    group = {
        "lastSoldDate": iso(facts["sale_day"]), "lastSoldPrice": facts["sale_price"],
        "lengthOfResidenceMonths": months, "lengthOfResidenceYears": months // 12,
        "salePropensity": int(score) if score is not None and score == int(score) else score,
        "salePropensityCategory": _propensity_category(score), "salePropensityStatus": _propensity_status(writer),
    }  # fmt: skip
    return writer.known(group)


def _propensity_category(score: float | None) -> str | None:
    if score is None:
        return None
    return "High" if score >= 60 else "Medium" if score >= 40 else "Low"


def _propensity_status(writer: Writer) -> str:
    if writer.facts["propensity"] is not None:
        return "Available"
    is_person = writer.facts["owner_kind"] in ("Individual", "Trust")
    return "To be Determined" if is_person else "Not Applicable"


def sale(writer: Writer) -> Group:
    """Write ``sale`` from the deeds: the last and prior arm's length sale and the last and prior transfer."""
    facts = writer.facts
    deeds = _deeds(Writer(facts, writer.today, DEED_STREAM))
    sales = [deed for deed in deeds if not deed["interFamily"]]
    flip = facts["flip_months"]
    return writer.known({
        "lastSale": _sale_of(writer, sales[0], facts["sale_price_per_sqft"], _mortgages_of_sale(writer)),
        "priorSale": _sale_of(writer, sales[1], None, []) if len(sales) > 1 else None,
        "lastTransfer": _sale_of(writer, deeds[0], None, []),
        "priorTransfer": _sale_of(writer, deeds[1], None, []) if len(deeds) > 1 else None,
        "flipLength": flip, "flipProfit": facts["flip_profit"],
        "flipLengthCategory": next((c for c in FLIP_CATEGORIES if flip is not None and flip <= c), None),
    })  # fmt: skip


def _sale_of(writer: Writer, deed: Group, per_square_foot: float | None, mortgages: list[Group]) -> Group:
    return writer.known({
        "price": deed.get("salePrice"), "pricePerSquareFoot": per_square_foot, "saleDate": deed["saleDate"],
        "recordingDate": deed["recordingDate"], "documentType": deed["documentType"],
        "documentNumber": deed["documentNumber"], "saleBuyers": deed["buyers"], "saleSellers": deed["sellers"],
        "salePriceIsEstimated": False, "distressedSaleFlag": False, "reoFlag": deed["reoSale"],
        "transactionType": deed["transactionType"], "mortgages": mortgages,
    })  # fmt: skip


def _mortgages_of_sale(writer: Writer) -> list[Group]:
    facts = writer.facts
    return [
        {"lenderName": loan["lender"], "loanAmount": loan["amount"], "loanType": loan["kind"],
         "recordingDate": iso(loan["day"] + RECORDING_DELAY_DAYS)}
        for loan in facts["paid_loans"] + facts["loans"] if loan["purpose"] == "Purchase"
    ]  # fmt: skip


def deed_history(writer: Writer) -> list[Group]:
    """Write ``deedHistory``, newest first; some counties have none online."""
    return _deeds(Writer(writer.facts, writer.today, DEED_STREAM)) if writer.rnd() > 0.05 else []


def _deeds(writer: Writer) -> list[Group]:
    """Return the deeds, newest first, with the last sale among them; from a stream that two groups share."""
    facts, rnd = writer.facts, writer.rnd
    owners = [facts["owner_name"]]
    deeds = []
    seller = draw_person(rnd).full
    if facts["transfer_day"]:
        before = [draw_person(rnd, facts["last_name"] or "").full]
        kind = facts["deed_document"]
        deeds.append(_deed(writer, day=facts["transfer_day"], price=None, kind=kind, buyers=owners, sellers=before))
        owners = before
    day, price, kind = facts["sale_day"], facts["sale_price"], facts["sale_document"]
    deeds.append(_deed(writer, day=day, price=price, kind=kind, buyers=owners, sellers=[seller]))
    if facts["prior_day"]:
        earlier = [draw_person(rnd).full if rnd() < 0.8 else draw_company(rnd)]
        day, price = facts["prior_day"], facts["prior_price"]
        deeds.append(_deed(writer, day=day, price=price, kind="Warranty Deed", buyers=[seller], sellers=earlier))
    return deeds


def _deed(writer: Writer, *, day: int, price: int | None, kind: str, buyers: list[str], sellers: list[str]) -> Group:
    rnd = writer.rnd
    number: int | str = int(rnd() * 10**9)
    is_transfer = kind not in ("Warranty Deed", "Special Warranty Deed", "Grant Deed")
    return writer.known({
        "transactionId": number if rnd() < 0.5 else str(number), "documentDate": iso(day),
        "recordingDate": iso_time(day + RECORDING_DELAY_DAYS), "saleDate": iso(day), "salePrice": price,
        "documentType": kind, "documentTypeCode": DEED_CODES[kind], "documentNumber": f"{int(rnd() * 10**7):07}",
        "recordingBook": str(int(rnd() * 9000)), "recordingPage": str(int(rnd() * 900)), "buyers": buyers,
        "sellers": sellers,
        "mailingAddress": writer.known({
            "street": writer.facts["mail_street"], "city": writer.facts["mail_city"],
            "state": writer.facts["mail_state"], "zip": writer.facts["mail_zip"],
        }),
        "resale": not is_transfer, "newConstruction": False, "interFamily": is_transfer, "foreclosure": False,
        "reoSale": False, "multipleOwners": len(buyers) > 1, "partialInterestType": None,
        "transactionType": "Transfer" if is_transfer else "Resale",
        "transferTax": int(price * 0.0011) if price else None,
        "ownerRelationshipType": None,
    })  # fmt: skip


def mortgage_history(writer: Writer) -> list[Group]:
    """Write ``mortgageHistory``, newest first; interest rates are numbers or strings, as seen at the vendor."""
    facts, rnd = writer.facts, writer.rnd
    loans = sorted(facts["paid_loans"] + facts["loans"], key=lambda loan: -loan["day"])
    as_text = rnd() < 0.5
    return [
        writer.known({
            "borrowers": [facts["owner_name"]], "lenderName": loan["lender"], "lenderType": "Bank",
            "loanAmount": loan["amount"], "loanType": loan["kind"], "loanTypeCode": loan["kind"][:3].upper(),
            "loanTermMonths": loan["months"], "interestRate": str(loan["rate"]) if as_text else loan["rate"],
            "interestRateType": "Fixed", "documentDate": iso(loan["day"]),
            "recordingDate": iso_time(loan["day"] + RECORDING_DELAY_DAYS),
            "saleDate": iso(loan["day"]) if loan["purpose"] == "Purchase" else None,
            "dueDate": iso(loan["day"] + int(loan["months"] * DAYS_PER_MONTH)), "transactionType": loan["purpose"],
        })
        for loan in loans
    ]  # fmt: skip


def open_lien(writer: Writer) -> Group:
    """Write ``openLien``: the loans that are still owed; zeros and empty lists on a free and clear property."""
    facts = writer.facts
    return writer.known({
        "totalOpenLienCount": facts["lien_count"], "totalOpenLienBalance": facts["lien_balance"],
        "allLoanTypes": [loan["kind"] for loan in facts["loans"]],
        "juniorLoanTypes": [loan["kind"] for loan in facts["loans"][1:]],
        "firstLoanRecordingDate": iso(facts["first_loan_day"]), "lastLoanRecordingDate": iso(facts["last_loan_day"]),
        "mortgages": [_open_mortgage(writer, loan) for loan in facts["loans"]],
    })  # fmt: skip


def _open_mortgage(writer: Writer, loan: dict[str, Any]) -> Group:
    value = writer.facts["value"]
    return writer.known({
        "lenderName": loan["lender"], "assignedLenderName": None, "loanAmount": loan["amount"],
        "currentEstimatedBalance": loan["balance"], "currentEstimatedInterestRate": loan["rate"],
        "estimatedPaymentAmount": loan["payment"], "ltv": round(100 * loan["balance"] / value, 1) if value else None,
        "loanType": loan["kind"], "financingType": "Conventional", "loanTermMonths": loan["months"],
        "recordingDate": iso(loan["day"] + RECORDING_DELAY_DAYS),
        "dueDate": iso(loan["day"] + int(loan["months"] * DAYS_PER_MONTH)), "purposeOfLoan": loan["purpose"],
        "adjustableRateRider": False, "equityCreditLine": loan["purpose"] == "Home Equity", "cashPurchase": False,
        "constructionLoan": False, "standaloneRefi": loan["purpose"] == "Refinance",
    })  # fmt: skip


def involuntary_lien(writer: Writer) -> Group | None:
    """Write ``involuntaryLien``."""
    facts, rnd = writer.facts, writer.rnd
    if not facts["involuntary_lien_count"]:
        return writer.empty({"liens": []})
    liens = []
    for _ in range(facts["involuntary_lien_count"]):
        kind, day = pick(rnd, INVOLUNTARY_LIEN_TYPES), facts["day"] - 40 - int(rnd() * 1800)
        amount = 900 + int(rnd() ** 2 * 60_000)
        creditor = "Internal Revenue Service" if kind == "Federal Tax" else draw_company(rnd)
        liens.append(writer.known({
            "lienType": kind, "lienTypeCode": kind[:2].upper(), "lienAmount": amount, "judgementAmount": None,
            "filingDate": iso(day), "recordingDate": iso_time(day + 5), "documentType": f"{kind} Lien",
            "documentNumber": f"{int(rnd() * 10**7):07}", "bookNumber": None, "pageNumber": None,
            "taxPeriodEndDate": None, "attorneyCompanyName": None, "attorneyPhoneNumber": None,
            "parties": [{"fullName": creditor, "roleType": "Creditor"},
                        {"fullName": facts["owner_name"], "roleType": "Debtor"}],
        }))  # fmt: skip
    return {"liens": liens}

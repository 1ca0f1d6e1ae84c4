"""What the county has on record: deeds, loans and liens, foreclosures, permits, divorce filings."""

from __future__ import annotations

from properties.datasets.fields import DatasetInfo, day, flag, money, number, percent, reference, text_list
from properties.datasets.kinds import Field, Flags, Kind, Section, Table
from properties.models.records import Dataset

_DOCUMENT = (
    reference("documentNumber", "Document number"),
    reference("recordingBook", "Book"),
    reference("recordingPage", "Page"),
)

DEED = DatasetInfo(
    Dataset.DEED,
    "Every recorded deed: when, who sold to whom, for how much, by which document.",
    (
        Section(
            "Deeds",
            (
                Table(
                    "deedHistory",
                    "Deed history",
                    (
                        day("saleDate", "Sold"),
                        day("recordingDate", "Recorded"),
                        Field("documentType", "Document", Kind.DOCUMENT),
                        Field("salePrice", "Price", Kind.SALE_PRICE),
                        text_list("sellers", "Sellers"),
                        text_list("buyers", "Buyers"),
                        Field("mailingAddress", "Mailing address", Kind.ADDRESS),
                        flag("interFamily", "Within the family"),
                        flag("foreclosure", "Foreclosure"),
                        flag("reoSale", "Bank-owned sale"),
                        flag("newConstruction", "New construction"),
                        Field("transactionType", "Type", Kind.DOCUMENT),
                        money("transferTax", "Transfer tax"),
                        *_DOCUMENT,
                    ),
                ),
            ),
        ),
    ),
)

FORECLOSURE = DatasetInfo(
    Dataset.FORECLOSURE,
    "The recorded steps of a foreclosure: notice, amounts, auction, lender and trustee.",
    (
        Section(
            "Foreclosure",
            (
                Field("foreclosure.status", "Status"),
                Field("foreclosure.documentType", "Document"),
                day("foreclosure.filingDate", "Filed"),
                day("foreclosure.recordingDate", "Recorded"),
                day("foreclosure.defaultDate", "In default since"),
                day("foreclosure.dueDate", "Due"),
                day("foreclosure.releaseDate", "Released"),
                money("foreclosure.pastDueAmount", "Past due"),
                money("foreclosure.unpaidBalance", "Unpaid balance"),
                money("foreclosure.originalLoanAmount", "Original loan"),
                day("foreclosure.auctionDate", "Auction"),
                Field("foreclosure.auctionTime", "Auction time"),
                Field("foreclosure.auctionLocation", "Auction place"),
                Field("foreclosure.auctionCity", "Auction city"),
                money("foreclosure.auctionMinimumBidAmount", "Minimum bid"),
                Field("foreclosure.currentLenderName", "Lender"),
                Field("foreclosure.borrowerName", "Borrower"),
                Field("foreclosure.trusteeName", "Trustee"),
                Field("foreclosure.trusteePhone", "Trustee's phone", Kind.PHONE),
                Field("foreclosure.trusteeAddress", "Trustee's address"),
                reference("foreclosure.caseNumber", "Case number"),
                reference("foreclosure.trusteeSaleNumber", "Sale number"),
                reference("foreclosure.documentNumber", "Document number"),
            ),
        ),
    ),
)

_LOAN_COLUMNS = (
    day("recordingDate", "Recorded"),
    Field("lenderName", "Lender"),
    money("loanAmount", "Amount"),
    Field("loanType", "Type"),
    Field("interestRate", "Rate", Kind.PERCENT),
    Field("interestRateType", "Rate type"),
    number("loanTermMonths", "Term (months)"),
    day("dueDate", "Due"),
    text_list("borrowers", "Borrowers"),
    Field("transactionType", "Purpose"),
)

MORTGAGE_LIENS = DatasetInfo(
    Dataset.MORTGAGE_LIENS,
    "Open loans with estimated balances and rates, every recorded loan, and liens without the owner's consent.",
    (
        Section(
            "Open loans",
            (
                number("openLien.totalOpenLienCount", "Open loans"),
                money("openLien.totalOpenLienBalance", "Total balance"),
                text_list("openLien.allLoanTypes", "Loan types"),
                text_list("openLien.juniorLoanTypes", "Junior loan types"),
                day("openLien.firstLoanRecordingDate", "First loan recorded"),
                day("openLien.lastLoanRecordingDate", "Last loan recorded"),
                Table(
                    "openLien.mortgages",
                    "Open loans in detail",
                    (
                        day("recordingDate", "Recorded"),
                        Field("lenderName", "Lender"),
                        Field("assignedLenderName", "Assigned to"),
                        money("loanAmount", "Amount"),
                        money("currentEstimatedBalance", "Estimated balance"),
                        percent("currentEstimatedInterestRate", "Estimated rate"),
                        percent("interestRate", "Rate"),
                        money("estimatedPaymentAmount", "Estimated payment"),
                        percent("ltv", "Loan to value"),
                        Field("loanType", "Type"),
                        Field("financingType", "Financing"),
                        Field("purposeOfLoan", "Purpose"),
                        number("loanTermMonths", "Term (months)"),
                        day("dueDate", "Due"),
                        flag("adjustableRateRider", "Adjustable rate"),
                        flag("equityCreditLine", "Credit line"),
                    ),
                ),
            ),
        ),
        Section(
            "Loan history",
            (
                Table("mortgageHistory", "All recorded loans", _LOAN_COLUMNS),
                Table("sale.lastSale.mortgages", "Loans of the last sale", _LOAN_COLUMNS),
            ),
        ),
        Section(
            "Involuntary liens",
            (
                Table(
                    "involuntaryLien.liens",
                    "Liens",
                    (
                        Field("lienType", "Type"),
                        money("lienAmount", "Amount"),
                        money("judgementAmount", "Judgment"),
                        day("filingDate", "Filed"),
                        day("recordingDate", "Recorded"),
                        Field("documentType", "Document", Kind.DOCUMENT),
                        day("taxPeriodEndDate", "Tax period until"),
                        Field("parties", "Parties", Kind.PARTIES, counts=False),
                        Field("attorneyCompanyName", "Attorney"),
                        Field("attorneyPhoneNumber", "Attorney's phone", Kind.PHONE),
                        reference("documentNumber", "Document number"),
                    ),
                ),
            ),
        ),
    ),
)

_PERMIT_TAGS = {
    "addition": "Addition",
    "adu": "Accessory dwelling",
    "bathroom": "Bathroom",
    "battery": "Battery",
    "demolition": "Demolition",
    "electricMeter": "Electric meter",
    "electrical": "Electrical",
    "evCharger": "EV charger",
    "fireSprinkler": "Fire sprinkler",
    "gas": "Gas",
    "generator": "Generator",
    "grading": "Grading",
    "heatPump": "Heat pump",
    "hvac": "Heating and cooling",
    "inspectionPassed": "Inspection passed",
    "kitchen": "Kitchen",
    "newConstruction": "New construction",
    "plumbing": "Plumbing",
    "poolAndHotTub": "Pool and hot tub",
    "remodel": "Remodel",
    "roofing": "Roofing",
    "solar": "Solar",
    "waterHeater": "Water heater",
    "windowDoor": "Windows and doors",
}

PERMIT = DatasetInfo(
    Dataset.PERMIT,
    "How many building permits there are, from when, for which work and of what value.",
    (
        Section(
            "Building permits",
            (
                number("permit.permitCount", "Permits"),
                day("permit.earliestDate", "First permit"),
                day("permit.latestDate", "Latest permit"),
                money("permit.totalJobValue", "Total job value"),
                Flags("permit.tags", "Kinds of work", _PERMIT_TAGS),
                text_list("permit.allTags", "Tags"),
            ),
        ),
    ),
)

DIVORCE_INFO = DatasetInfo(
    Dataset.DIVORCE_INFO,
    "Divorce filings at the county court that were matched to this property: date, county, grade of the match.",
    (
        Section(
            "Divorce filings",
            (
                Table(
                    "divorceInfo.filings",
                    "Filings",
                    (
                        day("filingDate", "Filed"),
                        Field("county", "County"),
                        Field("state", "State"),
                        Field("status", "Status"),
                        Field("grade", "Grade of the match", counts=False),
                        reference("caseNumber", "Case number"),
                    ),
                ),
            ),
        ),
    ),
)

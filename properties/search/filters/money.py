"""Filters about money: value and equity, the last sale, open loans, and liens without consent."""

from properties.models.records import Dataset
from properties.search.filters.base import Filter, Group
from properties.search.filters.numbers import Days, Number
from properties.search.filters.words import Choice, Text

VALUE = Group("value", "Value and equity", Dataset.VALUATION, ("price", "worth", "avm", "ltv"))
SALE = Group("sale", "Last sale", Dataset.BASIC, ("sold", "purchase", "bought", "flip"))
LOANS = Group("loans", "Open loans", Dataset.MORTGAGE_LIENS, ("mortgage", "lender", "free and clear", "subject to"))
LIENS = Group("liens", "Involuntary liens", Dataset.MORTGAGE_LIENS, ("judgment", "irs", "mechanic", "tax lien"))

LOAN_TYPES = ("Conventional", "FHA", "VA", ("Home Equity Line of Credit", "Home equity line of credit"))
DEED_TYPES = (
    "Warranty Deed", "Special Warranty Deed", "Grant Deed", "Quit Claim Deed", "Affidavit of Death",
    "Administrator's Deed", "Executor's Deed", "Deed of Distribution", "Foreclosure Deed", "Trustee's Deed",
)  # fmt: skip
LIEN_TYPES = ("Federal Tax", "State Tax", "Mechanic's", "Assessment", "Economic", "Support", "Other")

VALUE_FILTERS: tuple[Filter, ...] = (
    Number("value", "Estimated value", VALUE, "valuation.estimatedValue", "The vendor's model, not an appraisal.",
           column="estimated_value", unit="$", aliases=("avm", "market value", "price")),
    Number("equity", "Equity", VALUE, "valuation.equityPercent",
           "The owner's share of the estimated value; below zero when more is owed.", column="equity_percent", unit="%",
           decimals=2, lowest=-1000, aliases=("high equity", "underwater", "free and clear")),
    Number("equity_dollars", "Equity in dollars", VALUE, "valuation.equityCurrentEstimatedBalance",
           "Estimated value without the estimated balances.", unit="$", lowest=-(10**12)),
    Number("ltv", "Loan to value", VALUE, "valuation.ltv", "All open loans in percent of the estimated value.",
           unit="%", decimals=2, aliases=("ltv", "leverage", "underwater")),
)  # fmt: skip

SALE_FILTERS: tuple[Filter, ...] = (
    Days("last_sale", "Last sale", SALE, "sale.lastSaleDate", "The day of the last sale at arm's length.",
         found_at="sale.lastSale.saleDate", aliases=("sold date", "recently sold", "purchase date")),
    Number("sold_for", "Last sale price", SALE, "sale.lastSalePrice", "Not public in some states: then unknown.",
           found_at="sale.lastSale.price", column="last_sale_price", unit="$", zero_is_unknown=True,
           aliases=("purchase price", "sold price")),
    Number("price_per_foot", "Last sale price per sq ft", SALE, "sale.lastSalePricePerSquareFoot",
           found_at="sale.lastSale.pricePerSquareFoot", unit="$", decimals=2, zero_is_unknown=True),
    Choice("sale_document", "Deed of the last sale", SALE, "sale.lastSaleDocumentType",
           found_at="sale.lastSale.documentType", choices=DEED_TYPES,
           aliases=("deed", "probate", "inherited", "bank-owned", "reo", "quit claim")),
    Number("flip_months", "Months between two sales", SALE, "sale.flipLength",
           "How long the seller before had held it.", found_at="sale.flipLength", aliases=("flip", "fix and flip")),
    Number("flip_profit", "Gain between two sales", SALE, "sale.flipProfit", unit="$", lowest=-(10**12),
           aliases=("flip", "profit")),
)  # fmt: skip

_NTH = ("first", "second", "third", "fourth")

LOAN_FILTERS: tuple[Filter, ...] = (
    Number("loans", "Open loans", LOANS, "openLien.totalOpenLienCount", "How many are on record and not released.",
           aliases=("mortgages", "free and clear")),
    Number("loan_balance", "Open loan balance", LOANS, "openLien.totalOpenLienBalance", "Estimated, all together.",
           unit="$"),
    Choice("loan_type", "Loan types", LOANS, "openLien.allLoanTypes", "Any of the open loans.",
           found_at="openLien.allLoanTypes.*", choices=LOAN_TYPES,
           aliases=("fha", "va", "heloc", "conventional", "assumable")),
    Days("first_loan_recorded", "First loan recorded", LOANS, "openLien.firstLoanRecordingDate"),
    Days("last_loan_recorded", "Last loan recorded", LOANS, "openLien.lastLoanRecordingDate",
         aliases=("refinance",)),
    Number("first_loan_ltv", "First loan to value", LOANS, "openLien.firstLoanLtv", found_at="openLien.mortgages.0.ltv",
           unit="%", decimals=2),
    *(Number(f"{nth}_loan_rate", f"{nth.capitalize()} loan's rate", LOANS, f"openLien.{nth}LoanInterestRate",
             "Estimated interest a year.", found_at=f"openLien.mortgages.{place}.currentEstimatedInterestRate",
             unit="%", decimals=3, aliases=("interest rate", "subject to"))
      for place, nth in enumerate(_NTH)),
    *(Choice(f"{nth}_loan_type", f"{nth.capitalize()} loan's type", LOANS, f"openLien.{nth}LoanType",
             found_at=f"openLien.mortgages.{place}.loanType", choices=LOAN_TYPES)
      for place, nth in enumerate(_NTH)),
)  # fmt: skip

LIEN_FILTERS: tuple[Filter, ...] = (
    Choice("lien_type", "Lien type", LIENS, "involuntaryLien.lienType", "Any of the liens.",
           found_at="involuntaryLien.liens.*.lienType", choices=LIEN_TYPES,
           aliases=("irs", "tax lien", "mechanic", "hoa lien")),
    Text("lien_code", "Lien type codes", LIENS, "involuntaryLien.lienTypeCode", "The vendor's codes.",
         found_at="involuntaryLien.liens.*.lienTypeCode", how="inList"),
    Text("lien_document", "Lien document", LIENS, "involuntaryLien.documentType", "Any part of its name.",
         found_at="involuntaryLien.liens.*.documentType", aliases=("judgment",)),
    Number("lien_amount", "Lien amount", LIENS, "involuntaryLien.lienAmount", "Of one lien.",
           found_at="involuntaryLien.liens.*.lienAmount", unit="$", zero_is_unknown=True),
    Days("lien_filed", "Lien filed", LIENS, "involuntaryLien.filingDate",
         found_at="involuntaryLien.liens.*.filingDate"),
    Days("lien_recorded", "Lien recorded", LIENS, "involuntaryLien.recordingDate",
         found_at="involuntaryLien.liens.*.recordingDate"),
)  # fmt: skip

"""What is known of the owner: portfolio, household, phones and e-mails."""

from __future__ import annotations

from credits.models import CreditType
from properties.datasets.fields import DatasetInfo, day, flag, money, number, text_list
from properties.datasets.kinds import Field, Kind, Section, Table
from properties.models.records import Dataset

PERMISSION = (
    "A traced number is not permission. Dial by hand, 8 am–9 pm their time, say who you are, stop when asked. "
    "Texts, voicemail drops and recorded voices need written consent first. States differ; ask a lawyer."
)
"""What stands at every list of phone numbers, by the words of the product."""

OWNER = DatasetInfo(
    Dataset.OWNER,
    "How many properties the owner's mailing address holds, what they are worth and what is owed on them.",
    (
        Section(
            "Owner's portfolio",
            (
                number("propertyOwnerProfile.propertiesCount", "Properties"),
                money("propertyOwnerProfile.propertiesTotalEstimatedValue", "Total estimated value"),
                money("propertyOwnerProfile.propertiesTotalEquity", "Total equity"),
                money("propertyOwnerProfile.totalPurchasePrice", "Total purchase price"),
                money("propertyOwnerProfile.averagePurchasePrice", "Average purchase price"),
                money("propertyOwnerProfile.averageAssessedValue", "Average assessed value"),
                Field("propertyOwnerProfile.averageYearBuilt", "Average year built", Kind.YEAR),
                number("propertyOwnerProfile.mortgagesCount", "Loans"),
                money("propertyOwnerProfile.mortgagesTotalBalance", "Total loan balance"),
                money("propertyOwnerProfile.mortgagesAverageBalance", "Average loan balance"),
            ),
        ),
    ),
)

DEMOGRAPHIC = DatasetInfo(
    Dataset.DEMOGRAPHIC,
    "Estimated income and wealth, education and occupation, interests and moves of the household. "
    "Age, sex, religion, marital status and children are never shown. "
    "Not a consumer report: not for credit, insurance, employment or tenant decisions.",
    (
        Section(
            "Household",
            (
                money("demographics.income", "Estimated income"),
                money("demographics.netWorth", "Estimated net worth"),
                money("demographics.discretionaryIncome", "Discretionary income"),
                Field("demographics.homeownerRenter", "Owner or renter"),
                Field("demographics.individualEducation", "Education"),
                Field("demographics.individualOccupation", "Occupation"),
                flag("demographics.businessOwner", "Owns a business"),
                text_list("demographics.investments", "Investments"),
                flag("demographics.millionaire", "Millionaire"),
                flag("demographics.petOwner", "Has pets"),
                flag("demographics.recentlyMoved", "Recently moved"),
                Field("demographics.recentlyMovedYear", "Year of the move", Kind.YEAR),
            ),
        ),
    ),
)

CONTACT = DatasetInfo(
    Dataset.CONTACT,
    "The owner's phone numbers with type, do-not-call flags and date of check, and e-mail addresses. "
    "A traced number is not permission.",
    (
        Section(
            "Phones and e-mails",
            (
                Table(
                    "owner.phoneNumbers",
                    "Phones",
                    (
                        Field("number", "Number", Kind.PHONE),
                        Field("type", "Type", counts=False),
                        Field("carrier", "Carrier", counts=False),
                        flag("dnc", "Do not call", counts=False),
                        flag("tcpa", "TCPA list", counts=False),
                        flag("tested", "Connected when tested", counts=False),
                        flag("reachable", "Reachable", counts=False),
                        number("score", "Score", counts=False),
                        day("lastReportedDate", "Last reported", counts=False),
                    ),
                ),
                Field("owner.emails", "E-mails", Kind.EMAILS, counts=False),
                Table(
                    "owner.enrichedEmails",
                    "Checked e-mails",
                    (Field("email", "E-mail", Kind.EMAILS, counts=False), flag("tested", "Tested", counts=False)),
                ),
                flag("owner.litigator", "Known litigator", counts=False),
                flag("owner.dnc.tcpa", "On a TCPA list", counts=False),
                flag("owner.mailingOptOut", "Opted out of mail", counts=False),
                flag("owner.death.deceased", "Reported deceased", counts=False),
                flag("owner.bankruptcy.bankruptcy", "Bankruptcy", counts=False),
                day("owner.bankruptcy.filingDate", "Bankruptcy filed", counts=False),
            ),
        ),
    ),
    credit_type=CreditType.SKIPTRACE,
)

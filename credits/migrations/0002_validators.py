"""The server itself refuses a negative balance, an amount that is not whole, and a state that there is not."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number

AMOUNT = whole_number(minimum=0)
CHANGE = whole_number()
CREDIT_TYPE = one_of("SEARCH", "SKIPTRACE")


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial")]

    operations = [
        SetValidator(
            "Credit",
            {
                "subscriptionCredits": AMOUNT,
                "purchasedCredits": AMOUNT,
                "creditAvailable": AMOUNT,
                "reserved": AMOUNT,
                "sequence": AMOUNT,
                "debt": AMOUNT,
                "periodGrant": AMOUNT,
                "periodReturned": AMOUNT,
                "lastPurchase": AMOUNT,
            },
        ),
        SetValidator("CreditUsage", {"creditType": CREDIT_TYPE, "creditReserved": AMOUNT, "creditUsed": AMOUNT}),
        SetValidator(
            "CreditLog",
            {
                "creditType": CREDIT_TYPE,
                "creditBefore": AMOUNT,
                "creditAfter": AMOUNT,
                "changeAmount": CHANGE,
                "sequence": whole_number(minimum=1),
                "kind": one_of("grant", "reserve", "capture", "release", "reset", "lapse", "adjust", "clawback"),
                "subscriptionChange": CHANGE,
                "purchasedChange": CHANGE,
                "reservedChange": CHANGE,
                "debtChange": CHANGE,
                "subscriptionAfter": AMOUNT,
                "purchasedAfter": AMOUNT,
                "reservedAfter": AMOUNT,
                "debtAfter": AMOUNT,
            },
        ),
        SetValidator(
            "CreditWeight",
            {
                "creditType": CREDIT_TYPE,
                "weight": {"bsonType": ["double", "int", "long", "decimal", "null"], "minimum": 0},
            },
        ),
        SetValidator(
            "Quote",
            {
                "status": one_of("offered", "accepted", "settled", "expired"),
                "maxCost": AMOUNT,
                "heldSubscription": AMOUNT,
                "heldPurchased": AMOUNT,
                "reserved": AMOUNT,
                "captured": AMOUNT,
                "released": AMOUNT,
                "lapsed": AMOUNT,
                "captures": AMOUNT,
            },
        ),
    ]

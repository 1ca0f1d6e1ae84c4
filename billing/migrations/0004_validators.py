"""States of events and top-ups, and amounts, that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number

AMOUNT = whole_number(minimum=0)
PAYMENT = {
    "type": one_of("subscription", "one_time_purchase", "credit_adjustment"),
    "status": one_of("success", "pending", "failed", "refunded"),
    "creditsAdded": whole_number(),
}


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_billing_state")]

    operations = [
        SetValidator("PaymentTransaction", {**PAYMENT, "refundedCents": AMOUNT}, previous=PAYMENT),
        SetValidator(
            "Offer",
            {
                "kind": one_of("plan", "pack"),
                "periodUnit": one_of("month", "year"),
                "priceCents": AMOUNT,
                "credits": AMOUNT,
            },
        ),
        SetValidator("WebhookEvent", {"state": one_of("received", "applied", "ignored", "failed")}),
        SetValidator("AutoTopUp", {"belowCredits": AMOUNT, "monthlyCapCents": AMOUNT}),
        SetValidator(
            "TopUp",
            {"state": one_of("due", "sent", "paid", "failed"), "amountCents": AMOUNT, "credits": AMOUNT},
        ),
    ]

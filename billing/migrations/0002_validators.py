"""States of subscriptions and payments that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        SetValidator("Billing", {"subscriptionStatus": one_of("active", "cancelled", "non_renewing", "paused")}),
        SetValidator(
            "PaymentTransaction",
            {
                "type": one_of("subscription", "one_time_purchase", "credit_adjustment"),
                "status": one_of("success", "pending", "failed", "refunded"),
                "creditsAdded": whole_number(),
            },
        ),
    ]

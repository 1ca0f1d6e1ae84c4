from django.contrib import admin

from atlas_site.lib.admin import DocumentAdmin, ReadOnlyAdmin
from billing.models import Billing, PaymentTransaction


@admin.register(Billing)
class BillingAdmin(DocumentAdmin):
    """What Chargebee last told of a subscription. A correction here lasts until it tells again."""

    list_display = ["user", "subscription_status", "subscription_plan_id", "chargebee_customer_id"]
    list_filter = ["subscription_status"]
    exact_search_fields = ["user", "chargebee_customer_id", "chargebee_subscription_id"]
    raw_id_fields = ["user"]


@admin.register(PaymentTransaction)
class PaymentTransactionAdmin(ReadOnlyAdmin):
    """Payments as Chargebee reported them: a wrong one is put right there, and reported again."""

    list_display = ["transaction_date", "user", "type", "status", "amount", "credits_added", "chargebee_invoice_id"]
    list_filter = ["status", "type"]
    exact_search_fields = ["user", "chargebee_invoice_id", "chargebee_transaction_id"]

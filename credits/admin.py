from decimal import Decimal

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from atlas_site.lib.admin import DocumentAdmin, ReadOnlyAdmin
from credits.models import Credit, CreditLog, CreditUsage, CreditWeight, Quote, WelcomeClaim


@admin.register(Credit)
class CreditAdmin(ReadOnlyAdmin):
    """Wallets. A balance changes through the credits services alone, each change with its entry in the ledger."""

    list_display = [
        "user",
        "credit_available",
        "subscription_credits",
        "purchased_credits",
        "reserved",
        "debt",
        "banned",
    ]
    exact_search_fields = ["id", "user"]


@admin.register(CreditUsage)
class CreditUsageAdmin(ReadOnlyAdmin):
    list_display = ["credit", "credit_type", "credit_reserved", "credit_used", "prepaid"]
    exact_search_fields = ["credit"]


@admin.register(CreditLog)
class CreditLogAdmin(ReadOnlyAdmin):
    """The ledger: entries are never edited or deleted. A correction is a new entry, made by a service."""

    list_display = ["timestamp", "credit", "sequence", "kind", "change_amount", "credit_after", "reason", "actor"]
    exact_search_fields = ["credit", "key"]


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    """Quotes and the reservations that they became."""

    list_display = ["created_at", "title", "user_id", "kind", "status", "max_cost", "captured", "released"]
    list_filter = ["status"]
    exact_search_fields = ["id", "user_id"]
    ordering = ["-created_at"]


@admin.register(WelcomeClaim)
class WelcomeClaimAdmin(ReadOnlyAdmin):
    list_display = ["claim", "user_id", "claimed_at"]
    exact_search_fields = ["claim"]


class CreditWeightForm(forms.ModelForm):
    """A weight is a decimal with at most four places; it is stored as a float and read back as that decimal."""

    weight = forms.DecimalField(min_value=Decimal("0.0001"), max_digits=8, decimal_places=4)

    class Meta:
        model = CreditWeight
        fields = ["credit_type", "weight"]

    def clean_weight(self) -> float:
        return float(self.cleaned_data["weight"])


@admin.register(CreditWeight)
class CreditWeightAdmin(DocumentAdmin):
    """What one unit of each operation costs, in credits. Quotes that were made keep the weight they were made with."""

    form = CreditWeightForm
    list_display = ["credit_type", "weight"]

    def get_readonly_fields(self, request: HttpRequest, obj: CreditWeight | None = None) -> list[str]:
        """The operation of a weight stays."""
        return ["credit_type"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: CreditWeight | None = None) -> bool:
        """Without its weight an operation has no price."""
        return False

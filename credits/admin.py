from decimal import Decimal
from typing import Any

from bson import ObjectId
from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from accounts.models import User
from atlas_site.lib.admin import DocumentAdmin, ReadOnlyAdmin
from credits import services as credit_services
from credits.models import (
    Credit,
    CreditAdjustment,
    CreditLog,
    CreditType,
    CreditUsage,
    CreditWeight,
    Quote,
    WelcomeClaim,
)
from credits.pricing import current_weights, typical_prices, weight_at


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
        "subscription_frozen",
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
    readonly_fields = ["decision"]

    def get_fields(self, request: HttpRequest, obj: CreditLog | None = None) -> list[str]:
        """Show the decision of staff that an adjustment carries out beside it."""
        return [*super().get_fields(request, obj), "decision"]

    @admin.display(description="Decision of staff", empty_value="-")
    def decision(self, entry: CreditLog) -> SafeString | None:
        """Link to the adjustment whose entry this is."""
        adjustment_id = (entry.key or "").removeprefix("adjust:")
        if not ObjectId.is_valid(adjustment_id):
            return None
        return format_html('<a href="{}">{}</a>', _page("creditadjustment_change", adjustment_id), adjustment_id)


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


# ---------------------------------------------------------------- weights


class CreditWeightForm(forms.ModelForm):
    """The weight that shall be: a decimal with at most four places."""

    weight = forms.DecimalField(
        label="Credits a unit",
        min_value=Decimal("0.0001"),
        max_value=credit_services.HIGHEST_WEIGHT,
        max_digits=8,
        decimal_places=4,
        help_text="Lower holds at once, higher after the notice of the money rule. What it costs is shown before.",
    )
    change_text = ""  # what the history of the weight says

    class Meta:
        model = CreditWeight
        fields = ["credit_type"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["weight"] = weight_at(self.instance, timezone.now())


@admin.register(CreditWeight)
class CreditWeightAdmin(DocumentAdmin):
    """What one unit of each operation costs, in credits. Quotes that were made keep the weight they were made with.

    A new weight is first shown with what typical jobs will cost, and set when that is confirmed.
    """

    form = CreditWeightForm
    fields = ["credit_type", "weight", "next_weight", "next_weight_from"]
    list_display = ["credit_type", "present_weight", "next_weight", "next_weight_from"]
    confirmed = "_confirmed"

    @admin.display(description="Credits a unit")
    def present_weight(self, row: CreditWeight) -> Decimal:
        """The weight that is in force today."""
        return weight_at(row, timezone.now())

    def get_readonly_fields(self, request: HttpRequest, obj: CreditWeight | None = None) -> list[str]:
        """The operation of a weight stays, and what is announced follows from the weight that is set."""
        announced = ["next_weight", "next_weight_from"]
        return ["credit_type", *announced] if obj else announced

    def has_delete_permission(self, request: HttpRequest, obj: CreditWeight | None = None) -> bool:
        """Without its weight an operation has no price."""
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what a new weight does to prices before it is set."""
        if request.method == "POST" and self.confirmed not in request.POST:
            row = self.get_object(request, unquote(object_id)) if object_id else None
            may = self.has_change_permission(request, row) if row else self.has_add_permission(request)
            form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
            if may and form.is_valid():
                return self._ask(request, row, form.cleaned_data)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _ask(self, request: HttpRequest, row: CreditWeight | None, data: dict[str, Any]) -> HttpResponse:
        credit_type, now = row.credit_type if row else data["credit_type"], timezone.now()
        before = current_weights(now)[credit_type]
        starts_at = credit_services.start_of_weight(before=before, after=data["weight"], now=now)
        context = {
            **self.admin_site.each_context(request),
            "title": "What this weight does to prices",
            "opts": self.opts,
            "credit_type": credit_type,
            "operation": CreditType(credit_type).label,
            "row": row,
            "before": before,
            "after": data["weight"],
            "is_raise": starts_at > now,
            "starts_at": starts_at,
            "prices": typical_prices(credit_type, before, data["weight"]),
            "confirmed": self.confirmed,
        }
        return TemplateResponse(request, "admin/credits/creditweight/confirm.html", context)

    def save_model(self, request: HttpRequest, obj: CreditWeight, form: CreditWeightForm, change: bool) -> None:
        """Set the weight by the service, and note in the history what was set."""
        weight = form.cleaned_data["weight"]
        saved = credit_services.set_weight(
            credit_type=obj.credit_type, weight=weight, actor=f"user:{request.user.pk}", now=timezone.now()
        )
        obj.pk, obj.weight = saved.pk, saved.weight
        raised = f", to be {weight} from {saved.next_weight_from:%Y-%m-%d} on" if saved.next_weight_from else ""
        form.change_text = f"Weight set to {saved.weight}{raised}."

    def construct_change_message(
        self, request: HttpRequest, form: CreditWeightForm, formsets: Any, add: bool = False
    ) -> str:
        """Return what was set, for the history."""
        return form.change_text


# ---------------------------------------------------------------- adjustments


class CreditAdjustmentForm(forms.ModelForm):
    """Whose credits, how many and why. The hidden id makes a form that is sent twice one decision."""

    email = forms.EmailField(label="The user's e-mail address")
    reason = forms.CharField(
        min_length=credit_services.LEAST_REASON,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The user reads it in the statement.",
    )
    corrects = forms.CharField(
        label="Corrects the entry with this key", required=False, help_text="As the ledger has it, such as grant:…"
    )
    adjustment_id = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = CreditAdjustment
        fields = ["amount", "bucket"]

    field_order = ["email", "amount", "bucket", "reason", "corrects", "adjustment_id"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if not User.objects.filter(email=email).exists():
            raise ValidationError("There is no user with this address.")
        return email

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if not amount:
            raise ValidationError("Write how many credits to add, or with a minus how many to take.")
        if abs(amount) > credit_services.LARGEST_ADJUSTMENT:
            raise ValidationError(f"{credit_services.LARGEST_ADJUSTMENT:,} credits are the most at once.")
        return amount

    def clean_adjustment_id(self) -> ObjectId:
        if not ObjectId.is_valid(self.cleaned_data["adjustment_id"]):
            raise ValidationError("Open the form again.")
        return ObjectId(self.cleaned_data["adjustment_id"])


@admin.register(CreditAdjustment)
class CreditAdjustmentAdmin(ReadOnlyAdmin):
    """Credits that staff add or take. Above a limit a second person approves; nothing is changed afterwards."""

    list_display = ["created_at", "user", "amount", "bucket", "state", "reason", "proposed_by", "approved_by"]
    list_filter = ["state"]
    exact_search_fields = ["id", "user"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may propose one: the form is the only way in."""
        return admin.ModelAdmin.has_add_permission(self, request)

    def may_decide(self, request: HttpRequest) -> bool:
        """Who may approve and reject, though nobody may change one by a form."""
        return request.user.has_perm("credits.change_creditadjustment")

    def get_urls(self) -> list[URLPattern]:
        """Add the two decisions."""
        return [
            path(
                f"<str:object_id>/{verb}/",
                self.admin_site.admin_view(view),
                name=f"credits_creditadjustment_{verb}",
            )
            for verb, view in (("approve", self.approve), ("reject", self.reject))
        ] + super().get_urls()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Propose an adjustment, which is applied at once up to the limit."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        start = {"email": request.GET.get("email", ""), "adjustment_id": str(ObjectId())}
        form = CreditAdjustmentForm(request.POST or None, initial=start)
        if request.method == "POST" and form.is_valid() and (adjustment := self._propose(request, form)):
            return HttpResponseRedirect(_page("creditadjustment_change", adjustment.pk))
        rows = helpers.AdminForm(form, [(None, {"fields": list(form.fields)})], {}, (), model_admin=self)
        context = {
            **self.admin_site.each_context(request),
            "title": "Adjust credits",
            "adminform": rows,
            "errors": helpers.AdminErrorList(form, []),
            "media": self.media + rows.media,
            "inline_admin_formsets": [],
            "is_popup": False,
            "to_field": None,
            "preserved_filters": self.get_preserved_filters(request),
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
            **(extra_context or {}),
        }
        return self.render_change_form(request, context, add=True, form_url=form_url)

    def _propose(self, request: HttpRequest, form: CreditAdjustmentForm) -> CreditAdjustment | None:
        data = form.cleaned_data
        try:
            adjustment = credit_services.propose_adjustment(
                user_id=User.objects.get(email=data["email"]).pk,
                amount=data["amount"],
                bucket=data["bucket"],
                reason=data["reason"],
                corrects=data["corrects"] or None,
                proposed_by=request.user.pk,
                adjustment_id=data["adjustment_id"],
                now=timezone.now(),
            )
        except (credit_services.CreditsError, ValueError) as refusal:
            form.add_error(None, str(refusal))
            return None
        self.log_addition(request, adjustment, f"{adjustment}: {adjustment.get_state_display()}.")
        self.message_user(request, f"{adjustment}: {adjustment.get_state_display()}.", messages.SUCCESS)
        return adjustment

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an adjustment, with what this person may decide on it."""
        adjustment = self.get_object(request, unquote(object_id))
        is_open = adjustment is not None and adjustment.state == CreditAdjustment.State.PROPOSED
        can_reject = is_open and self.may_decide(request)
        is_second = adjustment is not None and request.user.pk not in (adjustment.proposed_by_id, adjustment.user_id)
        decisions = {"can_reject": can_reject, "can_approve": can_reject and is_second}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **decisions})

    @method_decorator(require_POST)
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Apply a proposed adjustment, as the second person."""
        return self._decide(request, object_id, "approve")

    @method_decorator(require_POST)
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Turn a proposed adjustment down."""
        return self._decide(request, object_id, "reject")

    def _decide(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        if not self.may_decide(request):
            raise PermissionDenied
        adjustment = self.get_object(request, object_id)
        if adjustment is None:
            raise Http404
        now, me = timezone.now(), request.user.pk
        try:
            if verb == "approve":
                decided = credit_services.approve_adjustment(adjustment_id=adjustment.pk, approved_by=me, now=now)
            else:
                decided = credit_services.reject_adjustment(adjustment_id=adjustment.pk, rejected_by=me, now=now)
        except credit_services.CreditsError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.log_change(request, decided, f"{decided.get_state_display()}.")
            self.message_user(request, f"{decided}: {decided.get_state_display()}.", messages.SUCCESS)
        return HttpResponseRedirect(_page("creditadjustment_change", adjustment.pk))


def _page(name: str, key: object) -> str:
    return reverse(f"admin:credits_{name}", args=[key])

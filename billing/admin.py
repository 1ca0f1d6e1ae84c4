import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from atlas_site.lib.admin import ReadOnlyAdmin
from atlas_site.templatetags.atlas import cents
from billing import services as billing_services
from billing.models import (
    AutoTopUp,
    Billing,
    BillingDifference,
    BillingNotice,
    Checkout,
    Offer,
    PaymentTransaction,
    ReconciliationRun,
    TopUp,
    WebhookEvent,
)
from billing.services import offers


@admin.register(Billing)
class BillingAdmin(ReadOnlyAdmin):
    """What Chargebee last told of a subscription: what is wrong is put right there, and told again.

    The customer id says whose purchases a user gets, so that nobody types one.
    """

    list_display = ["user", "subscription_status", "subscription_plan_id", "chargebee_customer_id"]
    list_filter = ["subscription_status"]
    exact_search_fields = ["user", "chargebee_customer_id", "chargebee_subscription_id"]


@admin.register(PaymentTransaction)
class PaymentTransactionAdmin(ReadOnlyAdmin):
    """Payments as Chargebee reported them: a wrong one is put right there, and reported again."""

    list_display = ["transaction_date", "user", "type", "status", "amount", "credits_added", "chargebee_invoice_id"]
    list_filter = ["status", "type"]
    exact_search_fields = ["user", "chargebee_invoice_id", "chargebee_transaction_id"]


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    """The price list as it was copied. Prices and their credits are changed at Chargebee."""

    list_display = ["name", "id", "kind", "period_unit", "price", "credits", "a_credit", "is_sold", "refused_because"]
    list_filter = ["kind", "is_sold"]
    readonly_fields = ["price", "a_credit", "least"]

    def get_fields(self, request: HttpRequest, obj: Offer | None = None) -> list[str]:
        """Show what follows from price and credits beside them."""
        return [*super().get_fields(request, obj), "a_credit", "least"]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Say above the list what a credit must sell for today."""
        return super().changelist_view(request, {"subtitle": f"The least a credit sells for: {self.least()}"})

    @admin.display(description="price")
    def price(self, offer: Offer) -> str:
        return cents(offer.price_cents)

    @admin.display(description="a credit costs")
    def a_credit(self, offer: Offer) -> str:
        return offers.in_cents(offer.cents_per_credit)

    @admin.display(description="the least a credit sells for")
    def least(self, offer: Offer | None = None) -> str:
        try:
            return offers.in_cents(offers.floor_cents_per_credit(now=timezone.now()))
        except offers.FloorUnknown as error:
            return str(error)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """Events as Chargebee delivered them. Replaying one books the account of its customer anew, and nothing twice."""

    list_display = ["received_at", "event_type", "state", "customer_id", "attempts", "deliveries", "last_error"]
    list_filter = ["state", "event_type"]
    exact_search_fields = ["id", "customer_id"]
    ordering = ["-received_at", "-id"]
    actions = ["replay"]

    def get_fields(self, request: HttpRequest, obj: WebhookEvent | None = None) -> list[str]:
        """Show the body as people read JSON."""
        return [name for name in super().get_fields(request, obj) if name != "body"] + ["content"]

    @admin.display(description="body")
    def content(self, event: WebhookEvent) -> str:
        try:
            text = json.dumps(json.loads(event.body), indent=2, ensure_ascii=False)
            text.encode()  # half of a pair of characters is JSON, and cannot be sent to a browser
        except (ValueError, RecursionError):
            text = event.body
        return format_html("<pre>{}</pre>", text)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether this person may have events processed again: a permission of its own, which staff have."""
        return request.user.has_perm("billing.replay_webhookevent")

    @admin.action(description="Replay: book the accounts of these customers anew", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        """Process the chosen events again."""
        for event in queryset:
            self._replay(request, event)

    def get_urls(self) -> list:
        """Add the address of the button on an event's page."""
        replay = self.admin_site.admin_view(self.replay_view)
        return [path("<path:object_id>/replay/", replay, name="billing_webhookevent_replay"), *super().get_urls()]

    @method_decorator(require_POST)
    def replay_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Process one event again and come back to its page."""
        event = self.get_object(request, object_id)
        if event is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if self.has_replay_permission(request):
            self._replay(request, event)
        else:
            self.message_user(request, "Events are replayed by staff.", messages.ERROR)
        return HttpResponseRedirect(reverse("admin:billing_webhookevent_change", args=[event.pk]))

    def render_change_form(self, request: HttpRequest, context: dict, *args, **kwargs) -> HttpResponse:
        """Let the page know whether to show the button."""
        return super().render_change_form(
            request, context | {"may_replay": self.has_replay_permission(request)}, *args, **kwargs
        )

    def _replay(self, request: HttpRequest, event: WebhookEvent) -> None:
        billing_services.replay_event(event_id=event.pk, now=timezone.now())
        event.refresh_from_db()
        self.log_change(request, event, "Replayed.")
        is_done = event.state in {WebhookEvent.State.APPLIED, WebhookEvent.State.IGNORED}
        outcome = f"Replayed {event.event_type}: {event.get_state_display()}. {event.last_error}"
        self.message_user(request, outcome.strip(), messages.SUCCESS if is_done else messages.ERROR)


@admin.register(Checkout)
class CheckoutAdmin(ReadOnlyAdmin):
    """The hosted pages that buyers were sent to. Their addresses are not shown: opening one pays for another."""

    list_display = ["created_at", "user_id", "offer_id", "expires_at", "returned_at"]
    exact_search_fields = ["id", "user_id"]
    fields = ["id", "user_id", "offer_id", "back_url", "created_at", "expires_at", "returned_at"]


@admin.register(AutoTopUp)
class AutoTopUpAdmin(ReadOnlyAdmin):
    """Standing orders of users. Only their owners make and change them."""

    list_display = ["user", "offer_id", "below_credits", "monthly_cap_cents", "is_enabled", "stopped_because"]
    list_filter = ["is_enabled"]
    exact_search_fields = ["user"]


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    """Automatic purchases and how each ended."""

    list_display = ["created_at", "user_id", "offer_id", "amount_cents", "state", "invoice_id", "error"]
    list_filter = ["state"]
    exact_search_fields = ["id", "user_id", "invoice_id"]


@admin.register(BillingDifference)
class BillingDifferenceAdmin(ReadOnlyAdmin):
    """Where Chargebee's books and the ledger differ: open ones first. The nightly check closes what it finds mended."""

    list_display = ["found_at", "kind", "user_id", "detail", "seen_at", "closed_at"]
    list_filter = ["kind", ("closed_at", admin.EmptyFieldListFilter)]
    exact_search_fields = ["id", "user_id"]
    ordering = ["closed_at", "-found_at"]


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(ReadOnlyAdmin):
    """The comparisons of Chargebee's books with the ledger, and how far the last one has come."""

    list_display = ["started_at", "since", "step", "compared", "events_stored", "finished_at"]
    fields = [*list_display, "last_customer_id", "mended", "opened", "closed", "unread", "next_turn_at"]
    ordering = ["-finished_at"]


@admin.register(BillingNotice)
class BillingNoticeAdmin(ReadOnlyAdmin):
    """Which mails about billing were sent, so that none is sent twice."""

    list_display = ["id", "user_id", "told_at"]
    exact_search_fields = ["id", "user_id"]

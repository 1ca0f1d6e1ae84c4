from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import services as account_services
from accounts.models import Account, AnonymousSession, FollowedMarket, Session, User
from atlas_site.lib.admin import DocumentAdmin, ReadOnlyAdmin


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name", "role"]


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(DocumentAdmin, DjangoUserAdmin):
    """People. Only a superuser makes superusers. A ban is an action, because it reaches the wallet and sessions too."""

    form = UserForm
    add_form = NewUserForm
    list_display = ["email", "name", "role", "banned", "onboarding_completed", "created_at", "last_login"]
    list_filter = ["role", "banned"]
    search_fields: list[str] = []
    exact_search_fields = ["email", "id"]
    filter_horizontal = ["groups", "user_permissions"]
    readonly_fields = ["banned", "two_factor_enabled", "created_at", "last_login"]
    actions = ["ban", "unban"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        ("Person", {"fields": ["name", "phone", "location", "profession", "time_zone", "onboarding_completed"]}),
        ("Access", {"fields": ["role", "groups", "is_superuser", "user_permissions", "banned", "two_factor_enabled"]}),
        ("Dates", {"fields": ["created_at", "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["email", "name", "role", "usable_password", "password1", "password2"]})
    ]

    @admin.action(description="Ban: end their sessions and stop their spending", permissions=["change"])
    def ban(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Ban the chosen people, except the one who asks and superusers."""
        people = [user for user in queryset if user != request.user and self.has_change_permission(request, user)]
        for user in people:
            account_services.ban_user(user=user)
            self.log_change(request, user, "Banned.")
        self.message_user(request, f"Banned: {len(people)} of {len(queryset)}.")

    @admin.action(description="Lift the ban", permissions=["change"])
    def unban(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let the chosen people in again."""
        people = [user for user in queryset if self.has_change_permission(request, user)]
        for user in people:
            account_services.unban_user(user=user)
            self.log_change(request, user, "Ban lifted.")
        self.message_user(request, f"Ban lifted: {len(people)} of {len(queryset)}.")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """What gives more power than staff have is for superusers."""
        own = [] if request.user.is_superuser else ["is_superuser", "user_permissions"]
        return [*self.readonly_fields, *own]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Staff change everybody but superusers, whose password would be theirs otherwise."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People leave by the deletion of their account, which keeps the books whole, or they are banned."""
        return False


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is signed in where. Tokens are not shown: they are as good as a password. Deleting one signs out."""

    list_display = ["user", "ip_address", "created_at", "last_seen_at", "expires_at"]
    exact_search_fields = ["user"]
    fields = ["user", "ip_address", "user_agent", "created_at", "last_seen_at", "expires_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(AnonymousSession)
class AnonymousSessionAdmin(ReadOnlyAdmin):
    """How many visitors have a state. Their key is their token, so there is nothing to open."""

    list_display = ["expires_at"]
    list_display_links = None
    exact_search_fields = ()
    fields = ["expires_at"]

    def has_view_permission(self, request: HttpRequest, obj: AnonymousSession | None = None) -> bool:
        return obj is None and super().has_view_permission(request)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Links to accounts of Google and Stripe, without their tokens. Deleting one unlinks it."""

    list_display = ["provider_id", "account_id", "user"]
    exact_search_fields = ["user"]
    fields = ["provider_id", "account_id", "user"]

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(FollowedMarket)
class FollowedMarketAdmin(DocumentAdmin):
    list_display = ["place", "kind", "state", "user", "followed_at"]
    list_filter = ["kind"]
    exact_search_fields = ["user"]
    raw_id_fields = ["user"]

"""How allauth is fitted to Atlas."""

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.urls import reverse


class AccountAdapter(DefaultAccountAdapter):
    """Addresses in lower case; who has not named a market yet is asked for it after signing in."""

    # Said of codes too, not of passwords alone: after wrong ones of a sign-up, signing in sends a new code.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": (
            "Too many tries. Wait a few minutes, then sign in; you get a new code if you need one."
        ),
    }

    def clean_email(self, email: str) -> str:
        return super().clean_email(email).lower()

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if not request.user.onboarding_completed and not request.user.is_staff:
            return reverse("accounts:onboard")
        return super().get_login_redirect_url(request)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:onboard")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:list-sessions")

    def send_account_already_exists_mail(self, email: str) -> None:
        """Hash a password for nothing, as for a new account: else the time taken tells which addresses are known."""
        make_password("for nobody")
        super().send_account_already_exists_mail(email)

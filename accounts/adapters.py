"""How allauth is fitted to Atlas."""

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.urls import reverse


class AccountAdapter(DefaultAccountAdapter):
    """Addresses in lower case; who has not named a market yet is asked for it after signing in."""

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

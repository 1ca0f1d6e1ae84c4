"""How allauth is fitted to Atlas."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Addresses in lower case."""

    def clean_email(self, email: str) -> str:
        return super().clean_email(email).lower()

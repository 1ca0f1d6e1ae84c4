"""What follows from the signals of allauth."""

from allauth.account import signals
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import services
from accounts.models import User


@receiver([signals.password_changed, signals.password_set, signals.password_reset], dispatch_uid="end other sessions")
def end_other_sessions(request: HttpRequest, user: User, **kwargs) -> None:
    """Whoever knew the old password is signed out at once, the person who changed it stays."""
    is_own_session = request.user.is_authenticated and request.user.pk == user.pk
    services.end_other_sessions(user=user, keep_token=request.session.session_key if is_own_session else None)


@receiver(signals.password_reset, dispatch_uid="confirm the address")
def confirm_email(user: User, **kwargs) -> None:
    """Who entered the code from a mail reads the mail of that address."""
    services.confirm_email(user=user)

"""Every write to people, their sessions and the markets they follow. allauth writes passwords and addresses."""

from contextlib import suppress
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError

from accounts.models import FollowedMarket, Session, User
from accounts.signals import onboarding_completed
from atlas_site.lib.places import Place


class OnlyMarketError(Exception):
    """The market is the only one that the user follows."""


def complete_onboarding(
    *,
    user: User,
    market: Place,
    name: str = "",
    phone: str | None = None,
    location: str | None = None,
    profession: str | None = None,
    now: datetime,
) -> FollowedMarket:
    """Keep what the user told about themselves, follow their first market, and tell the apps above.

    The user counts as onboarded only when all of it is done: after a crash at any point the form is asked for again,
    and posting it again changes nothing that was done. ``phone`` is in E.164.
    """
    followed = follow_market(user=user, market=market, now=now)
    update_profile(
        user=user, name=name, phone=phone, location=location, profession=profession, time_zone=user.time_zone
    )
    onboarding_completed.send(sender=User, user=user, now=now)
    user.onboarding_completed = True
    user.save(update_fields=["onboarding_completed"])
    return followed


def update_profile(
    *,
    user: User,
    name: str,
    phone: str | None,
    location: str | None,
    profession: str | None,
    time_zone: str | None,
) -> None:
    """Keep what the user told about themselves; ``phone`` is in E.164, None where nothing is told.

    ``time_zone`` is the name by which the IANA database knows it; without one, times are written in UTC.
    """
    user.name, user.phone, user.location, user.profession = name, phone or None, location or None, profession or None
    user.time_zone = time_zone or None
    user.save(update_fields=["name", "phone", "location", "profession", "time_zone"])


def confirm_email(*, user: User) -> None:
    """Note that the user reads the mail of their address, if nothing is noted of it yet.

    Users that another program made have no such note and would be asked for a second code after resetting a password.
    """
    if not EmailAddress.objects.filter(user=user).exists():
        with suppress(IntegrityError):  # a simultaneous request did it, or the address is confirmed by somebody else
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def follow_market(*, user: User, market: Place, now: datetime) -> FollowedMarket:
    """Add a place to the markets of a user and return it; one that is followed already stays as it is.

    Not for use within a transaction, which the losing one of two simultaneous requests would end.
    """
    same_market = user.followed_markets.filter(kind=market.kind, place=market.query_text)
    followed = same_market.first()
    if followed is None:
        try:
            followed = user.followed_markets.create(
                kind=market.kind, place=market.query_text, state=market.state, followed_at=now
            )
        except IntegrityError:
            followed = same_market.get()
    return followed


def unfollow_market(*, market: FollowedMarket) -> None:
    """Take a market off the list of its user. Raises OnlyMarketError if it is the only one."""
    if not FollowedMarket.objects.filter(user_id=market.user_id).exclude(pk=market.pk).exists():
        raise OnlyMarketError
    market.delete()


def end_session(*, session: Session) -> None:
    """Sign the session out; its next request is a visitor's."""
    session.delete()


def end_other_sessions(*, user: User, keep_token: str | None) -> int:
    """Sign out every session of the user but the one with this token, or all without one; return how many."""
    deleted, _ = user.sessions.exclude(token=keep_token or "").delete()
    return deleted


def ban_user(*, user: User) -> None:
    """Close the account: all its sessions end, and signing in is refused. The wallet follows the saved user.

    What is paid for stays on the account until it is opened again or erased.
    """
    user.banned = True
    user.save(update_fields=["banned"])
    end_other_sessions(user=user, keep_token=None)


def unban_user(*, user: User) -> None:
    """Open the account again. The user signs in anew."""
    user.banned = False
    user.save(update_fields=["banned"])

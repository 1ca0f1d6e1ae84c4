"""What pages show of people, their sessions and their markets."""

from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from accounts.models import FollowedMarket, Session, User
from accounts.user_agents import describe_user_agent


@dataclass(frozen=True)
class SessionRow:
    """A signed-in session as its owner sees it; `device` is in words, the dates may be unknown."""

    id: ObjectId
    device: str
    user_agent: str
    ip_address: str | None
    signed_in_at: datetime | None
    last_seen_at: datetime | None
    is_current: bool


def list_sessions(*, user: User, current_token: str | None, now: datetime) -> list[SessionRow]:
    """Return the user's living sessions: the one of this request first, then by when they expire."""
    sessions = user.sessions.filter(expires_at__gt=now).order_by("-expires_at")
    rows = [_session_row(session, is_current=session.token == current_token) for session in sessions]
    return sorted(rows, key=lambda row: not row.is_current)


def followed_markets(user: User) -> list[FollowedMarket]:
    """Return the markets that the user follows, in the order in which they were taken up."""
    return sorted(user.followed_markets.all(), key=lambda market: market.followed_at)


def first_market(user: User) -> FollowedMarket | None:
    """Return the market that the user took up first, None before onboarding."""
    return next(iter(followed_markets(user)), None)


def _session_row(session: Session, *, is_current: bool) -> SessionRow:
    return SessionRow(
        id=session.pk,
        device=describe_user_agent(session.user_agent),
        user_agent=session.user_agent or "",
        ip_address=session.ip_address,
        signed_in_at=session.created_at,
        last_seen_at=session.last_seen_at,
        is_current=is_current,
    )

"""The session engine: visitors before sign-in have a short-lived document of their own, people after it a ``Session``.

A session is signed in when its state names a user. Only then it is a ``Session`` document with the keys of the data
contract; before that it is an ``AnonymousSession``. There is no third place, and no cache in between: a session that is
ended in the database is out on the next request.

A ``Session`` document without ``data`` was written by another program. Its cookie carried a signature beside the token;
taking the bare token for a sign-in would make every reader of that collection a user, so it is shown and can be ended
in the list of sessions, but nobody is signed in by it.
"""

import secrets
from datetime import datetime

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import AnonymousSession, Session

TOKEN_BYTES = 32
TOKEN_MAX_LENGTH = Session._meta.get_field("token").max_length
USER_AGENT_MAX_LENGTH = Session._meta.get_field("user_agent").max_length


class SessionStore(SessionBase):
    """The state of one visit, loaded when first read and saved when changed (see SessionBase).

    ``ip_address`` and ``user_agent`` are those of the request, set by ``SessionClientMiddleware``.
    """

    ip_address: str | None = None
    user_agent: str | None = None

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._document: Session | AnonymousSession | None = None
        self._outdated_keys: set[str] = set()

    # ------------------------------------------------------------ reading

    def load(self) -> dict:
        """Return the stored state; a key that is unknown, expired or not ours is forgotten and gives an empty one."""
        document = _find_document(self.session_key, timezone.now())
        state = self.decode(document.data) if document else {}
        if isinstance(document, Session) and state.get(SESSION_KEY) != str(document.user_id):
            document = None
        if document is None:
            self._session_key = None
            return {}
        self._document = document
        if self._is_due_for_refresh(document):
            self.modified = True
        return state

    def exists(self, session_key: str) -> bool:
        """Say whether a document with this key is there, expired or not."""
        return (
            Session.objects.filter(token=session_key).exists()
            or AnonymousSession.objects.filter(pk=session_key).exists()
        )

    def get_session_cookie_age(self) -> int:
        """Return the seconds that the cookie lives: a week from the last refresh, less for visitors."""
        if self._is_signed_in():
            return settings.SESSION_COOKIE_AGE
        return int(settings.ANONYMOUS_SESSION_AGE.total_seconds())

    # ------------------------------------------------------------ writing

    def create(self) -> None:
        """Store the current state under a new key."""
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Write the state to the collection that it belongs to, and remove what it replaces.

        The new document is written before the old one is deleted, so a crash in between loses nothing. Raises
        CreateError if ``must_create`` and the key is taken, UpdateError if the session was ended meanwhile.
        """
        state = self._get_session(no_load=must_create)
        home = Session if self._is_signed_in() else AnonymousSession
        if not must_create and self.session_key and not isinstance(self._document, home):
            self.cycle_key()  # the state moves to the other collection, and never keeps its key there
        if self.session_key is None:
            self.create()
            return
        fields = self._document_fields(state, timezone.now())
        if must_create:
            self._insert(home, fields)
        elif not home.objects.filter(pk=self._document.pk).update(**fields):
            raise UpdateError
        self._delete_outdated()

    def cycle_key(self) -> None:
        """Take a new key for the same state; the old document stays until the new one is written by ``save``."""
        self._get_session()
        if self.session_key:
            self._outdated_keys.add(self.session_key)
        self._session_key = None
        self._document = None
        self.modified = True

    def delete(self, session_key: str | None = None) -> None:
        """Delete the document of this key, or the session's own with all that it replaces."""
        keys = {session_key} if session_key else {self.session_key, *self._outdated_keys} - {None}
        if keys:
            Session.objects.filter(token__in=keys).delete()
            AnonymousSession.objects.filter(pk__in=keys).delete()

    def flush(self) -> None:
        """End the session at once and start an empty one without a key."""
        super().flush()
        self._document = None
        self._outdated_keys.clear()

    @classmethod
    def clear_expired(cls) -> None:
        """Delete what has expired; the time-to-live indexes do the same about once a minute."""
        now = timezone.now()
        Session.objects.filter(expires_at__lte=now).delete()
        AnonymousSession.objects.filter(expires_at__lte=now).delete()

    # ------------------------------------------------------------ inside

    def _get_new_session_key(self) -> str:
        return secrets.token_urlsafe(TOKEN_BYTES)  # unguessable; the unique index answers for the rest

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(super()._validate_session_key(key)) and len(key) <= TOKEN_MAX_LENGTH

    def _is_signed_in(self) -> bool:
        return SESSION_KEY in self._session

    def _is_due_for_refresh(self, document: Session | AnonymousSession) -> bool:
        """A session in use is prolonged at most once in SESSION_REFRESH_AFTER, not with every request."""
        seen = getattr(document, "last_seen_at", None)
        return isinstance(document, Session) and (not seen or timezone.now() - seen >= settings.SESSION_REFRESH_AFTER)

    def _document_fields(self, state: dict, now: datetime) -> dict:
        fields = {"data": self.encode(state), "expires_at": self.get_expiry_date(modification=now)}
        if self._is_signed_in():
            created_at = self._document.created_at if self._document else now
            fields |= {
                "user_id": Session._meta.get_field("user").target_field.to_python(state[SESSION_KEY]),
                "expires_at": min(fields["expires_at"], (created_at or now) + settings.SESSION_ABSOLUTE_AGE),
                "last_seen_at": now,
            }
            if self.ip_address:
                fields |= {"ip_address": self.ip_address, "user_agent": self.user_agent}
        return fields

    def _insert(self, home: type[Session] | type[AnonymousSession], fields: dict) -> None:
        document = home(token=self.session_key, **fields)
        try:
            document.save(force_insert=True)
        except IntegrityError as error:
            raise CreateError from error
        self._document = document

    def _delete_outdated(self) -> None:
        for key in self._outdated_keys:
            self.delete(key)
        self._outdated_keys.clear()


def _find_document(token: str, now: datetime) -> Session | AnonymousSession | None:
    """Return the living document with this token; both look-ups are by unique index."""
    document = Session.objects.filter(token=token).first() or AnonymousSession.objects.filter(pk=token).first()
    if document is None or not document.data or not document.expires_at or document.expires_at <= now:
        return None
    return document

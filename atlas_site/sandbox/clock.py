"""The sandbox's clock: the real time, or a time that a test has moved it to, from where it goes on."""

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be moved."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    @property
    def is_moved(self) -> bool:
        return bool(self._offset)

    def now(self) -> datetime:
        """Return the sandbox's time, in UTC."""
        return datetime.now(UTC) + self._offset

    def move(self, moment: datetime | None) -> None:
        """Make it this moment now (UTC where it names no zone), or with ``None`` the real time again."""
        if moment is None:
            self._offset = timedelta(0)
            return
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        self._offset = aware - datetime.now(UTC)

"""Logging the calls of a plan: chunk by chunk, each of which may be carried out again to the same effect."""

from datetime import date, datetime

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from leads.models import DialerChunk, DialerFile, Touch
from leads.services.calls.leases import State, change_state, find_file, hand_on, save_progress
from leads.services.calls.planning import PlanRow, moment_of
from leads.services.calls.reading import Clock
from leads.services.do_not_call import set_do_not_call
from leads.services.imports.planning import STINT
from leads.services.imports.uploads import waits_until
from leads.services.touches import NewTouch, log_touches, stored_key

TOUCHES_AT_ONCE = 100
WHY_BARRED = "Asked not to be called, as your dialer told"


def commit_calls(*, user: User, file_id: str, now: datetime) -> DialerFile:
    """Have the calls of a plan logged. Raises CallsNotFound, and WrongState unless it waits for this."""
    dialer_file = find_file(user=user, file_id=file_id)
    change_state(dialer_file, states=[State.PLANNED], state=State.COMMITTING, due_at=now, lease_until=None)
    return dialer_file


def carry_out(dialer_file: DialerFile, clock: Clock) -> None:
    """Log the calls, or the rest of them, until it is done or the stint is over. Raises LeaseLost."""
    began = clock()
    user = dialer_file.user
    left = {"$gt": dialer_file.chunks_committed, "$lte": dialer_file.chunks_planned}
    chunks = collection_of(DialerChunk).find({"fileId": dialer_file.pk, "number": left}, batch_size=2)
    for chunk in chunks.sort("number", 1):
        _bar(user, chunk["rows"], clock)
        touches = [_new(dialer_file, touch) for row in chunk["rows"] for touch in row.get("touches", ())]
        for start in range(0, len(touches), TOUCHES_AT_ONCE):
            now = clock()
            save_progress(dialer_file, now=now)
            log_touches(user=user, touches=touches[start : start + TOUCHES_AT_ONCE], now=now)
        now = clock()
        logged = dialer_file.logged + _logged(dialer_file, touches)
        save_progress(dialer_file, now=now, chunks_committed=chunk["number"], logged=logged)
        if now - began >= STINT and chunk["number"] < dialer_file.chunks_planned:
            hand_on(dialer_file, now=now, due_at=now)
            return
    now = clock()
    hand_on(dialer_file, now=now, state=State.DONE, due_at=waits_until(now), ended_at=now)


def _logged(dialer_file: DialerFile, touches: list[NewTouch]) -> int:
    """How many of these touches are logged by this file: a file that was planned beside it may have been before it."""
    keys = [stored_key(dialer_file.user_id, touch.key) for touch in touches]
    of_file = {"key": {"$in": keys}, "source": str(dialer_file.pk)}
    return collection_of(Touch).count_documents(of_file) if keys else 0


def _bar(user: User, rows: list[PlanRow], clock: Clock) -> None:
    """Bar the numbers that are nobody's, before the touches of their rows are logged.

    When these were logged by an earlier file, the user may have lifted the numbers since, and they stay as they are.
    """
    barring = [row for row in rows if row.get("numbers")]
    keys = {touch["key"]: stored_key(user.pk, touch["key"]) for row in barring for touch in row.get("touches", ())}
    there = collection_of(Touch).find({"key": {"$in": list(keys.values())}}, {"_id": 0, "key": 1}) if keys else ()
    logged = {found["key"] for found in there}
    numbers = [
        number
        for row in barring
        if "touches" not in row or any(keys[touch["key"]] not in logged for touch in row["touches"])
        for number in row["numbers"]
    ]
    if numbers:
        set_do_not_call(user=user, numbers=numbers, why=WHY_BARRED, now=clock())


def _new(dialer_file: DialerFile, touch: dict[str, str]) -> NewTouch:
    return NewTouch(
        key=touch["key"],
        identity_key=touch["identity"],
        outcome=touch["outcome"],
        contact_id=touch["contact"],
        number=touch["number"],
        text=touch["text"],
        call_back_on=date.fromisoformat(touch["back"]) if touch["back"] else None,
        touched_at=moment_of(touch["at"]),
        source=str(dialer_file.pk),
    )

"""Bringing contacts up to what traces told: of a person, all contacts on all lists of the user, as often as needed."""

from collections.abc import Iterable
from datetime import datetime

from bson import ObjectId

from leads.services import standing
from properties.services.traces import held_traces


def show_traces(*, user_id: ObjectId, keys: Iterable[str], now: datetime) -> None:
    """Bring all contacts of these identities of a user up to what Atlas holds of them; done twice, it is done once.

    What a trace says of a number takes the place of what was said of it before, and the user's own numbers stay. An
    answer that is older than what a contact shows changes nothing, and the numbers of a litigator are not kept.
    """
    held = held_traces(keys)
    if held:
        standing.refresh(user_id=user_id, identity_keys=held, traces=held, now=now)

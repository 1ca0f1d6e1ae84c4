"""Actions on many contacts of a list: `kinds` says what each does and how it is undone, `running` carries them out."""

from leads.services.actions.running import (
    MOST_AT_ONCE,
    AnotherAction,
    CannotUndo,
    NothingSelected,
    due_action_ids,
    forget_actions,
    run_action,
    start_action,
    undo_action,
)

__all__ = [
    "MOST_AT_ONCE",
    "AnotherAction",
    "CannotUndo",
    "NothingSelected",
    "due_action_ids",
    "forget_actions",
    "run_action",
    "start_action",
    "undo_action",
]

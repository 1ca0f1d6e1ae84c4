"""What is done with many contacts at once, step by step, and what it takes to undo it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from atlas_site.mongodb.models import Document
from leads.models.groups import LeadGroup


class ContactAction(Document):
    """One action on the contacts of a list that were chosen, or on all that match.

    It walks the contacts by their id, a step at a time. A step first notes which contacts it is about and how they
    were, then changes them, then moves the cursor on, so that a step that was killed is carried out again to the same
    effect, and that all of them can be undone. A worker claims it when it is due and nobody holds its lease, and every
    write of that worker names its attempt.
    """

    class Kind(models.TextChoices):
        STAGE = "stage", "Set stage"
        NEXT_TOUCH = "next_touch", "Set next touch"
        DO_NOT_CALL = "do_not_call", "Do not call"
        DO_NOT_MAIL = "do_not_mail", "Do not mail"
        REMOVE = "remove", "Remove from list"
        COPY = "copy", "Add to another list"

    class State(models.TextChoices):
        RUNNING = "running", "Being carried out"
        DONE = "done", "Done"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    lead_group = models.ForeignKey(
        LeadGroup, on_delete=models.CASCADE, db_column="leadId", db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # {"stage", "reason"}, {"on"}, {"is_on"} or {"group"}, by the kind; once it is undone, "left": how many stay as they
    # are, because they are on the list again or were written to since.
    what = models.JSONField(default=dict, blank=True)
    # The ids that were chosen, or the conditions of the list as a query string.
    ids = models.JSONField(default=list, blank=True)
    query = models.CharField(max_length=2_000, default="", blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    # About how many contacts it was about when it began; all of the list where nobody could tell soon enough.
    total = models.BigIntegerField(default=0)
    # Steps that are carried out, and of those how many are undone; contacts that were met, and that were changed.
    steps = models.IntegerField(default=0)
    steps_undone = models.IntegerField(default=0, db_column="stepsUndone")
    seen = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    # The id of the last contact of the last step.
    cursor = models.CharField(max_length=24, default="", blank=True)
    attempt = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, db_column="dueAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt", editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")

    class Meta:
        db_table = "ContactAction"
        indexes = [
            models.Index(fields=["lead_group", "-created_at"], name="action_by_list"),
            models.Index(fields=["state", "due_at"], name="action_by_due"),
            models.Index(fields=["created_at"], name="action_by_age"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.UNDONE}


class ContactActionStep(Document):
    """One step of an action: its contacts, and how they were."""

    action = models.ForeignKey(
        ContactAction, on_delete=models.CASCADE, db_column="actionId", db_index=False, related_name="step_documents"
    )
    number = models.IntegerField()
    # [{"id", "was"}], `was` what undoing needs.
    rows = models.JSONField(default=list)

    class Meta:
        db_table = "ContactActionStep"
        constraints = [models.UniqueConstraint(fields=["action", "number"], name="action_step_by_number")]

    def __str__(self) -> str:
        return f"step {self.number}"


class RemovedContact(Document):
    """A contact that was taken off a list, whole and under its id, for as long as that can be undone."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    action = models.ForeignKey(
        ContactAction, on_delete=models.CASCADE, db_column="actionId", db_index=False, related_name="+"
    )
    contact = models.JSONField()
    removed_at = models.DateTimeField(db_column="removedAt")

    class Meta:
        db_table = "RemovedContact"
        indexes = [
            models.Index(fields=["action"], name="removed_by_action"),
            models.Index(fields=["removed_at"], name="removed_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

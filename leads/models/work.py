"""What is known of people wherever they are listed: identities, touches, numbers that must not be called."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from atlas_site.mongodb.models import Document
from leads.models.groups import Contact


class Outcome(models.TextChoices):
    """How an attempt to reach somebody ended."""

    NO_ANSWER = "no_answer", "No answer"
    VOICEMAIL = "voicemail", "Voicemail"
    WRONG_NUMBER = "wrong_number", "Wrong number"
    DISCONNECTED = "disconnected", "Disconnected"
    NOT_INTERESTED = "not_interested", "Not interested"
    CALL_BACK = "call_back", "Call back"
    INTERESTED = "interested", "Interested"
    DO_NOT_CALL = "do_not_call", "Do not call"


class Identity(Document):
    """A person at an address, as one user knows them: what holds on every list, and outlives all of them.

    Lists come and go, and contacts with them. Whoever asked not to be called is not called when a new list brings them
    back.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    # The `identity_key` of its contacts.
    key = models.CharField(max_length=32)
    do_not_call_at = models.DateTimeField(null=True, blank=True, db_column="doNotCallAt")
    do_not_mail_at = models.DateTimeField(null=True, blank=True, db_column="doNotMailAt")
    # Who says so where it is not the user, as a sentence.
    do_not_mail_why = models.CharField(max_length=200, null=True, blank=True, db_column="doNotMailWhy")
    # Numbers that reach somebody else or nobody: {"6145550174": "wrong_number"}.
    bad_numbers = models.JSONField(default=dict, blank=True, db_column="badNumbers")
    touch_count = models.IntegerField(default=0, db_column="touchCount")
    last_outcome = models.CharField(
        max_length=16, choices=Outcome.choices, null=True, blank=True, db_column="lastOutcome"
    )
    last_touched_at = models.DateTimeField(null=True, blank=True, db_column="lastTouchedAt")
    next_touch_on = models.DateField(null=True, blank=True, db_column="nextTouchOn")
    # Where the lead stands, once somebody worked on it: on all lists, and on those that will bring it back.
    stage = models.CharField(max_length=16, choices=Contact.Stage.choices, null=True, blank=True)
    dead_reason = models.CharField(max_length=200, null=True, blank=True, db_column="deadReason")
    stage_at = models.DateTimeField(null=True, blank=True, db_column="stageAt")
    # Each change counts, so that two at once do not overwrite each other.
    version = models.IntegerField(default=0)

    class Meta:
        db_table = "Identity"
        verbose_name_plural = "identities"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="identity_by_key")]

    def __str__(self) -> str:
        return self.key


class Touch(Document):
    """One attempt to reach somebody, and how it ended. Never changed or removed: a mistake is answered by another."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="touches"
    )
    # Whatever is done twice with one key is done once: a form's token, a row of a dialer's file.
    key = models.CharField(max_length=64, unique=True)
    identity_key = models.CharField(max_length=32, db_column="identityKey")
    contact_id = models.CharField(max_length=24, db_column="contactId")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    number = models.CharField(max_length=10, default="", blank=True)
    text = models.TextField(default="", blank=True)
    call_back_on = models.DateField(null=True, blank=True, db_column="callBackOn")
    # "hand", or the id of the dialer's file that it came with.
    source = models.CharField(max_length=40, default="hand")
    touched_at = models.DateTimeField(db_column="touchedAt")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt", editable=False)

    class Meta:
        db_table = "Touch"
        verbose_name_plural = "touches"
        indexes = [
            models.Index(fields=["user", "identity_key", "-touched_at"], name="touch_by_identity"),
            models.Index(fields=["user", "-touched_at"], name="touch_by_time"),
        ]

    def __str__(self) -> str:
        return self.get_outcome_display()


class DoNotCall(Document):
    """A number on a user's own do-not-call list. Taken off again, it keeps the record of both."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    number = models.CharField(max_length=10)
    why = models.CharField(max_length=200, default="", blank=True)
    added_at = models.DateTimeField(db_column="addedAt")
    removed_at = models.DateTimeField(null=True, blank=True, db_column="removedAt")
    # The record of both, the oldest first: [{"what": "added" or "lifted", "at", "why", "with"}], "with" the identities
    # of the people with whom it was added, and nothing where it was added on its own.
    history = models.JSONField(default=list, blank=True)

    class Meta:
        db_table = "DoNotCall"
        verbose_name = "do-not-call number"
        constraints = [models.UniqueConstraint(fields=["user", "number"], name="do_not_call_by_number")]
        indexes = [models.Index(fields=["user", "-added_at", "-id"], name="do_not_call_by_age")]

    def __str__(self) -> str:
        return self.number


class TraceRefund(Document):
    """A traced person whose numbers were all logged wrong or disconnected within 30 days: the unit comes back.

    It waits while the refunds of the last 30 days are 5 % of the hits, and fractions of a credit until they add up.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    # The identity, and the quote that paid for its trace.
    key = models.CharField(max_length=32)
    quote_id = models.CharField(max_length=32, db_column="quoteId")
    # What the unit cost in credits, as the quote says it: "0.5".
    weight = models.CharField(max_length=20)
    noted_at = models.DateTimeField(db_column="notedAt")
    refunded_at = models.DateTimeField(null=True, blank=True, db_column="refundedAt")

    class Meta:
        db_table = "TraceRefund"
        constraints = [models.UniqueConstraint(fields=["user", "key", "quote_id"], name="refund_once")]
        indexes = [models.Index(fields=["user", "refunded_at", "noted_at"], name="refund_by_time")]

    def __str__(self) -> str:
        return self.key

"""What happens to accounts, told to the apps above, which accounts may not import."""

from django.dispatch import Signal

onboarding_completed = Signal()
"""A user has completed onboarding and all of it is written. Sends ``user`` and ``now``.

It is sent again when the form is posted again, so that what a failed receiver left undone is made up for: receivers act
once per user, however often they are called.
"""

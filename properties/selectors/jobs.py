"""Jobs of a user."""

from bson import ObjectId
from bson.errors import InvalidId

from accounts.models import User
from properties.models import PropertyJob


def find_job(user: User, job_id: str) -> PropertyJob | None:
    """The user's job of this id, or None."""
    try:
        return PropertyJob.objects.filter(user=user, pk=ObjectId(job_id)).first()
    except InvalidId:
        return None


def latest_receipt_of(user: User, property_id: str) -> PropertyJob | None:
    """The user's newest finished unlock of this property, whose receipt its page shows."""
    finished = [PropertyJob.State.DONE, PropertyJob.State.FAILED]
    jobs = PropertyJob.objects.filter(user=user, property_id=property_id)
    return jobs.filter(state__in=finished).order_by("-created_at").first()

"""How a user wants to see and export their list: kept as chosen."""

from collections.abc import Sequence

from bson import ObjectId
from django.db import IntegrityError

from properties.models import ViewPreference


def set_list_view(*, user_id: ObjectId, columns: Sequence[str], density: str) -> None:
    """Keep the columns and the density of the list."""
    _keep(user_id, columns=list(columns), density=density)


def reset_list_view(*, user_id: ObjectId) -> None:
    """Forget what was chosen for the list; it has its usual columns and density again."""
    _keep(user_id, columns=[], density="compact")


def set_export_view(*, user_id: ObjectId, columns: Sequence[str], file_format: str) -> None:
    """Keep the columns and the format of the last export."""
    _keep(user_id, export_columns=list(columns), export_format=file_format)


def _keep(user_id: ObjectId, **values: object) -> None:
    mine = ViewPreference.objects.filter(user_id=user_id)
    if mine.update(**values):
        return
    try:
        ViewPreference.objects.create(user_id=user_id, **values)
    except IntegrityError:  # another request was first
        mine.update(**values)

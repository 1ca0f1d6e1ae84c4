"""What the tests of lists share: uploads in a folder of the test's own, and imports carried on without a worker."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from atlas_site.vendors.storage import private_storage
from leads.models import LeadGroup, LeadImport
from leads.services import imports

State = LeadImport.State


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    """A folder of this test's own for uploads."""
    folder = tmp_path / "uploads"
    entry = private_storage(folder=folder, bucket="", region="", endpoint_url="", access_key="", secret_key="")
    settings.STORAGES = {**settings.STORAGES, "uploads": entry}
    return folder


def upload(user: User, content: bytes, name: str = "list.csv", **options) -> LeadImport:
    """Receive a file of a user."""
    return imports.receive_upload(
        user=user, content=ContentFile(content, name=name), file_name=name, now=timezone.now(), **options
    )


def carry_on(lead_import: LeadImport) -> LeadImport:
    """Let a worker carry the import on until it waits or is over."""
    imports.run_import(import_id=str(lead_import.pk), now=timezone.now)
    return LeadImport.objects.get(pk=lead_import.pk)


def plan(user: User, content: bytes, name: str = "list.csv", **options) -> LeadImport:
    """Upload a file and let its plan be made with the columns as they were guessed."""
    lead_import = carry_on(upload(user, content, name, **options))
    if lead_import.state == State.MAPPING:
        imports.confirm_mapping(
            user=user, import_id=str(lead_import.pk), mapping=lead_import.mapping, now=timezone.now()
        )
        lead_import = carry_on(lead_import)
    assert lead_import.state == State.PLANNED, lead_import.problem
    return lead_import


def commit(lead_import: LeadImport) -> LeadImport:
    """Have the plan carried out."""
    imports.commit_import(
        user=lead_import.user, import_id=str(lead_import.pk), plan_hash=lead_import.plan_hash, now=timezone.now()
    )
    lead_import = carry_on(lead_import)
    assert lead_import.state == State.DONE
    return lead_import


@pytest.fixture
def import_list() -> Callable[..., LeadGroup]:
    """Import a file of a user and return the list: `import_list(alice, content)`."""

    def run(user: User, content: bytes, name: str = "list.csv", **options) -> LeadGroup:
        return LeadGroup.objects.get(pk=commit(plan(user, content, name, **options)).lead_group_id)

    return run


def in_a_minute(minutes: float = 1.1):
    """A clock that is ahead, so that leases that were left are over."""
    return lambda: timezone.now() + timedelta(minutes=minutes)

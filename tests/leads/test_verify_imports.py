"""The imports' side of `verify_books`: each rule holds for real imports and names what breaks it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from leads.models import Contact, LeadImport, LeadWorkspace, ListJob
from leads.services.books import LEAD_RULES, verify_imports
from tests.factories import ContactFactory, ListJobFactory
from tests.leads.conftest import commit, plan
from tests.leads.killing import accept
from tests.leads.lists import as_csv, lead_rows


def broken() -> list[str]:
    found: list[str] = []
    verify_imports(check=lambda rule, holds, subject, text: None if holds else found.append(rule))
    return found


@pytest.fixture
def imported(alice, bob):
    """Two imports that are done, one that is being carried out, and one that waits."""
    done = commit(plan(alice, as_csv(lead_rows(60))))
    commit(plan(alice, as_csv(lead_rows(60))))
    accept(plan(bob, as_csv(lead_rows(30))))
    plan(alice, as_csv(lead_rows(20)), group_name="Waiting")
    ContactFactory.create()  # one of an earlier Atlas
    return done


def test_imports_that_were_really_made_are_sound(imported):
    assert broken() == []


def test_the_command_checks_imports_too(imported):
    out = StringIO()
    call_command("verify_books", stdout=out)
    for rule, text in LEAD_RULES.items():
        line = next(line for line in out.getvalue().splitlines() if line.startswith(rule))
        assert (" ok " in line, text in line) == (True, True)


def test_a_row_that_is_in_no_kind_breaks_b33(imported):
    LeadImport.objects.filter(pk=imported.pk).update(counts={**imported.counts, "rejected": 0})
    assert broken() == ["B33"]
    with pytest.raises(CommandError, match="breaches"):
        call_command("verify_books", stdout=StringIO())


def test_an_import_that_ended_before_its_plan_breaks_b34(imported):
    LeadImport.objects.filter(pk=imported.pk).update(chunks_committed=0)
    assert broken() == ["B34"]


def test_a_workspace_that_nobody_works_on_must_be_free(imported):
    LeadWorkspace.objects.filter(user=imported.user).update(committing=str(imported.pk))
    assert broken() == ["B34"]
    job = ListJobFactory.create(user=imported.user, state="making")
    LeadWorkspace.objects.filter(user=imported.user).update(committing=str(job.pk))
    assert broken() == []
    ListJob.objects.filter(pk=job.pk).update(state="done")
    assert broken() == ["B34"]


def test_a_contact_on_the_list_of_another_user_breaks_b35(imported, bob):
    (contact, *_) = Contact.objects.filter(lead_group=imported.lead_group_id)
    Contact.objects.filter(pk=contact.pk).update(user=bob)
    assert broken() == ["B35"]

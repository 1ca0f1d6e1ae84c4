"""What lists ask of the database is answered from indexes."""

import pytest
from bson import ObjectId
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import assert_index_scan, assert_index_scan_of
from leads.models import Contact, LeadGroup, LeadWorkspace, ListJob, ListPart
from leads.selectors import lists as selectors
from leads.services import groups, linking, lists
from properties.models import PropertyDatasetPermission
from tests import factories

ID = ObjectId()
USER = User(pk=ID)
READS = {
    "lists of a user": lambda: selectors.groups_page(USER),
    "deleted lists of a user": lambda: selectors.deleted_groups(USER, timezone.now()),
    "chosen lists": lambda: selectors.chosen_groups(USER, [str(ID)]),
    "lists that a reveal can leave out": lambda: selectors.exclusion_choices(USER),
    "work on lists of a user": lambda: selectors.open_jobs(USER),
    "work on lists that is due": lambda: lists.due_job_ids(now=timezone.now()),
    "users whose lists are to be linked": lambda: linking.due_user_ids(now=timezone.now()),
    "users to look at again": LeadWorkspace.objects.order_by("looked_at")[:200],
}
COMMANDS = {
    "contacts of a list": (Contact, {"leadsId": ID}),
    "contacts of a list without a property": (Contact, {"userId": ID, "propertyId": None, "leadsId": ID}),
    "contacts that belong to properties": (Contact, {"userId": ID, "propertyId": {"$in": ["a", "b"]}}),
    "contacts at places": (Contact, {"userId": ID, "placeKey": {"$in": ["a", "b"]}, "propertyId": None}),
    "contacts that are on the list": (
        Contact,
        {"userId": ID, "matchKeys": {"$in": ["a"]}, "leadsId": ID, "_id": {"$nin": [ID]}},
    ),
    "owned in a ZIP code": (
        PropertyDatasetPermission,
        {"userId": ID, "datasets": "BASIC", "postal_code": {"$gte": "85007", "$lt": "85007~"}},
    ),
    "owned in cities": (
        PropertyDatasetPermission,
        {"userId": ID, "datasets": "BASIC", "$or": [{"state": "AZ", "city": {"$in": ["Phoenix"]}}]},
    ),
    "revealed lately": (PropertyDatasetPermission, {"userId": ID, "revealedAt": {"$gt": timezone.now()}}),
    "work to be claimed": (ListJob, {"_id": ID, "dueAt": {"$lte": timezone.now()}}),
    "parts of a combination": (ListPart, {"jobId": ID, "number": {"$gt": 1}}),
    "workspace whose lists are to be linked": (LeadWorkspace, {"userId": ID, "linkDueAt": {"$lte": timezone.now()}}),
}


@pytest.mark.parametrize("name", READS)
def test_reads_of_lists_use_an_index(db, name):
    assert_index_scan(READS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_of_lists_use_an_index(db, name):
    model, condition = COMMANDS[name]
    assert_index_scan_of(collection_of(model), condition)


def test_lists_are_removed_for_good_by_indexes(alice):
    now = timezone.now()
    long_ago = now - groups.PURGED_AFTER
    factories.LeadGroupFactory.create(user=alice, is_deleted=True, deleted_at=now)
    due = factories.LeadGroupFactory.create(user=alice, is_deleted=True, deleted_at=long_ago)
    kept = [factories.LeadImportFactory(lead_group=due), factories.ListJobFactory(lead_group=due)]
    gone = [factories.ContactExportFactory(lead_group=due), factories.ContactActionFactory(lead_group=due)]
    assert_index_scan(lambda: groups.purge_deleted(now=now))
    assert LeadGroup.objects.filter(pk=due.pk).count() == 0
    assert [type(each).objects.get(pk=each.pk).lead_group_id for each in kept] == [None, None]
    assert not any(type(each).objects.filter(pk=each.pk).exists() for each in gone)
    assert groups.purge_deleted(now=now) is False

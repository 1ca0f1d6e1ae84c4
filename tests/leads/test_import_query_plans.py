"""What imports ask of the database is answered from indexes."""

import pytest
from bson import ObjectId
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import assert_index_scan, assert_index_scan_of
from leads.models import Contact, ImportChunk, LeadGroup, LeadImport
from leads.selectors.imports import find_import, list_imports
from leads.services import imports
from leads.services.imports.mapping import remembered_mapping
from leads.services.imports.uploads import CANCELLABLE

ID = ObjectId()
READS = {
    "imports of a user": lambda: list_imports(User(pk=ID)),
    "import of a user": lambda: find_import(User(pk=ID), str(ID)),
    "imports that are due": lambda: imports.due_import_ids(now=timezone.now()),
    "open imports of a user": LeadImport.objects.filter(user_id=ID, state__in=CANCELLABLE)[:20],
    "imports of the same file": LeadImport.objects.filter(user_id=ID, content_hash="h").order_by("-created_at")[:10],
    "lists of a user": LeadGroup.objects.filter(user_id=ID, is_deleted=False),
    "remembered columns": lambda: remembered_mapping(ID, ["Address"]),
}
COMMANDS = {
    "chunks of a plan": (ImportChunk, {"importId": ID, "number": {"$gt": 1, "$lte": 9}}),
    "chunks with rows of a kind": (ImportChunk, {"importId": ID, "number": {"$gte": 1}, "rows.kind": "rejected"}),
    "contacts that are leads of a file": (Contact, {"userId": ID, "matchKeys": {"$in": ["a", "b"]}}),
    "some contact of a user": (Contact, {"userId": ID}),
    "contacts of a list": (Contact, {"leadsId": ID}),
    "contact to add to": (Contact, {"_id": ID, "userId": ID, "phones.number": {"$ne": "6145550101"}}),
}


@pytest.mark.parametrize("name", READS)
def test_reads_of_imports_use_an_index(db, name):
    assert_index_scan(READS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_of_imports_use_an_index(db, name):
    model, condition = COMMANDS[name]
    assert_index_scan_of(collection_of(model), condition)

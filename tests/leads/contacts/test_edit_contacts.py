"""What is changed of one contact is changed whole, and never over what somebody else has changed since."""

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from pymongo.errors import PyMongoError

from atlas_site.mongodb.documents import collection_of
from leads.models import Contact, ContactAction, LeadWorkspace
from leads.services.actions import undo_action
from leads.services.contacts import EDITED, ContactChanged, change_stage, edit_contact, version_of
from leads.services.workspaces import ListsChanged, begin_commit, read_workspace
from properties.models import PropertyDatasetPermission
from tests.factories import NOON, LeadGroupFactory, PropertyDatasetPermissionFactory
from tests.failpoints import fail_commands
from tests.leads.contacts.people import make_contacts

COMMANDS = ("find", "aggregate", "update", "commitTransaction")
PLACE = {"city": "Phoenix", "state": "AZ", "zip": "85007"}


@pytest.fixture
def contact(alice) -> Contact:
    """A contact at a property of alice's, who owns one more."""
    PropertyDatasetPermissionFactory.create(user=alice, property_id="before", address="1 Elm St")
    PropertyDatasetPermissionFactory.create(user=alice, property_id="after", address="2 Oak St")
    place = {**PLACE, "address": "1 Elm St", "property_id": "before"}
    group = LeadGroupFactory.create(user=alice)
    (contact,) = make_contacts(group, 1, first_name="Ada", last_name="Berg", company=None, stage="new", **place)
    return contact


def rewrite(user, contact: Contact, shown: str = "", **changes: str) -> None:
    """Edit a contact as its page does, which showed it in this version."""
    values = {name: getattr(contact, name) or "" for name in EDITED} | changes
    told = {"phone": "6145550177", "email": "ada@example.com", "version": shown or version_of(contact)}
    edit_contact(user=user, contact=contact, values=values, now=NOON, **told)


def what_is_there(user) -> list[object]:
    return [
        *collection_of(Contact).find({"userId": user.pk}),
        *collection_of(LeadWorkspace).find({"userId": user.pk}),
        *PropertyDatasetPermission.objects.filter(user=user).order_by("property_id").values("property_id", "stacked"),
    ]


def test_an_edit_that_dies_anywhere_leaves_nothing_and_is_made_when_asked_again(alice, contact):
    planned_for, before = read_workspace(alice.pk).version, what_is_there(alice)
    dead = 0
    while True:
        try:
            with fail_commands(connection.connection, *COMMANDS, after=dead, errorCode=8000):
                rewrite(alice, contact, address="2 Oak St")
            break
        except (DatabaseError, PyMongoError):
            assert what_is_there(alice) == before, dead
            dead += 1

    assert dead > 10
    now = Contact.objects.get(pk=contact.pk)
    assert (now.address, now.property_id, now.identity_key) == ("2 Oak St", "after", contact.identity_key)
    assert "6145550177" in [each["number"] for each in now.phones]
    assert {"address": "ada@example.com"} in now.emails
    stacked = dict(PropertyDatasetPermission.objects.filter(user=alice).values_list("property_id", "stacked"))
    assert stacked == {"before": {"lists": 0}, "after": {"lists": 1}}
    with pytest.raises(ListsChanged):
        begin_commit(user_id=alice.pk, import_id="an earlier plan", version=planned_for)

    done = what_is_there(alice)
    rewrite(alice, now, shown=version_of(contact), address="2 Oak St")  # sent twice
    assert what_is_there(alice) == done
    with pytest.raises(ContactChanged):
        rewrite(alice, now, shown=version_of(contact), address="3 Fir St")


def test_a_stage_is_compared_at_the_moment_at_which_it_is_set(alice, contact):
    """Two tabs have read the contact before either writes."""
    shown = Contact.objects.get(pk=contact.pk)

    def move(stage: str) -> ContactAction | None:
        return change_stage(
            user=alice, group=contact.lead_group, contact=shown, stage=stage, was="new", now=timezone.now
        )

    action = move("talking")
    with pytest.raises(ContactChanged):
        move("dead")
    assert move("talking") is None
    assert Contact.objects.get(pk=contact.pk).stage == "talking"
    assert [(each.pk, each.changed) for each in ContactAction.objects.all()] == [(action.pk, 1)]
    undo_action(user=alice, action_id=str(action.pk), now=timezone.now)
    assert Contact.objects.get(pk=contact.pk).stage == "new"
    Contact.objects.all().delete()
    with pytest.raises(ContactChanged):
        move("dead")

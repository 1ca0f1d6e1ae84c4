"""Whom the admin lets do what: read by keys, it is what Django reads with its joins."""

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User

KINDS = {"user": "get_user_permissions", "group": "get_group_permissions"}


def as_django_reads_it(user: User, kind: str) -> set[str]:
    """Return the codes that Django's own query brings for a user."""
    if user.is_superuser:
        permissions = Permission.objects.all()
    else:
        permissions = getattr(ModelBackend(), f"_get_{kind}_permissions")(user)
    codes = permissions.values_list("content_type__app_label", "codename").order_by()
    return {f"{app_label}.{codename}" for app_label, codename in codes}


@pytest.mark.parametrize("kind", KINDS)
def test_permissions_are_those_that_django_reads(kind, alice, sam, uma, make_user):
    root = make_user(role=User.Role.ADMIN, is_superuser=True)
    both = make_user(role=User.Role.ADMIN)
    both.groups.set(Group.objects.all())
    both.user_permissions.set(Permission.objects.filter(codename__in=["delete_user", "add_faq", "replay_webhookevent"]))
    sizes = set()
    for user in (alice, sam, uma, root, both):
        codes = getattr(User.objects.get(pk=user.pk), KINDS[kind])()
        assert codes == as_django_reads_it(user, kind)
        sizes.add(len(codes))
    assert len(sizes) > 2
    everything = User.objects.get(pk=both.pk).get_all_permissions()
    assert everything == both.get_user_permissions() | both.get_group_permissions()


def test_the_banned_may_do_nothing(sam):
    sam.banned = True
    assert sam.get_all_permissions() == set()
    assert not sam.has_perm("accounts.view_user")


def test_permissions_are_read_once_and_without_joins(sam):
    with CaptureQueriesContext(connection) as queries:
        assert sam.has_perm("accounts.view_user")
        assert not sam.has_perm("credits.change_creditlog")
        assert sam.has_module_perms("leads")
    assert len(queries) == 5
    assert not any("$lookup" in query["sql"] for query in queries)

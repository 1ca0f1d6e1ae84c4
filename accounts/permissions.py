"""What a person may do in the admin, read without joins.

Django asks for it with one query of many joins, which MongoDB answers by looking at every permission for every group:
it took longer than the rest of a page. Here the same is read by keys, and handed to Django where it remembers it.
"""

from django.contrib.auth.models import Group, Permission, PermissionsMixin
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.utils.functional import cached_property


class ReadPermissionsMixin(PermissionsMixin):
    """Django's mixin, whose answers ``ModelBackend`` finds under the names of its own cache (``_get_permissions``)."""

    class Meta:
        abstract = True

    @cached_property
    def _user_perm_cache(self) -> set[str]:
        """The permissions that were given to the person, such as ``leads.view_touch``: all of them to a superuser."""
        if self.is_superuser:
            return _codes_of(Permission.objects.all())
        given = type(self).user_permissions.through.objects.filter(user_id=self.pk)
        return _codes_of(Permission.objects.filter(pk__in=list(given.values_list("permission_id", flat=True))))

    @cached_property
    def _group_perm_cache(self) -> set[str]:
        """The permissions of the person's groups, in the same words."""
        if self.is_superuser:
            return self._user_perm_cache
        groups = type(self).groups.through.objects.filter(user_id=self.pk).values_list("group_id", flat=True)
        given = Group.permissions.through.objects.filter(group_id__in=list(groups))
        return _codes_of(Permission.objects.filter(pk__in=list(given.values_list("permission_id", flat=True))))


def _codes_of(permissions: QuerySet[Permission]) -> set[str]:
    codes = list(permissions.order_by().values_list("content_type_id", "codename"))
    labels = dict(ContentType.objects.values_list("pk", "app_label")) if codes else {}
    return {f"{labels[content_type]}.{codename}" for content_type, codename in codes}

"""The two groups of people with role ADMIN, and what each may do in the admin.

They are written here rather than clicked together: ``migrate`` gives both groups exactly these permissions, so a new
model is in the hands of staff from its first migration on. The ledger and the vendor calls are closed to everybody's
changes by their admin classes, superusers included; leaving the permissions out keeps other doors closed too.
"""

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.db.models.signals import post_migrate

STAFF = "staff"
SUPPORT = "support"

# Written by services or by the machinery alone. Staff may look, and replay events.
READ_ONLY_MODELS = {
    "admin.logentry",
    "auth.group",
    "auth.permission",
    "billing.autotopup",
    "billing.billing",
    "billing.billingdifference",
    "billing.billingnotice",
    "billing.checkout",
    "billing.offer",
    "billing.paymenttransaction",
    "billing.reconciliationrun",
    "billing.topup",
    "billing.webhookevent",
    "contenttypes.contenttype",
    "credits.credit",
    "credits.creditlog",
    "credits.creditusage",
    "credits.quote",
    "credits.welcomeclaim",
    "leads.columnmapping",
    "leads.donotcall",
    "leads.identity",
    "leads.importchunk",
    "leads.leadimport",
    "leads.leadworkspace",
    "leads.touch",
    "properties.allowance",
    "properties.digest",
    "properties.export",
    "properties.ownedcell",
    "properties.persontrace",
    "properties.savedsearchsnapshot",
    "properties.tracepurchase",
    "properties.vendorbillday",
    "properties.watch",
    "vendors.vendorcall",
}
SUPPORT_PERMISSIONS = {
    "accounts.view_user",
    "credits.view_credit",
    "credits.view_creditlog",
    "credits.view_creditusage",
    "credits.view_quote",
    "feedback.change_featurerequest",
    "feedback.view_featurerequest",
}


def connect() -> None:
    """Have every ``migrate`` bring both groups up to date, after the last app that has models."""
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    post_migrate.connect(make_groups, sender=last, dispatch_uid="atlas_site.staff.groups")


def make_groups(sender: AppConfig, using: str = "default", **kwargs) -> None:
    """Make the groups and set their permissions. Safe to repeat; what was clicked into the groups is taken back."""
    from django.contrib.auth.models import Group, Permission  # noqa: PLC0415 -- the app registry is complete by now

    create_permissions(sender, verbosity=0, using=using)  # Django's own receiver may come after this one
    codes = {
        permission.pk: f"{app_label}.{permission.codename}"
        for permission, app_label in _permissions_with_app(Permission.objects.using(using))
    }
    wanted = {
        STAFF: [key for key, code in codes.items() if _is_for_staff(code)],
        SUPPORT: [key for key, code in codes.items() if code in SUPPORT_PERMISSIONS],
    }
    for name, permissions in wanted.items():
        group = Group.objects.using(using).filter(name=name).first()
        if group is None:
            group = Group.objects.using(using).create(name=name)
        group.permissions.set(permissions)


def _permissions_with_app(permissions):
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415 -- as above

    labels = dict(ContentType.objects.using(permissions.db).values_list("pk", "app_label"))
    return [(permission, labels[permission.content_type_id]) for permission in permissions.all()]


def _is_for_staff(code: str) -> bool:
    app_label, codename = code.split(".")
    action, model = codename.split("_", 1)
    return action in {"view", "replay"} or f"{app_label}.{model}" not in READ_ONLY_MODELS

"""The site's own app, and the contrib and third-party apps with ObjectId keys."""

from allauth.account.apps import AccountConfig
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig

OBJECT_ID = "django_mongodb_backend.fields.ObjectIdAutoField"


class AtlasSiteConfig(AppConfig):
    """System checks, management commands and template tags of the whole site."""

    name = "atlas_site"
    verbose_name = "Atlas"

    def ready(self) -> None:
        # Tasks belong to the Celery app that is there when they are called; without this one, every message that a web
        # process sends would go to a broker that Celery makes up.
        from atlas_site import (  # noqa: PLC0415 -- both need the settings and the loaded apps
            celery,  # noqa: F401 -- makes itself the current app
            checks,  # noqa: F401 -- registers them
        )
        from atlas_site.staff import groups  # noqa: PLC0415 -- apps are loaded first

        groups.connect()


class MongoAdminConfig(AdminConfig):
    default_auto_field = OBJECT_ID
    default_site = "atlas_site.staff.site.AtlasAdminSite"


class MongoAuthConfig(AuthConfig):
    default_auto_field = OBJECT_ID


class MongoContentTypesConfig(ContentTypesConfig):
    default_auto_field = OBJECT_ID


class MongoAllauthAccountConfig(AccountConfig):
    verbose_name = "Sign-in"
    default_auto_field = OBJECT_ID

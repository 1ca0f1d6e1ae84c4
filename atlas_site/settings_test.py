"""What differs under test: cheap password hashes, plain static names, limits that only their own tests want."""

from atlas_site.settings import *  # noqa: F403
from atlas_site.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "tests.mongodb"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    # Live-server tests ask for plain names: the manifest storage has one test of its own.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
BATCHDATA_RETRY_WAIT_SECONDS = 0.01

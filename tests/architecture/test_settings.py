"""Wrong settings stop the start with a sentence that names the variable, and never tell a secret."""

import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured

from atlas_site.lib.home import PROJECT_ROOT

PRODUCTION = {
    "ATLAS_ENV": "production",
    "SECRET_KEY": "k" * 50,
    "SITE_URL": "https://atlas.example.com",
    "MONGODB_URI": "mongodb://db.example.com/atlas?replicaSet=rs0",
    "REDIS_URL": "rediss://:secret-word@cache.example.com/0",
    "BATCHDATA_API_KEY": "token",
    "BATCHDATA_BASE_URL": "https://api.example.com",
    "CHARGEBEE_SITE": "atlas",
    "CHARGEBEE_API_KEY": "key",
    "CHARGEBEE_WEBHOOK_USERS": "chargebee:a-long-secret-password",
    "STREETVIEW_KEY": "key",
    "STREETVIEW_SECRET": "c2VjcmV0LXdvcmQ=",
    "S3_ACCESS_KEY_ID": "key",
    "S3_SECRET_ACCESS_KEY": "secret-word",
    "EMAIL_HOST": "mail.example.com",
}
# What Atlas does without: the feature is then not there.
OPTIONAL = {"ATLAS_ENV", "BATCHDATA_BASE_URL", "STREETVIEW_KEY", "S3_ACCESS_KEY_ID"}


@pytest.fixture
def read(monkeypatch):
    """Read the settings of a production environment with these changes; None leaves a variable out."""

    def run(**changes):
        for name, value in {**PRODUCTION, **changes}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return runpy.run_path(str(PROJECT_ROOT / "atlas_site" / "settings.py"))

    return run


def test_a_whole_environment_starts(read):
    settings = read(BEHIND_TLS_PROXY="1", TRUSTED_PROXY_COUNT="1")

    assert (settings["PRODUCTION"], settings["DEBUG"], settings["SESSION_COOKIE_SECURE"]) == (True, False, True)


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name not in OPTIONAL])
def test_a_missing_variable_is_named(name, read):
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is not set"):
        read(**{name: None})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATLAS_ENV", "staging"),
        ("SECRET_KEY", "short"),
        ("SITE_URL", "atlas.example.com"),
        ("SITE_URL", "http://atlas.example.com"),
        ("SITE_URL", "https://[atlas"),
        ("MONGODB_URI", "postgres://db/atlas"),
        ("MONGODB_URI", "mongodb://db.example.com"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://:secret-word@cache.example.com"),
        ("BATCHDATA_BASE_URL", "http://api.example.com"),
        ("BATCHDATA_BASE_URL", "https://user:secret-word@api.example.com"),
        ("STREETVIEW_BASE_URL", "http://maps.example.com"),
        ("STREETVIEW_BASE_URL", "maps.example.com"),
        ("STREETVIEW_SECRET", "no secret-word of base64!"),
        ("STREETVIEW_SECRET", None),
        ("STORE_STREET_VIEW_IMAGES", "perhaps"),
        ("STREET_VIEW_IMAGES_A_DAY", "-1"),
        ("S3_ENDPOINT_URL", "http://s3.example.com"),
        ("S3_SECRET_ACCESS_KEY", None),
        ("LISTING_PHOTO_HOSTS", "photos.example.com,127.0.0.1"),
        ("VENDOR_CALL_KEEP_DAYS", "-1"),
        ("WELCOME_CREDITS", "many"),
        ("EMAIL_USE_TLS", "perhaps"),
    ],
)
def test_a_wrong_value_is_named_and_no_secret_told(name, value, read):
    with pytest.raises(ImproperlyConfigured, match=name) as caught:
        read(**{name: value})

    assert "secret-word" not in str(caught.value)


def test_without_a_key_no_secret_is_needed_and_nothing_is_kept_of_streets(read):
    settings = read(
        STREETVIEW_KEY=None, STREETVIEW_SECRET=None, STREETVIEW_BASE_URL=None, STORE_STREET_VIEW_IMAGES=None
    )

    assert (settings["STREETVIEW_KEY"], settings["STORE_STREET_VIEW_IMAGES"]) == ("", False)
    assert settings["STREETVIEW_BASE_URL"] == "https://maps.googleapis.com"


def test_pictures_are_kept_in_a_folder_or_in_the_bucket_that_is_named(read):
    folder = read(S3_BUCKET=None)["STORAGES"]["google_images"]
    bucket = read(S3_BUCKET="pictures", S3_REGION="us-west-2")["STORAGES"]["google_images"]

    assert "location" in folder["OPTIONS"]
    assert (bucket["OPTIONS"]["bucket_name"], bucket["OPTIONS"]["region_name"]) == ("pictures", "us-west-2")


def test_photos_of_listings_need_the_hosts_that_they_come_from(read):
    with pytest.raises(ImproperlyConfigured, match="LISTING_PHOTO_HOSTS"):
        read(SHOW_LISTING_PHOTOS="1", LISTING_PHOTO_HOSTS=None)

    assert read(SHOW_LISTING_PHOTOS="1", LISTING_PHOTO_HOSTS="a.example.com, b.example.com")["SHOW_LISTING_PHOTOS"]


def test_a_proxy_that_is_not_counted_is_refused(read):
    """The rate limits of signing in would count all people as one."""
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXY_COUNT"):
        read(BEHIND_TLS_PROXY="1", TRUSTED_PROXY_COUNT=None)

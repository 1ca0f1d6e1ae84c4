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
    "EMAIL_HOST": "mail.example.com",
}


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


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name not in {"ATLAS_ENV", "BATCHDATA_BASE_URL"}])
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
        ("VENDOR_CALL_KEEP_DAYS", "-1"),
        ("WELCOME_CREDITS", "many"),
        ("EMAIL_USE_TLS", "perhaps"),
    ],
)
def test_a_wrong_value_is_named_and_no_secret_told(name, value, read):
    with pytest.raises(ImproperlyConfigured, match=name) as caught:
        read(**{name: value})

    assert "secret-word" not in str(caught.value)


def test_a_proxy_that_is_not_counted_is_refused(read):
    """The rate limits of signing in would count all people as one."""
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXY_COUNT"):
        read(BEHIND_TLS_PROXY="1", TRUSTED_PROXY_COUNT=None)

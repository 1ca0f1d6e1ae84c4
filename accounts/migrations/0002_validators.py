"""Roles that the server knows, and sessions that it removes when they have expired."""

from django.db import migrations

from atlas_site.mongodb.migrations import EnsureIndex, SetValidator, one_of


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        SetValidator("User", {"role": one_of("USER", "ADMIN")}),
        SetValidator("FollowedMarket", {"kind": one_of("state", "county", "city", "zip")}),
        EnsureIndex("Session", [("expiresAt", 1)], name="session_expiry", expireAfterSeconds=0),
        EnsureIndex("AnonymousSession", [("expiresAt", 1)], name="anonymous_session_expiry", expireAfterSeconds=0),
    ]

import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AnonymousSession",
            fields=[
                ("token", models.CharField(db_column="_id", max_length=64, primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField(db_column="expiresAt")),
                ("data", models.TextField(default="", editable=False)),
            ],
            options={
                "db_table": "AnonymousSession",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "id",
                    django_mongodb_backend.fields.ObjectIdField(
                        db_column="_id",
                        default=bson.objectid.ObjectId,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.CharField(blank=True, default="", max_length=150)),
                (
                    "role",
                    models.CharField(
                        choices=[("USER", "Investor"), ("ADMIN", "Atlas staff")], default="USER", max_length=10
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=32, null=True)),
                ("location", models.CharField(blank=True, max_length=150, null=True)),
                ("profession", models.CharField(blank=True, max_length=60, null=True)),
                ("onboarding_completed", models.BooleanField(db_column="onboardingCompleted", default=False)),
                ("banned", models.BooleanField(blank=True, null=True)),
                (
                    "two_factor_enabled",
                    models.BooleanField(blank=True, db_column="twoFactorEnabled", editable=False, null=True),
                ),
                ("time_zone", models.CharField(blank=True, db_column="timeZone", max_length=64, null=True)),
                ("is_superuser", models.BooleanField(db_column="isSuperuser", default=False, verbose_name="superuser")),
                ("last_login", models.DateTimeField(blank=True, db_column="lastLogin", null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now, editable=False),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "db_table": "User",
                "ordering": ["email"],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    django_mongodb_backend.fields.ObjectIdField(
                        db_column="_id",
                        default=bson.objectid.ObjectId,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("account_id", models.CharField(db_column="accountId", max_length=255)),
                ("provider_id", models.CharField(db_column="providerId", max_length=50)),
                ("access_token", models.TextField(blank=True, db_column="accessToken", editable=False, null=True)),
                ("refresh_token", models.TextField(blank=True, db_column="refreshToken", editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "Account",
                "constraints": [
                    models.UniqueConstraint(fields=("provider_id", "account_id"), name="account_by_provider")
                ],
            },
        ),
        migrations.CreateModel(
            name="FollowedMarket",
            fields=[
                (
                    "id",
                    django_mongodb_backend.fields.ObjectIdField(
                        db_column="_id",
                        default=bson.objectid.ObjectId,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("state", "State"), ("county", "County"), ("city", "City"), ("zip", "ZIP")],
                        max_length=10,
                    ),
                ),
                ("place", models.CharField(max_length=120)),
                ("state", models.CharField(max_length=2)),
                ("county_fips", models.CharField(blank=True, db_column="countyFips", max_length=5, null=True)),
                ("followed_at", models.DateTimeField(db_column="followedAt", default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="followed_markets",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "FollowedMarket",
                "indexes": [models.Index(fields=["state", "place"], name="market_by_place")],
                "constraints": [models.UniqueConstraint(fields=("user", "kind", "place"), name="market_once_a_user")],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    django_mongodb_backend.fields.ObjectIdField(
                        db_column="_id",
                        default=bson.objectid.ObjectId,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("token", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField(db_column="expiresAt")),
                ("ip_address", models.CharField(blank=True, db_column="ipAddress", max_length=64, null=True)),
                ("user_agent", models.CharField(blank=True, db_column="userAgent", max_length=400, null=True)),
                ("data", models.TextField(blank=True, editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_column="createdAt", default=django.utils.timezone.now, editable=False, null=True
                    ),
                ),
                ("last_seen_at", models.DateTimeField(blank=True, db_column="lastSeenAt", editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "Session",
                "indexes": [models.Index(fields=["user", "-expires_at"], name="session_by_user")],
            },
        ),
    ]

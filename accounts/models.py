"""People, their sessions and the markets they follow."""

from bson import ObjectId
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django_mongodb_backend.fields import ObjectIdField

from accounts.permissions import ReadPermissionsMixin
from atlas_site.mongodb.models import Document


class UserManager(BaseUserManager):
    """Makes users by e-mail address, which is kept in lower case."""

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email=email.lower())

    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        """Make an investor; `fields` are model fields. Raises ValueError without an address."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        """Make a staff member who may do everything in the admin."""
        return self.create_user(email, password, role=User.Role.ADMIN, is_superuser=True, **fields)


class User(Document, AbstractBaseUser, ReadPermissionsMixin):
    """One person. Staff are ADMIN plus the group `staff`, support are ADMIN plus the group `support`."""

    class Role(models.TextChoices):
        USER = "USER", "Investor"
        ADMIN = "ADMIN", "Atlas staff"

    # allauth takes an ObjectIdAutoField for an integer key, so the key is made here.
    id = ObjectIdField(primary_key=True, default=ObjectId, db_column="_id", editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, default="", blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.USER)
    phone = models.CharField(max_length=32, null=True, blank=True)
    location = models.CharField(max_length=150, null=True, blank=True)
    profession = models.CharField(max_length=60, null=True, blank=True)
    onboarding_completed = models.BooleanField(default=False, db_column="onboardingCompleted")
    banned = models.BooleanField(null=True, blank=True)
    two_factor_enabled = models.BooleanField(null=True, blank=True, db_column="twoFactorEnabled", editable=False)
    time_zone = models.CharField(max_length=64, null=True, blank=True, db_column="timeZone")
    is_superuser = models.BooleanField("superuser", default=False, db_column="isSuperuser")
    last_login = models.DateTimeField(null=True, blank=True, db_column="lastLogin")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt", editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        db_table = "User"
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    def save(self, *args, **kwargs) -> None:
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    @property
    def is_staff(self) -> bool:
        """Whether the admin lets this person in."""
        return self.role == self.Role.ADMIN

    @property
    def is_active(self) -> bool:
        """A banned person is out on the next request."""
        return not self.banned

    def check_password(self, raw_password: str) -> bool:
        """Documents of another writer may hold no password, which is then unusable."""
        self.password = self.password or ""  # checked all the same, so that the time taken tells nothing
        return super().check_password(raw_password)

    def has_usable_password(self) -> bool:
        return bool(self.password) and super().has_usable_password()

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return (self.name or self.email).split(" ")[0].split("@")[0]


def display_name(user: User) -> str:
    """The name that mails and pages call a person by."""
    return user.get_short_name()


class Session(Document):
    """A signed-in session; the cookie holds its token. Ending it takes effect on the next request."""

    token = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_column="expiresAt")
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="sessions"
    )
    ip_address = models.CharField(max_length=64, null=True, blank=True, db_column="ipAddress")
    user_agent = models.CharField(max_length=400, null=True, blank=True, db_column="userAgent")
    data = models.TextField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(null=True, default=timezone.now, db_column="createdAt", editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, db_column="lastSeenAt", editable=False)

    class Meta:
        db_table = "Session"
        indexes = [models.Index(fields=["user", "-expires_at"], name="session_by_user")]

    def __str__(self) -> str:
        return f"session of {self.user_id} until {self.expires_at}"


class AnonymousSession(Document):
    """A visitor's short-lived state before sign-in: messages, sign-up steps, the page to return to."""

    id = None
    token = models.CharField(max_length=64, primary_key=True, db_column="_id")
    expires_at = models.DateTimeField(db_column="expiresAt")
    data = models.TextField(default="", editable=False)

    class Meta:
        db_table = "AnonymousSession"

    def __str__(self) -> str:
        return f"visitor until {self.expires_at}"


class Account(Document):
    """A link to a provider's account (Google, Stripe), which is known by provider and id, never by e-mail."""

    account_id = models.CharField(max_length=255, db_column="accountId")
    provider_id = models.CharField(max_length=50, db_column="providerId")
    access_token = models.TextField(null=True, blank=True, db_column="accessToken", editable=False)
    refresh_token = models.TextField(null=True, blank=True, db_column="refreshToken", editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_column="userId", related_name="accounts")

    class Meta:
        db_table = "Account"
        constraints = [models.UniqueConstraint(fields=["provider_id", "account_id"], name="account_by_provider")]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.account_id}"


class FollowedMarket(Document):
    """A place that an investor works: a state, county, city or ZIP."""

    class Kind(models.TextChoices):
        STATE = "state", "State"
        COUNTY = "county", "County"
        CITY = "city", "City"
        ZIP = "zip", "ZIP"

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="followed_markets"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # The place as the place index writes it: "Phoenix, AZ", "Maricopa County, AZ", "85007", "AZ".
    place = models.CharField(max_length=120)
    state = models.CharField(max_length=2)
    county_fips = models.CharField(max_length=5, null=True, blank=True, db_column="countyFips")
    followed_at = models.DateTimeField(default=timezone.now, db_column="followedAt")

    class Meta:
        db_table = "FollowedMarket"
        constraints = [models.UniqueConstraint(fields=["user", "kind", "place"], name="market_once_a_user")]
        indexes = [models.Index(fields=["state", "place"], name="market_by_place")]

    def __str__(self) -> str:
        return self.place

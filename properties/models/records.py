"""The shared copy of a vendor record, and which parts of it a user has paid for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django_mongodb_backend.fields import ArrayField

from atlas_site.mongodb.models import Document

# Indexes of what is due hold what is later than this, and their queries have to say so.
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


class Dataset(models.TextChoices):
    """The parts of a property record that are unlocked one by one."""

    BASIC = "BASIC", "Property and owner"
    BATCHRANK = "BATCHRANK", "Sale propensity"
    CONTACT = "CONTACT", "Phones and e-mails"
    DEED = "DEED", "Deed history"
    DEMOGRAPHIC = "DEMOGRAPHIC", "Household"
    FORECLOSURE = "FORECLOSURE", "Foreclosure"
    LISTING = "LISTING", "Listing"
    MORTGAGE_LIENS = "MORTGAGE_LIENS", "Loans and liens"
    OWNER = "OWNER", "Owner's other properties"
    PERMIT = "PERMIT", "Building permits"
    QUICKLIST = "QUICKLIST", "Signals"
    VALUATION = "VALUATION", "Value and equity"
    DIVORCE_INFO = "DIVORCE_INFO", "Divorce filings"


class Property(Document):
    """The newest copy that Atlas holds of a BatchData record, whoever fetched it."""

    property_id = models.CharField(max_length=64, unique=True, db_column="propertyId")
    address = models.CharField(max_length=200, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    county = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=2, null=True, blank=True)
    postal_code = models.CharField(max_length=10, null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    google_images = ArrayField(models.CharField(max_length=200), default=list, blank=True, db_column="googleImages")
    has_image_searched = models.BooleanField(default=False, db_column="hasImageSearched")
    # Per dataset when it was asked for and whether it told anything:
    # {"DEED": {"at": "2026-11-22T10:00:00Z", "hit": true}}.
    asked = models.JSONField(default=dict, blank=True)
    # Each change of `data` makes it later than it was, so that it names the state that the data are in.
    updated_at = models.DateTimeField(null=True, blank=True, db_column="updatedAt")
    # How many reveals have given it to somebody: the write by which their transactions keep the copy as they read it.
    given_count = models.IntegerField(default=0, db_column="givenCount")
    # What Google said of a panorama:
    # {"status": "OK", "date": "2023-05", "panoId": "...", "copyright": "© Google", "at": "2026-11-22T10:00:00Z"}.
    street_view = models.JSONField(default=dict, blank=True, db_column="streetView")
    # Since when the rows of its owners wait to be brought up to this copy; null when they are.
    spread_due_at = models.DateTimeField(null=True, blank=True, db_column="spreadDueAt")

    class Meta:
        db_table = "Properties"
        verbose_name_plural = "properties"
        indexes = [
            models.Index(fields=["-updated_at"], name="property_by_update"),
            models.Index(
                fields=["spread_due_at"],
                condition=models.Q(spread_due_at__gt=BEFORE_ALL),
                name="property_to_spread",
            ),
        ]

    def __str__(self) -> str:
        return self.address or self.property_id

    def get_absolute_url(self) -> str:
        return reverse("properties:show-property", args=[self.property_id])

    def answer_of(self, dataset: str) -> "Answer | None":
        """When this dataset was last asked for and whether it told anything; None when it never was."""
        noted = (self.asked or {}).get(dataset)
        return Answer(at=datetime.fromisoformat(noted["at"]), hit=noted["hit"]) if noted else None


@dataclass(frozen=True)
class Answer:
    """What the vendor said when a dataset of a property was last asked for."""

    at: datetime
    hit: bool

    def is_younger_than(self, age: timedelta, now: datetime) -> bool:
        return now - self.at < age


class PropertyDatasetPermission(Document):
    """What one user owns of one property, with the values that "My properties" filters, sorts and maps by.

    The row holds values of unlocked datasets only, so no filter, sort or count can tell more than was paid for.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_column="userId",
        db_index=False,
        related_name="property_permissions",
    )
    property_id = models.CharField(max_length=64, db_column="propertyId")
    datasets = ArrayField(models.CharField(max_length=20, choices=Dataset.choices), default=list)
    # When each dataset was unlocked: {"BASIC": "2026-11-22T10:00:00Z"}.
    unlocked = models.JSONField(default=dict, blank=True)
    # What the search that revealed it proved on that day, in words: ["Vacant", "Equity 50 % to 80 %"].
    proofs = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True, db_column="revealedAt")

    address = models.CharField(max_length=200, null=True, blank=True)
    # Street, city, state and ZIP in lower case, without punctuation: found by its beginning, and ordered by it.
    address_key = models.CharField(max_length=400, null=True, blank=True, db_column="addressKey")
    city = models.CharField(max_length=100, null=True, blank=True)
    county = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=2, null=True, blank=True)
    postal_code = models.CharField(max_length=10, null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    property_type = models.CharField(max_length=60, null=True, blank=True, db_column="propertyType")
    bedroom_count = models.FloatField(null=True, blank=True, db_column="bedroomCount")
    bathroom_count = models.FloatField(null=True, blank=True, db_column="bathroomCount")
    living_area_square_feet = models.FloatField(null=True, blank=True, db_column="livingAreaSquareFeet")
    year_built = models.IntegerField(null=True, blank=True, db_column="yearBuilt")
    owner_name = models.CharField(max_length=200, null=True, blank=True, db_column="ownerName")
    owner_type = models.CharField(max_length=60, null=True, blank=True, db_column="ownerType")
    owner_occupied = models.BooleanField(null=True, blank=True, db_column="ownerOccupied")
    last_sale_on = models.DateField(null=True, blank=True, db_column="lastSaleOn")
    last_sale_price = models.FloatField(null=True, blank=True, db_column="lastSalePrice")
    estimated_value = models.FloatField(null=True, blank=True, db_column="estimatedValue")
    equity_percent = models.FloatField(null=True, blank=True, db_column="equityPercent")
    listing_status = models.CharField(max_length=30, null=True, blank=True, db_column="listingStatus")

    # The fact that each search filter looks at, by the filter's name, of unlocked datasets only: {"lot_acres": 0.17}.
    # What a dataset does not tell is missing; a day is text, as in "2026-11-22".
    facts = models.JSONField(default=dict, blank=True)
    # Slugs of the signals that are known to hold and known not to, once QUICKLIST is unlocked.
    signals = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    absent_signals = ArrayField(models.CharField(max_length=60), default=list, blank=True, db_column="absentSignals")
    # Longitude and latitude, as the server's geographic conditions want them.
    location = ArrayField(models.FloatField(), null=True, blank=True)
    # Which way of filling a row this one was filled by; older ones are filled again.
    row_version = models.IntegerField(default=0, db_column="rowVersion")
    # The copy's `updated_at` when the row was filled from it; a row is never filled from an older copy.
    copy_at = models.DateTimeField(null=True, blank=True, db_column="copyAt")

    # The user's own words.
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    notes = models.TextField(default="", blank=True, db_column="userNotes")
    # On how many lists, saved searches and court filings it is: {"lists": 2, "searches": 1}, and all of them together.
    stacked = models.JSONField(default=dict, blank=True)
    stack_count = models.IntegerField(default=0, db_column="stackCount")

    class Meta:
        db_table = "PropertyDatasetPermission"
        verbose_name = "property permission"
        constraints = [models.UniqueConstraint(fields=["user", "property_id"], name="permission_once_a_property")]
        indexes = [
            # Places, newest first, which also count them, and by value, the other order that lists of a place are
            # read in. A state alone has none of its own: it holds so much of what a user owns that walking the list
            # of all places soon fills a page.
            models.Index(fields=["user", "-revealed_at", "-property_id"], name="owned_newest_first"),
            models.Index(fields=["user", "state", "city", "-revealed_at", "-property_id"], name="owned_by_city"),
            models.Index(fields=["user", "postal_code", "-revealed_at", "-property_id"], name="owned_by_zip"),
            models.Index(fields=["user", "state", "county", "-revealed_at", "-property_id"], name="owned_by_county"),
            models.Index(fields=["user", "-estimated_value", "-property_id"], name="owned_by_value"),
            models.Index(fields=["user", "state", "city", "-estimated_value", "-property_id"], name="city_value"),
            models.Index(fields=["user", "postal_code", "-estimated_value", "-property_id"], name="zip_value"),
            models.Index(fields=["user", "state", "county", "-estimated_value", "-property_id"], name="county_value"),
            # Every other order has one for all places. In a large place walking it soon fills a page, the rows of a
            # small one are soon sorted, and the server tries both: one index a place more would save 10 ms.
            models.Index(fields=["user", "-equity_percent", "-property_id"], name="owned_by_equity"),
            models.Index(fields=["user", "-last_sale_on", "-property_id"], name="owned_by_sale"),
            models.Index(fields=["user", "-last_sale_price", "-property_id"], name="owned_by_price"),
            models.Index(fields=["user", "-year_built", "-property_id"], name="owned_by_year"),
            models.Index(fields=["user", "-living_area_square_feet", "-property_id"], name="owned_by_area"),
            models.Index(fields=["user", "-stack_count", "-property_id"], name="owned_by_stack"),
            models.Index(fields=["user", "-address_key", "-property_id"], name="owned_by_address"),
            # What lies in view of the map, or in a drawn area. A geographic index reads half as many keys of a whole
            # state, and as many of a city; but its edges are great circles, and those of a map are not.
            models.Index(fields=["user", "latitude", "longitude"], name="owned_on_map"),
            models.Index(fields=["property_id"], name="permission_by_property"),
        ]

    def __str__(self) -> str:
        return " ".join((self.address or self.property_id).split())

    def phones_wait_until(self, answer: "Answer | None") -> datetime | None:
        """Until when phones that are unlocked are not asked for again; None when nobody knows of their purchase.

        They are one purchase for 90 days. But what is over 30 days old is new no more, and nobody may dial it soon:
        who wants to renew it may (the money rule: asking the vendor again for owned data), as with a traced contact.
        """
        unlocked = self.unlocked.get(Dataset.CONTACT)
        if unlocked is None:
            return None
        until = datetime.fromisoformat(unlocked) + settings.CONTACT_BOUGHT_FOR
        return min(until, answer.at + settings.RECORD_FRESH_FOR) if answer else until

    def get_absolute_url(self) -> str:
        return reverse("properties:show-property", args=[self.property_id])

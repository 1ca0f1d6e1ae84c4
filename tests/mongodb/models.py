"""Models of the tests: one of each shape that the engine treats differently."""

from django.db import models
from django_mongodb_backend.fields import ArrayField

from atlas_site.mongodb.models import Document


class Owner(Document):
    """Something to point at."""

    email = models.EmailField(unique=True)
    nickname = models.CharField(max_length=50, unique=True, null=True)
    joined_at = models.DateTimeField(null=True, db_column="joinedAt")

    class Meta:
        db_table = "TestOwner"

    def __str__(self) -> str:
        return self.email


class House(Document):
    """What lists are made of: indexed keys, a nullable one, a list, a document, and a default for each kind."""

    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, db_column="ownerId", related_name="houses")
    parcel = models.CharField(max_length=40, unique=True)
    price = models.BigIntegerField(default=0, db_index=True)
    beds = models.BigIntegerField(null=True)
    city = models.CharField(max_length=60, default="", blank=True)
    tags = ArrayField(models.CharField(max_length=20), default=list)
    facts = models.JSONField(default=dict)
    is_sold = models.BooleanField(default=False, db_column="isSold")

    class Meta:
        db_table = "TestHouse"
        indexes = [
            models.Index(fields=["owner", "-price"], name="house_by_owner"),
            models.Index(fields=["city", "beds"], name="house_by_city"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "city", "parcel"], name="house_once"),
            models.UniqueConstraint(fields=["city", "beds"], condition=models.Q(city="Nowhere"), name="house_nowhere"),
        ]

    def __str__(self) -> str:
        return self.parcel


class Stay(Document):
    """Somebody in a house, or in one that is gone, or in none."""

    house = models.ForeignKey(House, on_delete=models.DO_NOTHING, null=True, db_column="houseId")
    nights = models.BigIntegerField(unique=True)

    class Meta:
        db_table = "TestStay"

    def __str__(self) -> str:
        return f"{self.nights} nights"


class Purse(Document):
    """A balance that must equal the sum of its entries."""

    balance = models.BigIntegerField(default=0)

    class Meta:
        db_table = "TestPurse"

    def __str__(self) -> str:
        return f"purse of {self.balance}"


class PurseEntry(Document):
    """One change of a purse; its key makes a repetition fail."""

    purse = models.ForeignKey(Purse, on_delete=models.CASCADE, db_column="purseId", related_name="entries")
    key = models.CharField(max_length=80, unique=True)
    amount = models.BigIntegerField()

    class Meta:
        db_table = "TestPurseEntry"

    def __str__(self) -> str:
        return self.key

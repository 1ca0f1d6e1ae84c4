"""What an earlier Atlas says that a user owns is listed here like everything else."""

import json
from datetime import UTC, datetime
from io import StringIO

from bson import ObjectId
from django.core.management import call_command
from django.db import connection

from properties.models import PropertyDatasetPermission
from tests.factories import PropertyDatasetPermissionFactory

RECORD = {
    "_id": "p1",
    "address": {"street": "1 Main St", "city": "Phoenix", "county": "Maricopa", "state": "AZ", "zip": "85007"},
    "building": {"bedroomCount": 3, "yearBuilt": 1978},
    "valuation": {"estimatedValue": 250000, "equityPercent": 60},
    "listing": {"status": "Active"},
}
MADE_AT = datetime(2025, 3, 9, 8, 7, 6, tzinfo=UTC)


def adopt() -> int:
    """Run the command and return how many permissions it filled."""
    out = StringIO()
    call_command("adopt_database", "--json", stdout=out)
    return json.loads(out.getvalue())["permissions"]


def own(property_id: str, datasets: list[str]) -> ObjectId:
    """Insert a permission as an earlier Atlas wrote it."""
    document = {"_id": ObjectId.from_datetime(MADE_AT), "userId": ObjectId(), "propertyId": property_id}
    connection.database["PropertyDatasetPermission"].insert_one({**document, "datasets": datasets, "via": "search"})
    return document["_id"]


def test_a_permission_gets_the_values_of_its_datasets_and_no_others(db):
    connection.database["Properties"].insert_one({"propertyId": "p1", "data": RECORD})
    key = own("p1", ["BASIC", "VALUATION"])
    assert adopt() == 1
    row = PropertyDatasetPermission.objects.get(pk=key)
    assert (row.city, row.state, row.bedroom_count, row.year_built) == ("Phoenix", "AZ", 3, 1978)
    assert (row.estimated_value, row.equity_percent) == (250000, 60)
    assert row.listing_status is None
    assert row.revealed_at == MADE_AT
    assert set(row.unlocked) == {"BASIC", "VALUATION"}
    assert connection.database["PropertyDatasetPermission"].find_one({"_id": key})["via"] == "search"


def test_a_permission_without_a_stored_record_is_listed_all_the_same(db):
    key = own("gone", ["BASIC"])
    assert adopt() == 1
    assert PropertyDatasetPermission.objects.get(pk=key).revealed_at == MADE_AT


def test_rows_of_this_atlas_stay_and_a_second_run_finds_nothing(db):
    mine = PropertyDatasetPermissionFactory.create(city="Tempe")
    own("p1", ["BASIC"])
    assert adopt() == 1
    assert adopt() == 0
    mine.refresh_from_db()
    assert mine.city == "Tempe"

"""What alice unlocks changes nothing that bob can filter, sort, count, see, have explained or export."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from accounts.models import User
from atlas_site.vendors.batchdata import PropertyRecord
from properties.models import Dataset, Property, PropertyDatasetPermission
from properties.search.filters import FILTERS
from properties.search.form import read_query
from properties.selectors.owned import SORTS
from properties.selectors.owned_columns import COLUMNS
from properties.selectors.why import near_misses
from properties.services import rows
from properties.services.records import row_values, store_records
from tests.factories import NOON, PropertyDatasetPermissionFactory

pytestmark = pytest.mark.django_db

OWNED = 12
FILE = reverse("properties:export-properties")
WHY = {"q": "Phoenix, AZ", "value_min": "150000", "all": "vacant"}
HTMX = {"HX-Request": "true"}


def raw(number: int, *, full: bool) -> PropertyRecord:
    """A record: BASIC alone, or with what the other datasets bring."""
    basic = {
        "_id": f"p{number:02}",
        "address": {
            "street": f"{number} Main St",
            "city": "Phoenix",
            "county": "Maricopa",
            "state": "AZ",
            "zip": "85007",
        },
        "building": {"bedroomCount": number % 4},
    }
    told = {
        "valuation": {"estimatedValue": 100_000 + 9_000 * number, "equityPercent": 90 - number, "ltv": 10 + number},
        "listing": {"status": "Active" if number % 2 else "Pending", "price": 50_000 * number},
        "quickLists": {"vacant": number % 2 == 0, "absenteeOwner": True, "highEquity": number > 5},
        "foreclosure": {"status": "Notice of Sale", "auctionDate": "2026-12-01"},
        "openLien": {"totalOpenLienCount": number % 3, "totalOpenLienBalance": 1_000 * number},
        "demographics": {"income": 50_000 + number},
    }
    return PropertyRecord({**basic, **(told if full else {})})


def look(client, user: User) -> dict[str, object]:
    """Everything that a page, a count, an order, an explanation or a file can tell."""
    seen: dict[str, object] = {}
    queries = [{}, *({"sort": sort} for sort in SORTS)]
    queries += [
        {name: signal} for name in ("all", "any", "none") for signal in ("vacant", "absentee-owner", "high-equity")
    ]
    for each in FILTERS:
        if each.kind == "number" and each.dataset != Dataset.BASIC:
            queries += [{f"{each.name}_min": "1"}, {f"{each.name}_max": "40"}]
    for params in queries:
        page = client.get("/properties/", params).context["page"]
        seen[urlencode(params)] = ([row.property_id for row in page.rows], str(page.owned.total))
    for number in range(OWNED):
        why = client.get(f"/properties/p{number:02}/searches/", {"search": urlencode(WHY)}, headers=HTMX)
        seen[f"why {number}"] = why.content
    seen["near misses"] = near_misses(user, read_query({name: [value] for name, value in WHY.items()}))
    form = {"scope": "matching", "format": "csv", "columns": list(COLUMNS)}
    seen["file"] = b"".join(client.post(FILE, form).streaming_content)
    return seen


def test_bob_sees_the_same_before_and_after_alice_unlocks(client, alice, bob, sign_in, now):
    bare = [raw(number, full=False) for number in range(OWNED)]
    store_records(records=bare, datasets=["BASIC"], now=now)
    for number, record in enumerate(bare):
        for user in (alice, bob):
            PropertyDatasetPermissionFactory.create(
                user=user, property_id=record.property_id, revealed_at=NOON.replace(minute=number),
                **row_values(record, [Dataset.BASIC]),
            )  # fmt: skip
    his = sign_in(client, bob)
    before = look(his, bob)

    full = [raw(number, full=True) for number in range(OWNED)]
    store_records(records=full, datasets=Dataset.values, now=now)
    for row in PropertyDatasetPermission.objects.filter(user=alice):
        copy = Property.objects.get(property_id=row.property_id)
        values = row_values(PropertyRecord(copy.data), Dataset.values)
        PropertyDatasetPermission.objects.filter(pk=row.pk).update(datasets=Dataset.values, **values)
    assert rows.spread_due_copies() == OWNED

    assert look(his, bob) == before
    hers = look(sign_in(client, alice), alice)
    assert hers["value_min=1"] != before["value_min=1"]
    assert hers["all=vacant"][1] == str(OWNED // 2)
    assert before["why 1"] != hers["why 1"]
    assert b"locked, in Signals" in before["why 1"]
    assert before["near misses"].groups == []
    assert hers["near misses"].groups != []

"""Why a property is in a search: the explanation agrees with the server, and suggested changes let properties in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas_site.mongodb.documents import collection_of
from properties.models import Dataset, PropertyDatasetPermission
from properties.search.conditions import Outcome
from properties.search.filters import FILTERS, FILTERS_BY_NAME, Filter
from properties.search.form import OwnedForm, read_query
from properties.search.query import SearchQuery
from properties.search.signals import SIGNALS
from properties.search.why import explain, is_match, matches
from properties.selectors.owned import owned_matches
from properties.selectors.why import why_page
from tests.factories import PropertyDatasetPermissionFactory as RowFactory
from tests.properties.search.strategies import TODAY, fact_of, params_of, searches

pytestmark = pytest.mark.django_db

PHOENIX = {"q": ["Phoenix, AZ"]}
REVEALED = datetime(2026, 11, 3, 12, tzinfo=UTC)
# One filter of every kind of value, alone and in lists, from every dataset.
SAMPLE = tuple(
    FILTERS_BY_NAME[name]
    for name in (
        *("value", "equity", "ltv", "type", "category", "beds", "baths", "area", "owner_type", "owner_occupied"),
        *("mail_state", "mail_city", "owned_since", "years_owned", "last_sale", "sold_for", "price", "rental"),
        *(
            "listing_status",
            "listed",
            "foreclosure_status",
            "auction",
            "loans",
            "loan_type",
            "lien_type",
            "lien_amount",
        ),
        *("lien_filed", "owns", "permits", "permit_tags", "propensity", "income", "zip", "apn", "lot_acres", "street"),
        *("features", "investments"),
    )
)
WHERE = [
    ("AZ", "Maricopa", "Phoenix", "85007", 33.44, -112.08),
    ("AZ", "Maricopa", "Mesa", "85201", 33.41, -111.83),
    ("TX", "Dallas", "Dallas", "75201", 32.78, -96.8),
    ("AZ", "Maricopa", "Phoenix", None, None, None),
    (None, None, None, None, None, None),
]


@st.composite
def rows(draw: st.DrawFn, query: SearchQuery) -> dict[str, Any]:
    """The values of a row: any datasets, facts of those alone, and some of what the search asks for proved."""
    datasets = [Dataset.BASIC, *draw(st.lists(st.sampled_from(list(Dataset)[1:]), max_size=6, unique=True))]
    state, county, city, postal_code, latitude, longitude = draw(st.sampled_from(WHERE))
    values: dict[str, Any] = {
        "datasets": datasets,
        "proofs": [words for words in query.proofs(TODAY) if draw(st.booleans())],
        "state": state,
        "county": county,
        "city": city,
        "postal_code": postal_code,
        "latitude": latitude,
        "longitude": longitude,
        "location": None if latitude is None else [longitude, latitude],
        "facts": {},
    }
    for each in {*SAMPLE, *query.active_filters} - {FILTERS_BY_NAME["zip"]}:
        fact = draw(fact_of(each)) if each.dataset in datasets else None
        if each.column:
            values[each.column] = fact
        elif fact is not None:
            values["facts"][each.name] = fact
    if Dataset.QUICKLIST in datasets:
        told = {slug: draw(st.sampled_from([True, False, None])) for slug in list(SIGNALS)[:8]}
        values["signals"] = [slug for slug, holds in told.items() if holds]
        values["absent_signals"] = [slug for slug, holds in told.items() if holds is False]
    return values


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_the_explanation_agrees_with_the_server_on_random_rows_and_searches(data, django_user_model):
    collection_of(PropertyDatasetPermission).delete_many({})
    user = django_user_model(email="any@example.test")
    queries = [read_query(data.draw(searches(filters=SAMPLE, most=2))) for _ in range(4)]
    made = [
        PropertyDatasetPermission(user=user, property_id=f"p{number}", revealed_at=REVEALED, **values)
        for number, values in enumerate(data.draw(rows(query)) for query in queries for _ in range(6))
    ]
    PropertyDatasetPermission.objects.bulk_create(made)
    for query in queries:
        condition = query.owned_condition(TODAY)
        found = set(PropertyDatasetPermission.objects.filter(condition).values_list("property_id", flat=True))
        assert found == {row.property_id for row in made if matches(explain(query, row, TODAY))}, query.describe()
        assert found == {row.property_id for row in made if is_match(query, row, TODAY)}
        proved = {proof for row in made for proof in row.proofs}.intersection(query.locked_proofs(TODAY))
        shorter = PropertyDatasetPermission.objects.filter(query.owned_condition(TODAY, proved))
        assert found == set(shorter.values_list("property_id", flat=True))
        for condition in query.conditions():
            one = collection_of(PropertyDatasetPermission).find(condition.server_condition(TODAY))
            outcomes = {row.property_id: condition.outcome_for(row, TODAY) for row in made}
            told = {key for key, outcome in outcomes.items() if outcome in (Outcome.HOLDS, Outcome.PROVED)}
            assert {document["propertyId"] for document in one} == told, condition.words
            missed = collection_of(PropertyDatasetPermission).find(condition.miss_condition(TODAY))
            told = {key for key, outcome in outcomes.items() if outcome in (Outcome.FAILS, Outcome.UNKNOWN)}
            assert {document["propertyId"] for document in missed} == told, condition.words


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_each_filter_agrees_with_the_server(each):
    """On values of all kinds, the unknown and empty lists among them."""
    collection = collection_of(PropertyDatasetPermission)

    @given(params=params_of(each), facts=st.lists(fact_of(each), min_size=5, max_size=25))
    @settings(max_examples=5)
    def check(params, facts):
        values = read_query({**PHOENIX, **params}).values
        collection.delete_many({})
        collection.insert_many(document_of(each, fact, number) for number, fact in enumerate(facts))
        found = {int(row["propertyId"]) for row in collection.find({each.row_key: each.condition(values, TODAY)})}
        told = [each.test(values, fact, TODAY) for fact in facts]
        assert found == {number for number, holds in enumerate(told) if holds}
        assert [number for number, holds in enumerate(told) if holds is None] == [
            number for number, fact in enumerate(facts) if fact is None
        ]

    check()


def document_of(each: Filter, fact: Any, number: int) -> dict[str, Any]:
    """A row's document that holds one value, or null, or nothing at all."""
    document: dict[str, Any] = {"propertyId": str(number)}
    if fact is None and number % 2:
        return document
    top, _, name = each.row_key.partition(".")
    return {**document, top: {name: fact} if name else fact}


@given(data=st.data())
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
def test_suggested_changes_let_the_property_in(data):
    query = read_query(data.draw(searches(filters=SAMPLE, most=4)))
    row = PropertyDatasetPermission(property_id="p", revealed_at=REVEALED, **data.draw(rows(query)))
    reasons = explain(query, row, TODAY)
    for reason in reasons:
        if reason.change is None:
            # Nobody moves a search to another place, or a drawn shape that is all there is, or unlocks by a change.
            assert reason.matches or reason.outcome is Outcome.LOCKED or reason.name in ("q", "map")
            continue
        changed = OwnedForm(QueryDict(reason.change.query))
        assert changed.is_valid(), changed.errors
        after = {each.name: each for each in explain(changed.query, row, TODAY)}
        assert reason.name not in after or after[reason.name].matches
        others = {each.name: each.outcome for each in reasons if each.name != reason.name}
        assert {name: each.outcome for name, each in after.items() if name != reason.name} == others


LISTS = [
    ({"lien_amount_min": ["3"], "lien_amount_max": ["5"]}, {"lien_amount": [1, 9]}, False),
    ({"lien_amount_min": ["3"], "lien_amount_max": ["5"]}, {"lien_amount": [1, 4]}, True),
    ({"lien_filed_min": ["2026-01-01"]}, {"lien_filed": ["2020-01-01", "2026-02-01"]}, True),
    ({"lien_filed_max": ["2026-01-01"]}, {"lien_filed": []}, False),
    ({"lien_type": ["Other"]}, {"lien_type": ["Federal Tax", "Other"]}, True),
    ({"features": ["patio (l"]}, {"features": ["Deck", "Patio (large)"]}, True),
    ({"features": ["Pat.o"]}, {"features": ["Patio"]}, False),
    ({"apn": ["12-3"]}, {"apn": "12-34-56"}, True),
    ({"apn": ["2-34"]}, {"apn": "12-34-56"}, False),
    ({"mail_city": ["mesa, tempe"]}, {"mail_city": "Mesa"}, True),
    ({"mail_city": ["mesa, tempe"]}, {"mail_city": "Mesa Verde"}, False),
]


@pytest.mark.parametrize(("params", "facts", "holds"), LISTS)
def test_several_values_and_texts(alice, params, facts, holds):
    """Both ends of a range hold for the same value, and a text is no pattern."""
    query = read_query({**PHOENIX, **params})
    row = RowFactory.create(user=alice, facts=facts, datasets=[Dataset.BASIC, Dataset.MORTGAGE_LIENS])
    assert is_match(query, row) is holds
    assert owned_matches(alice, query).exists() is holds


# ---------------------------------------------------------------- in words


def reason_of(params: dict, **row: Any):
    query = read_query({**PHOENIX, **params})
    owned = PropertyDatasetPermission(**{"datasets": [Dataset.BASIC], "revealed_at": REVEALED, **row})
    return explain(query, owned, TODAY)[-1]


def test_a_value_that_is_locked_is_only_said_to_be_locked():
    reason = reason_of({"value_min": ["300000"]}, estimated_value=250_000, facts={"value": 1})
    assert (reason.outcome, reason.saw, reason.change) == (Outcome.LOCKED, "locked", None)
    assert "250" not in repr(reason)


def test_what_the_revealing_search_proved_is_said_to_be_proved():
    reason = reason_of({"value_min": ["300000"]}, proofs=["Estimated value from $300,000"])
    assert (reason.outcome, reason.saw) == (Outcome.PROVED, "matched on 3 Nov 2026, by the search that revealed it")
    assert reason.dataset_title == "Value and equity"


def test_another_condition_is_not_proved():
    reason = reason_of({"value_min": ["200000"]}, proofs=["Estimated value from $300,000"])
    assert reason.outcome is Outcome.LOCKED


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"listed_months": ["3"]}, "Listed from 22 Aug 2026 to the reveal"),
        ({"auction_months": ["3"], "auction_max": ["2026-11-01"]}, "Auction date 22 Aug 2026 to 1 Nov 2026"),
        ({"listed_months": ["3"], "listed_min": ["2026-10-05"]}, "Listed from 5 Oct 2026 to the reveal"),
    ],
)
def test_what_was_proved_of_the_last_months_is_proved_in_days_and_not_for_ever(alice, params, words):
    query, day = read_query({**PHOENIX, **params}), datetime(2026, 11, 22, tzinfo=UTC).date()
    assert query.proofs(day) == [words]
    assert "within the last 3 months" in query.describe()

    where = {"state": "AZ", "city": "Phoenix"}
    row = RowFactory.create(user=alice, datasets=[Dataset.BASIC], proofs=query.proofs(day), **where)
    said_then = RowFactory.create(user=alice, datasets=[Dataset.BASIC], proofs=[query.describe()[13:]], **where)
    for today, outcome in ((day, Outcome.PROVED), (day + timedelta(days=700), Outcome.LOCKED)):
        found = set(PropertyDatasetPermission.objects.filter(query.owned_condition(today)))
        assert explain(query, row, today)[-1].outcome is outcome
        assert found == ({row} if outcome is Outcome.PROVED else set())
        assert explain(query, said_then, today)[-1].outcome is Outcome.LOCKED


def test_days_that_lie_ahead_prove_nothing_of_the_last_months():
    ahead = read_query({**PHOENIX, "auction_min": ["2026-08-22"]})
    past = read_query({**PHOENIX, "auction_months": ["3"]})
    day = datetime(2026, 11, 22, tzinfo=UTC).date()
    row = PropertyDatasetPermission(datasets=[Dataset.BASIC], revealed_at=REVEALED, proofs=ahead.proofs(day))
    assert explain(past, row, day)[-1].outcome is Outcome.LOCKED


def test_what_is_not_known_is_unknown_and_not_no():
    for params in ({"owner_occupied": ["no"]}, {"owner_occupied": ["yes"]}, {"beds_max": ["9"]}):
        reason = reason_of(params)
        assert (reason.outcome, reason.saw) == (Outcome.UNKNOWN, "unknown")
        assert reason.change.label.startswith("Without “")


CHANGES = [
    ({"beds_min": ["4"]}, {"bedroom_count": 3.0}, "3", "Bedrooms from 3"),
    ({"beds_max": ["2"]}, {"bedroom_count": 3.0}, "3", "Bedrooms up to 3"),
    ({"lot_acres_min": ["0.5"], "lot_acres_max": ["2"]}, {"facts": {"lot_acres": 0.173}}, "0.17",
     "Lot, acres 0.17 to 2"),
    ({"last_sale_min": ["2020-05-01"]}, {"facts": {"last_sale": "2019-12-24"}}, "24 Dec 2019",
     "Last sale from 24 Dec 2019"),
    ({"last_sale_months": ["6"]}, {"facts": {"last_sale": "2026-01-03"}}, "3 Jan 2026",
     "Last sale within the last 12 months"),
    ({"last_sale_months": ["6"]}, {"facts": {"last_sale": "1999-01-03"}}, "3 Jan 1999",
     "Without “Last sale within the last 6 months”"),
    ({"type": ["Duplex"]}, {"property_type": "Single Family"}, "Single Family",
     "Property type: Single Family or Duplex"),
    ({"type": ["Duplex"]}, {"property_type": "Castle"}, "Castle", "Without “Property type: Duplex”"),
    ({"owner_occupied": ["no"]}, {"owner_occupied": True}, "yes", "Without “Owner lives there: no”"),
    ({"zip": ["85003"]}, {"postal_code": "85007"}, "85007", "ZIP codes: 85003 or 85007"),
    ({"sold_for_min": ["5"]}, {"last_sale_price": 1.0}, "$1", "Last sale price from $1"),
    ({"area": ["circle:33.45,-112.07,1"]}, {"location": [-112.07, 33.5], "latitude": 33.5, "longitude": -112.07},
     "3.5 miles away", "Within 3.5 miles of 33.45, -112.07"),
    ({"area": ["box:33.4,-112.2,33.5,-112.1"]}, {"location": [-112.07, 33.45], "latitude": 33.45, "longitude": -112.07},
     "outside", "A larger part of the map"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "row", "saw", "change"), CHANGES, ids=[change for *_, change in CHANGES])
def test_the_smallest_change_is_named(params, row, saw, change):
    reason = reason_of(params, **row)
    assert reason.outcome is Outcome.FAILS
    assert (reason.saw, reason.change.label) == (saw, change)


def test_signals_say_what_holds():
    row = {"datasets": [Dataset.BASIC, Dataset.QUICKLIST], "signals": ["vacant"], "absent_signals": ["inherited"]}
    told = {
        "all": reason_of({"all": ["inherited"]}, **row),
        "none": reason_of({"none": ["vacant"]}, **row),
        "any": reason_of({"any": ["vacant", "tired-landlord"]}, **row),
        "open": reason_of({"any": ["inherited", "tired-landlord"]}, **row),
    }
    assert {key: (each.outcome, each.saw) for key, each in told.items()} == {
        "all": (Outcome.FAILS, "no"),
        "none": (Outcome.FAILS, "yes"),
        "any": (Outcome.HOLDS, "Vacant"),
        "open": (Outcome.UNKNOWN, "unknown"),
    }
    assert told["none"].change.label == "Without “Not: Vacant”"


def test_a_signal_that_is_not_told_is_neither_there_nor_absent(alice):
    RowFactory.create(user=alice, datasets=[Dataset.BASIC, Dataset.QUICKLIST])
    for kind in ("all", "any", "none"):
        assert not owned_matches(alice, read_query({**PHOENIX, kind: ["vacant"]})).exists()
    told = RowFactory.create(user=alice, datasets=[Dataset.BASIC, Dataset.QUICKLIST], absent_signals=["vacant"])
    assert list(owned_matches(alice, read_query({**PHOENIX, "none": ["vacant"]}))) == [told]


def test_nobody_is_told_why_about_another_user_s_property(alice, bob):
    row = RowFactory.create(user=alice, bedroom_count=3)
    query = read_query({**PHOENIX, "beds_min": ["3"]})

    assert why_page(bob, query, row) is None
    assert why_page(alice, query, row).is_match
    assert list(owned_matches(alice, query)) == [row]
    assert list(owned_matches(bob, query)) == []


def test_every_filter_can_be_explained():
    for each in FILTERS:
        assert each.show(None) == ""
        assert each.row_key.startswith("facts.") or each.column

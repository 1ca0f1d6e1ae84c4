"""The map's answers: what is in view of the user's own, by points or by counts, and never anything else."""

import json
import random
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from atlas_site.mongodb.explain import assert_index_scan
from properties.models import PropertyDatasetPermission
from properties.selectors import maps
from properties.selectors.cells import MapView
from properties.selectors.owned import owned_by
from properties.services.cells import rebuild_cells
from tests.factories import PropertyDatasetPermissionFactory as Owned
from tests.factories import PropertyJobFactory

PHOENIX = {"bbox": "-112.4,33.2,-111.8,33.8", "z": "10"}
MANY = 10_000  # and fifty thousand by `make faults`
COUNTRY = {"bbox": "-125,24,-66,50", "z": "4"}


def give(user, points, **fields) -> list[PropertyDatasetPermission]:
    rows = [Owned.build(user=user, latitude=lat, longitude=lng, **fields) for lat, lng in points]
    PropertyDatasetPermission.objects.bulk_create(rows)
    rebuild_cells(user.pk)
    return rows


def scatter(count: int, seed: int = 1) -> list[tuple[float, float]]:
    dice = random.Random(seed)
    return [(dice.uniform(33.2, 33.8), dice.uniform(-112.4, -111.8)) for _ in range(count)]


@pytest.fixture
def ask(client, alice, sign_in):
    """Ask the map as alice, or as another user."""

    def ask(user=alice, **params) -> dict:
        browser = sign_in(Client(), user)
        answer = browser.get("/properties/cells/?" + urlencode(params, doseq=True))
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


def counted(answer: dict) -> int:
    return len(answer["points"]) + sum(cell["count"] for cell in answer["cells"])


def test_few_properties_are_points_that_lead_to_their_pages(ask, alice):
    near, _far = give(alice, [(33.45, -112.07), (40.0, -75.0)], address="12 North St")
    answer = ask(**PHOENIX)
    assert answer["points"] == [
        {
            "id": near.property_id,
            "lat": 33.45,
            "lng": -112.07,
            "title": "12 North St",
            "url": f"/properties/{near.property_id}/",
        }
    ]
    assert (answer["cells"], answer["total"], answer["note"], answer["others"]) == ([], 1, "", None)


def test_many_are_counts_in_cells(ask, alice):
    give(alice, scatter(maps.MOST_POINTS + 1))
    answer = ask(**PHOENIX)
    assert answer["points"] == []
    assert sum(cell["count"] for cell in answer["cells"]) == answer["total"] == maps.MOST_POINTS + 1
    assert len(answer["cells"]) > 5


def test_a_search_narrows_the_map(ask, alice):
    give(alice, [(33.45, -112.07)], bedroom_count=4)
    give(alice, [(33.46, -112.08), (33.47, -112.09)], bedroom_count=2)
    answer = ask(q="Phoenix, AZ", beds_min="3", **PHOENIX)
    assert (answer["total"], answer["others"]) == (1, None)


def test_the_other_properties_are_told_apart_from_the_matches(ask, alice):
    [match] = give(alice, [(33.45, -112.07)], bedroom_count=4)
    others = give(alice, [(33.46, -112.08), (33.47, -112.09)], bedroom_count=2)
    answer = ask(q="Phoenix, AZ", beds_min="3", others="1", **PHOENIX)
    assert [point["id"] for point in answer["points"]] == [match.property_id]
    assert {point["id"] for point in answer["others"]["points"]} == {row.property_id for row in others}


def test_matches_stay_points_among_many_others(ask, alice):
    [match] = give(alice, [(33.45, -112.07)], bedroom_count=4)
    give(alice, scatter(maps.MOST_POINTS), bedroom_count=2)
    answer = ask(q="Phoenix, AZ", beds_min="3", others="1", **PHOENIX)
    assert [point["id"] for point in answer["points"]] == [match.property_id]
    assert answer["others"]["points"] == []
    assert sum(cell["count"] for cell in answer["others"]["cells"]) == maps.MOST_POINTS


def test_many_matches_and_many_others_are_counted_once_each(ask, alice):
    give(alice, scatter(400, seed=1), bedroom_count=4)
    give(alice, scatter(500, seed=2), bedroom_count=2)
    answer = ask(q="Phoenix, AZ", beds_min="3", others="1", **PHOENIX)
    assert counted(answer) == answer["total"] == 400
    assert counted(answer["others"]) == 500


def test_the_rows_of_a_job_are_a_map_of_their_own(ask, alice, bob):
    mine, _ = give(alice, [(33.45, -112.07), (33.46, -112.08)])
    job = PropertyJobFactory(user=alice, rows=[{"propertyId": mine.property_id, "outcome": "charged"}])
    assert [point["id"] for point in ask(job=str(job.pk), **PHOENIX)["points"]] == [mine.property_id]
    assert ask(job=str(job.pk))["box"] == [33.45, -112.07, 33.45, -112.07]


def test_nobody_sees_what_another_owns(ask, alice, bob, client, sign_in):
    rows = give(alice, scatter(maps.MOST_POINTS + 1))
    job = PropertyJobFactory(user=alice, rows=[{"propertyId": rows[0].property_id, "outcome": "charged"}])
    for params in ({}, {"q": "Phoenix, AZ"}, {"q": "Phoenix, AZ", "others": "1"}):
        answer = ask(bob, **params, **PHOENIX)
        assert counted(answer) == answer["total"] == 0
        assert not answer["others"] or counted(answer["others"]) == 0
    assert ask(bob)["box"] is None
    assert sign_in(client, bob).get("/properties/cells/", {"job": str(job.pk), **PHOENIX}).status_code == 404


def test_what_bob_sees_does_not_change_with_what_alice_owns(ask, alice, bob):
    give(bob, scatter(20, seed=9))
    questions = [{**PHOENIX}, {"q": "Phoenix, AZ", "others": "1", **PHOENIX}, {}]
    before = [ask(bob, **question) for question in questions]
    give(alice, scatter(500))
    assert [ask(bob, **question) for question in questions] == before


def test_a_visitor_gets_no_map(client, db):
    assert client.get("/properties/cells/", PHOENIX).status_code == 302


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "nan,1,2,3", "10,0,5,1", "0,10,1,5", "inf,0,inf,1"])
def test_what_is_no_part_of_the_map_is_refused(client, alice, sign_in, bbox):
    browser = sign_in(client, alice)
    for url, params in (("/properties/cells/", {"bbox": bbox, "z": "5"}), ("/properties/cities/", {"bbox": bbox})):
        answer = browser.get(url, params)
        assert (answer.status_code, answer.json()["error"][:5]) == (400, "bbox:")


UNREADABLE = (
    *({"z": z} for z in ("", "a", "-1", "21", "5.5", "1e3", "9" * 5000, "٣", "nan")),
    *({"beds_min": number} for number in ("many", "nan", "inf", "1e400", "9" * 40, "-3", "\x00")),
    *({"value_max": "9" * 400}, {"equity_min": "NaN"}, {"beds_min": "4", "beds_max": "2"}, {"area_min": "sNaN"}),
    *({"all": "no-such-signal"}, {"any": ["vacant", "'"]}, {"none": "vacant", "all": "vacant"}, {"type": "Castle"}),
    *({"q": "Nowhereville, ZZ"}, {"q": "Springfield"}, {"q": "x" * 500}, {"exclude": "$where"}),
    *({"area": area} for area in ("box:1", "circle:33,-112,nan", "polygon:1,1;2,2", "box:9e99,1,2,3", "x" * 7000)),
    *({"bedz_min": "3"}, {"Q": "Phoenix, AZ"}, {"job": "0" * 24, "beds_min": "3"}, {"zoom": "5"}),
    *({"last_sale_min": "yesterday"}, {"last_sale_min": "2026-02-31"}, {"tag": "x" * 99}, {"find": "\x00"}),
)


@pytest.mark.parametrize("with_bbox", [True, False])
def test_what_cannot_be_read_is_refused_in_words_and_never_answered_by_everything(client, alice, sign_in, with_bbox):
    browser = sign_in(client, alice)
    give(alice, [(33.45, -112.07)])
    view = PHOENIX if with_bbox else {}
    for asked in UNREADABLE:
        if "z" in asked and not with_bbox:
            continue
        answer = browser.get("/properties/cells/?" + urlencode({**view, **asked}, doseq=True))
        assert answer.status_code == 400, asked
        name, _, reason = answer.json()["error"].partition(": ")
        assert name in asked and reason.strip(), asked
    assert browser.get("/properties/cells/", view).status_code == 200


def test_a_map_panned_beyond_the_world_is_answered(ask, alice):
    give(alice, [(33.45, -112.07)])
    assert ask(bbox="-260,-95,200,95", z="2")["total"] == 1


def test_more_matches_than_are_looked_at_are_said_to_be_more(ask, alice, monkeypatch):
    monkeypatch.setattr(maps, "MOST_ROWS", 350)
    give(alice, scatter(400), bedroom_count=4)
    answer = ask(q="Phoenix, AZ", beds_min="3", others="1", **PHOENIX)
    assert answer["total"] == 350
    assert answer["note"] == maps.CAPPED
    assert answer["others"] is None
    whole = ask(**PHOENIX)
    assert (whole["total"], whole["note"]) == (400, "")


def test_a_search_that_takes_too_long_says_so(ask, alice, monkeypatch):
    monkeypatch.setattr(maps, "SECONDS_FOR_A_MAP", 0.000001)
    give(alice, [(33.45, -112.07)], bedroom_count=4)
    answer = ask(q="Phoenix, AZ", beds_min="3", **PHOENIX)
    assert (answer["total"], answer["note"]) == (0, maps.TOO_SLOW)


def test_the_first_view_shows_the_matches_or_else_the_place(ask, alice):
    assert ask()["box"] is None
    empty = ask(q="Phoenix, AZ")["box"]
    south, west, north, east = empty
    assert south < 33.45 < north
    assert west < -112.07 < east
    give(alice, [(33.4, -112.1), (33.5, -112.0)])
    assert ask(q="Phoenix, AZ")["box"] == [33.4, -112.1, 33.5, -112.0]
    assert ask()["box"] == pytest.approx([33.4, -112.1, 33.5, -112.0])
    give(alice, scatter(maps.MOST_POINTS))
    assert ask(q="Phoenix, AZ")["box"] == empty


@pytest.fixture(scope="module", params=[MANY, pytest.param(50_000, marks=pytest.mark.faults)])
def many_thousand(request, unblocked_db):
    """A user with many properties all over the country, of which every seventh has four bedrooms."""
    from tests.conftest import empty_collections
    from tests.factories import UserFactory

    user = UserFactory()
    dice = random.Random(5)
    rows = [
        Owned.build(
            user=user,
            property_id=f"many-{number}",
            latitude=dice.uniform(25, 48),
            longitude=dice.uniform(-124, -68),
            bedroom_count=4 if number % 7 == 0 else 2,
        )
        for number in range(request.param)
    ]
    PropertyDatasetPermission.objects.bulk_create(rows, batch_size=5_000)
    rebuild_cells(user.pk)
    yield user
    empty_collections()


@pytest.mark.parametrize("zoom", [3, 4, 5, 6, 9, 13, 17])
def test_the_answer_is_small_however_much_is_owned_and_whatever_is_asked(many_thousand, zoom):
    view = MapView.parse("-125,24,-66,50", str(zoom))
    answer = maps.read_map(many_thousand, view)
    count = owned_by(many_thousand).count()
    assert answer["total"] == sum(cell["count"] for cell in answer["cells"]) == count >= MANY
    assert len(json.dumps(answer)) < 200_000
    rows = owned_by(many_thousand).filter(bedroom_count__gte=3)
    matched = maps.read_map(many_thousand, view, matches=rows, with_others=True)
    assert matched["total"] == sum(cell["count"] for cell in matched["cells"]) == -(-count // 7)
    assert sum(cell["count"] for cell in matched["others"]["cells"]) == count - matched["total"]
    assert len(json.dumps(matched)) < 400_000


def test_a_screen_of_the_map_is_a_few_kilobytes(many_thousand):
    answer = maps.read_map(many_thousand, MapView.parse("-125,24,-66,50", "4"))
    assert len(json.dumps(answer)) < 60_000


def test_rows_and_counters_give_the_same_map(many_thousand):
    dice = random.Random(8)
    for _ in range(20):
        zoom = dice.randint(3, 12)
        west, south = dice.uniform(-124, -80), dice.uniform(25, 42)
        view = MapView(west, south, west + 360 / 2**zoom, south + 180 / 2**zoom, zoom)
        everything = maps.look_at_everything(many_thousand, view)
        rows = maps.look_at_rows(owned_by(many_thousand), view)
        if rows.is_capped:
            continue
        assert everything.total == rows.total
        assert {(cell.x, cell.y): cell.count for cell in everything.cells} == {
            (cell.x, cell.y): cell.count for cell in rows.cells
        }


def test_the_map_reads_indexes(many_thousand):
    city, state = MapView.parse("-112.4,33.2,-111.8,33.8", "10"), MapView.parse("-115,31,-109,37", "6")
    rows = owned_by(many_thousand)
    for view in (city, state):
        assert_index_scan(lambda view=view: maps.read_map(many_thousand, view))
        for matches in (rows, rows.filter(bedroom_count__gte=3), rows.filter(state="AZ", city="Phoenix")):
            assert_index_scan(lambda view=view, matches=matches: maps.look_at_rows(matches, view))
    assert_index_scan(lambda: maps.find_box(many_thousand))
    assert_index_scan(lambda: maps.find_box(many_thousand, matches=rows.filter(bedroom_count__gte=3)))


def test_a_city_is_found_by_its_coordinates_and_not_by_walking_everything(many_thousand):
    view = MapView.parse("-112.4,33.2,-111.8,33.8", "10")
    assert keys_read(many_thousand, view) < owned_by(many_thousand).count() / 10


def keys_read(user, view: MapView) -> int:
    """How many keys of an index the server reads to find a user's rows in view."""
    grid = view.grid_at(view.grid_zoom)
    command = {
        "find": "PropertyDatasetPermission",
        "filter": {
            "userId": user.pk,
            "revealedAt": {"$ne": None},
            "latitude": {"$gte": grid.bottom * 90 / 2**grid.zoom - 90, "$lt": (grid.top + 1) * 90 / 2**grid.zoom - 90},
            "longitude": {"$gte": view.west, "$lte": view.east},
        },
    }
    plan = connection.database.command("explain", command, verbosity="executionStats")
    return plan["executionStats"]["totalKeysExamined"]


def test_cities_are_named_largest_first(client, alice, sign_in):
    answer = sign_in(client, alice).get("/properties/cities/", {"bbox": "-113,33,-111,34"})
    names = [city["name"] for city in answer.json()["cities"]]
    assert names[0] == "Phoenix"
    assert {"Mesa", "Tempe", "Scottsdale"} <= set(names)
    assert len(names) <= 60
    assert "private" in answer["Cache-Control"]

"""The counters of the map: always what the rows say, whatever is written at the same time or breaks in between."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import PyMongoError

from atlas_site.lib.transactions import run_txn
from properties.models import OwnedCell, Property, PropertyDatasetPermission
from properties.selectors.cells import (
    APART,
    ZOOMS,
    Cell,
    MapView,
    cells_of_points,
    counted_cells,
    group_rows,
    merge_cells,
    owned_on_map,
    pixels_of,
)
from properties.selectors.owned import count_owned
from properties.services.adoption import adopt_permissions
from properties.services.cells import add_to_cells, fill_row, move_in_cells, rebuild_all_cells, rebuild_cells
from properties.services.rows import spread_due_copies
from tests.factories import PropertyDatasetPermissionFactory as Owned
from tests.failpoints import HANG_UP, TRANSIENT, fail_commands

latitudes = st.one_of(st.floats(24, 49), st.sampled_from([0.0, 33.75, 45.0, -90.0, 89.99999]))
longitudes = st.one_of(st.floats(-125, -66), st.sampled_from([-180.0, -112.5, 0.0, 179.99999]))
HERE = {"latitude": 33.45, "longitude": -112.07}
places = st.lists(st.tuples(latitudes, longitudes), max_size=30)


@st.composite
def views(draw: st.DrawFn) -> MapView:
    south, north = sorted(draw(st.tuples(latitudes, latitudes)))
    west, east = sorted(draw(st.tuples(longitudes, longitudes)))
    return MapView(west=west, south=south, east=east, north=north, zoom=draw(st.integers(0, 13)))


def give(user, points) -> None:
    """Let a user own rows at these points, counted as a reveal counts them."""

    def write() -> None:
        PropertyDatasetPermission.objects.bulk_create(
            Owned.build(user=user, latitude=latitude, longitude=longitude) for latitude, longitude in points
        )
        add_to_cells(user.pk, points)

    run_txn(write)


def as_compared(cells: list[Cell]) -> dict[tuple[int, int], tuple]:
    return {
        (cell.x, cell.y): (cell.count, pytest.approx(cell.latitude_sum), pytest.approx(cell.longitude_sum))
        for cell in cells
    }


def wrong_counters(user) -> list[int]:
    """The zooms at which counters and rows differ."""
    wrong = []
    for zoom in ZOOMS:
        counters = OwnedCell.objects.filter(user=user, zoom=zoom, count__gt=0)
        counted = {(cell.x, cell.y): cell.count for cell in counters}
        if counted != {(cell.x, cell.y): cell.count for cell in group_rows(owned_on_map(user.pk), zoom)}:
            wrong.append(zoom)
    return wrong


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=places, more=places, view=views())
def test_counters_are_the_grouped_rows_in_any_view(make_user, points, more, view):
    user = make_user()
    give(user, points)
    give(user, more)
    grid = view.grid_at(view.grid_zoom)
    inside = [point for point in points + more if grid.holds(*point)]
    expected = as_compared(cells_of_points(inside, grid.zoom))
    assert {
        (cell.x, cell.y): (cell.count, cell.latitude_sum, cell.longitude_sum) for cell in counted_cells(user.pk, grid)
    } == expected
    assert wrong_counters(user) == []


@settings(max_examples=200)
@given(points=places, zoom=st.integers(0, 17))
def test_marks_keep_apart_and_lose_nothing(points, zoom):
    marks = merge_cells(cells_of_points(points, zoom), zoom)
    assert sum(mark.count for mark in marks) == len(points)
    spots = [pixels_of(mark.latitude, mark.longitude, zoom) for mark in marks]
    gaps = [((x - u) ** 2 + (y - v) ** 2) ** 0.5 for number, (x, y) in enumerate(spots) for u, v in spots[number + 1 :]]
    assert all(gap >= APART for gap in gaps)


def test_a_row_without_a_place_is_on_no_map_and_counted_among_everything(alice):
    give(alice, [(None, None), (33.4, None), (33.4, -112.0)])
    counters = OwnedCell.objects.filter(user=alice)
    assert counters.get(zoom=OwnedCell.EVERYTHING).count == 3
    assert set(counters.exclude(zoom=OwnedCell.EVERYTHING).values_list("count", flat=True)) == {1}
    assert rebuild_cells(alice.pk) == 0


def test_rows_that_move_are_counted_where_they_are_now(alice):
    give(alice, [(33.4, -112.0), (33.4, -112.0)])
    row = PropertyDatasetPermission.objects.filter(user=alice).first()

    def move() -> None:
        PropertyDatasetPermission.objects.filter(pk=row.pk).update(latitude=40.0, longitude=-75.0)
        move_in_cells(alice.pk, before=[(33.4, -112.0)], after=[(40.0, -75.0)])

    run_txn(move)
    assert wrong_counters(alice) == []


def test_a_row_that_gets_and_loses_its_place_is_counted_while_it_has_one(alice):
    give(alice, [(33.4, -112.0)])
    move_in_cells(alice.pk, before=[(None, None)], after=[(33.5, -112.0)])
    move_in_cells(alice.pk, before=[(33.5, -112.0)], after=[(None, None)])
    assert wrong_counters(alice) == []


def test_a_move_from_where_nothing_was_counted_keeps_the_refresh(alice):
    """The counters of an adopted database may not have been built yet, and a count below zero is refused."""
    Owned(user=alice, latitude=40.0, longitude=-75.0)
    run_txn(lambda: move_in_cells(alice.pk, before=[(33.4, -112.0)], after=[(40.0, -75.0)]))
    assert wrong_counters(alice) == []


def test_taking_away_is_adding_with_a_sign(alice):
    run_txn(lambda: add_to_cells(alice.pk, [(33.4, -112.0), (33.5, -112.0)]))
    run_txn(lambda: add_to_cells(alice.pk, [(33.4, -112.0), (33.5, -112.0)], sign=-1))
    assert not OwnedCell.objects.filter(user=alice, count__gt=0).exists()


def test_counters_stay_exact_under_transactions_at_the_same_time(alice):
    def give_and_close(number: int) -> None:
        try:
            give(alice, [(33.4 + number / 1000, -112.0), (33.4, -112.0 + number / 1000)])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(give_and_close, range(16)))
    assert PropertyDatasetPermission.objects.filter(user=alice).count() == 32
    assert wrong_counters(alice) == []


def test_counters_stay_exact_when_a_rebuild_meets_reveals(alice):
    give(alice, [(33.4, -112.0)])
    OwnedCell.objects.filter(user=alice, zoom=5).delete()

    def work(number: int) -> None:
        try:
            rebuild_cells(alice.pk) if number % 4 == 0 else give(alice, [(33.4, -112.0 + number)])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(12)))
    assert wrong_counters(alice) == []


@pytest.mark.parametrize("fault", [TRANSIENT, HANG_UP], ids=["conflict", "hang up"])
@pytest.mark.parametrize("command", ["update", "insert", "commitTransaction"])
def test_counters_stay_exact_when_the_server_falters(alice, command, fault):
    client = connection.connection or connection.database.client
    with fail_commands(client, command, times=1, **fault) as met:
        give(alice, [(33.4, -112.0), (33.5, -111.9)])
    assert met.count == 1
    assert PropertyDatasetPermission.objects.filter(user=alice).count() == 2
    assert wrong_counters(alice) == []


def test_a_crash_between_rows_and_counters_leaves_neither(alice):
    def write() -> None:
        PropertyDatasetPermission.objects.bulk_create([Owned.build(user=alice, latitude=33.4, longitude=-112.0)])
        add_to_cells(alice.pk, [(33.4, -112.0)])
        raise PyMongoError("the process ends here")

    with pytest.raises(PyMongoError):
        run_txn(write)
    assert not PropertyDatasetPermission.objects.filter(user=alice).exists()
    assert not OwnedCell.objects.filter(user=alice).exists()


def test_a_rebuild_mends_what_is_wrong_and_says_how_much(alice, bob):
    give(alice, [(33.4, -112.0), (40.0, -75.0)])
    give(bob, [(33.4, -112.0)])
    assert rebuild_cells(alice.pk) == 0
    OwnedCell.objects.filter(user=alice, zoom=7).update(count=9)
    OwnedCell.objects.filter(user=alice, zoom=9).delete()
    OwnedCell.objects.create(user=alice, zoom=11, x=1, y=1, count=3)
    assert rebuild_cells(alice.pk) == 5
    assert wrong_counters(alice) == wrong_counters(bob) == []


def test_rows_of_an_earlier_database_are_counted_by_a_rebuild_of_all(alice, bob):
    for user in (alice, bob):
        Owned(user=user, latitude=33.4, longitude=-112.0)
    assert rebuild_all_cells() == 2 * (len(ZOOMS) + 1)
    assert rebuild_all_cells() == 0
    assert wrong_counters(alice) == wrong_counters(bob) == []


def test_a_row_outside_of_a_transaction_is_not_filled(alice):
    row = Owned(user=alice, latitude=33.4, longitude=-112.0)
    with pytest.raises(RuntimeError):
        fill_row(row, {"latitude": 40.0, "longitude": -75.0})
    row.refresh_from_db()
    assert row.latitude == 33.4


def test_what_a_reveal_brings_is_counted_with_it(alice, phoenix, reveal, sandbox):
    reveal(alice, phoenix, 20)
    assert PropertyDatasetPermission.objects.filter(user=alice, latitude__isnull=False).count() == 20
    assert OwnedCell.objects.filter(user=alice, count__gt=0).exists()
    assert wrong_counters(alice) == []


@pytest.mark.parametrize("fault", [TRANSIENT, HANG_UP], ids=["conflict", "hang up"])
def test_a_reveal_that_meets_faults_counts_what_it_brings_once(alice, phoenix, reveal, sandbox, fault):
    with fail_commands(connection.database.client, "update", "commitTransaction", times=2, **fault) as met:
        reveal(alice, phoenix, 20)
    assert met.count == 2
    assert wrong_counters(alice) == []


def test_a_copy_that_moves_takes_the_rows_of_all_owners_along(alice, bob, phoenix, reveal, sandbox, now):
    reveal(alice, phoenix, 3)
    copy = Property.objects.get(property_id=PropertyDatasetPermission.objects.filter(user=alice).first().property_id)
    row = PropertyDatasetPermission.objects.get(user=alice, property_id=copy.property_id)
    row.pk, row.user = None, bob
    row.save(force_insert=True)
    rebuild_cells(bob.pk)
    copy.data["address"] |= {"latitude": 40.0, "longitude": -75.0}
    Property.objects.filter(pk=copy.pk).update(data=copy.data, spread_due_at=now)

    spread_due_copies()

    moved = PropertyDatasetPermission.objects.filter(property_id=copy.property_id, latitude=40.0, longitude=-75.0)
    assert moved.count() == 2
    assert wrong_counters(alice) == wrong_counters(bob) == []


def test_adopted_rows_are_on_the_map(alice):
    Property.objects.create(property_id="old", data={"address": {"latitude": 33.4, "longitude": -112.0}})
    PropertyDatasetPermission.objects.create(user=alice, property_id="old", datasets=["BASIC"])
    adopt_permissions()
    assert OwnedCell.objects.filter(user=alice).count() == len(ZOOMS) + 1
    assert wrong_counters(alice) == []


def test_the_counter_of_everything_begins_with_the_first_rows_and_never_later(make_user):
    first, older = make_user(), make_user()
    PropertyDatasetPermission.objects.bulk_create(Owned.build(user=older, **HERE) for _ in range(7))  # not counted
    for user in (first, older):
        give(user, [(33.45, -112.07), (None, None)])

    total = OwnedCell.objects.filter(zoom=OwnedCell.EVERYTHING)
    assert total.get(user=first).count == 2
    assert not total.filter(user=older).exists()
    assert (count_owned(first).number, count_owned(older).number) == (2, 9)

    give(first, [(33.45, -112.07)])
    assert count_owned(first).number == 3


def test_the_migration_counts_rows_that_were_never_counted_and_may_be_repeated(make_user):
    migration = import_module("properties.migrations.0011_rows_know_their_copy")
    missing, wrong, right = make_user(), make_user(), make_user()
    points = [(33.45, -112.07), (33.46, -112.08), (40.7, -74.0), (-90.0, 179.99999), (None, None)]
    for user in (missing, wrong):
        rows = [Owned.build(user=user, latitude=latitude, longitude=longitude) for latitude, longitude in points]
        PropertyDatasetPermission.objects.bulk_create(rows)
    OwnedCell.objects.create(user=wrong, zoom=OwnedCell.EVERYTHING, x=0, y=0, count=2)
    PropertyDatasetPermission.objects.bulk_create([Owned.build(user=missing, revealed_at=None, **HERE)])
    give(right, points)

    for _ in range(2):
        with connection.schema_editor() as editor:
            migration.count_rows(None, editor)

    for user in (missing, wrong, right):
        assert not wrong_counters(user)
        assert OwnedCell.objects.get(user=user, zoom=OwnedCell.EVERYTHING).count == len(points)
        assert rebuild_cells(user.pk) == 0

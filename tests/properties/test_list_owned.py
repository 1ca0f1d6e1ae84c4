"""The owned list, page by page in both directions."""

from datetime import timedelta
from operator import attrgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.explain import recorded_reads
from properties.models import PropertyDatasetPermission
from properties.search.form import read_query
from properties.selectors import owned
from properties.selectors.owned import (
    ROWS_A_PAGE,
    SORTS,
    CappedCount,
    count_capped,
    list_owned,
    owned_by,
    owned_matches,
    read_batches,
)
from properties.selectors.owned_rows import OwnedRow
from tests.factories import NOON, PropertyDatasetPermissionFactory, PropertyFactory

pytestmark = pytest.mark.django_db

OWNED = 2 * ROWS_A_PAGE + 5


@pytest.fixture
def hers(alice):
    """More than two pages: every third has no value, and values repeat."""
    PropertyDatasetPermission.objects.bulk_create(
        PropertyDatasetPermissionFactory.build(
            user=alice,
            property_id=f"p{number:03}",
            revealed_at=NOON - timedelta(minutes=number // 2),
            estimated_value=None if number % 3 == 0 else 1000.0 * (number % 7),
            equity_percent=None if number % 2 else float(number % 5 - 2),
            last_sale_on=None if number % 4 == 0 else NOON.date() - timedelta(days=number % 6),
            last_sale_price=None if number % 5 == 0 else 500.0 * (number % 9),
            year_built=1990 if number < 40 else None,
            living_area_square_feet=float(number),
            address_key=None if number % 11 == 0 else f"{number % 8} main st",
            stack_count=number % 3 // 2,
        )
        for number in range(OWNED)
    )
    return owned_by(alice)


@pytest.mark.parametrize("sort", SORTS)
def test_pages_in_either_direction_are_the_same(hers, sort):
    pages = [list_owned(hers, sort=sort)]
    while pages[-1].following:
        pages.append(list_owned(hers, sort=sort, after=pages[-1].following))
    back = [pages[-1]]
    while back[-1].preceding:
        back.append(list_owned(hers, sort=sort, before=back[-1].preceding))

    assert [len(page.rows) for page in pages] == [ROWS_A_PAGE, ROWS_A_PAGE, 5]
    assert [page.rows for page in reversed(back)] == [page.rows for page in pages]
    assert len({row.property_id for page in pages for row in page.rows}) == OWNED


@pytest.mark.parametrize("sort", SORTS)
def test_the_first_come_first_and_the_unknown_last(hers, sort):
    first = list_owned(hers, sort=sort)
    second = list_owned(hers, sort=sort, after=first.following)
    rows = first.rows + second.rows + list_owned(hers, sort=sort, after=second.following).rows

    values = [getattr(row, SORTS[sort].field) for row in rows]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=not SORTS[sort].rises)
    assert values == known + [None] * (OWNED - len(known))


SOME = st.none() | st.integers(0, 3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(SOME, min_size=1, max_size=30), name=st.sampled_from(list(SORTS)), size=st.integers(1, 7))
def test_every_order_visits_each_row_once_in_both_directions(bob, values, name, size):
    """Whatever is null, and however many are equal."""
    field = SORTS[name].field
    made = [
        PropertyDatasetPermissionFactory.build(user=bob, property_id=f"p{number:03}", **of_kind(field, value))
        for number, value in enumerate(values)
    ]
    PropertyDatasetPermission.objects.filter(user=bob).delete()
    PropertyDatasetPermission.objects.bulk_create(made)
    rows = owned_by(bob)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owned, "ROWS_A_PAGE", size)
        pages = [list_owned(rows, sort=name)]
        while pages[-1].following:
            pages.append(list_owned(rows, sort=name, after=pages[-1].following))
        back = [pages[-1]]
        while back[-1].preceding:
            back.append(list_owned(rows, sort=name, before=back[-1].preceding))

    visited = [row.property_id for page in pages for row in page.rows]
    assert sorted(visited) == [row.property_id for row in made]
    assert [row.property_id for page in reversed(back) for row in page.rows] == visited
    seen = [getattr(row, field) for page in pages for row in page.rows]
    known = [value for value in seen if value is not None]
    assert seen == sorted(known, reverse=not SORTS[name].rises) + [None] * (len(seen) - len(known))


@pytest.mark.parametrize("sort", ["value", "value-up"])
def test_a_list_in_the_order_of_what_it_is_filtered_by_has_all_and_walks_only_what_fits(alice, sort):
    """Rows whose value fits come first, then those whose value is locked and was proved by their search."""
    query = read_query({"q": ["Phoenix, AZ"], "value_max": ["600000"]})
    proof = query.proofs()
    locked = {"datasets": ["BASIC"], "estimated_value": None}
    kinds = [
        {"datasets": ["BASIC", "VALUATION"], "estimated_value": 500_000.0},
        {"datasets": ["BASIC", "VALUATION"], "estimated_value": 900_000.0},
        {"datasets": ["BASIC", "VALUATION"], "estimated_value": None},
        {**locked, "proofs": proof},
        {**locked, "proofs": []},
    ]
    for number in range(5 * ROWS_A_PAGE):
        values = {"state": "AZ", "city": "Phoenix", **kinds[number % len(kinds)]}
        PropertyDatasetPermissionFactory.create(user=alice, property_id=f"p{number:03}", **values)
    rows = owned_by(alice)

    pages = [list_owned(rows, sort=sort, query=query)]
    while pages[-1].following:
        pages.append(list_owned(rows, sort=sort, after=pages[-1].following, query=query))
    back = [pages[-1]]
    while back[-1].preceding:
        back.append(list_owned(rows, sort=sort, before=back[-1].preceding, query=query))

    visited = [row for page in pages for row in page.rows]
    assert {row.property_id for row in visited} == {row.property_id for row in owned_matches(alice, query)}
    assert len(visited) == 2 * ROWS_A_PAGE
    assert [row.estimated_value for row in visited] == [500_000.0] * ROWS_A_PAGE + [None] * ROWS_A_PAGE
    assert [row for page in reversed(back) for row in page.rows] == visited
    with recorded_reads() as reads:
        list_owned(rows, sort=sort, query=query, total=CappedCount(0))
    (collection, pipeline), *_ = reads
    command = {"explain": {"aggregate": collection.name, "pipeline": pipeline, "cursor": {}}}
    plan = collection.database.command(command, verbosity="executionStats")
    assert plan["executionStats"]["totalDocsExamined"] <= ROWS_A_PAGE + 1


def test_a_page_in_the_order_of_what_is_asked_takes_one_read(alice):
    """Whether something locked was proved is looked for where the rows that tell do not fill the page."""
    for number in range(ROWS_A_PAGE + 1):
        PropertyDatasetPermissionFactory.create(
            user=alice,
            property_id=f"p{number:03}",
            state="AZ",
            datasets=["BASIC", "VALUATION"],
            estimated_value=500_000.0,
            year_built=1990 if number else None,
        )
    for sort, asked, count in (
        ("value", {"value_max": ["600000"]}, ROWS_A_PAGE),
        ("built", {"built_min": ["1980"]}, ROWS_A_PAGE),
        ("built", {"built_min": ["1991"]}, 0),  # the unknown year is no newer, and that is not even asked
    ):
        with recorded_reads() as reads:
            page = list_owned(
                owned_by(alice), sort=sort, query=read_query({"q": ["AZ"], **asked}), total=CappedCount(0)
            )
        assert (len(page.rows), len(reads)) == (count, 1)


def test_rows_have_the_values_of_their_documents(alice):
    row = PropertyDatasetPermissionFactory.create(
        user=alice, last_sale_on=NOON.date(), stacked={"lists": 2}, facts={"stories": 2}, tags=["a"]
    )
    row.refresh_from_db()
    (whole,) = list_owned(owned_by(alice), with_facts=True).rows
    assert whole == attrgetter(*OwnedRow._fields)(row)
    assert whole.get_absolute_url() == row.get_absolute_url()
    (shown,) = list_owned(owned_by(alice)).rows
    assert shown == whole._replace(facts={})


def test_a_property_that_fits_no_more_still_says_where_a_page_begins(alice):
    for number in range(6):
        PropertyDatasetPermissionFactory.create(
            user=alice, property_id=f"p{number}", state="AZ", year_built=1990 + number
        )
    query = read_query({"q": ["AZ"], "built_min": ["1991"], "built_max": ["1993"]})
    pages = {
        edge: list_owned(owned_by(alice), sort="built", query=query, after=edge).rows for edge in ("p5", "p2", "p0")
    }
    assert {edge: [row.property_id for row in rows] for edge, rows in pages.items()} == {
        "p5": ["p3", "p2", "p1"],
        "p2": ["p1"],
        "p0": [],
    }


def test_rows_that_fit_on_one_page_are_counted_by_being_there(alice):
    for number in range(3):
        PropertyDatasetPermissionFactory.create(user=alice, property_id=f"p{number}", revealed_at=NOON)
    with recorded_reads() as reads:
        page = list_owned(owned_by(alice))
    assert page.total.number == len(page.rows) == 3
    assert len(reads) == 1


def of_kind(field: str, number: int | None) -> dict:
    """A value of the kind that this field has; the day of the reveal is never unknown."""
    if field == "revealed_at":
        return {field: NOON + timedelta(hours=number or 0)}
    if number is None:
        return {field: None} if field != "stack_count" else {}
    return {
        field: {"last_sale_on": NOON.date() + timedelta(days=number), "address_key": f"{number} elm"}.get(field, number)
    }


def test_all_rows_are_read_once_in_batches(hers):
    batches = list(read_batches(hers, size=10))
    assert [len(batch) for batch in batches] == [10, 10, 10, 10, 10, 5]
    assert [row.property_id for batch in batches for row in batch] == [row.property_id for row in hers]


def test_a_list_that_takes_too_long_says_so(hers, monkeypatch):
    wait = {"$function": {"body": "function() { sleep(50); return true; }", "args": [], "lang": "js"}}
    slow = hers.filter(Matches({"$expr": wait}))
    monkeypatch.setattr(owned, "SECONDS_FOR_A_PAGE", 0.2)
    monkeypatch.setattr(owned, "SECONDS_FOR_A_COUNT", 0.2)

    page = list_owned(slow)

    assert (page.is_too_broad, page.rows, page.total.is_known) == (True, [], False)
    assert str(count_capped(slow)) == "too broad to count"


def test_the_first_page_has_no_way_back_and_the_last_none_on(hers):
    first = list_owned(hers)
    assert (first.preceding, bool(first.following), str(first.total)) == ("", True, str(OWNED))

    last = list_owned(hers, before="p054", after="p054")
    assert last.rows == []
    assert last.following == ""


def test_a_key_of_nothing_is_the_first_page(hers):
    assert list_owned(hers, after="nonsense").rows == list_owned(hers).rows
    assert list_owned(hers, before="nonsense").rows == list_owned(hers).rows


def test_names_of_any_shape_are_one_line_in_lists_and_titles(client, alice, sign_in):
    names = ["Ann Lee", "  Ann\n\tLee ", "Ann\u00a0 Lee", "N" * 5_000, " \n "]
    for number, name in enumerate(names):
        PropertyDatasetPermissionFactory(
            user=alice, property_id=f"n{number}", owner_name=name, address=f"{number} Main\n  St", city=f"City {number}"
        )

    PropertyFactory(property_id="n0")

    page = sign_in(client, alice).get("/properties/").content.decode()

    assert page.count('data-label="Owner">Ann Lee</td>') == 3
    assert f'data-label="Owner">{"N" * 79}…</td>' in page
    assert 'data-label="Owner"><span class="unknown">unknown</span></td>' in page
    assert ">0 Main St</a>" in page
    assert "<title>0 Main St · Atlas</title>" in client.get("/properties/n0/").content.decode()


def test_the_page_keeps_place_and_order_and_leads_both_ways(client, alice, hers, sign_in):
    page = sign_in(client, alice).get("/properties/", {"q": "Phoenix, AZ", "sort": "value"}).context["page"]
    address = f"{page.paging}after={page.owned.following}"
    assert address.startswith("q=Phoenix%2C+AZ&sort=value&after=p")

    second = client.get(f"/properties/?{address}")

    assert second.context["page"].owned.sort == "value"
    assert f"before={second.context['page'].owned.preceding}" in second.content.decode()

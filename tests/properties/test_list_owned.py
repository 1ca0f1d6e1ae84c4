"""The owned list, page by page in both directions."""

from datetime import timedelta

import pytest

from properties.models import PropertyDatasetPermission
from properties.selectors.owned import ROWS_A_PAGE, SORTS, list_owned, owned_by
from tests.factories import NOON, PropertyDatasetPermissionFactory

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
def test_the_highest_come_first_and_the_unknown_last(hers, sort):
    first = list_owned(hers, sort=sort)
    second = list_owned(hers, sort=sort, after=first.following)
    rows = first.rows + second.rows + list_owned(hers, sort=sort, after=second.following).rows

    values = [getattr(row, SORTS[sort].field) for row in rows]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values == known + [None] * (OWNED - len(known))


def test_the_first_page_has_no_way_back_and_the_last_none_on(hers):
    first = list_owned(hers)
    assert (first.preceding, bool(first.following), str(first.total)) == ("", True, str(OWNED))

    last = list_owned(hers, before="p054", after="p054")
    assert last.rows == []
    assert last.following == ""


def test_a_key_of_nothing_is_the_first_page(hers):
    assert list_owned(hers, after="nonsense").rows == list_owned(hers).rows
    assert list_owned(hers, before="nonsense").rows == list_owned(hers).rows


def test_the_page_keeps_place_and_order_and_leads_both_ways(client, alice, hers, sign_in):
    page = sign_in(client, alice).get("/properties/", {"q": "Phoenix, AZ", "sort": "value"})
    address = page.context["paging"] + f"after={page.context['owned'].following}"
    assert address.startswith("q=Phoenix%2C+AZ&sort=value&after=p")

    second = client.get(f"/properties/?{address}")

    assert second.context["owned"].sort == "value"
    assert f"before={second.context['owned'].preceding}" in second.content.decode()

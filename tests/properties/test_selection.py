"""Choosing from the owned list and acting on it, over HTTP without JavaScript."""

import pytest
from django.urls import reverse

from atlas_site.mongodb.explain import recorded_reads
from properties.models import PropertyDatasetPermission, ViewPreference
from properties.selectors.owned_columns import LIST_COLUMNS
from properties.services import rows
from tests.factories import NOON, PropertyDatasetPermissionFactory

pytestmark = pytest.mark.django_db

TAG = reverse("properties:tag-properties")
OWNED = 60


@pytest.fixture
def hers(client, alice, bob, sign_in):
    """Alice, signed in, with more than two pages in two cities; bob owns the same properties."""
    for user in (alice, bob):
        PropertyDatasetPermission.objects.bulk_create(
            PropertyDatasetPermissionFactory.build(
                user=user,
                property_id=f"p{number:03}",
                city="Phoenix" if number % 2 else "Mesa",
                address=f"{number} Main St",
                address_key=f"{number} main st phoenix",
                bedroom_count=float(number % 5),
                row_version=1,
            )
            for number in range(OWNED)
        )
    return sign_in(client, alice)


def tagged(user, tag: str) -> set[str]:
    rows = PropertyDatasetPermission.objects.filter(user=user, tags__contains=[tag])
    return set(rows.values_list("property_id", flat=True))


def test_the_list_is_a_form_with_a_box_for_each_row(hers):
    text = hers.get("/properties/").content.decode()

    assert text.count('name="ids"') == 25
    assert "60 in all" in text
    assert 'name="scope" value="matching"' in text


def test_checked_rows_get_a_tag_and_lose_it_again(hers, alice, bob):
    ids = ["p001", "p002", "p059"]
    answer = hers.post(TAG, {"ids": ids, "tag": " Call  FIRST ", "action": "add", "list": "sort=value"})

    assert answer.url == "/properties/?sort=value"
    assert tagged(alice, "call first") == set(ids)
    assert tagged(bob, "call first") == set()
    assert "3 properties got the tag" in hers.get(answer.url).content.decode()

    hers.post(TAG, {"ids": "p001,p002", "tag": "call first", "action": "remove"})
    assert tagged(alice, "call first") == {"p059"}


def test_all_that_match_are_the_query_and_not_the_boxes(hers, alice):
    form = {"scope": "matching", "query": "q=Mesa%2C+AZ", "ids": ["p001"], "tag": "mesa", "action": "add"}
    hers.post(TAG, form)

    assert tagged(alice, "mesa") == {f"p{number:03}" for number in range(0, OWNED, 2)}
    page = hers.get("/properties/", {"tag": "mesa", "beds_min": "4"})
    assert {row.property_id for row in page.context["page"].rows} == {f"p{number:03}" for number in range(4, OWNED, 10)}


@pytest.mark.parametrize(
    "form",
    [
        {"tag": "x", "action": "add"},
        {"ids": [], "scope": "chosen", "tag": "x", "action": "add"},
        {"ids": ["p001"], "tag": "", "action": "add"},
        {"ids": ["p001"], "tag": "x" * 50, "action": "add"},
        {"ids": ["p001"], "tag": "x", "action": "burn"},
        {"ids": ",".join(f"p{number}" for number in range(6000)), "tag": "x", "action": "add"},
        {"scope": "matching", "query": "q=Nowhereville%2C+ZZ", "tag": "x", "action": "add"},
    ],
)
def test_what_cannot_be_read_changes_nothing_and_says_why(hers, alice, form):
    answer = hers.post(TAG, form)

    assert answer.status_code == 302
    assert tagged(alice, "x") == set()
    assert [str(each) for each in hers.get("/properties/").context["messages"]]


def test_what_another_user_owns_is_not_tagged(hers, bob):
    other = PropertyDatasetPermissionFactory.create(user=bob, property_id="only his")
    hers.post(TAG, {"ids": ["only his"], "tag": "mine", "action": "add"})

    other.refresh_from_db()
    assert other.tags == []


def test_a_row_keeps_so_many_tags_and_no_more(alice):
    row = PropertyDatasetPermissionFactory.create(user=alice, tags=[f"t{number}" for number in range(rows.MOST_TAGS)])
    mine = PropertyDatasetPermission.objects.filter(user=alice)

    assert rows.tag_rows(rows=mine, tag="one more") == 0
    assert rows.untag_rows(rows=mine, tag="t3") == 1
    assert rows.tag_rows(rows=mine, tag="one more") == 1
    row.refresh_from_db()
    assert row.tags[-1] == "one more"


def test_tagging_reads_keys_alone_and_writes_batches_on_the_server(alice, monkeypatch):
    monkeypatch.setattr(rows, "TAGGED_A_WRITE", 4)
    for number in range(10):
        PropertyDatasetPermissionFactory.create(user=alice, property_id=f"k{number}", notes="long words")
    mine = PropertyDatasetPermission.objects.filter(user=alice)

    with recorded_reads() as reads:
        assert rows.tag_rows(rows=mine, tag="hot") == 10

    finds = [pipeline for _, pipeline in reads if any("$project" in stage for stage in pipeline)]
    updates = [pipeline for _, pipeline in reads if "hot" in repr(pipeline)]
    assert len(finds) == 1 and "notes" not in repr(finds)
    assert len(updates) <= 3
    assert tagged(alice, "hot") == {f"k{number}" for number in range(10)}


def test_too_many_to_tag_at_once_are_left_alone(hers, alice, monkeypatch):
    monkeypatch.setattr(rows, "MOST_TAGGED", 10)
    hers.post(TAG, {"scope": "matching", "query": "", "tag": "all", "action": "add"})

    assert tagged(alice, "all") == set()
    assert "At most 10 properties" in hers.get("/properties/").content.decode()


def test_columns_and_density_are_kept(hers, alice, bob):
    view = reverse("properties:set-list-view")
    answer = hers.post(
        view, {"columns": ["city", "address", "beds", "notes"], "density": "comfortable", "list": "q=AZ"}
    )

    assert answer.url == "/properties/?q=AZ"
    page = hers.get("/properties/")
    assert [heading.column.name for heading in page.context["page"].headings] == ["address", "city", "beds", "notes"]
    assert "is-comfortable" in page.content.decode()
    assert not ViewPreference.objects.filter(user=bob).exists()

    hers.post(view, {"columns": ["stack"], "density": "compact"})
    assert ViewPreference.objects.get(user=alice).columns == ["stack"]
    hers.post(reverse("properties:reset-list-view"))
    page = hers.get("/properties/")
    assert [heading.column.name for heading in page.context["page"].headings] == ["address", *LIST_COLUMNS]


def test_the_map_makes_room_for_the_list_until_it_is_wanted_again(hers):
    switch = reverse("properties:switch-list-map")

    assert hers.post(switch, {"map": "off", "list": "q=Mesa"}).url == "/properties/?q=Mesa"
    page = hers.get("/properties/").content.decode()
    assert ("data-map " in page, "list-and-map" in page, "Show map" in page) == (False, False, True)

    hers.post(switch, {"map": "on", "list": ""})
    page = hers.get("/properties/").content.decode()
    assert ("data-map " in page, "list-and-map" in page, "Hide map" in page) == (True, True, True)


def test_unknown_columns_are_refused(hers):
    hers.post(reverse("properties:set-list-view"), {"columns": ["religion"], "density": "compact"})

    assert not ViewPreference.objects.exists()


def test_headings_lead_to_their_order_and_say_which_one_is_shown(hers):
    first = hers.get("/properties/", {"q": "Mesa, AZ", "sort": "value"})
    headings = {heading.column.name: heading for heading in first.context["page"].headings}

    assert headings["value"].direction == "descending"
    assert headings["value"].url == "?q=Mesa%2C+AZ&sort=value-up"
    assert headings["address"].url == "?q=Mesa%2C+AZ&sort=address-up"
    assert headings["equity"].direction == ""
    assert headings["type"].url == ""
    assert 'aria-sort="descending"' in first.content.decode()


def test_an_empty_list_says_which_condition_to_take_away(hers, carol, client, sign_in):
    page = hers.get("/properties/", {"q": "Mesa, AZ", "beds_min": "9", "tag": "none"}).content.decode()
    assert "Nothing of yours fits" in page
    assert "Without Tag: none" in page

    assert "Nothing yet" in sign_in(client, carol).get("/properties/").content.decode()


def test_a_wrong_condition_is_an_error_and_shows_nothing_that_was_not_asked_for(hers):
    page = hers.get("/properties/", {"q": "Nowhereville, ZZ"})

    text = page.content.decode()
    assert "<title>Error:" in text
    assert "does not know this place" in text
    assert "data-property-id" not in text


def test_the_beginning_of_an_address_is_enough(hers):
    page = hers.get("/properties/", {"find": " 12  MAIN st."})

    assert [row.property_id for row in page.context["page"].rows] == ["p012"]


@pytest.mark.parametrize("show", ["filters", "columns"])
def test_filters_and_columns_open_by_a_link(hers, show):
    text = hers.get("/properties/", {"q": "Mesa, AZ", "sort": "value", "show": show}).content.decode()

    assert f'id="list-{show}"' in text
    assert "sort=value" in text


def test_a_list_that_takes_too_long_says_so_and_keeps_its_conditions(hers, monkeypatch):
    from properties.selectors import owned

    monkeypatch.setattr(owned, "SECONDS_FOR_A_PAGE", 0.000_001)
    text = hers.get("/properties/", {"q": "Mesa, AZ", "beds_min": "1"}).content.decode()

    assert "Too broad to look through" in text
    assert "Remove filter" in text


def test_the_list_says_what_is_locked_unknown_and_stacked(hers, alice):
    PropertyDatasetPermission.objects.filter(user=alice, property_id="p059").update(
        datasets=["BASIC", "VALUATION"],
        revealed_at=NOON.replace(year=2027),
        estimated_value=420_000.0,
        stacked={"lists": 3, "searches": 1},
        stack_count=4,
    )
    text = hers.get("/properties/").content.decode()

    assert "$420K" in text
    assert "3 lists, 1 search" in text
    assert 'aria-label="locked"' in text
    assert 'class="unknown"' in text


@pytest.mark.parametrize("tag", [",", ", ,", "\u200b"])
def test_a_tag_of_nothing_is_none(hers, tag):
    answer = hers.post(TAG, {"ids": ["p001"], "tag": tag, "action": "add"})
    text = hers.get(answer.url).content.decode()
    assert "Name a tag" in text
    assert "got the tag" not in text


def test_a_form_from_a_list_with_a_long_address_leads_back_to_the_list(hers, alice):
    answer = hers.post(TAG, {"ids": ["p001"], "tag": "x", "action": "add", "list": "find=" + "y" * 20_000})
    assert (answer.status_code, answer.url) == (302, "/properties/")
    assert tagged(alice, "x") == {"p001"}


@pytest.mark.parametrize("asked", [{"equity_min": "abc"}, {"area": "polygon:1"}, {"q": "Nowhereville, ZZ"}])
def test_a_condition_that_cannot_be_read_shows_its_error_and_nothing_else(hers, asked):
    text = hers.get("/properties/", asked).content.decode()

    assert "Please check 1 thing" in text
    assert "Main St" not in text
    assert 'name="scope"' not in text
    assert "data-points-url" not in text

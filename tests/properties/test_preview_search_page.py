"""The search page over HTTP: figures beside signals, prices, what is left out, and what a place of few houses tells."""

import pytest
from django.utils import timezone

from atlas_site.lib.places import find_places
from atlas_site.vendors import batchdata
from credits.models import Quote
from properties import exclusions
from properties.exclusions import Excluded
from properties.search.form import read_query
from properties.search.signals import SIGNALS
from properties.selectors.runs import show_run
from properties.services import budgets, previews, searches
from properties.services.counting import Count

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hers(client, alice, sign_in, sandbox):
    return sign_in(client, alice)


@pytest.fixture
def a_list(monkeypatch):
    """A kind of list that alice and nobody else can leave out."""

    def choices(user):
        return [("mine:1", "Bandit signs 2024")] if user.email.startswith("alice") else []

    source = exclusions._Source(choices, lambda user, key: Excluded(), place_keys=None)
    monkeypatch.setitem(exclusions._SOURCES, "mine", source)


def test_choices_end_with_all_that_are_new_when_the_count_is_exact(alice, sandbox, now, monkeypatch):
    query = read_query({"q": ["Phoenix, AZ"]})
    monkeypatch.setattr(previews, "CHOICES", (10, 25, 50, 100_000))

    preview = previews.preview_search(user=alice, query=query, now=now)

    assert [choice.count for choice in preview.choices] == [10, 25, 50, preview.count.total]
    assert preview.most == preview.count.total


@pytest.mark.parametrize(
    ("count", "offered"),
    [
        (Count(None, is_exact=False, below=10), [9]),
        (Count(None, is_exact=False, below=50), [10, 25, 49]),
        (Count(20, is_exact=False), [10, 25, 50, 59]),
        (Count(120, is_exact=False), [10, 25, 50, 100]),
        (Count(7), [7]),
        (Count(0), []),
    ],
)
def test_no_more_is_offered_than_a_count_can_be(count, offered, alice):
    choices = previews._choices(alice, count.at_most, balance=1_000)

    assert [choice.count for choice in choices] == offered


def test_a_choice_says_what_is_left_and_what_is_missing(alice, carol):
    rich, poor = (previews.price_reveal(user=user, count=40) for user in (alice, carol))

    assert (rich.cost, rich.left, rich.missing) == (40, 960, 0)
    assert (poor.cost, poor.left, poor.missing) == (40, -40, 40)


@pytest.mark.parametrize("number", ["", "0", "-1", "10001", "many"])
def test_a_number_that_is_none_has_no_price(number, hers):
    assert "credit" not in hers.get("/search/price/", {"count": number}).content.decode()


def test_a_place_that_nobody_named_has_no_figures(hers, sandbox):
    for params in ({}, {"q": "Nowhereville, ZZ"}, {"q": "Springfield"}, {"area": "box:1"}):
        text = hers.get("/search/signals/", params).content.decode()
        assert '<span class="heat" id="heat-vacant" hx-swap-oob="true"></span>' in text
    assert sandbox.bill()["count_calls"] == 0


def test_figures_beside_signals_are_gone_while_the_vendor_is_down(hers, sandbox):
    sandbox.fail("500", times=10)

    text = hers.get("/search/signals/", {"q": "Phoenix, AZ"}).content.decode()

    assert 'id="heat-vacant" hx-swap-oob="true"></span>' in text


def test_another_place_is_told_to_the_page_and_the_same_one_is_not(hers):
    def ask(q: str):
        headers = {**HTMX, "HX-Current-URL": "http://testserver/search/?q=Phoenix%2C+AZ&beds_min=2"}
        return hers.get("/search/", {"q": q, "beds_min": "2"}, headers=headers).headers

    assert "place-changed" in ask("Tucson, AZ")["HX-Trigger"]
    assert "HX-Trigger" not in ask("phoenix az")
    assert ask("phoenix az")["HX-Push-Url"] == "false", "the address says so already"


@pytest.mark.parametrize("url", ["http://[", "", "nothing"])
def test_htmx_may_name_a_page_that_cannot_be_read(hers, url):
    answer = hers.get("/search/", {"q": "Phoenix, AZ"}, headers={**HTMX, "HX-Current-URL": url})

    assert answer.status_code == 200
    assert answer["HX-Push-Url"] == "?q=Phoenix%2C+AZ"


def test_lists_to_leave_out_are_offered_to_their_owner_and_named_in_a_chip(hers, client, bob, sign_in, a_list):
    page = hers.get("/search/", {"q": "Phoenix, AZ", "exclude": "mine:1"}).content.decode()
    assert 'name="exclude" value="mine:1" checked' in page
    assert "Left out: Bandit signs 2024" in page

    his = sign_in(client, bob).get("/search/", {"q": "Phoenix, AZ"}).content.decode()

    assert "Bandit signs" not in his


def test_nothing_matches_is_said_only_where_zero_may_be_told(hers, sandbox):
    empty = hers.get("/search/", {"q": "Phoenix, AZ", "beds_min": "40"}).content.decode()

    assert "Nothing matches" not in empty
    assert "So few match that it may be none" in empty


def test_a_text_that_may_be_several_things_is_answered_with_links(hers):
    page = hers.get("/search/", {"q": "Phoeni"}).content.decode()

    assert "Which of these do you mean?" in page
    assert 'href="/search/?q=Phoenix%2C+AZ"' in page


def test_a_text_that_resembles_nothing_asks_for_no_choice(hers):
    page = hers.get("/search/", {"q": "Nowhereville, ZZ"}).content.decode()

    assert "Which of these" not in page
    assert "Mend what is marked and count again." in page


def test_a_form_without_values_is_the_same_for_everybody(hers, client, bob, sign_in):
    """Blank groups are kept: none may hold what somebody typed."""
    marked = hers.get("/search/", {"q": "Phoenix, AZ", "street": "Secret Lane"}).content.decode()
    his = sign_in(client, bob).get("/search/", {"q": "Phoenix, AZ"}).content.decode()

    assert "Secret Lane" in marked
    assert "Secret Lane" not in his


@pytest.mark.parametrize("signed_in", ["alice", "bob"])
def test_a_list_that_is_gone_or_anothers_is_an_error_and_offers_nothing(
    client, signed_in, sign_in, a_list, sandbox, request
):
    user = request.getfixturevalue(signed_in)
    mine = sign_in(client, user)
    asked = {"q": "Phoenix, AZ", "exclude": "mine:2" if signed_in == "alice" else "mine:1"}

    page = mine.get("/search/", asked).content.decode()
    answer = mine.post("/search/reveal/", {**asked, "count": "1"})

    assert "This list is gone; take it away." in page
    assert f'name="exclude" value="{asked["exclude"]}" checked' in page
    assert "Already yours, about" not in page
    assert answer.url == "/search/"
    assert not Quote.objects.filter(user_id=user.pk).exists()


@pytest.fixture
def nobody_carries(sandbox) -> str:
    """A signal that no property of Phoenix carries."""
    place = batchdata.count_properties(read_query({"q": ["Phoenix, AZ"]}).criteria(), quicklist_counts=True)
    return next(slug for slug in SIGNALS if place.quicklist_counts.get(slug) == 0)


def test_a_search_is_zero_where_its_place_is_known_to_carry_none_of_a_signal(hers, alice, nobody_carries):
    label = SIGNALS[nobody_carries].label
    asked = {"q": "Phoenix, AZ", "equity_min": "10"}
    for signals in ({"all": [nobody_carries, "vacant"]}, {"any": [nobody_carries]}):
        page = hers.get("/search/", {**asked, **signals}).content.decode()

        assert "Nothing matches: 0" in page
        assert f"No property in Phoenix, AZ carries “{label}”." in page
        assert "/search/reveal/" not in page and "fewer than" not in page
        assert "/search/save/" in page
        answer = hers.post("/search/reveal/", {**asked, **signals, "count": "10"}, follow=True)
        assert "there is nothing to reveal" in answer.content.decode()
    assert not Quote.objects.filter(user_id=alice.pk).exists()


def test_a_run_of_such_a_search_is_zero_too(alice, nobody_carries, now):
    query = read_query({"q": ["Phoenix, AZ"], "equity_min": ["10"], "all": [nobody_carries, "vacant"]})
    search = searches.save_search(user=alice, name="None", query=query, now=now)

    page = show_run(search, 1)

    assert (str(page.total), str(page.unowned)) == ("0", "0")
    assert {str(window.figure) for window in page.windows} == {"0"}


def test_a_place_without_properties_is_zero_whatever_is_asked_of_it(hers, sandbox):
    empty = next(
        place.label
        for place in find_places("99", limit=50)
        if not batchdata.count_properties(read_query({"q": [place.label]}).criteria()).total_count
    )

    page = hers.get("/search/", {"q": empty, "equity_min": "10"}).content.decode()

    assert f"No property is known in {empty}." in page
    assert "/search/reveal/" not in page and "fewer than" not in page


def test_the_page_says_what_is_left_of_the_free_counts_only_when_it_is_little(hers, alice, settings):
    def see(**limits) -> str:
        for name, limit in limits.items():
            setattr(settings, name, limit)
        return hers.get("/search/", {"q": "Phoenix, AZ", "equity_min": "10"}).content.decode()

    assert "counts-left" not in see()
    for number in range(10):
        budgets.ask_once(alice, ["test", number], lambda: 1, timezone.now())
    spent = 300 - budgets.counts_left(user=alice, now=timezone.now()).counts
    few = see(FRESH_COUNTS_A_DAY=spent + 1)
    assert f"1 of today&#x27;s {spent + 1} free counts left." in few
    assert "All of them come back <time" in few
    used_up = see(FRESH_COUNTS_A_DAY=spent, NARROW_COUNTS_A_DAY=0)
    assert f"Today&#x27;s {spent} free counts are used up." in used_up

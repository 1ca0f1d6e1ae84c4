"""What is said before anything is bought: warnings, presets with their counts, signals by group, what is active."""

import pytest
from django.http import QueryDict
from django.utils import timezone

from atlas_site.vendors.models import VendorCall
from properties.search.form import SearchForm, read_query
from properties.services import previews
from properties.services.counting import Count
from properties.services.searches import save_search

pytestmark = pytest.mark.django_db


def test_more_signals_than_the_vendor_uses_are_warned_about_on_the_page(client, alice, sign_in, sandbox, settings):
    signals = ["vacant", "high-equity", "absentee-owner", "inherited"]
    hers = sign_in(client, alice)

    page = hers.get("/search/", {"q": "Phoenix, AZ", "all": signals}).content.decode()
    assert "You chose 4 signals that must all hold. More than 3 may not all be used." in page

    settings.BATCHDATA_QUICKLIST_CAP = 4
    assert "may not all be used" not in hers.get("/search/", {"q": "Phoenix, AZ", "all": signals}).content.decode()


def test_every_preset_of_a_market_has_its_count(alice, sandbox, phoenix):
    market = previews.preview_market(user=alice, query=phoenix, now=timezone.now())

    counts = {preset.name: count.total for preset, count in market.presets}
    assert len(counts) == 6
    assert all(count is None or 0 < count <= market.total.total for count in counts.values())
    assert any(counts.values())
    assert sandbox.bill()["results_billed"] == 0


def test_without_the_vendor_presets_stand_without_counts(alice, sandbox, phoenix):
    sandbox.fail("500", times=100)

    market = previews.preview_market(user=alice, query=phoenix, now=timezone.now())

    assert market.problem
    assert [count for _, count in market.presets] == [None] * 6


def test_signals_are_grouped_with_the_most_frequent_first():
    counts = {"vacant": Count(2), "tax-default": Count(9), "high-equity": Count(5)}

    groups = previews.MarketSignals(total=Count(100), signals=counts).groups()

    assert [(group, [(signal.slug, str(count)) for signal, count in rows]) for group, rows in groups] == [
        ("Distress", [("tax-default", "9"), ("vacant", "2")]),
        ("Equity", [("high-equity", "5")]),
    ]


def test_groups_of_the_form_count_what_is_active():
    form = SearchForm(QueryDict("q=Phoenix, AZ&beds_min=2&beds_max=4&built_min=1990&all=vacant&any=vacant"))

    active = {group.key: group.active_count for group in form.groups() if group.active_count}

    assert active == {"building": 2, "distress-signals": 2}


def test_an_answer_to_htmx_keeps_the_whole_page_in_step(client, alice, sign_in, sandbox):
    answer = sign_in(client, alice).get(
        "/search/", {"q": "phoenix az", "beds_min": "2"}, headers={"HX-Request": "true"}
    )

    text = answer.content.decode()
    assert answer.headers["HX-Push-Url"] == "?q=Phoenix%2C+AZ&beds_min=2"
    assert "<html" not in text
    assert "<title>Phoenix, AZ: Bedrooms from 2 · Atlas</title>" in text
    assert 'id="active-building" hx-swap-oob="true">1<' in text
    assert 'id="search-status"' in text


def test_a_search_that_cannot_be_read_any_more_is_said_on_its_pages(client, alice, sign_in, sandbox):
    saved = save_search(user=alice, name="Gone", query=read_query({"q": ["Phoenix, AZ"]}), now=timezone.now())
    saved.filters = {"q": ["Nowhereville, ZZ"]}
    saved.save()
    hers = sign_in(client, alice)

    assert "cannot be read any more" in hers.get(saved.get_absolute_url()).content.decode()
    assert "cannot be read any more" in hers.get("/searches/").content.decode()
    assert hers.get(f"{saved.get_absolute_url()}runs/1/").status_code == 200
    answer = hers.post(f"{saved.get_absolute_url()}run/", follow=True)
    assert "cannot be read any more" in answer.content.decode()


def test_a_name_of_several_places_offers_each_with_the_same_conditions(client, alice, sign_in, sandbox):
    hers = sign_in(client, alice)
    page = hers.get("/search/", {"q": "Springfield", "beds_min": "2", "beds_max": ""})

    choices = page.context["form"].place_choices()
    assert len(choices) > 1
    place, params = choices[0]
    assert f"/search/?{params}".replace("&", "&amp;") in page.content.decode()
    assert "beds_max" not in params
    chosen = hers.get(f"/search/?{params}").context["query"]
    assert (chosen.place, chosen.values) == (place, {"beds_min": 2})


def test_no_button_is_offered_for_a_reveal_that_would_be_refused(client, alice, sign_in, sandbox, phoenix):
    street = {"q": "Phoenix, AZ", "street": "Nowhere Lane", "equity_min": "10"}
    hers = sign_in(client, alice)
    calls = VendorCall.objects.filter(operation="property_count")
    before = calls.count()

    page = hers.get("/search/", street).content.decode()

    assert calls.count() == before + 2, "the base and its place are counted once, and nothing beyond them"
    assert "Without its conditions on locked data this search finds fewer than 50 properties" in page
    assert "/search/reveal/" not in page
    public = hers.get("/search/", {"q": "Phoenix, AZ", "built_min": "1950"}).content.decode()
    locked = hers.get("/search/", {"q": "Phoenix, AZ", "equity_min": "10"}).content.decode()
    assert "/search/reveal/" in public
    assert "/search/reveal/" in locked

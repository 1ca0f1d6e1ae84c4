"""Naming the first market, and changing one's mind later."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from bson import ObjectId
from django.db import connection
from django.utils import timezone

from accounts import selectors, services
from accounts.models import FollowedMarket, User
from accounts.signals import onboarding_completed
from atlas_site.lib.places import resolve_place
from tests.factories import FollowedMarketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(make_user):
    return make_user(name="", onboarding_completed=False)


@pytest.fixture
def told():
    """Whether the user and the market were written each time that the apps above were told."""
    events = []

    def receive(sender, user, now, **kwargs):
        stored = User.objects.get(pk=user.pk)
        events.append((stored.onboarding_completed, selectors.first_market(stored).place))

    onboarding_completed.connect(receive)
    yield events
    onboarding_completed.disconnect(receive)


def test_only_the_market_is_required(client, newcomer, told):
    client.force_login(newcomer)
    response = client.post("/accounts/welcome/", {"market": ""})
    page = response.content.decode()
    assert "<title>Error: Welcome" in page
    assert page.count("Enter the city, county, ZIP code or state that you work in.") == 2
    assert told == []
    assert client.post("/accounts/welcome/", {"market": "85007"}).url == "/search/market/"
    assert told == [(False, "85007")]


def test_people_are_sent_there_until_they_have_been(client, newcomer):
    client.force_login(newcomer)
    for address in ("/search/", "/properties/", "/searches/", "/search/market/"):
        assert client.get(address).url == "/accounts/welcome/"
    response = client.get("/search/", headers={"hx-request": "true"})
    assert response["HX-Redirect"] == "/accounts/welcome/"
    page = client.get("/accounts/welcome/").content.decode()
    assert "<h1>Where do you invest?</h1>" in page


def test_who_has_been_there_finds_the_profile_and_staff_are_not_asked(client, alice, sam):
    client.force_login(alice)
    assert client.get("/accounts/welcome/").url == "/accounts/profile/"
    User.objects.filter(pk=sam.pk).update(onboarding_completed=False)
    client.force_login(sam)
    assert client.get("/search/").status_code == 200


def test_a_name_of_several_places_is_asked_back_without_scripts(client, newcomer):
    client.force_login(newcomer)
    form = {"market": "springfield", "name": "Nina <b>New</b>", "phone": "602-555-0123"}
    page = client.post("/accounts/welcome/", form).content.decode()
    assert "Several places have this name" in page
    assert 'type="radio" name="which_market" value="Springfield, IL"' in page
    assert 'value="Nina &lt;b&gt;New&lt;/b&gt;"' in page  # what was entered is kept
    assert 'value="602-555-0123"' in page
    assert not FollowedMarket.objects.exists()
    client.post("/accounts/welcome/", {**form, "which_market": "Springfield, IL"})
    assert selectors.first_market(newcomer).place == "Springfield, IL"


def test_a_choice_made_for_another_name_does_not_count(client, newcomer):
    client.force_login(newcomer)
    client.post("/accounts/welcome/", {"market": "tempe, az", "which_market": "Springfield, IL"})
    assert selectors.first_market(newcomer).place == "Tempe, AZ"


@pytest.mark.parametrize("field", ["market", "phone"])
@pytest.mark.parametrize("text", ["nowhere at all", "{'$ne': ''}", "12345678901234567890", "<script>", "\x00"])
def test_what_makes_no_sense_is_refused_and_nothing_is_written(client, newcomer, field, text):
    client.force_login(newcomer)
    response = client.post("/accounts/welcome/", {"market": "Phoenix, AZ", field: text})
    assert response.status_code == 200
    assert "<title>Error: " in response.content.decode()
    newcomer.refresh_from_db()
    assert not newcomer.onboarding_completed
    assert not FollowedMarket.objects.exists()


def test_no_other_key_of_the_user_can_be_set_by_a_form(client, newcomer):
    client.force_login(newcomer)
    extra = {
        "role": "ADMIN",
        "is_superuser": "on",
        "banned": "true",
        "email": "x@example.test",
        "user": str(ObjectId()),
    }
    client.post("/accounts/welcome/", {"market": "Phoenix, AZ", **extra})
    stored = User.objects.get(pk=newcomer.pk)
    assert (stored.role, stored.is_superuser, stored.banned, stored.email) == ("USER", False, None, newcomer.email)


def test_posting_the_form_again_changes_nothing(client, newcomer, told):
    client.force_login(newcomer)
    for _ in range(2):
        assert client.post("/accounts/welcome/", {"market": "Phoenix, AZ", "name": "Nina"}).url == "/search/market/"
    assert FollowedMarket.objects.filter(user=newcomer).count() == 1
    assert told == [(False, "Phoenix, AZ"), (True, "Phoenix, AZ")]  # receivers act once a user


@pytest.mark.django_db(transaction=True)
def test_simultaneous_requests_follow_a_market_once(alice):
    def follow(_number: int) -> ObjectId:
        try:
            market = resolve_place("Phoenix, AZ")
            return services.follow_market(user=alice, market=market, now=timezone.now()).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(follow, range(16)))
    assert len(keys) == 1
    assert FollowedMarket.objects.filter(user=alice).count() == 1


def test_the_followed_market_has_the_keys_of_the_model(alice):
    services.follow_market(user=alice, market=resolve_place("arizona"), now=timezone.now())
    document = connection.database["FollowedMarket"].find_one()
    assert document["userId"] == alice.pk
    assert (document["kind"], document["place"], document["state"]) == ("state", "AZ", "AZ")
    assert document["followedAt"] is not None


def test_suggestions_are_options_of_a_list(client, alice):
    assert client.get("/accounts/welcome/places/?market=pho").url.startswith("/accounts/login/")
    client.force_login(alice)
    options = client.get("/accounts/welcome/places/?market=pho").content.decode()
    assert options.startswith('<option value="Phoenix, AZ">City in Maricopa County</option>')
    assert (
        '<option value="Arizona (state)">State</option>'
        in client.get("/accounts/welcome/places/?market=ari").content.decode()
    )
    assert client.get("/accounts/welcome/places/").content.decode().strip() == ""


def test_the_profile_shows_and_keeps_what_is_known(client, alice):
    User.objects.filter(pk=alice.pk).update(phone="+16025550123", profession="Broker since 1999")
    client.force_login(alice)
    page = client.get("/accounts/profile/").content.decode()
    assert 'value="(602) 555-0123"' in page
    assert '<option value="Broker since 1999" selected>' in page
    form = {"name": "Alice A.", "phone": "(602) 555-0123", "location": "", "profession": "Broker since 1999"}
    assert client.post("/accounts/profile/", form).url == "/accounts/profile/"
    alice.refresh_from_db()
    assert (alice.name, alice.phone, alice.location) == ("Alice A.", "+16025550123", None)
    assert alice.profession == "Broker since 1999"
    assert alice.onboarding_completed


def test_times_are_written_in_the_zone_of_the_profile(client, alice):
    place = resolve_place("Phoenix, AZ")
    services.follow_market(user=alice, market=place, now=datetime(2026, 3, 1, 5, 30, tzinfo=UTC))
    client.force_login(alice)
    page = client.get("/accounts/profile/").content.decode()
    assert '<option value="UTC" selected>' in page
    assert "Mar 1, 2026" in page
    assert client.post("/accounts/profile/", {"name": "Alice", "time_zone": "America/Phoenix"}).status_code == 302
    page = client.get("/accounts/profile/").content.decode()
    assert '<option value="America/Phoenix" selected>' in page
    assert "Feb 28, 2026" in page
    page = client.post("/accounts/profile/", {"name": "Alice", "time_zone": "Mars/Olympus"}).content.decode()
    assert "Mars/Olympus is not one of the available choices" in page
    alice.refresh_from_db()
    assert alice.time_zone == "America/Phoenix"


def test_the_first_page_asks_for_no_time_zone_and_keeps_one_that_is_known(client, carol):
    User.objects.filter(pk=carol.pk).update(onboarding_completed=False, time_zone="Europe/Berlin")
    client.force_login(carol)
    assert 'name="time_zone"' not in client.get("/accounts/welcome/").content.decode()
    assert client.post("/accounts/welcome/", {"market": "Phoenix, AZ"}).url == "/search/market/"
    carol.refresh_from_db()
    assert carol.time_zone == "Europe/Berlin"
    assert '<option value="Europe/Berlin" selected>' in client.get("/accounts/profile/").content.decode()


def test_markets_are_followed_and_left_again_but_one(client, alice):
    client.force_login(alice)
    for text in ("Phoenix, AZ", "dallas"):
        assert client.post("/accounts/markets/follow/", {"market": text}).url == "/accounts/profile/"
    phoenix, dallas = selectors.followed_markets(alice)
    assert (phoenix.place, dallas.place) == ("Phoenix, AZ", "Dallas, TX")
    client.post(f"/accounts/markets/{phoenix.pk}/unfollow/")
    assert [market.place for market in selectors.followed_markets(alice)] == ["Dallas, TX"]
    response = client.post(f"/accounts/markets/{dallas.pk}/unfollow/", follow=True)
    assert "Dallas, TX is your only market" in response.content.decode()
    assert selectors.first_market(alice).place == "Dallas, TX"
    page = client.post("/accounts/markets/follow/", {"market": "nowhere"}).content.decode()
    assert "<title>Error: Profile and markets" in page


def test_a_market_of_somebody_else_does_not_exist(client, alice, bob):
    theirs = FollowedMarketFactory(user=bob)
    FollowedMarketFactory(user=bob, place="Tempe, AZ")
    client.force_login(alice)
    answers = [client.post(f"/accounts/markets/{key}/unfollow/") for key in (theirs.pk, ObjectId())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert selectors.followed_markets(bob)[0].pk == theirs.pk


def test_nobody_follows_a_market_before_signing_in(client, db):
    assert client.post("/accounts/markets/follow/", {"market": "Phoenix, AZ"}).url.startswith("/accounts/login/")
    assert client.post("/accounts/welcome/", {"market": "Phoenix, AZ"}).url.startswith("/accounts/login/")
    assert not FollowedMarket.objects.exists()

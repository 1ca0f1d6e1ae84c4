"""How many commands each page sends to the database: each is a round trip that its reader waits for."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pymongo.monitoring import CommandListener

from properties.models import PropertyJob
from tests.factories import (
    FollowedMarketFactory,
    PropertyDatasetPermissionFactory,
    PropertyFactory,
    PropertyJobFactory,
    QuoteFactory,
    SavedSearchFactory,
    SavedSearchRunFactory,
)

pytestmark = pytest.mark.django_db

PLACE = {"city": "Phoenix", "state": "AZ", "latitude": 33.45, "longitude": -112.07}
FILTERS = "q=Phoenix%2C+AZ&beds_min=3"
# The session, the user, and the balance in the header of the page.
FRAME = 3
MOST = {
    # Among them the lists of leads, which a search can leave out.
    "/search/": FRAME + 2,
    f"/search/?{FILTERS}": FRAME + 8,
    "/search/market/": FRAME + 1,
    "/properties/": FRAME + 4,  # nobody has counted these rows into the map
    f"/properties/?{FILTERS}&sort=value": FRAME + 4,
    "/properties/{property}/": FRAME + 9,
    "/properties/{property}/print/": FRAME + 6,
    "/searches/": FRAME + 2,
    "/searches/{search}/": FRAME + 6,
    "/searches/{search}/runs/1/": FRAME + 5,
    "/jobs/{job}/": FRAME + 4,
}


class Counter(CommandListener):
    """Notes the name of every command."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event) -> None:
        self.names.append(f"{event.command_name} {event.command.get(event.command_name)}")

    def succeeded(self, event) -> None:
        """Nothing to note."""

    def failed(self, event) -> None:
        """Nothing to note."""


@pytest.fixture
def counter() -> Iterator[Counter]:
    """What this process sends to the database while the test runs."""
    counter, options = Counter(), connection.settings_dict["OPTIONS"]
    connection.close_pool()
    connection.settings_dict["OPTIONS"] = {**options, "event_listeners": [counter]}
    yield counter
    connection.close_pool()
    connection.settings_dict["OPTIONS"] = options


def test_no_page_asks_the_database_more_often(counter, client, sign_in, alice, sandbox):
    hers, names = sign_in(client, alice), pages_of(alice)
    sent = {}
    for page in MOST:
        for _ in range(2):  # first to fill what is kept of the vendor's counts
            counter.names.clear()
            assert hers.get(page.format(**names)).status_code == 200, page
        sent[page] = list(counter.names)
    assert {page: found for page, found in sent.items() if len(found) > MOST[page]} == {}


def pages_of(user) -> dict[str, object]:
    """What the pages are of: twelve properties, a saved search with a run, and a job that is done."""
    rows = PropertyDatasetPermissionFactory.create_batch(12, user=user, bedroom_count=3, **PLACE)
    PropertyFactory.create(property_id=rows[0].property_id)
    search = SavedSearchFactory.create(user=user, filters={"q": ["Phoenix, AZ"], "beds_min": ["4"]})
    SavedSearchRunFactory.create(saved_search=search, number=1)
    FollowedMarketFactory.create(user=user, kind="city", place="Phoenix, AZ", state="AZ")
    quote = QuoteFactory.create(user_id=user.pk)
    found = [{"propertyId": row.property_id, "dataset": "BASIC", "outcome": "charged"} for row in rows]
    job = PropertyJobFactory.create(user=user, quote_id=quote.pk, state=PropertyJob.State.RUNNING, rows=found)
    return {"property": rows[0].property_id, "search": search.pk, "job": job.pk}

"""What a test leaves behind is found in the log of operations, in whatever way it was written."""

from collections.abc import Callable

import pytest
from django.db import connection

from atlas_site.lib.transactions import run_txn
from tests.conftest import WrittenCollections, empty_collections
from tests.factories import FeatureRequestFactory, HelpCenterArticleFactory

ARTICLES = HelpCenterArticleFactory._meta.model._meta.db_table
REQUESTS = FeatureRequestFactory._meta.model._meta.db_table


@pytest.fixture
def written(db: None) -> Callable[[], set[str]]:
    """Names the collections that were written to since it was asked before."""
    log = WrittenCollections()
    log.since_the_last_time(connection.get_database())
    return lambda: log.since_the_last_time(connection.get_database())


def test_a_plain_write_is_seen_once(written):
    HelpCenterArticleFactory.create()
    assert written() == {ARTICLES}
    assert written() == set()


def test_all_writes_of_a_transaction_are_seen(written):
    user = FeatureRequestFactory.create().user
    written()
    run_txn(lambda: (HelpCenterArticleFactory.create(), FeatureRequestFactory.create(user=user)))
    assert written() == {ARTICLES, REQUESTS}


@pytest.mark.parametrize("found", [True, False], ids=["a change", "an upsert"])
def test_a_change_and_an_upsert_are_seen_and_a_deletion_is_not(written, found):
    articles = connection.database[ARTICLES]
    if found:
        HelpCenterArticleFactory.create()
        written()
    articles.update_one({} if found else {"title": "none"}, {"$set": {"title": "another"}}, upsert=True)
    assert written() == {ARTICLES}
    articles.delete_many({})
    assert written() == set()


def test_all_that_was_written_is_emptied(db):
    run_txn(HelpCenterArticleFactory.create)
    FeatureRequestFactory.create()
    empty_collections()
    assert [connection.database[name].count_documents({}) for name in (ARTICLES, REQUESTS, "User")] == [0, 0, 0]

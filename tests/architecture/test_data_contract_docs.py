"""The page for operators names every collection and every key that Atlas has added."""

import re

from atlas_site.lib.home import PROJECT_ROOT
from tests.architecture.contract import CONTRACT
from tests.factories import DjangoModelFactory

PAGE = (PROJECT_ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", PAGE))))
IN_WORDS = {"PropertyDatasetPermission"}  # the values of the owned list have a description of their own


def test_every_collection_is_named():
    collections = {factory._meta.model._meta.db_table for factory in DjangoModelFactory.__subclasses__()}
    assert collections - NAMED == set()
    assert len(collections) > len(CONTRACT)


def test_every_added_key_is_named():
    missing = [
        f"{model._meta.db_table}.{field.column}"
        for model in (factory._meta.model for factory in DjangoModelFactory.__subclasses__())
        if model._meta.db_table in CONTRACT and model._meta.db_table not in IN_WORDS
        for field in model._meta.concrete_fields
        if field.column not in {key.name for key in CONTRACT[model._meta.db_table] if not key.added}
        and field.column not in NAMED
    ]
    assert missing == []

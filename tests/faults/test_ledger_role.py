"""The database user that the documentation names does all that Atlas does, and cannot change a ledger entry (B7)."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest
from django.apps import apps
from pymongo.errors import OperationFailure

from atlas_site.lib.home import PROJECT_ROOT
from atlas_site.management.processes import pick_free_port
from atlas_site.management.servers import Servers

pytestmark = pytest.mark.faults

UNAUTHORIZED = 13
SPEND = """
from django.utils import timezone
from accounts.models import User
from credits import services as credits

now = timezone.now()
user = User.objects.create_user("alice@example.test", "a long enough passphrase")
credits.grant(user_id=user.pk, amount=10, bucket="purchased", source="test", reason="Test", now=now)
quote = credits.make_quote(user_id=user.pk, kind="reveal", title="Test", units={"SEARCH": 5}, subject={},
                           accept_view="properties:accept-quote", now=now)
credits.accept_quote(quote_id=quote.pk, user_id=user.pk, now=now)
credits.capture(quote_id=quote.pk, step="page:1", units={"SEARCH": 3}, reason="Test", now=now)
credits.release(quote_id=quote.pk, now=now)
assert credits.verify_books().is_sound
"""


@pytest.fixture
def guarded_server(tmp_path: Path) -> Iterator[str]:
    """The host and port of a replica set that asks for passwords, with an owner."""
    key_file = tmp_path / "key"
    key_file.write_text(secrets.token_hex(40))
    key_file.chmod(0o600)
    with Servers(tmp_path) as servers:
        port = pick_free_port()
        servers.start_mongod(port)
        with pymongo.MongoClient("127.0.0.1", port, directConnection=True) as first:
            first.admin.command("createUser", "owner", pwd="owner", roles=["root"])
        servers.stop("mongod")
        servers.start_mongod(port, arguments=("--keyFile", str(key_file)))
        yield f"127.0.0.1:{port}"


def manage(host: str, user: str, *arguments: str) -> None:
    """Run a command of the project as this database user."""
    uri = f"mongodb://{user}:{user}@{host}/atlas?replicaSet=rs0&authSource=admin"
    environment = {**os.environ, "MONGODB_URI": uri}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def privileges(collections: list[str]) -> list[dict]:
    """What the user of Atlas may do: everything with documents, but nothing to entries of the ledger."""
    reading = ["find", "insert"]
    return [
        {
            "resource": {"db": "atlas", "collection": name},
            "actions": reading if name == "CreditLog" else [*reading, "update", "remove"],
        }
        for name in collections
    ]


def test_the_role_of_atlas_spends_credits_and_cannot_touch_an_entry(guarded_server):
    manage(guarded_server, "owner", "migrate", "--verbosity", "0")
    with pymongo.MongoClient(f"mongodb://owner:owner@{guarded_server}/?directConnection=true") as owner:
        collections = owner["atlas"].list_collection_names()
        assert {model._meta.db_table for model in apps.get_app_config("credits").get_models()} <= set(collections)
        owner.admin.command("createRole", "atlas", privileges=privileges(collections), roles=[])
        owner.admin.command("createUser", "atlas", pwd="atlas", roles=["atlas"])

    manage(guarded_server, "atlas", "shell", "--no-imports", "-c", SPEND)

    with pymongo.MongoClient(f"mongodb://atlas:atlas@{guarded_server}/?directConnection=true") as client:
        ledger = client["atlas"]["CreditLog"]
        assert ledger.count_documents({}) == 4
        for change in (
            lambda: ledger.update_one({}, {"$set": {"changeAmount": 1}}),
            lambda: ledger.delete_one({}),
            lambda: ledger.find_one_and_delete({}),
            ledger.drop,
        ):
            with pytest.raises(OperationFailure) as refused:
                change()
            assert refused.value.code == UNAUTHORIZED
        assert ledger.count_documents({}) == 4

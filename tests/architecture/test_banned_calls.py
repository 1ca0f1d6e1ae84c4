"""Ways to a transaction that are none on MongoDB stay out of our code; `atlas_site.lib.transactions` is the way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".venv", ".git", ".atlas", "node_modules"}
EXCEPT = {ROOT / "atlas_site/lib/transactions.py", Path(__file__).resolve()}

BANNED = {
    "atomic": "does nothing on MongoDB, or leaves a broken session behind: use run_txn",
    "ATOMIC_REQUESTS": "does nothing on MongoDB: use run_txn in a service",
    "select_for_update": "locks nothing on MongoDB: put the condition into the update",
    "get_or_create": "fails when it races inside of a transaction: insert by key, or look first",
    "update_or_create": "loses updates, for it trusts a lock: update by condition, or insert by key",
    "start_transaction": "is the business of run_txn",
    "start_transaction_mongo": "is the business of run_txn",
    "with_transaction": "is the business of run_txn",
}
# A test may ask a server for a transaction to see whether it can.
ALLOWED_IN_TESTS = {"start_transaction"}


def find_banned(source: str) -> list[tuple[int, str]]:
    """Return the line and name of each banned name that this code uses, imports, sets or passes on."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) | ast.keyword(arg="ATOMIC_REQUESTS" as name):
                names = [name]
            case ast.Name(id=name):
                # A migration's own `atomic = False` is a declaration of Django and no call.
                names = [name] if name != "atomic" or isinstance(node.ctx, ast.Load) else []
            case ast.ImportFrom(names=aliases):
                names = [alias.name for alias in aliases]
            case ast.Constant(value="ATOMIC_REQUESTS"):
                names = ["ATOMIC_REQUESTS"]
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
                names = [name]
            case _:
                names = []
        found += [(node.lineno, name) for name in names if name in BANNED]
    return sorted(set(found))


def our_files() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.py")):
        if not NOT_OURS.intersection(path.relative_to(ROOT).parts) and path not in EXCEPT:
            yield path


def test_our_code_opens_transactions_by_run_txn_alone():
    breaches = [
        f"{path.relative_to(ROOT)}:{line}: {name} {BANNED[name]}"
        for path in our_files()
        for line, name in find_banned(path.read_text(encoding="utf-8"))
        if not (name in ALLOWED_IN_TESTS and path.is_relative_to(ROOT / "tests"))
    ]
    assert not breaches, "\n" + "\n".join(breaches)


def test_the_search_covers_the_whole_project():
    names = {path.relative_to(ROOT).as_posix() for path in our_files()}
    assert {"credits/models.py", "atlas_site/settings.py", "atlas_site/mongodb/compiler.py"} <= names
    assert "atlas_site/lib/transactions.py" not in names


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("from django.db import transaction\n@transaction.atomic\ndef view(request): ...", "atomic"),
        ("from django.db import transaction\nwith transaction.atomic(using='default'): ...", "atomic"),
        ("from django.db.transaction import atomic", "atomic"),
        ("from django_mongodb_backend.transaction import atomic as whole", "atomic"),
        ("import django_mongodb_backend.transaction as t\nwith t.atomic(): ...", "atomic"),
        ("getattr(transaction, 'atomic')()", "atomic"),
        ("DATABASES = {'default': {'ATOMIC_REQUESTS': True}}", "ATOMIC_REQUESTS"),
        ("DATABASES['default'].update(ATOMIC_REQUESTS=True)", "ATOMIC_REQUESTS"),
        ("Credit.objects.select_for_update(nowait=True).get(pk=1)", "select_for_update"),
        ("Credit.objects.get_or_create(user=user)", "get_or_create"),
        ("Credit.objects.update_or_create(user=user)", "update_or_create"),
        ("session.with_transaction(work)", "with_transaction"),
        ("with session.start_transaction(): ...", "start_transaction"),
    ],
)
def test_a_planted_breach_is_found(code, name):
    assert name in {found for _, found in find_banned(code)}


@pytest.mark.parametrize(
    "code",
    [
        "class Migration(migrations.Migration):\n    atomic = False",
        "migrations.RunPython(fill, atomic=False)",
        "transaction.on_commit(nudge)",
        '"""Never use transaction.atomic or select_for_update."""',
        "run_txn(work)",
    ],
)
def test_what_is_allowed_is_not_found(code):
    assert find_banned(code) == []
